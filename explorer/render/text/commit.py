"""The interleaving as a commit message wants it: a column for each CPU, 72 characters, no markup. A pure
function of the trace.

Every step has a line, in the column of its CPU, below the function that the CPU is in; at the left edge an
arrow leads from a deferred store to where it becomes visible. `read_commit.py` reads it back.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from explorer.ir.data import dataclass
from explorer.render.text.brackets import Bracket, brackets, gutter
from explorer.render.text.terminal import clean
from explorer.render.text.text import PENDING, announced, header, is_call, words
from explorer.trace.trace import Step, Trace

WIDTH = 72
NARROWEST, WIDEST = 8, 24
"""Characters from one column to the next."""

ROOM = 30
"""The last column has at least so many; with more CPUs than that each line names its own."""

DEEPER, CONTINUED = 2, 6
"""How far a step stands within its function, and the rest of a line that was too long."""

NOBODY = "-"
"""The column of steps that have no actor."""

INITIALLY = "// initially "


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be: left edge, lane, text, and how far the text stands within its column."""

    edge: str
    lane: str
    text: str
    indent: int = 0


def commit(trace: Trace) -> str:
    """The story without what it means: steps only, ending in a newline."""
    arrows = brackets(trace, every=True)
    lines = list(_lines(trace, arrows))
    acting = {clean(step.actor) or NOBODY for step in trace.steps[1:]}
    known = [*map(clean, trace.lanes), NOBODY]
    lanes = [lane for lane in known if lane in acting] or [NOBODY]
    edge = max(len(line.edge) for line in lines) + 1 if arrows else 0
    longest = max(map(len, lanes))
    starts = _columns(lines, lanes, edge)
    if starts is None:
        return "\n".join([" " * edge + "CPU", *_tagged(lines, edge, longest)]) + "\n"
    heading = " " * edge
    rule = heading
    for lane, start in starts.items():
        heading = heading.ljust(start) + lane
        rule = rule.ljust(start) + "-" * max(len(lane), 3)
    return "\n".join([heading, rule, *_in_columns(lines, starts, edge)]) + "\n"


def _lines(trace: Trace, arrows: list[Bracket]) -> Iterator[Line]:
    function: dict[str, str] = {}
    for position, step in enumerate(trace.steps):
        if trace.loop is not None and position == trace.loop + 1:
            yield Line(gutter(arrows, position, at=False), "", "// FROM HERE FOR EVER")
        if not step.action:
            yield from (
                Line("", "", INITIALLY + clean(f"{n} = {new}")) for n, (_, new) in step.changed.items()
            )
            continue
        lane = clean(step.actor) or NOBODY
        above = gutter(arrows, position, at=False)
        inside = bool(step.function) and not (step.function != function.get(lane) and is_call(step))
        if inside and step.function != function.get(lane):
            yield Line(above, lane, header(step.function))
        function[lane] = step.function
        yield from (Line(above, lane, text) for text in announced(arrows, position))
        yield Line(gutter(arrows, position, at=True), lane, _said(step), DEEPER * inside)
    end = gutter(arrows, len(trace.steps), at=False)
    if any(b.last is None for b in arrows):
        yield Line(end, "", PENDING)
    if trace.loop is not None:
        again = "STUTTERS FOR EVER" if trace.loop == trace.length else f"BACK TO STEP {trace.loop + 1}"
        yield Line(end, "", f"// {again}")


def _said(step: Step) -> str:
    """The step's words; as a comment where it was only tried."""
    return f"// fails: {words(step)}" if step.failed else words(step)


def _columns(lines: list[Line], lanes: list[str], edge: int) -> dict[str, int] | None:
    """Where each lane's column begins: as far apart as all lines have room, and at least so that names have;
    None where the last column would have none.
    """
    least = max(NARROWEST, max(map(len, lanes)) + 2)
    for width in range(max(WIDEST, least), least - 1, -1):
        starts = {lane: edge + number * width for number, lane in enumerate(lanes)}
        ends = [starts[line.lane] + line.indent + len(line.text) for line in lines if line.lane]
        if max(ends, default=0) <= WIDTH:
            return starts
    return starts if starts[lanes[-1]] <= WIDTH - ROOM else None


def _in_columns(lines: list[Line], starts: dict[str, int], edge: int) -> Iterator[str]:
    for at, line in enumerate(lines):
        start = starts.get(line.lane, edge) + line.indent
        yield from _laid(lines, at, start, line.edge[:edge])


def _tagged(lines: list[Line], edge: int, longest: int) -> Iterator[str]:
    for at, line in enumerate(lines):
        tag = f"{line.lane}:" if line.lane else ""
        front = line.edge[:edge].ljust(edge) + tag.rjust(longest + 1)
        yield from _laid(lines, at, len(front) + 1 + line.indent, front)


def _laid(lines: list[Line], at: int, start: int, front: str) -> Iterator[str]:
    """A line from this column on; what is too long goes on below, further in, beside the arrows."""
    following = lines[at + 1].edge if at + 1 < len(lines) else ""
    under = "".join("|" if c == "|" else " " for c in following)
    deeper = CONTINUED - lines[at].indent
    pieces = textwrap.wrap(
        lines[at].text,
        WIDTH - start,
        subsequent_indent=" " * deeper,
        break_on_hyphens=False,
    )
    for number, piece in enumerate(pieces):
        yield ((under if number else front).ljust(start) + piece).rstrip()
