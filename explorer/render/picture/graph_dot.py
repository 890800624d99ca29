"""A state graph as a picture: one colour for each action with a legend, counterexamples in red. A pure
function of the graph.
"""

from __future__ import annotations

import colorsys
import html
from typing import TYPE_CHECKING, Any

from explorer.render.picture.design import BAD, BAD_WASH, CARD, FONT, INK, RULE, STROKES, TINTS
from explorer.render.picture.drawing import plain
from explorer.render.text.terminal import clean, counted

if TYPE_CHECKING:
    import graphviz
    import networkx

LABELLED, LAYERED = 60, 200
"""Up to so many states edges bear their action, and states their text and a layered layout; beyond, dots laid
out by sfdp.
"""

LINES, WIDTH = 8, 44
"""Lines shown of a state, and characters of a line; the tooltip holds the rest."""


def picture(graph: networkx.MultiDiGraph) -> graphviz.Digraph:
    """The graph for Graphviz: nodes `s<number>`, initial ones filled, those where a property fails red, a
    legend on top.
    """
    import graphviz

    small = len(graph) <= LAYERED
    colours = _colours(graph)
    layout = (
        {"layout": "dot", "rankdir": "TB", "nodesep": "0.25", "ranksep": "0.45"}
        if small
        else {"layout": "sfdp", "overlap": "true", "splines": "line", "outputorder": "edgesfirst", "K": "0.6"}
    )
    result = graphviz.Digraph(
        "states",
        graph_attr={
            **layout,
            "bgcolor": CARD,
            "pad": "0.3",
            "fontname": FONT,
            "labelloc": "t",
            "label": _legend(graph, colours),
        },
    )
    if small:
        result.attr(
            "node",
            shape="box",
            style="rounded,filled",
            fontname=FONT,
            fontsize="10",
            fontcolor=INK,
            margin="0.1,0.05",
        )
    else:
        result.attr(
            "node",
            shape="circle",
            style="filled",
            width="0.09",
            height="0.09",
            fixedsize="true",
            label="",
            penwidth="0.6",
        )
    result.attr(
        "edge",
        fontname=FONT,
        fontsize="9",
        arrowsize="0.6" if small else "0.35",
        penwidth="1" if small else "0.6",
    )
    for number, data in graph.nodes(data=True):
        result.node(f"s{number}", **_node(number, data, small))
    for tail, head, data in graph.edges(data=True):
        onward = graph.nodes[head]["depth"] > graph.nodes[tail]["depth"]
        result.edge(
            f"s{tail}",
            f"s{head}",
            **_edge(data, colours[data["action"]], len(graph) <= LABELLED),
            **({} if onward or not small else {"constraint": "false"}),
        )
    return result


def _colours(graph: networkx.MultiDiGraph) -> dict[str, str]:
    """A colour for each action, in the order of their first steps."""
    actions = dict.fromkeys(data["action"] for _, _, data in graph.edges(data=True))
    return {action: STROKES[n] if n < len(STROKES) else _further(n) for n, action in enumerate(actions)}


def _further(number: int) -> str:
    """A colour beyond the fixed ones: hues by the golden ratio, never red, in turn dark and light."""
    rgb = colorsys.hsv_to_rgb(0.06 + 0.86 * (number * 0.618034 % 1), 0.75, 0.5 + 0.35 * (number % 2))
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def _legend(graph: networkx.MultiDiGraph, colours: dict[str, str]) -> str:
    entries = [(colour, action) for action, colour in colours.items()] + [(BAD, "counterexample")] * any(
        data["counterexample"] for _, data in graph.nodes(data=True)
    )
    rows = "".join(
        f'<TD ALIGN="LEFT"><FONT COLOR="{colour}">&#9632; {html.escape(name)}</FONT></TD>'
        + ("</TR><TR>" if n % 6 == 0 else "")
        for n, (colour, name) in enumerate(entries, 1)
    ).removesuffix("</TR><TR>")
    title = (
        f"{html.escape(clean(graph.graph.get('name', '')))}: {counted(len(graph), 'state')},"
        f" {counted(graph.number_of_edges(), 'transition')}"
    )
    table = (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="2"><TR>{rows}</TR></TABLE>'
        if rows
        else ""
    )
    return (
        '<<TABLE BORDER="0"><TR><TD><FONT'
        f' POINT-SIZE="13">{title}</FONT></TD></TR><TR><TD>{table}</TD></TR></TABLE>>'
    )


def _node(number: int, data: dict[str, Any], small: bool) -> dict[str, str]:
    text = f"{number}" + (f"\nviolates {data['violates']}" if data["violates"] else "")
    marked = data["counterexample"] or data["violates"]
    shown = {
        "tooltip": plain(f"{text}\n{data['state']}"),
        "color": BAD if marked else RULE,
        "fillcolor": BAD_WASH if data["violates"] else TINTS[0] if data["initial"] else CARD,
    }
    if small:
        lines = (data["state"] if data["initial"] else data["label"]).splitlines()
        more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
        lines = [line if len(line) <= WIDTH else line[: WIDTH - 3] + "..." for line in lines[:LINES]]
        shown["label"] = "".join(plain(line) + r"\l" for line in [*text.splitlines(), *lines, *more])
        shown["penwidth"] = "2" if marked else "1"
    elif marked or data["initial"]:
        shown |= {
            "width": "0.2",
            "height": "0.2",
            "penwidth": "1.5",
            "fillcolor": BAD if data["violates"] else shown["fillcolor"],
        }
    return shown


def _edge(data: dict[str, Any], colour: str, labelled: bool) -> dict[str, str]:
    marked = data["counterexample"] or data["violates"]
    shown = {"color": BAD if marked else colour, "tooltip": plain(data["label"])}
    if marked:
        shown["penwidth"] = "2.4"
    if labelled:
        shown |= {"label": plain(" " + data["label"] + " "), "fontcolor": BAD if marked else colour}
    return shown
