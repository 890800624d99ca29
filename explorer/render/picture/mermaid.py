"""The counterexample as a Mermaid sequence diagram, which GitHub and GitLab draw in Markdown. A pure function
of the trace.

Every step is one arrow, a message to its receiver or an arrow to itself, so that the diagram's numbers are
the steps'.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.render.picture.design import FAILS, NOBODY
from explorer.render.picture.sequence_layout import involved
from explorer.render.text.brackets import brackets
from explorer.render.text.terminal import clean
from explorer.render.text.text import change, verdict_line, words
from explorer.trace.trace import Step, Trace

SPECIAL = '#;<>&"%`\\:{}'
"""Characters with a meaning somewhere in Mermaid's texts; they are written as `#code;`."""


def mermaid(trace: Trace) -> str:
    """The diagram's source, ending in a newline."""
    names = involved(trace)
    lines = [
        "sequenceDiagram",
        "autonumber",
        *(f"participant p{n} as {text(name or NOBODY)}" for n, name in enumerate(names)),
    ]
    deferred = brackets(trace)
    opened, closed = {b.first for b in deferred}, {b.last for b in deferred if b.seen}
    for position, step in enumerate(trace.steps):
        if not step.action:
            continue
        if trace.loop is not None and position == trace.loop + 1:
            lines.append("loop for ever")
        lines += _step(step, names, position in opened, position in closed)
    span = f"p0,p{len(names) - 1}" if len(names) > 1 else "p0"
    if trace.loop is not None:
        lines.append("end" if trace.loop < len(trace.steps) - 1 else f"Note over {span}: and so for ever")
    if names:
        said = "<br/>".join(text(line) for line in (verdict_line(trace), *trace.why))
        lines.append(f"Note over {span}: {said}")
    return "".join(f"{'' if n == 0 else '    '}{line}\n" for n, line in enumerate(lines))


def _step(step: Step, names: list[str], opened: bool, closed: bool) -> Iterator[str]:
    lane = names.index(step.actor)
    receivers = [names.index(receiver) for receiver, _ in step.sends]
    if closed:
        yield f"Note right of p{lane}: a deferred effect becomes visible"
    yield f"p{lane}->>p{receivers[0] if receivers else lane}: {text(words(step))}"
    for receiver, said in step.sends[1:]:
        yield f"Note over p{names.index(receiver)}: {text(said)}"
    notes = [text(change(name, pair)) for name, pair in step.changed.items()]
    notes += [text(remark) for remark in step.remarks] + [FAILS] * step.failed
    if notes:
        yield f"Note right of p{lane}: {'<br/>'.join(notes)}"
    if opened:
        yield f"Note right of p{lane}: deferred#58; not yet visible"


def text(said: str) -> str:
    """A text that Mermaid takes as it is."""
    shown = "".join(f"#{ord(c)};" if c in SPECIAL else c for c in clean(said)).strip()
    return shown or "-"
