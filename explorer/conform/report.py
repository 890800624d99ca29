"""What `conform` says: counts of the log, the behaviour that explains it, and what could not be explained."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from explorer.conform.conform import Answer
from explorer.conform.explain import Behaviour, Explained
from explorer.conform.search import Box, Fits, Unexplained, Unfinished
from explorer.conform.timeline import Kind
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.render.text.terminal import WIDTH, clean, counted, wrapped
from explorer.render.text.text import story
from explorer.trace.behaviour import behaviour
from explorer.trace.step_builder import StepBuilder, state_texts, variable_texts
from explorer.trace.trace import Step, Trace
from explorer.trace.waits import blocked

LOOKED_AT, SHOWN, VALUES = 500, 8, 4
"""States that are looked at for what they have in common; so many lines of a kind are shown, and so many
values of a variable.
"""


def report(answer: Answer, full: bool = False) -> str:
    """The whole text."""
    lines = list(_counts(answer))
    if answer.behaviour is not None and answer.behaviour.steps:
        lines += ["", *_beginning(answer, answer.behaviour)]
        lines += [story(trace(answer), full=full).rstrip("\n"), ""]
    else:
        lines.append("")
    return "\n".join([*lines, *_verdict(answer)])


def trace(answer: Answer) -> Trace:
    """The end of the behaviour as a trace; each step says which line of the log it is."""
    found, model = answer.behaviour, answer.behaviours.model
    assert found is not None
    taken = [(step.instance, step) for step in found.steps if step.instance is not None]
    states = [found.first, *(step.after for _, step in taken)]
    trace = behaviour(StepBuilder(model), [instance for instance, _ in taken], states, "conform")
    first, *others = trace.steps
    return replace(
        trace, steps=(replace(first, changed={}), *map(_with_line, others, [step for _, step in taken]))
    )


def _with_line(step: Step, found: Explained) -> Step:
    """The step, which says which line of the log it is."""
    return step if found.line is None else replace(step, label=f"{step.label}  // line {found.line}")


def _counts(answer: Answer) -> Iterator[str]:
    counts, mapping, log = answer.timeline.counts, answer.mapping, answer.timeline.log
    others = counts.lines - counts.matched - sum(counts.skipped.values()) - counts.unreadable - counts.gaps
    yield (
        f"{log}: {counted(counts.lines, 'line')}: {counts.matched:,} matched"
        f" ({counted(counts.events, 'event')}), {counts.skipped.total():,} skipped, {others:,} of no event,"
        f" {counts.unreadable:,} unreadable"
    )
    for what, number in counts.skipped.most_common(SHOWN):
        yield f"  skipped: {number:,} of {clean(what)}"
    if counts.unreadable:
        yield f"  {clean(counts.unreadable_at)}"
    if counts.cut_off:
        yield "  the last line has no end: the log may be cut off there"
    if counts.gaps:
        yield f"  lost: {counts.lost:,} events in {counted(counts.gaps, 'gap')}"
    if counts.overlapping:
        yield f"  overlap: {counted(counts.overlapping, 'event')} in no order, at most {counts.most} at once"
    never = [row for row in mapping.rows if not counts.by_row[row.number]]
    if never:
        yield f"  never in the log: {', '.join(f'{row.name} ({row.place})' for row in never)}"
    missing = _never(answer)
    if missing:
        yield f"  actions that the log could show, and never does: {', '.join(missing)}"


def _never(answer: Answer) -> list[str]:
    """Actions with a row, of which no event was met."""
    instances = answer.behaviours.model.instances
    seen = {instances[n].action.name for some in answer.timeline.counts.by_instances for n in some}
    mapped = dict.fromkeys(name for row in answer.mapping.rows for name in row.actions)
    return [name for name in mapped if name not in seen]


def _beginning(answer: Answer, behaviour: Behaviour) -> Iterator[str]:
    found = answer.found
    which = f"every event before line {found.box.line}" if isinstance(found, Unexplained) else "every event"
    steps = len(behaviour.steps)
    what = "a behaviour" if behaviour.whole else f"the last {counted(steps, 'step')} of a behaviour"
    yield f"{what} that explains {which}; a step without a line is not in the log:"
    if behaviour.whole and answer.started > 1:
        values = state_texts(answer.behaviours.model, behaviour.first)
        yield f"it begins in one of {answer.started:,} states:"
        yield "  " + ", ".join(f"{clean(name)} = {clean(text)}" for name, text in values.items())


def _verdict(answer: Answer) -> Iterator[str]:
    log, name, found = answer.timeline.log, answer.behaviours.model.name, answer.found
    if isinstance(found, Unfinished):
        yield f"{log}:{found.line}: undetermined: {found.limit}; every event before this one is explained"
        return
    if isinstance(found, Unexplained):
        yield from _unexplained(answer, found)
        return
    yield f"{log} fits {name}: {counted(answer.timeline.counts.events, 'event')}, all explained"
    yield from _assumptions(answer)
    for prop, where in answer.broken.items():
        yield (
            f"{prop} is violated on every behaviour that explains the log"
            if where == "every"
            else f"{prop} is undetermined: violated on some behaviours that explain the log, on others not"
        )


def _assumptions(answer: Answer) -> Iterator[str]:
    bound = answer.behaviours.silent_steps
    if answer.behaviours.cut:
        yield f"  with at most {counted(bound or 0, 'unseen step')} between two events, as the mapping says"
    if answer.capped:
        yield (
            f"  with at most {counted(answer.behaviours.bounds.lost, 'step')} in a gap of lost events;"
            " --lost N looks for more"
        )


def _unexplained(answer: Answer, found: Unexplained) -> Iterator[str]:
    log, model, behaviours = answer.timeline.log, answer.behaviours.model, answer.behaviours
    kind = found.box.kind
    assert kind.row is not None
    how = "undetermined: " if answer.capped else ""
    yield f"{log}:{found.box.line}: {how}no behaviour of {model.name} has this event here:"
    yield f"  {_meant(model, kind)}"
    yield f"  {clean(line_of(log, found.box.line))}"
    yield from _assumptions(answer)
    if found.open:
        yield f"  in no order with it: {', '.join(f'line {box.line}' for box in found.open if not box.lost)}"
    nodes = behaviours.closed(found.nodes)
    unseen = len(nodes) - len(found.nodes)
    states = [behaviours.state(node) for node in nodes[:LOOKED_AT]]
    yield (
        f"  before it the run is in {'one of ' * (len(found.nodes) > 1)}{counted(len(found.nodes), 'state')}"
        + (f", or {unseen:,} that unseen steps reach" if unseen else "")
        + (f" ({LOOKED_AT} of them are looked at)" if len(nodes) > LOOKED_AT else "")
    )
    yield from (f"    {line}" for line in _common(answer, states))
    yield from (f"  {line}" for line in _why_not(answer, kind, nodes[:LOOKED_AT]))
    yield from _instead(answer, found.box, nodes[:LOOKED_AT])


def _meant(model: Model, kind: Kind) -> str:
    names = [model.instances[n].name for n in sorted(kind.instances)]
    shown = " or ".join(names[:VALUES]) + (" or ..." if len(names) > VALUES else "")
    values = [f"{name} = {' or '.join(texts)}" for name, texts in (*kind.before, *kind.after)]
    return clean(", ".join([*([shown] if shown else []), *values]))


def _common(answer: Answer, states: list[State]) -> Iterator[str]:
    """The variables that differ among some states, with their values; then what is the same in all of them,
    if it can vary at all.
    """
    model, fixed = answer.behaviours.model, answer.behaviours.layout.fixed
    texts = [state_texts(model, state) for state in states]
    constant = {
        name
        for variable in model.variables
        if all(f.first + k in fixed for f in variable.families.values() for k in range(f.size))
        for name in variable_texts(variable, states[0])
    }
    same = []
    for name in texts[0]:
        values = list(dict.fromkeys(text[name] for text in texts))
        if len(values) == 1:
            same += [f"{name} = {values[0]}"] * (name not in constant)
            continue
        more = " | ..." if len(values) > VALUES else ""
        yield clean(f"{name} = {' | '.join(values[:VALUES])}{more}")
    if same:
        yield from wrapped(clean(f"in each: {', '.join(same)}"), WIDTH, 4)


def _why_not(answer: Answer, kind: Kind, nodes: Iterable[int]) -> Iterator[str]:
    """For each instance which guard keeps it, and in how many states; values that differ from the log's."""
    behaviours, model, nodes = answer.behaviours, answer.behaviours.model, list(nodes)
    for name, texts in kind.before:
        shown = dict.fromkeys(behaviours.text(behaviours.state(node), name) for node in nodes)
        wanted = " or ".join(texts)
        if not shown.keys() & set(texts):
            yield clean(f"{name} is {' or '.join(list(shown)[:VALUES])}; the log says {wanted}")
        else:
            many = sum(behaviours.shows(node, ((name, texts),)) for node in nodes)
            yield clean(f"{name} = {wanted} in {many:,} of {counted(len(nodes), 'state')}")
    for number in sorted(kind.instances)[:SHOWN]:
        instance = model.instances[number]
        reasons: Counter[tuple[str, str]] = Counter()
        for node in nodes:
            state = behaviours.state(node)
            wait = blocked(instance, state)
            if wait is not None:
                reasons[wait.text(), str(wait.condition.place)] += 1
                continue
            for taken, after in behaviours.steps(node):
                for name, texts in kind.after if taken == number else ():
                    text = behaviours.text(behaviours.state(after), name)
                    if text not in texts:
                        wanted = " or ".join(texts)
                        what = f"{instance.name} is possible; after it {name} = {text}, not {wanted}"
                        reasons[what, str(instance.action.place)] += 1
        for (what, place), count in reasons.most_common(2):
            yield clean(f"{what}  ({place}; in {count:,} of {counted(len(nodes), 'state')})")


def _instead(answer: Answer, box: Box, nodes: Iterable[int]) -> Iterator[str]:
    """What the log could have shown here."""
    behaviours = answer.behaviours
    possible: Counter[int] = Counter()
    for node in nodes:
        possible.update({i for i, _ in behaviours.steps(node) if i not in behaviours.silent})
    yield "  possible instead:" + ("" if possible else " nothing that the log shows")
    for number, count in possible.most_common(SHOWN):
        yield f"    {clean(behaviours.model.instances[number].name)}  (in {counted(count, 'state')})"


def line_of(log: str, number: int) -> str:
    """A line of a log, for a message."""
    with open(log, encoding="utf-8-sig", errors="replace") as file:
        return next(itertools.islice(file, number - 1, None), "").strip()


def record(answer: Answer) -> dict[str, Any]:
    """The answer as data, for --json."""
    counts, found = answer.timeline.counts, answer.found
    result: dict[str, Any] = {
        "spec": answer.behaviours.model.name,
        "digest": answer.behaviours.model.digest,
        "log": answer.timeline.log,
        "mapping": answer.mapping.file,
        "verdict": answer.verdict,
        "lines": counts.lines,
        "matched": counts.matched,
        "events": counts.events,
        "skipped": dict(counts.skipped),
        "unreadable": counts.unreadable,
        "cut_off": counts.cut_off,
        "gaps": counts.gaps,
        "lost": counts.lost,
        "overlapping": counts.overlapping,
        "most_at_once": counts.most,
        "never": _never(answer),
        "started": answer.started,
        "silent_steps": answer.behaviours.silent_steps,
        "bound_reached": answer.behaviours.cut,
        "broken": answer.broken,
    }
    if isinstance(found, Fits):
        result["last_states"] = len({node for nodes in found.frontier.values() for node in nodes})
    elif isinstance(found, Unexplained):
        result |= {"line": found.box.line, "event": _meant(answer.behaviours.model, found.box.kind)}
    else:
        result |= {"line": found.line, "limit": found.limit}
    if answer.behaviour is not None:
        result["steps"] = [
            {"instance": step.instance.name if step.instance else None, "line": step.line}
            for step in answer.behaviour.steps
        ]
    return result
