"""The whole state graph of a small space: a networkx graph, DOT, SVG and GraphML, with the counterexamples
marked.

Knows nothing of how states were found. Imports networkx only when a graph is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.engine.space import Handle, StateSpace
from explorer.render.picture.drawing import TIMEOUT, Drawing, TooLarge, draw
from explorer.render.text.terminal import clean
from explorer.render.whole_file import Unwritten, beside
from explorer.trace.step_builder import StateTexts
from explorer.trace.trace import Step, Trace

if TYPE_CHECKING:
    import networkx

__all__ = ["GRAPHML_LIMIT", "LIMIT", "TooLarge", "state_graph", "write_graph"]

LIMIT = 2_000
"""States of the largest space that is drawn (DOT and SVG)."""

GRAPHML_LIMIT = 20_000
"""States of the largest space that is turned into a graph at all, for Gephi, yEd or networkx."""


def state_graph(space: StateSpace, traces: Iterable[Trace] = ()) -> networkx.MultiDiGraph:
    """Every visited state and every step between two of them. Raises TooLarge above GRAPHML_LIMIT states.

    Nodes are integers in breadth-first order (within a level by the states' values, so for every engine the
    same) with `label` (what differs from the first initial state), `state` (every variable), `depth`,
    `initial`, `violates` (names, comma-separated) and `counterexample`. Edges have `label` (the action with
    its parameters), `action`, `actor`, `violates` and `counterexample`. All texts are one line for each
    variable and free of control characters.
    """
    import networkx

    if space.distinct > GRAPHML_LIMIT:
        raise TooLarge(
            f"the state graph has {space.distinct:,} states: at most {GRAPHML_LIMIT:,} are put into a graph,"
            f" at most {LIMIT:,} are drawn; narrow the constants with -D NAME=VALUE, or stop early with"
            " --max-depth N"
        )
    graph = networkx.MultiDiGraph(name=space.model.name)
    numbers = _nodes(graph, space)
    for tail, head, data in _edges(space, numbers):
        graph.add_edge(tail, head, **data)
    _mark_violations(graph, space, numbers)
    for trace in traces:
        _mark_trace(graph, trace)
    return graph


def _nodes(graph: networkx.MultiDiGraph, space: StateSpace) -> dict[Handle, int]:
    numbers: dict[Handle, int] = {}
    first: dict[str, str] = {}
    told = StateTexts(space.model)
    for depth, level in enumerate(space.levels):
        for values, handle in sorted(
            (space.decode(handle), handle) for handle in level if handle not in numbers
        ):
            numbers[handle] = len(numbers)
            texts = _texts(told(values))
            first = first or texts
            changed = {name: value for name, value in texts.items() if first.get(name) != value}
            graph.add_node(
                numbers[handle],
                label=_lines(changed),
                state=_lines(texts),
                depth=depth,
                initial=depth == 0,
                violates="",
                counterexample=False,
            )
    return numbers


def _edges(space: StateSpace, numbers: dict[Handle, int]) -> list[tuple[int, int, dict[str, Any]]]:
    """Steps between visited states, by the number of the state they leave, then by that of the action
    instance.
    """
    steps = sorted(
        {
            (numbers[tail], number, numbers[head])
            for level in space.levels
            for tail, number, head in space.edges(level, None)
            if head in numbers
        }
    )
    result = []
    for tail, number, head in steps:
        instance = space.model.instances[number]
        result.append(
            (
                tail,
                head,
                {
                    "label": clean(instance.name),
                    "action": clean(instance.action.name),
                    "actor": clean(instance.actor),
                    "violates": "",
                    "counterexample": False,
                },
            )
        )
    return result


def _mark_violations(graph: networkx.MultiDiGraph, space: StateSpace, numbers: dict[Handle, int]) -> None:
    """Where each property fails first; later violations of the same property are not recorded by the
    search.
    """
    for violation in space.violations.values():
        for handle in violation.states:
            _add(graph.nodes[numbers[handle]], violation.name)
        for tail, number, head in violation.edges:
            name = clean(space.model.instances[number].name)
            for data in graph.get_edge_data(numbers[tail], numbers.get(head), default={}).values():
                if data["label"] == name:
                    _add(data, violation.name)


def _add(data: dict[str, Any], name: str) -> None:
    data["violates"] = ", ".join(filter(None, [data["violates"], name]))


def _mark_trace(graph: networkx.MultiDiGraph, trace: Trace) -> None:
    """Mark a counterexample's states and steps, found by what the states show; what is not in the graph stays
    unmarked.
    """
    known = {data["state"]: node for node, data in graph.nodes(data=True)}
    steps = [(step, known.get(_shown(step))) for step in trace.steps if not step.failed]
    for _, node in steps:
        if node is not None:
            graph.nodes[node]["counterexample"] = True
    for (_, tail), (step, head) in pairwise(steps):
        for data in graph.get_edge_data(tail, head, default={}).values():
            data["counterexample"] = data["counterexample"] or data["label"] == clean(step.instance)


def _shown(step: Step) -> str:
    return _lines(_texts(step.state))


def _texts(state: dict[str, str]) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in state.items()}


def _lines(texts: dict[str, str]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in texts.items())


def write_graph(
    space: StateSpace, directory: Path, traces: Iterable[Trace] = (), *, timeout: float = TIMEOUT
) -> Drawing:
    """Write graph.graphml, graph.dot and graph.svg; the files, and a note for what could not be drawn in
    time.

    Above LIMIT states only GraphML is written and a note says so. Raises TooLarge above GRAPHML_LIMIT, having
    written nothing.
    """
    from explorer.render.picture.graph_dot import picture

    graph = state_graph(space, traces)
    target = directory / "graph.graphml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with beside(target) as part:
            _write_graphml(graph, part)
        for old in ("graph.dot", "graph.svg"):
            (directory / old).unlink(missing_ok=True)
    except OSError as error:
        return Drawing(notes=[Unwritten(f"{target} was not written: {error.strerror or error}")])
    if len(graph) > LIMIT:
        return Drawing(
            [target],
            [
                f"the state graph has {len(graph):,} states: at most {LIMIT:,} are drawn; {target.name} holds"
                " all of it (Gephi, yEd, networkx); for a picture narrow the constants with -D NAME=VALUE,"
                " or stop early with --max-depth N"
            ],
        )
    drawing = draw(picture(graph), directory / "graph", ("svg",), timeout=timeout)
    drawing.files.append(target)
    return drawing


def _write_graphml(graph: networkx.MultiDiGraph, path: Path) -> None:
    import networkx

    networkx.write_graphml_xml(graph, path, named_key_ids=True)
