"""The counterexample as a PlantUML sequence diagram. A pure function of the trace; steps are numbered as in
the story.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from explorer.render.picture.design import BAD_WASH, FAILS, NOBODY
from explorer.render.picture.sequence_layout import involved
from explorer.render.text.brackets import brackets
from explorer.render.text.terminal import clean
from explorer.render.text.text import change, verdict_line, words
from explorer.trace.trace import Step, Trace

MARKUP = re.compile(r"""[\\~<>%$|#&@!\[\]{}'"]|\*(?=\*)|/(?=/)|_(?=_)|-(?=-)|=(?==)|\^(?=\^)|^[=*.;:+-]""")
"""What PlantUML could read as markup, a macro or an escape; it is written as a code point."""


def plantuml(trace: Trace) -> str:
    """The diagram's source, ending in a newline."""
    names = involved(trace)
    lines = ["@startuml", "autonumber", "hide footbox"]
    lines += [f'participant "{text(name or NOBODY)}" as p{n}' for n, name in enumerate(names)]
    deferred = brackets(trace)
    opened, closed = {b.first for b in deferred}, {b.last for b in deferred if b.seen}
    for position, step in enumerate(trace.steps):
        if not step.action:
            continue
        if trace.loop is not None and position == trace.loop + 1:
            lines.append("loop for ever")
        lines += _step(step, names, position in opened, position in closed)
    if trace.loop is not None and trace.loop < len(trace.steps) - 1:
        lines.append("end")
    elif trace.loop is not None:
        lines.append("... and so for ever ...")
    if names:
        span = f"p0, p{len(names) - 1}" if len(names) > 1 else "p0"
        lines += [
            f"note over {span} {BAD_WASH}",
            *(text(line) for line in (verdict_line(trace), *trace.why)),
            "end note",
        ]
    return "\n".join([*lines, "@enduml"]) + "\n"


def _step(step: Step, names: list[str], opened: bool, closed: bool) -> Iterator[str]:
    lane = names.index(step.actor)
    if closed:
        yield f"note right of p{lane} : a deferred effect becomes visible"
    yield f"p{lane} -> p{names.index(step.sends[0][0]) if step.sends else lane} : {text(words(step))}"
    for receiver, said in step.sends[1:]:
        yield f"note over p{names.index(receiver)} : {text(said)}"
    notes = [text(change(name, pair)) for name, pair in step.changed.items()]
    notes += [text(remark) for remark in step.remarks] + [FAILS] * step.failed
    notes += ["deferred, not yet visible"] * opened
    if notes:
        yield from ("note right", *notes, "end note")


def text(said: str) -> str:
    """A text that PlantUML takes as it is."""
    return MARKUP.sub(lambda match: f"<U+{ord(match[0]):04X}>", clean(said).strip()) or "-"
