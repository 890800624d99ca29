"""The counterexample as a sequence diagram in SVG: a lane for each actor, time running down. A pure function
of the trace.

Colours and fonts come from the style sheet of the page (`report.css`), so that one drawing serves light, dark
and paper. A step is a dot on its actor's lane with a note beside it; since each row has one step, notes may
cover other lanes' lines. A deferred effect is a slanted arrow from its issue to the row where it becomes
visible, on a lane of its own at the left.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from explorer.render.html.markup import Html, el, joined
from explorer.render.text.brackets import Bracket, brackets
from explorer.render.text.fold import Fold, folded
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import change, header, is_call, verdict_line, words
from explorer.trace.trace import Step, Trace

COLOURS = 6
"""Lane colours of the style sheet, used in turn."""

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


class Diagram:
    """The layout of a trace; `svg()` draws it."""

    def __init__(self, trace: Trace, measure: Measure = WIDE):
        self.trace, self.measure = trace, measure
        self.deferred = brackets(trace)
        self.lanes = involved(trace)
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
        for position, item in folded(self.trace.steps):
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
                    lines.append(("deferred: not yet visible", "late"))
                if position in closed:
                    lines.insert(0, ("becomes visible:", "late"))
                yield Row(position, position, lane, tuple(lines), item.sends, "failed" if item.failed else "")

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
        return [*lines, *changes, *[("this step fails", "wrong")] * step.failed]

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
            yield Placed(row, top, top + GAP / 2 + PAD + before + m.line / 2 - 1, left, width, height, bottom)
            top = bottom

    @staticmethod
    def _before_label(row: Row) -> list[str]:
        kinds = [kind for _, kind in row.lines]
        return kinds[: kinds.index("label")] if "label" in kinds else []

    def svg(self, number: int) -> Html:
        """The drawing; `number` makes its identifiers unique on the page."""
        verdict, below = self._verdict()
        height = self.bottom + below
        body = [
            self._markers(number),
            self._lanes(),
            *self._bands(),
            self._cycle(),
            *self._late(number),
            *self._notes(),
            *self._messages(number),
            verdict,
        ]
        title = (
            f"{verdict_line(self.trace)}. {counted(len(self.trace.steps) - 1, 'step')} of"
            f" {', '.join(map(clean, self.lanes))}; the same as a list below."
        )
        return el(
            "svg",
            *body,
            viewBox=f"0 0 {self.width:.0f} {height:.0f}",
            width=f"{self.width:.0f}",
            height=f"{height:.0f}",
            role="img",
            aria_label=title,
            class_="sequence",
            style=f"--font:{self.measure.font}px;--small:{self.measure.small}px",
        )

    def _markers(self, number: int) -> Html:
        def head(name: str) -> Html:
            return el(
                "marker",
                el("path", d="M0 0L8 4L0 8z", class_=f"head-{name}"),
                id=f"{name}{number}",
                viewBox="0 0 8 8",
                refX="7",
                refY="4",
                markerWidth="8",
                markerHeight="8",
                markerUnits="userSpaceOnUse",
                orient="auto",
            )

        return el("defs", head("send"), head("late"))

    def _lanes(self) -> Html:
        parts = []
        if self.deferred:
            x, name = self.margin / 2, "visible" if self.measure.pitch > 60 else "vis."
            parts += [
                el("line", x1=n(x), x2=n(x), y1=n(TOP - 4), y2=n(self.bottom), class_="lifeline visible"),
                self._head(
                    name,
                    x,
                    "lane-head visible",
                    "where a deferred effect becomes visible to the other actors",
                ),
            ]
        for lane, name in enumerate(self.lanes):
            x = self.x(lane)
            parts.append(
                el(
                    "line",
                    x1=n(x),
                    x2=n(x),
                    y1=n(TOP - 4),
                    y2=n(self.bottom),
                    class_=f"lifeline lane{lane % COLOURS}",
                )
            )
            parts.append(self._head(name or "(none)", x, f"lane-head lane{lane % COLOURS}", f"actor {name}"))
        return el("g", *parts)

    def _head(self, name: str, x: float, style: str, title: str) -> Html:
        room = max(int((self.measure.pitch - 4) / self._character("label")), 3)
        text = clean(name) if len(clean(name)) <= room else clean(name)[: room - 1] + "…"
        width = self.measure.pitch - 4
        return el(
            "g",
            el("title", title),
            el("rect", x=n(x - width / 2), y="6", width=n(width), height="24", rx="4"),
            el("text", text, x=n(x), y="22", text_anchor="middle"),
            class_=style,
        )

    def _bands(self) -> Iterator[Html]:
        """A band behind each row: what is marked when its step is chosen."""
        for p in self.placed:
            yield el(
                "rect",
                x="0",
                y=n(p.top + GAP / 4),
                width=n(self.width),
                height=n(p.bottom - p.top),
                rx="3",
                class_="band",
                data_first=p.row.first,
                data_last=p.row.last,
            )

    def _cycle(self) -> Html | None:
        """A box around the steps that repeat for ever."""
        loop = self.trace.loop
        if loop is None:
            return None
        inside = [p for p in self.placed if p.row.last > loop]
        top, bottom = inside[0].top + 3 if inside else self.end + 2, self.bottom - 1
        label = (
            f"for ever: back to the state after step {self.trace.steps[loop].index}"
            if inside
            else "for ever: nothing more happens"
        )
        return el(
            "g",
            el("rect", x="2", y=n(top), width=n(self.width - 4), height=n(bottom - top), rx="6"),
            el("text", label, x=n(self.width - 8), y=n(bottom - 7), text_anchor="end"),
            class_="cycle",
        )

    def _notes(self) -> Iterator[Html]:
        for p in self.placed:
            x, colour = self.x(p.row.lane), f"lane{p.row.lane % COLOURS}"
            y, texts = p.top + GAP / 2 + PAD - 1, []
            for text, kind in p.row.lines:
                step = self.measure.line if kind == "label" else self.measure.small_line
                texts.append(el("text", text, x=n(p.left + PAD), y=n(y + step * 0.76), class_=kind))
                y += step
            box = el(
                "rect",
                x=n(p.left),
                y=n(p.top + GAP / 2),
                width=n(p.width),
                height=n(p.height),
                rx="4",
                class_="note",
            )
            dot = el("circle", cx=n(x), cy=n(p.y), r=DOT, class_="dot")
            title = el("title", self._hint(p.row))
            yield el(
                "g",
                title,
                box,
                dot,
                *texts,
                class_=f"step {colour} {p.row.style}".rstrip(),
                data_first=p.row.first,
                data_last=p.row.last,
            )

    def _hint(self, row: Row) -> str:
        step = self.trace.steps[row.first]
        return f"step {step.index}, {step.instance}" + (
            f", to step {self.trace.steps[row.last].index}" if row.last > row.first else ""
        )

    def _messages(self, number: int) -> Iterator[Html]:
        """A level arrow for each message, from the sender's lane to the receiver's."""
        for p in self.placed:
            y = p.bottom - len(p.row.sends) * (self.measure.small_line + 7) + self.measure.small_line + 2
            for receiver, text in p.row.sends:
                yield self._message(number, p.row.lane, self.lanes.index(receiver), clean(text), y)
                y += self.measure.small_line + 7

    def _message(self, number: int, sender: int, receiver: int, text: str, y: float) -> Html:
        start, end = self.x(sender), self.x(receiver)
        if sender == receiver:
            path = f"M{n(start)} {n(y - 5)}h18v7h-13"
        else:
            path = f"M{n(start)} {n(y)}H{n(end - 3 if end > start else end + 3)}"
        half = len(text) * self._character("message") / 2 + 2
        middle = max(
            half, min((start + end) / 2 if sender != receiver else start + half + 22, self.width - half)
        )
        return el(
            "g",
            el("path", d=path, marker_end=f"url(#send{number})"),
            el("text", text, x=n(middle), y=n(y - 4), text_anchor="middle"),
            class_="message",
        )

    def _late(self, number: int) -> Iterator[Html]:
        """From the issue of a deferred effect, slanting down to where it becomes visible; to the end where it
        never does.
        """
        rows = {position: p for p in self.placed for position in range(p.row.first, p.row.last + 1)}
        for bracket in self.deferred:
            yield self._arrow(
                number, bracket, rows[bracket.first], None if bracket.last is None else rows[bracket.last]
            )

    def _arrow(self, number: int, bracket: Bracket, start: Placed, end: Placed | None) -> Html:
        x1, x2 = self.x(start.row.lane), self.margin / 2
        y1, y2 = start.y, end.y if end else self.bottom + 2
        ends = {"marker_end": f"url(#late{number})"} if end else {}
        parts = [
            el(
                "title",
                f"{clean(bracket.key)}: issued, " + ("visible later" if end else "still deferred at the end"),
            ),
            el("line", x1=n(x1), y1=n(y1), x2=n(x2 if end else (x1 + x2) / 2), y2=n(y2), **ends),
        ]
        if end:
            parts.append(el("line", x1=n(x2), y1=n(y2), x2=n(self.x(end.row.lane)), y2=n(y2), class_="level"))
        return el("g", *parts, class_="deferred")

    def _verdict(self) -> tuple[Html, float]:
        """The violated property below everything, with what makes it false."""
        m = self.measure
        room = int((self.width - 24) / self._character("why"))
        head = textwrap.wrap(
            "✗ " + verdict_line(self.trace), int(room * m.small / m.font * 0.97), break_on_hyphens=False
        )
        lines = [(line, "label") for line in head]
        lines += [
            (line, "why")
            for why in self.trace.why
            for line in textwrap.wrap(clean(why), room, subsequent_indent="  ", break_on_hyphens=False)
        ]
        top, y, texts = self.bottom + 14, self.bottom + 14 + PAD, []
        for text, kind in lines:
            step = m.line * 1.1 if kind == "label" else m.small_line
            texts.append(el("text", text, x="12", y=n(y + step * 0.76), class_=kind))
            y += step
        box = el("rect", x="2", y=n(top), width=n(self.width - 4), height=n(y - top + PAD), rx="5")
        return el("g", box, *texts, class_="violation"), y - self.bottom + PAD + 4


def involved(trace: Trace) -> list[str]:
    """The lanes to be drawn, in their fixed order: actors that take part, and all where there are few."""
    part = {step.actor for step in trace.steps if step.action} | {
        receiver for step in trace.steps for receiver, _ in step.sends
    }
    few = len(trace.lanes) <= 4
    return [lane for lane in trace.lanes if few or lane in part] + sorted(part.difference(trace.lanes))


def drawings(trace: Trace, number: int) -> Html:
    """The diagram twice: for a wide page and for a narrow one; the style sheet shows one of them."""
    return joined(
        [
            el("div", Diagram(trace, WIDE).svg(2 * number), class_="wide"),
            el("div", Diagram(trace, NARROW).svg(2 * number + 1), class_="narrow"),
        ]
    )


def n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
