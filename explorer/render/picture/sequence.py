"""The counterexample as a sequence diagram in SVG: a lane for each actor, time running down. A pure function
of the trace.

Colours and fonts come from a style sheet (`sequence.css`), so that one drawing serves the report and a file
of its own, light, dark and paper. A step is a dot on its actor's lane with a note beside it; since each row
has one step, notes may cover other lanes' lines. A store of a memory is a slanted arrow to the lane of each
reader, down to the row where it reaches that one. Another deferred effect is one to the row where it
becomes visible, on a lane of its own at the left.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from explorer.render.html.markup import Html, el, joined
from explorer.render.picture.design import NOBODY
from explorer.render.picture.sequence_layout import (
    DOT,
    GAP,
    NARROW,
    PAD,
    TOP,
    WIDE,
    Layout,
    Placed,
    Row,
)
from explorer.render.text.brackets import Bracket
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import verdict_line
from explorer.trace.trace import Arrival, Trace

HEADS = 34
"""How high the heads of the lanes are."""


class Diagram(Layout):
    """A trace laid out; `svg()` draws it."""

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

    def heads(self) -> Html:
        """The heads of the lanes alone, to stay in sight above a picture that scrolls."""
        return el(
            "svg",
            *self._heads(),
            viewBox=f"0 0 {self.width:.0f} {HEADS}",
            width=f"{self.width:.0f}",
            height=f"{HEADS}",
            aria_hidden="true",
            aria_label="actors",
            class_="sequence heads",
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
        ends = {"y1": n(TOP - 4), "y2": n(self.bottom)}
        parts = []
        if self.deferred:
            x = n(self.margin / 2)
            parts.append(el("line", x1=x, x2=x, **ends, class_="lifeline visible"))
        for lane in range(len(self.lanes)):
            x = n(self.x(lane))
            parts.append(el("line", x1=x, x2=x, **ends, class_=f"lifeline lane{self.colours[lane]}"))
        return el("g", *parts, *self._heads())

    def _heads(self) -> Iterator[Html]:
        if self.deferred:
            name = "visible" if self.measure.pitch > 60 else "vis."
            said = "where a deferred effect becomes visible to the other actors"
            yield self._head(name, self.margin / 2, "lane-head visible", said)
        for lane, name in enumerate(self.lanes):
            style = f"lane-head lane{self.colours[lane]}"
            yield self._head(name or NOBODY, self.x(lane), style, f"actor {name}")

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
            x, colour = self.x(p.row.lane), f"lane{self.colours[p.row.lane]}"
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
        for arrival in self.arrivals:
            end = None if arrival.step is None else rows[arrival.step]
            yield self._arrival(number, arrival, rows[arrival.store], end)

    def _arrival(self, number: int, arrival: Arrival, start: Placed, end: Placed | None) -> Html:
        """From a store of a memory to the lane of one that reads there, where it reaches that one. Without a
        head where it never does.
        """
        reader = clean(arrival.reader)
        x1, x2 = self.x(start.row.lane), self.x(self.lanes.index(arrival.reader))
        y1, y2 = start.y, end.y if end else self.bottom + 2
        if arrival.seen:
            how = f"reaches {reader} in step {arrival.step}"
        elif end:
            how = f"lost: overwritten before {reader} saw it"
        else:
            how = f"has not reached {reader} at the end"
        ends = {"marker_end": f"url(#late{number})"} if arrival.seen else {}
        return el(
            "g",
            el("title", f"{clean(arrival.key)}: {how}"),
            el("line", x1=n(x1), y1=n(y1), x2=n(x2), y2=n(y2), **ends),
            class_="deferred",
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
        m, ended = self.measure, self.trace.kind in ("walk", "way")
        room = int((self.width - 24) / self._character("why"))
        head = textwrap.wrap(
            ("" if ended else "✗ ") + verdict_line(self.trace),
            int(room * m.small / m.font * 0.97),
            break_on_hyphens=False,
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
        return el("g", box, *texts, class_="ending" if ended else "violation"), y - self.bottom + PAD + 4


def drawings(trace: Trace, number: int) -> Html:
    """The diagram twice: for a wide page and for a narrow one; the style sheet shows one of them."""
    return joined(
        [
            _with_heads(Diagram(trace, WIDE), 2 * number, "wide"),
            _with_heads(Diagram(trace, NARROW), 2 * number + 1, "narrow"),
        ]
    )


def _with_heads(diagram: Diagram, number: int, style: str) -> Html:
    return el("div", diagram.heads(), diagram.svg(number), class_=style)


def n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
