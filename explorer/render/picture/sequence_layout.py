"""Where everything of a sequence diagram stands: lanes, rows of notes, sizes. Knows nothing of SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from explorer.ir.data import dataclass
from explorer.render.picture.design import DEFERRED, FAILS, LANES, VISIBLE
from explorer.render.text.brackets import arrivals, marked
from explorer.render.text.fold import Fold, folded
from explorer.render.text.terminal import clean
from explorer.render.text.text import change, header, is_call, words
from explorer.trace.trace import Step, Trace

CHARACTER = 0.604
"""The width of a character of the page's fixed-width font, in its size."""

CHANGES = 5
"""Lines of changes shown in a note; the state beside the picture has all."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Sizes in pixels. `pitch` is the distance of lanes, `note` the widest note and `least` the narrowest
    picture.
    """

    pitch: float
    note: float
    font: float
    small: float
    least: float

    @property
    def line(self) -> float:
        return self.font * 1.36

    @property
    def small_line(self) -> float:
        return self.small * 1.4


WIDE = Measure(pitch=104, note=370, font=12.5, small=11, least=756)
NARROW = Measure(pitch=34, note=240, font=11.5, small=10, least=346)
"""For a screen or sheet of usual width, and for a telephone held upright."""

TOP, GAP, PAD, DOT = 40.0, 12.0, 6.0, 4.5
SIDE, LEAST_NOTE, CYCLE = DOT + 4, 150.0, 24.0
"""From a lane to the note beside its dot; the room that every note gets; the room for the words on a cycle.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A note to be drawn: the steps `first` to `last` of the trace (positions), its lane and its lines with
    their classes.
    """

    first: int
    last: int
    lane: int
    lines: tuple[tuple[str, str], ...]
    sends: tuple[tuple[str, str], ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its place: the top of its band, the dot's height, and the note's box."""

    row: Row
    top: float
    y: float
    left: float
    width: float
    height: float
    bottom: float


class Layout:
    """The layout of a trace: `placed` has a row for each note, from top to bottom; `lanes` are the actors
    shown, `deferred` the brackets from issues to where they become visible, `margin` the room for these at
    the left, `arrivals` how the stores of memories come to each reader, `end` and `bottom` the heights at
    which rows and lanes end.
    """

    def __init__(self, trace: Trace, measure: Measure = WIDE):
        self.trace, self.measure = trace, measure
        self.deferred = marked(trace)
        self.arrivals = arrivals(trace)
        self.lanes = involved(trace)
        self.colours = [*colours(trace).values()]
        self.margin = measure.pitch if self.deferred else 0.0
        self.width = max(measure.least, self.margin + measure.pitch * len(self.lanes) + 8)
        self.placed = list(self._place(list(self._rows())))
        self.end = self.placed[-1].bottom if self.placed else TOP + GAP
        self.bottom = self.end if trace.loop is None else self.end + CYCLE

    def x(self, lane: int) -> float:
        return self.margin + self.measure.pitch * (lane + 0.5)

    def _room(self, lane: int) -> tuple[float, bool]:
        """How wide a lane's notes may be, and whether they stand at its right: where they have most room."""
        left, right = self.x(lane) - SIDE - 2, self.width - self.x(lane) - SIDE - 2
        return max(min(max(left, right), self.measure.note), LEAST_NOTE), right >= min(
            left, self.measure.note
        )

    def _rows(self) -> Iterator[Row]:
        inside: dict[str, str] = {}
        opened = {b.first for b in self.deferred}
        closed = {b.last for b in self.deferred}
        ends = {end for a in self.arrivals for end in (a.store, a.step)}
        for position, item in folded(self.trace.steps, ends):
            if isinstance(item, Fold):
                text = (
                    f"... {'this step' if item.period == 1 else f'these {item.period} steps'} {item.times}"
                    " more times"
                )
                lane = self.lanes.index(item.last.actor)
                yield Row(
                    position,
                    position + item.period * item.times - 1,
                    lane,
                    self._wrapped(text, lane, "label"),
                    style="fold",
                )
            elif item.action:
                enters = item.function and item.function != inside.get(item.actor) and not is_call(item)
                inside[item.actor] = item.function or inside.get(item.actor, "")
                lane = self.lanes.index(item.actor)
                lines = self._lines(item, lane, header(item.function) if enters else "")
                if position in opened:
                    lines.append((DEFERRED, "late"))
                if position in closed:
                    lines.insert(0, (VISIBLE, "late"))
                for text in self._seen(position):
                    lines += self._wrapped(text, lane, "late")
                yield Row(
                    first=position,
                    last=position,
                    lane=lane,
                    lines=tuple(lines),
                    sends=item.sends,
                    style="failed" if item.failed else "",
                )

    def _seen(self, position: int) -> Iterator[str]:
        """Whom what a step stores has not reached yet, whom what reaches in it, and what it does to memories
        besides.
        """
        yield from self.trace.steps[position].remarks
        missing = dict.fromkeys(a.reader for a in self.arrivals if a.store == position)
        if missing:
            yield f"has not reached {', '.join(missing)}"
        for arrival in self.arrivals:
            if arrival.step == position:
                how = f"reaches {arrival.reader}"
                lost = f"is lost: overwritten before {arrival.reader} saw it"
                yield f"{arrival.key} {how if arrival.seen else lost}"

    def _lines(self, step: Step, lane: int, title: str) -> list[tuple[str, str]]:
        lines = [*self._wrapped(title, lane, "function")] if title else []
        lines += self._wrapped(words(step), lane, "label", f"{step.index} ")
        changes = [
            line
            for name, pair in step.changed.items()
            for line in self._wrapped(change(name, pair), lane, "change")
        ]
        if len(changes) > CHANGES:
            changes[CHANGES - 1 :] = [(f"and {len(changes) - CHANGES + 1} more lines", "change")]
        return [*lines, *changes, *[(FAILS, "wrong")] * step.failed]

    def _wrapped(self, text: str, lane: int, kind: str, start: str = "") -> tuple[tuple[str, str], ...]:
        """A text in lines that fit a note, each with its class; `start` never stands alone."""
        room = int((self._room(lane)[0] - 2 * PAD) / self._character(kind))
        lines = textwrap.wrap(
            clean(text), room, initial_indent=start, subsequent_indent="  ", break_on_hyphens=False
        )
        return tuple((line, kind) for line in lines or [start])

    def _character(self, kind: str) -> float:
        return (self.measure.font if kind == "label" else self.measure.small) * CHARACTER

    def _note_width(self, row: Row) -> float:
        return max(len(text) * self._character(kind) for text, kind in row.lines) + 2 * PAD

    def _place(self, rows: list[Row]) -> Iterator[Placed]:
        top, m = TOP, self.measure
        for row in rows:
            height = sum(m.line if kind == "label" else m.small_line for _, kind in row.lines) + 2 * PAD - 2
            width, x = self._note_width(row), self.x(row.lane)
            left = x + SIDE if self._room(row.lane)[1] else x - SIDE - width
            before = sum(m.small_line for kind in self._before_label(row))
            arrows = len(row.sends) * (m.small_line + 7)
            bottom = top + GAP + height + arrows
            yield Placed(
                row=row,
                top=top,
                y=top + GAP / 2 + PAD + before + m.line / 2 - 1,
                left=left,
                width=width,
                height=height,
                bottom=bottom,
            )
            top = bottom

    @staticmethod
    def _before_label(row: Row) -> list[str]:
        kinds = [kind for _, kind in row.lines]
        return kinds[: kinds.index("label")] if "label" in kinds else []


def involved(trace: Trace) -> list[str]:
    """The lanes to be drawn, in their fixed order: actors that take part, and all where there are few."""
    part = {step.actor for step in trace.steps if step.action} | {
        receiver for step in trace.steps for receiver, _ in step.sends
    }
    few = len(trace.lanes) <= 4
    return [lane for lane in trace.lanes if few or lane in part] + sorted(part.difference(trace.lanes))


def colours(trace: Trace) -> dict[str, int]:
    """The number of the colour of each lane that is drawn: by its place among all actors, as in a walk, where
    that tells those drawn apart.
    """
    lanes = involved(trace)
    own = {lane: trace.lanes.index(lane) % LANES for lane in lanes if lane in trace.lanes}
    if len({*own.values()}) == len(lanes):
        return own
    return {lane: number % LANES for number, lane in enumerate(lanes)}
