"""What one CPU may show, as a deterministic automaton in the dialect that the kernel's rvgen reads.

Its events are the beginnings and the ends of a mapping's events on that CPU; other steps are unseen.

The automaton refuses an event only where no behaviour of the model shows these events of this CPU in this
order, provided that no event begins again before it has ended. What other CPUs show is not looked at, and
neither are values that only a field of the event decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from explorer.conform.behaviours import NO_BOUNDS, Behaviours
from explorer.conform.mapping import FIELD, NEXT, ON, EventMap, Row, Values
from explorer.conform.search import Box, Frontier, Sweep
from explorer.conform.timeline import Kind, Shown, Timeline
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.run.options import UsageError

LONGEST = 32
"""Characters of a name that rvgen takes."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Steps by state and event; state 0 is the initial one. `stands_for` is how many states of the model each
    stands for; `events` say of each event which line of a trace it is.
    """

    steps: tuple[Mapping[str, int], ...]
    stands_for: tuple[int, ...]
    events: Mapping[str, str]

    @property
    def starts(self) -> list[str]:
        """The events that lead to the initial state wherever they happen: only they start the monitor."""
        to = {name: {step[name] for step in self.steps if name in step} for name in self.events}
        return [name for name, states in to.items() if states == {0}]

    @property
    def recurs(self) -> bool:
        """Whether the initial state can be reached again from every state: else alarms come in the end."""
        back = {0}
        while more := {s for s, step in enumerate(self.steps) if s not in back and back & set(step.values())}:
            back |= more
        return len(back) == len(self.steps)


def monitor(model: Model, mapping: EventMap, cpu: str, most: int) -> Monitor:
    """The least automaton. UsageError where it has more than `most` states before it is made small, or where
    no event is one of this CPU.
    """
    kinds = {row: kind for row in mapping.rows if (kind := _kind(model, mapping, row, cpu)) is not None}
    if not kinds:
        raise UsageError(f"--to rv: no event of {mapping.file} is one of CPU {cpu}")
    shown = {number for kind in kinds.values() for number in kind.instances}
    behaviours = Behaviours(model, set(range(len(model.instances))) - shown, None, NO_BOUNDS, judged=False)
    with closing(Timeline("", mapping, model)) as timeline:
        timeline.kinds.extend(kinds.values())
        steps, sizes = _explored(Sweep(behaviours, timeline, {}, behaviours.initial()), kinds, most)
    block = _blocks(steps)
    first = {number: state for state, number in reversed(list(enumerate(block)))}
    least = [{name: block[to] for name, to in steps[state].items()} for _, state in sorted(first.items())]
    together = [
        set().union(*(sizes[s] for s, b in enumerate(block) if b == number)) for number in sorted(first)
    ]
    events = dict(_events(kinds))
    if any(len(name) > LONGEST for name in events):
        long = next(name for name in events if len(name) > LONGEST)
        raise UsageError(f"--to rv: rvgen takes names of {LONGEST} characters, not {long}")
    return Monitor(tuple(least), tuple(map(len, together)), events)


def _kind(model: Model, mapping: EventMap, row: Row, cpu: str) -> Kind | None:
    """What a row means on a CPU; None where it means nothing there."""
    fixed = {ON: cpu}
    if mapping.filled(f"{{{ON}}}", fixed) is None or cpu not in row.match.get(ON, (cpu,)):
        return None
    instances = frozenset(i.number for i in model.instances if mapping.may_show(row, i, fixed))
    before, after = (_decided(mapping, values, cpu) for values in (row.before, row.after))
    if mapping.misread(dict(before)) or mapping.misread(dict(after)):
        return None
    useful = instances if row.actions else before or after
    return Kind(row, instances, before, after) if useful else None


def _decided(mapping: EventMap, values: Values, cpu: str) -> Shown:
    """The values that follow from the CPU alone."""
    result = []
    for name, texts in values.items():
        if {field for text in (name, *texts) for field in FIELD.findall(text)} <= {ON}:
            filled = [mapping.filled(text, {ON: cpu}) for text in (name, *texts)]
            result.append((str(filled[0]), tuple(map(str, filled[1:]))))
    return tuple(result)


def _events(kinds: Mapping[Row, Kind]) -> Iterator[tuple[str, str]]:
    """Each event of the automaton, and the line of a trace that it is."""
    for row in kinds:
        where = "".join(f", {name} = {' or '.join(texts)}" for name, texts in _matched(row))
        yield begins(row), f"{row.name}{where}"
        if row.exit and row.exit != NEXT:
            yield ends(row), f"{row.exit}{where}"


def begins(row: Row) -> str:
    return _name(row.name, row)


def ends(row: Row) -> str:
    return _name(row.exit, row)


def _name(event: str, row: Row) -> str:
    return re.sub(r"\W+", "_", "_".join([event, *(text for _, texts in _matched(row) for text in texts)]))


def _matched(row: Row) -> list[tuple[str, Sequence[str]]]:
    """What tells events of a row from others of their name, on one CPU."""
    return [(name, texts) for name, texts in row.match.items() if name != ON]


def _explored(
    sweep: Sweep, kinds: Mapping[Row, Kind], most: int
) -> tuple[list[dict[str, int]], list[set[int]]]:
    """The automaton before it is made small, and the nodes of each state."""
    events = list(dict.fromkeys(name for name, _ in _events(kinds)))
    states = [(dict(sweep.open), dict(sweep.frontier))]
    known = {_signature(*states[0]): 0}
    steps: list[dict[str, int]] = []
    for open, frontier in states:  # grows meanwhile
        steps.append({})
        for event in events:
            sweep.open, sweep.frontier = dict(open), dict(frontier)
            if not _happens(sweep, kinds, event):
                continue
            signature = _signature(sweep.open, sweep.frontier)
            if signature not in known:
                known[signature] = len(states)
                states.append((dict(sweep.open), dict(sweep.frontier)))
            steps[-1][event] = known[signature]
        if len(states) > most:
            raise UsageError(
                f"--to rv: more than {most:,} states before the automaton is made small; write: fewer events,"
                " or smaller constants with -D"
            )
    sizes = [
        {n for nodes in frontier.values() for n in sweep.behaviours.closed(nodes)} for _, frontier in states
    ]
    return steps, sizes


def _signature(open: Mapping[int, Box], frontier: Frontier) -> object:
    return frozenset(open), frozenset(frontier.items())


def _happens(sweep: Sweep, kinds: Mapping[Row, Kind], event: str) -> bool:
    """Let an event happen; whether some behaviour has it."""
    rows = {row.number: row for row in kinds}
    ending = [n for n in sweep.open if rows[n].exit != NEXT and ends(rows[n]) == event]
    starting = [row for row in kinds if begins(row) == event]
    if not (ending or starting) or any(row.number in sweep.open for row in starting if row.exit != NEXT):
        return False
    over = [n for n in sweep.open if rows[n].exit == NEXT]
    for number in (*over, *ending):
        if sweep.close(sweep.open[number]) is not None:
            return False
    for row in starting:
        box = sweep.open[row.number] = Box(row.number, kinds[row], 0, frozenset())
        if not row.exit and sweep.close(box) is not None:
            return False
    return True


def _blocks(steps: Sequence[Mapping[str, int]]) -> list[int]:
    """The block of each state of the least automaton (Moore's refinement); that of state 0 is 0."""
    block = [0] * len(steps)
    while True:
        signatures = [
            (block[s], tuple(sorted((name, block[to]) for name, to in step.items())))
            for s, step in enumerate(steps)
        ]
        numbers = {signature: n for n, signature in enumerate(dict.fromkeys(signatures))}
        refined = [numbers[signature] for signature in signatures]
        if refined == block:
            return block
        block = refined


def dot(found: Monitor) -> str:
    """The automaton as rvgen reads it, line by line."""
    names = [f"s{number}" for number in range(len(found.steps))]
    lines = ["digraph state_automaton {"]
    lines += [f'\t{{node [shape = circle] "{name}"}};' for name in names[1:]]
    lines.append(f'\t{{node [shape = plaintext, style=invis, label=""] "__init_{names[0]}"}};')
    lines.append(f'\t{{node [shape = doublecircle] "{names[0]}"}};')
    lines.append(f'\t"__init_{names[0]}" -> "{names[0]}";')
    for name, step in zip(names, found.steps):
        lines.append(f'\t"{name}" [label = "{name}"];')
        for to in sorted(set(step.values())):
            events = "\\n".join(event for event, target in step.items() if target == to)
            lines.append(f'\t"{name}" -> "{names[to]}" [ label = "{events}" ];')
    lines += ["\t{ rank = min ;", f'\t\t"__init_{names[0]}";', f'\t\t"{names[0]}";', "\t}", "}"]
    return "\n".join(lines) + "\n"
