"""A state graph as JSON lines, one object for each state and each step: for jq, pandas or a program of one's
own. A pure function of the graph.

A state: `state` (its number), `depth`, `initial`, `violates` (a list), `counterexample`, `values` (texts by
name). A step: `from` and `to`, `label` (the instance), `action`, `actor`, `violates`, `counterexample`. All
states come first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx


def json_lines(graph: networkx.MultiDiGraph) -> str:
    """The lines, each ended."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in _records(graph))


def _records(graph: networkx.MultiDiGraph) -> Iterator[dict[str, Any]]:
    for node, data in graph.nodes(data=True):
        yield {
            "state": node,
            "depth": data["depth"],
            "initial": data["initial"],
            "violates": _names(data["violates"]),
            "counterexample": data["counterexample"],
            "values": dict(line.split(" = ", 1) for line in data["state"].split("\n") if line),
        }
    for tail, head, data in graph.edges(data=True):
        yield {
            "from": tail,
            "to": head,
            "label": data["label"],
            "action": data["action"],
            "actor": data["actor"],
            "violates": _names(data["violates"]),
            "counterexample": data["counterexample"],
        }


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []
