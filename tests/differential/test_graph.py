"""The whole state graph: the same states and steps as the search counted, in every format."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import networkx
import pytest

from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.render.picture import graph, graph_dot
from explorer.render.picture.drawing import TooLarge, layout_program
from explorer.run.load import load
from explorer.trace.trace import Trace
from explorer.verdict.verdict import judge

LOCK = '''
import enum
from typing import Annotated
from explorer import *

class Step(enum.Enum):
    IDLE, WAIT, CRITICAL = range(3)

class Proc(Scalarset):
    size = constant("PROCS", 2)

class Lock(State):
    at: Map[Proc, Step] = initially(Step.IDLE)
    taken: Var[bool] = initially(False)
    rounds: Var[Annotated[int, Range(0, constant("ROUNDS", 3))]] = initially(0)

@action(actor="p")
def want(lock: Lock, p: Proc) -> None:
    """{p} waits"""
    when(lock.at[p] == Step.IDLE)
    lock.at[p].next = Step.WAIT

@action(actor="p")
def take(lock: Lock, p: Proc) -> None:
    when(lock.at[p] == Step.WAIT)
    when(~lock.taken)
    lock.taken.next = True
    lock.at[p].next = Step.CRITICAL

@action(actor="p")
def release(lock: Lock, p: Proc) -> None:
    when(lock.at[p] == Step.CRITICAL)
    lock.taken.next = False
    lock.at[p].next = Step.IDLE
    lock.rounds.next = ite(lock.rounds < constant("ROUNDS", 3), lock.rounds + 1, 0)

@invariant
def few(lock: Lock):
    return lock.rounds < 2

@step_invariant
def steady(lock: Lock):
    return implies(lock.rounds == 1, lock.rounds.next == 1)

spec = Spec()
'''


def explored(
    tmp_path: Path, *, engine: object = python, limits: Limits | None = None, **constants: int
) -> tuple[StateSpace, list[Trace]]:
    file = tmp_path / "lock.py"
    file.write_text(LOCK)
    model = ground(load(file), constants, str(file))
    space = (reference if engine is reference else python).explore(model, limits)
    return space, list(judge(space).traces.values())


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> tuple[StateSpace, list[Trace]]:
    return explored(tmp_path_factory.mktemp("lock"))


@pytest.mark.parametrize("engine", [reference, python], ids=["reference", "python"])
def test_steps_are_listed_one_state_after_the_other(tmp_path: Path, engine: object) -> None:
    """The steps that leave a level's states come in the order of the states, as liveness reads them."""
    space, _ = explored(tmp_path, engine=engine)
    for level in space.levels:
        order = {state: place for place, state in enumerate(level)}
        places = [order[source] for source, _, _ in space.edges(level, None)]
        assert places == sorted(places)
    assert max(map(len, space.levels)) > 1


def test_the_graph_has_the_states_and_transitions_of_the_search(lock: tuple[StateSpace, list[Trace]]) -> None:
    """Nodes and edges are exactly what the search counted."""
    found = graph.state_graph(*lock)
    assert (len(found), found.number_of_edges()) == (lock[0].distinct, lock[0].transitions)
    assert [sum(d == depth for _, d in found.nodes("depth")) for depth in range(lock[0].depth + 1)] == list(
        map(len, lock[0].levels)
    )
    assert list(found.nodes) == list(range(lock[0].distinct)) and [
        n for n, first in found.nodes("initial") if first
    ] == [0]


def test_depth_is_the_distance_from_an_initial_state(lock: tuple[StateSpace, list[Trace]]) -> None:
    """A node's depth is its distance in the graph itself."""
    found = graph.state_graph(lock[0])
    assert dict(networkx.single_source_shortest_path_length(found, 0)) == dict(found.nodes("depth"))


def test_every_engine_gives_the_same_graph(tmp_path: Path) -> None:
    """The graph does not depend on the engine that explored it."""
    one, two = (graph.state_graph(*explored(tmp_path, engine=engine)) for engine in (python, reference))
    assert list(one.nodes(data=True)) == list(two.nodes(data=True)) and list(one.edges(data=True)) == list(
        two.edges(data=True)
    )


def test_a_node_is_labelled_with_what_changed_and_an_edge_with_its_action(
    lock: tuple[StateSpace, list[Trace]],
) -> None:
    """Labels are short: only what differs from the state before."""
    found = graph.state_graph(*lock)
    assert (
        found.nodes[0]["label"] == ""
        and found.nodes[0]["state"] == "at[Proc0] = IDLE\nat[Proc1] = IDLE\ntaken = False\nrounds = 0"
    )
    _, head, step = next(iter(found.out_edges(0, data=True)))
    assert step["label"] == "want(p=Proc0)" and (step["action"], step["actor"]) == ("want", "Proc0")
    assert found.nodes[head]["label"] == "at[Proc0] = WAIT"


def test_the_counterexample_is_a_marked_path_to_a_violating_state(
    lock: tuple[StateSpace, list[Trace]],
) -> None:
    """The marked edges form a path from an initial state to a violating one."""
    space, traces = lock
    trace = next(t for t in traces if t.property == "few")
    found = graph.state_graph(space, [trace])
    path = found.edge_subgraph(
        [edge for edge in found.edges(keys=True) if found.edges[edge]["counterexample"]]
    )
    assert (
        path.number_of_edges() == trace.length
        and sum(marked for _, marked in found.nodes("counterexample")) == trace.length + 1
    )
    last = [n for n in path if path.out_degree(n) == 0]
    assert [found.nodes[n]["violates"] for n in last] == ["few"] and networkx.is_weakly_connected(path)


def test_the_steps_that_break_a_step_property_are_named(lock: tuple[StateSpace, list[Trace]]) -> None:
    """An edge that breaks a step property carries its name."""
    found = graph.state_graph(*lock)
    broken = [data for _, _, data in found.edges(data=True) if data["violates"]]
    assert broken and {(data["violates"], data["action"]) for data in broken} == {("steady", "release")}
    assert len(broken) == len(lock[0].violations["steady"].edges)


def counted(source: Path) -> tuple[int, int]:
    """Nodes and edges of a DOT file, as Graphviz reads it back."""
    out = subprocess.run(
        [str(layout_program()), "-q", "-Tdot_json", str(source)], capture_output=True, check=True, timeout=60
    ).stdout
    read = json.loads(out)
    return len(read["objects"]), len(read["edges"])


@pytest.mark.parametrize(
    "constants", [{}, {"PROCS": 3, "ROUNDS": 12}], ids=["labelled", "dots laid out by sfdp"]
)
def test_each_file_read_back_has_the_same_counts(tmp_path: Path, constants: dict[str, Any]) -> None:
    """DOT and GraphML hold all nodes and edges."""
    space, traces = explored(tmp_path, **constants)
    assert (space.distinct > graph_dot.LAYERED) == bool(constants)
    written = graph.write_graph(space, tmp_path / "out", traces)
    assert written.notes == [] and sorted(path.name for path in written.files) == [
        "graph.dot",
        "graph.graphml",
        "graph.svg",
    ]
    counts = (space.distinct, space.transitions)
    assert counted(tmp_path / "out" / "graph.dot") == counts
    back = networkx.read_graphml(tmp_path / "out" / "graph.graphml", node_type=int, force_multigraph=True)
    original = graph.state_graph(space, traces)
    assert (len(back), back.number_of_edges()) == counts and dict(back.nodes(data=True)) == dict(
        original.nodes(data=True)
    )
    groups = [
        g.get("class")
        for g in ElementTree.parse(tmp_path / "out" / "graph.svg").getroot().iter()
        if g.tag.endswith("}g")
    ]
    assert (groups.count("node"), groups.count("edge")) == counts


def test_the_picture_shows_states_actions_and_a_legend(
    lock: tuple[StateSpace, list[Trace]], tmp_path: Path
) -> None:
    """The drawing has the labels of the graph and explains its colours."""
    graph.write_graph(lock[0], tmp_path, lock[1])
    shown = "\n".join(
        e.text or ""
        for e in ElementTree.parse(tmp_path / "graph.svg").getroot().iter()
        if e.tag.endswith("}text")
    )
    for text in (
        "at[Proc0] = IDLE",
        "rounds = 2",
        "want(p=Proc1)",
        "violates few",
        "counterexample",
        "■ release",
    ):
        assert text in shown
    assert f"lock: {lock[0].distinct} states, {lock[0].transitions} transitions" in shown


def test_a_large_graph_is_not_drawn_but_given_as_graphml(
    lock: tuple[StateSpace, list[Trace]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit of drawing the data is still written."""
    monkeypatch.setattr(graph, "LIMIT", 10)
    (tmp_path / "graph.svg").write_text("an old picture")
    written = graph.write_graph(lock[0], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["graph.graphml"] and written.files == [
        tmp_path / "graph.graphml"
    ]
    assert (
        "at most 10 are drawn; graph.graphml holds all of it" in written.notes[0]
        and "-D NAME=VALUE" in written.notes[0]
    )


def test_a_huge_graph_is_refused_with_advice(
    lock: tuple[StateSpace, list[Trace]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit of files one message says what to do instead."""
    monkeypatch.setattr(graph, "GRAPHML_LIMIT", 10)
    with pytest.raises(TooLarge, match=r"at most 10 are put into a graph.*-D NAME=VALUE.*--max-depth N"):
        graph.write_graph(lock[0], tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unfinished_exploration_gives_the_part_that_was_visited(tmp_path: Path) -> None:
    """After a limit the graph is that of the visited states."""
    space, traces = explored(tmp_path, limits=Limits(max_depth=3))
    found = graph.state_graph(space, traces)
    assert len(found) == space.distinct and max(depth for _, depth in found.nodes("depth")) == 3
