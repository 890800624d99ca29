"""Where the nodes of a story's export to Graphviz stand: a lane for each actor, time running down."""

from __future__ import annotations

import textwrap
from dataclasses import field

from explorer.ir.data import dataclass
from explorer.render.picture.design import BAD, CHANGE, FAILS, INK, SOFT
from explorer.render.picture.drawing import TooLarge
from explorer.render.text.brackets import Bracket, arrivals, marked, placed
from explorer.render.text.fold import Fold, folded
from explorer.render.text.terminal import clean
from explorer.render.text.text import change, header, is_call, words
from explorer.trace.trace import Step, Trace

LIMIT = 300
"""Rows of the largest picture of a trace; the text has no limit."""

ALWAYS = 6
"""With more lanes than this, those that take no part are left out."""

WRAP, CHANGES = 40, 4
LINE, SMALL, GAP, CHARACTER, BRACKET = 15.0, 12.5, 24.0, 6.7, 14.0
"""Points: heights of a line and of a small one, the gap between rows, the mean width of a character, between
brackets.
"""


@dataclass(slots=True)
class Box:
    """A node: its lines with point size and colour, and where it stands (points, y downward)."""

    name: str
    lane: str
    lines: list[tuple[str, int, str]]
    tooltip: str
    dashed: bool = False
    failed: bool = False
    y: float = 0.0

    @property
    def height(self) -> float:
        return sum(LINE if size > 9 else SMALL for _, size, _ in self.lines) + 10

    @property
    def width(self) -> float:
        return max(len(text) * CHARACTER * size / 11 for text, size, _ in self.lines) + 24


@dataclass(slots=True)
class Picture:
    boxes: list[Box]
    at: dict[int, str]
    lanes: list[str]
    brackets: int
    x: dict[str, float] = field(default_factory=dict)
    bottom: float = 0.0

    def width(self, lane: str) -> float:
        return max([box.width for box in self.boxes if box.lane == lane] + [90.0])

    def edge(self, lane: str) -> float:
        """The left edge of a lane's widest box."""
        return self.x[lane] - self.width(lane) / 2


def arrange(trace: Trace) -> Picture:
    """Boxes for steps, from top to bottom, and the lanes' places."""
    boxes: list[Box] = []
    at: dict[int, str] = {}
    inside: dict[str, str] = {}
    ends = {end for a in arrivals(trace) for end in (a.store, a.step)}
    for position, item in folded(trace.steps, ends):
        if isinstance(item, Fold):
            boxes.append(_fold_box(item))
            at.update((p, boxes[-1].name) for p in range(position, position + item.period * item.times))
        elif item.action:
            boxes.append(
                _step_box(
                    item,
                    item.function if item.function != inside.get(item.actor) and not is_call(item) else "",
                )
            )
            inside[item.actor] = item.function or inside.get(item.actor, "")
            at[position] = boxes[-1].name
    if len(boxes) > LIMIT:
        raise TooLarge(
            f"a picture of {len(boxes)} steps: at most {LIMIT} are drawn; read the text, or narrow the"
            " constants with -D"
        )
    involved = {box.lane for box in boxes} | {
        r for step in trace.steps for r, _ in step.sends if r in trace.lanes
    }
    order = [lane for lane in trace.lanes if lane in involved or len(trace.lanes) <= ALWAYS]
    order += sorted(involved.difference(order))
    deferred = placed_beside(trace)
    picture = Picture(boxes, at, order, max((b.column + 1 for b in deferred), default=0))
    right, y = 0.0, 34.0
    for lane in order:
        stores = any(trace.steps[b.first].actor == lane for b in deferred)
        right += 24 + (BRACKET * picture.brackets + 16 if stores else 0)
        picture.x[lane] = right + picture.width(lane) / 2
        right += picture.width(lane)
    for box in boxes:
        box.y = y + box.height / 2
        y += box.height + GAP
    picture.bottom = y
    return picture


def placed_beside(trace: Trace) -> list[Bracket]:
    """The deferred effects that become visible; stores of memories have arrows to their readers."""
    return [b for b in placed(marked(trace), len(trace.steps)) if b.last is not None]


def _step_box(step: Step, function: str) -> Box:
    lines = [(header(function), 9, SOFT)] if function else []
    first, *rest = textwrap.wrap(f"{step.index}  {words(step)}", WRAP) or [str(step.index)]
    lines += [(first, 11, INK), *((line, 11, INK) for line in rest)]
    changes = [
        line for name, pair in step.changed.items() for line in textwrap.wrap(change(name, pair), WRAP + 8)
    ]
    if len(changes) > CHANGES:
        changes[CHANGES - 1 :] = [f"and {len(changes) - CHANGES + 1} more lines"]
    lines += [(line, 9, CHANGE) for line in changes]
    if step.failed:
        lines.append((FAILS, 9, BAD))
    return Box(f"step{step.index}", step.actor, lines, _tooltip(step), failed=step.failed)


def _fold_box(fold: Fold) -> Box:
    what = "this step" if fold.period == 1 else f"these {fold.period} steps"
    text = f"... {what} {fold.times} more times, to step {fold.last.index}"
    return Box(f"step{fold.first.index}", fold.last.actor, [(text, 11, SOFT)], text, dashed=True)


def _tooltip(step: Step) -> str:
    state = [f"{name} = {value}" for name, value in step.state.items()]
    return "\n".join(
        clean(line) for line in (f"{step.index}  {step.instance}", words(step), step.place, *state)
    )
