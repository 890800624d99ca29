"""A state graph in the Aldebaran format, for CADP, mCRL2 and LTSmin: labels of steps, and no values. A pure
function of the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

START = "initially"


def aut(graph: networkx.MultiDiGraph) -> str:
    """A line for the header, one for each step. The format has one initial state: where there are several, a
    new state 0 leads to each by a step `initially`, and the others are numbered from 1."""
    initial = [node for node, data in graph.nodes(data=True) if data["initial"]]
    several = len(initial) != 1
    order = list(graph) if several else [*initial, *(node for node in graph if node != initial[0])]
    numbers = {node: n for n, node in enumerate(order, int(several))}
    steps = [(0, START, numbers[node]) for node in initial] if several else []
    steps += [(numbers[tail], data["label"], numbers[head]) for tail, head, data in graph.edges(data=True)]
    header = f"des (0, {len(steps)}, {len(graph) + several})"
    return (
        "\n".join([header, *(f'({tail}, "{_label(label)}", {head})' for tail, label, head in steps)]) + "\n"
    )


def _label(label: str) -> str:
    """A label without what would end it."""
    return label.replace("\\", "\\\\").replace('"', '\\"')
