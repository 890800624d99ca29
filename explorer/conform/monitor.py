"""What one CPU or one object may show, as a deterministic automaton in the dialect that the kernel's rvgen
reads. An object is a value of a field: the events that mention it, on whatever CPU.

Its events are the beginnings and the ends of a mapping's events there; other steps are unseen.

The automaton refuses an event only where no behaviour of the model shows these events in this order, provided
that no event begins again before it has ended. What others show is not looked at, and neither are values that
only another field of the event decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from explorer.conform.behaviours import NO_BOUNDS, Behaviours
from explorer.conform.mapping import FIELD, NEXT, ON, EventMap, Row, Texts, Values
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


def monitor(model: Model, mapping: EventMap, of: Texts, most: int) -> Monitor:
    """The least automaton of a CPU, {ON: its name in a log}, or of an object, {a field: its value}.
    UsageError where it has more than `most` states before it is made small, or where no event is its own.
    """
    kinds = {row: kind for row in mapping.rows if (kind := _kind(model, mapping, row, of)) is not None}
    if not kinds:
        ((field, value),) = of.items()
        owner = f"CPU {value}" if field == ON else f"{field} = {value}"
        raise UsageError(f"--to rv: no event of {mapping.file} is one of {owner}")
    if ON not in of and any(row.exit == NEXT for row in kinds):
        name = next(row.name for row in kinds if row.exit == NEXT)
        raise UsageError(
            f"--to rv: {name} ends with whatever is next on its CPU, which no object sees;"
            ' write: exit = "..."'
        )
    shown = {number for kind in kinds.values() for number in kind.instances}
    behaviours = Behaviours(model, set(range(len(model.instances))) - shown, None, NO_BOUNDS, judged=False)
    with closing(Timeline("", mapping, model)) as timeline:
        timeline.kinds.extend(kinds.values())
        sweep = Sweep(behaviours, timeline, {}, behaviours.initial())
        steps, sizes = _Projection(sweep, kinds, of).explored(most)
    block = _blocks(steps)
    first = {number: state for state, number in reversed(list(enumerate(block)))}
    least = [{name: block[to] for name, to in steps[state].items()} for _, state in sorted(first.items())]
    together = [
        set().union(*(sizes[s] for s, b in enumerate(block) if b == number)) for number in sorted(first)
    ]
    events = dict(_events(kinds, of))
    if any(len(name) > LONGEST for name in events):
        long = next(name for name in events if len(name) > LONGEST)
        raise UsageError(f"--to rv: rvgen takes names of {LONGEST} characters, not {long}")
    return Monitor(tuple(least), tuple(map(len, together)), events)


def _kind(model: Model, mapping: EventMap, row: Row, of: Texts) -> Kind | None:
    """What a row means of a CPU or an object; None where it means nothing there."""
    ((field, value),) = of.items()
    if mapping.filled(f"{{{field}}}", of) is None or value not in row.match.get(field, (value,)):
        return None
    if field != ON and field not in _fields(row):
        return None
    instances = frozenset(i.number for i in model.instances if mapping.may_show(row, i, of))
    before, after = (_decided(mapping, values, of) for values in (row.before, row.after))
    if mapping.misread(dict(before)) or mapping.misread(dict(after)):
        return None
    useful = instances if row.actions else before or after
    return Kind(row, instances, before, after) if useful else None


def _fields(row: Row) -> set[str]:
    """The fields that a row speaks of."""
    texts = [*row.parameters.values()]
    for values in (row.before, row.after):
        texts += [text for name, several in values.items() for text in (name, *several)]
    return {*row.match, *row.key, *(field for text in texts for field in FIELD.findall(text))}


def _decided(mapping: EventMap, values: Values, of: Texts) -> Shown:
    """The values that follow from the CPU or the object alone."""
    result = []
    for name, texts in values.items():
        if {field for text in (name, *texts) for field in FIELD.findall(text)} <= of.keys():
            filled = [mapping.filled(text, of) for text in (name, *texts)]
            result.append((str(filled[0]), tuple(map(str, filled[1:]))))
    return tuple(result)


def _events(kinds: Mapping[Row, Kind], of: Texts) -> Iterator[tuple[str, str]]:
    """Each event of the automaton, and the line of a trace that it is."""
    for row in kinds:
        where = "".join(f", {name} = {' or '.join(texts)}" for name, texts in _matched(row, of))
        yield begins(row, of), f"{row.name}{where}"
        if row.exit and row.exit != NEXT:
            yield ends(row, of), f"{row.exit}{where}"


def begins(row: Row, of: Texts) -> str:
    return _name(row.name, row, of)


def ends(row: Row, of: Texts) -> str:
    return _name(row.exit, row, of)


def _name(event: str, row: Row, of: Texts) -> str:
    return re.sub(r"\W+", "_", "_".join([event, *(text for _, texts in _matched(row, of) for text in texts)]))


def _matched(row: Row, of: Texts) -> list[tuple[str, Sequence[str]]]:
    """What tells events of a row from others of their name, of one CPU or object."""
    return [(name, texts) for name, texts in row.match.items() if name not in of]


class _Projection:
    """The automaton before it is made small."""

    def __init__(self, sweep: Sweep, kinds: Mapping[Row, Kind], of: Texts):
        self.sweep, self.kinds = sweep, kinds
        self.rows = {row.number: row for row in kinds}
        self.begins = {row: begins(row, of) for row in kinds}
        self.ends = {row: ends(row, of) for row in kinds if row.exit and row.exit != NEXT}
        self.events = list(dict.fromkeys(name for name, _ in _events(kinds, of)))

    def explored(self, most: int) -> tuple[list[dict[str, int]], list[set[int]]]:
        """Its steps, and the nodes of each state. UsageError for more than `most` states."""
        sweep = self.sweep
        states = [(dict(sweep.open), dict(sweep.frontier))]
        known = {_signature(*states[0]): 0}
        steps: list[dict[str, int]] = []
        for open, frontier in states:  # grows meanwhile
            steps.append({})
            for event in self.events:
                sweep.open, sweep.frontier = dict(open), dict(frontier)
                if not self.happens(event):
                    continue
                signature = _signature(sweep.open, sweep.frontier)
                if signature not in known:
                    known[signature] = len(states)
                    states.append((dict(sweep.open), dict(sweep.frontier)))
                steps[-1][event] = known[signature]
            if len(states) > most:
                raise UsageError(
                    f"--to rv: more than {most:,} states before the automaton is made small; write:"
                    " fewer events, or smaller constants with -D"
                )
        every = [[*frontier.values()] for _, frontier in states]
        return steps, [{n for nodes in one for n in sweep.behaviours.closed(nodes)} for one in every]

    def happens(self, event: str) -> bool:
        """Let an event happen; whether some behaviour has it."""
        sweep = self.sweep
        ending = [n for n in sweep.open if self.ends.get(self.rows[n]) == event]
        starting = [row for row, name in self.begins.items() if name == event]
        if not (ending or starting) or any(row.number in sweep.open for row in starting if row.exit != NEXT):
            return False
        over = [n for n in sweep.open if self.rows[n].exit == NEXT]
        for number in (*over, *ending):
            if sweep.close(sweep.open[number]) is not None:
                return False
        for row in starting:
            box = sweep.open[row.number] = Box(row.number, self.kinds[row], 0, frozenset())
            if not row.exit and sweep.close(box) is not None:
                return False
        return True


def _signature(open: Mapping[int, Box], frontier: Frontier) -> object:
    return frozenset(open), frozenset(frontier.items())


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
