"""The counterexample as a graph for Graphviz (`--write dot`, `--png`): one lane for each actor, time running
down. A pure function of the trace.

Positions are fixed here, so every Graphviz draws the same picture (`layout=neato`, pinned nodes). Imports the
`graphviz` package only when it is asked for. Colours and words are those of the report (`design.py`).
"""

from __future__ import annotations

import html
import itertools
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.render.picture.design import (
    BAD,
    BAD_WASH,
    CARD,
    DEFERRED,
    FONT,
    FOR_EVER,
    INK,
    LANES,
    LATE,
    NOBODY,
    ON_LANE,
    SOFT,
    STROKES,
    TINTS,
)
from explorer.render.picture.dot_layout import BRACKET, Box, Picture, arrange, placed_beside
from explorer.render.picture.drawing import draw as run_layout
from explorer.render.picture.drawing import plain
from explorer.render.text.brackets import arrivals
from explorer.render.text.terminal import clean
from explorer.render.text.text import verdict_line
from explorer.trace.trace import Trace

if TYPE_CHECKING:
    import graphviz


def lanes(trace: Trace) -> graphviz.Digraph:
    """The trace with one column for each actor. Raises TooLarge above LIMIT rows.

    Nodes: `lane<n>` and `end<n>` for each lane, `step<index>` for each step (a repeated stretch is one node),
    `verdict`. `deferred<n>` and `visible<n>` are the corners of a bracket. Edges by their class: lifeline,
    next (a step to the one after it), deferred (issue to visibility), sends, loop, failure.
    """
    import graphviz

    picture = arrange(trace)
    graph = graphviz.Digraph(
        "counterexample",
        graph_attr={
            "layout": "neato",
            "inputscale": "72",
            "splines": "line",
            "outputorder": "edgesfirst",
            "overlap": "true",
            "pad": "0.25",
            "bgcolor": CARD,
            "fontname": FONT,
            "tooltip": plain(verdict_line(trace)),
        },
    )
    graph.attr(
        "node",
        shape="box",
        style="rounded,filled",
        fontname=FONT,
        fontsize="11",
        fontcolor=INK,
        margin="0.11,0.05",
        penwidth="1",
    )
    graph.attr("edge", fontname=FONT, fontsize="9", color=SOFT, arrowsize="0.7")
    _draw_lanes(graph, picture)
    for box in picture.boxes:
        _draw_box(graph, picture, box)
    _draw_next(graph, picture, trace)
    _draw_loop(graph, picture, trace)
    _draw_deferred(graph, picture, trace)
    _draw_verdict(graph, picture, trace)
    return graph


def draw(graph: graphviz.Digraph, path: Path, formats: Sequence[str] = ("svg",)) -> list[str]:
    """Write `path`.dot and the pictures asked for (svg, png); a note for each that could not be made."""
    return run_layout(graph, path, formats).notes


def _draw_lanes(graph: graphviz.Digraph, picture: Picture) -> None:
    """A header and a lifeline through the lane's steps for each lane."""
    for number, lane in enumerate(picture.lanes):
        x, colour = picture.x[lane], STROKES[number % LANES]
        graph.node(
            f"lane{number}",
            plain(lane or NOBODY),
            pos=_pos(x, 0),
            fillcolor=colour,
            color=colour,
            fontcolor=ON_LANE,
            fontsize="13",
            style="filled",
            width="1.1",
            height="0.3",
        )
        graph.node(f"end{number}", "", pos=_pos(x, picture.bottom), shape="point", width="0.04", color=colour)
        stops = [f"lane{number}", *(box.name for box in picture.boxes if box.lane == lane), f"end{number}"]
        for tail, head in itertools.pairwise(stops):
            graph.edge(
                f"{tail}:s" if tail != f"end{number}" else tail,
                head,
                style="dotted",
                arrowhead="none",
                color=colour,
                **{"class": "lifeline"},
            )


def _draw_box(graph: graphviz.Digraph, picture: Picture, box: Box) -> None:
    number = picture.lanes.index(box.lane)
    rows = "".join(
        f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="{size}"'
        f' COLOR="{colour}">{html.escape(text)}</FONT></TD></TR>'
        for text, size, colour in box.lines
    )
    graph.node(
        box.name,
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>>',
        pos=_pos(picture.x[box.lane], box.y),
        fillcolor=CARD if box.dashed else TINTS[number % LANES],
        color=BAD if box.failed else STROKES[number % LANES],
        tooltip=plain(box.tooltip),
        style="rounded,filled,dashed" if box.dashed else "rounded,filled",
    )


def _draw_next(graph: graphviz.Digraph, picture: Picture, trace: Trace) -> None:
    """From each step to the next; a message's arrow in bold, in the place of a plain one where they
    coincide.
    """
    sent: dict[tuple[str, str], str] = {}
    for position, step in enumerate(trace.steps):
        for receiver, text in step.sends:
            later = next(
                (p for p in range(position + 1, len(trace.steps)) if trace.steps[p].actor == receiver), None
            )
            if later is not None and picture.at[position] != picture.at[later]:
                sent[picture.at[position], picture.at[later]] = text
    for one, two in zip(picture.boxes, picture.boxes[1:]):
        if (one.name, two.name) not in sent:
            graph.edge(f"{one.name}:s", f"{two.name}:n", **{"class": "next"})
    lane = {box.name: picture.lanes.index(box.lane) for box in picture.boxes}
    for (tail, head), text in sent.items():
        ports = (
            (":e", ":w")
            if lane[tail] < lane[head]
            else (":w", ":e")
            if lane[tail] > lane[head]
            else (":s", ":n")
        )
        graph.edge(
            tail + ports[0],
            head + ports[1],
            taillabel=plain(text),
            labeldistance="3.2",
            labelangle="25" if lane[tail] < lane[head] else "-25",
            penwidth="2.2",
            color=INK,
            fontcolor=INK,
            **{"class": "sends"},
        )


def _draw_loop(graph: graphviz.Digraph, picture: Picture, trace: Trace) -> None:
    """Of a behaviour that goes on for ever, from its last step back to the first of the cycle; to itself
    where it stutters.
    """
    if trace.loop is not None and picture.boxes:
        last = picture.at[len(trace.steps) - 1]
        graph.edge(
            f"{last}:e",
            f"{picture.at.get(trace.loop + 1, last)}:e",
            xlabel=FOR_EVER,
            color=BAD,
            fontcolor=BAD,
            penwidth="1.6",
            **{"class": "loop"},
        )


def _draw_deferred(graph: graphviz.Digraph, picture: Picture, trace: Trace) -> None:
    """From a store of a memory a slanted line to the step that makes it reach a reader.
    For another deferred effect a dashed bracket left of the lane from its issue to its visibility; a slanted
    line where the lane changes.
    """
    for arrival in arrivals(trace):
        if arrival.step is not None:
            graph.edge(
                picture.at[arrival.store],
                picture.at[arrival.step],
                xlabel=plain(f"{arrival.reader} {'is reached' if arrival.seen else 'never sees it'}"),
                fontcolor=LATE,
                arrowhead="normal" if arrival.seen else "none",
                **_late(arrival.key),
            )
    for number, bracket in enumerate(placed_beside(trace)):
        tail, head = picture.at[bracket.first], picture.at[bracket.last or 0]
        style = _late(bracket.key)
        ends = [box for name in (tail, head) for box in picture.boxes if box.name == name]
        if ends[0].lane != ends[1].lane:
            graph.edge(tail, head, xlabel=DEFERRED, fontcolor=LATE, **style)
            continue
        x = picture.edge(ends[0].lane) - BRACKET * (picture.brackets - bracket.column)
        stops = [f"{tail}:w", f"deferred{number}", f"visible{number}", f"{head}:w"]
        for name, box in zip(stops[1:3], ends):
            graph.node(name, "", pos=_pos(x, box.y), shape="point", width="0.01", height="0.01", color=LATE)
        for n, (one, two) in enumerate(itertools.pairwise(stops)):
            label = {"xlabel": DEFERRED, "fontcolor": LATE} if n == 1 else {}
            graph.edge(one, two, **style, **label, arrowhead="normal" if n == 2 else "none")


def _late(key: str) -> dict[str, str]:
    return {
        "style": "dashed",
        "color": LATE,
        "penwidth": "1.6",
        "tooltip": plain(key),
        "class": "deferred",
    }


def _draw_verdict(graph: graphviz.Digraph, picture: Picture, trace: Trace) -> None:
    """The violated property below everything, in red."""
    lines = [verdict_line(trace), *(line for why in trace.why for line in textwrap.wrap(clean(why), 80))]
    middle = (min(picture.x.values(), default=0) + max(picture.x.values(), default=0)) / 2
    graph.node(
        "verdict",
        "".join(plain(line) + r"\l" for line in lines),
        pos=_pos(middle, picture.bottom + 22 + 7 * len(lines)),
        shape="note",
        style="filled",
        fillcolor=BAD_WASH,
        color=BAD,
        fontcolor=BAD,
    )
    if picture.boxes:
        graph.edge(picture.boxes[-1].name, "verdict", color=BAD, **{"class": "failure"})


def _pos(x: float, y: float) -> str:
    return f"{x:.1f},{-y:.1f}!"
