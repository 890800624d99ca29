"""The liveness checker on whole specs: against itself in other engines, and where it cannot say.
`test_lassos` has the brute force.
"""

import dataclasses
import importlib.util
import random
from pathlib import Path

import pytest

from explorer import SpecError
from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir import expressions as ex
from explorer.ir.formulas import Ltl, conjunction, disjunction, negation
from explorer.ir.model import Model, Temporal
from explorer.ir.steps import Fairness
from explorer.liveness.check import Answer, check
from explorer.run.load import load
from tests.support.generators import spec_of, spec_text
from tests.support.house import ROOT

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")


def with_temporal(model: Model, rng: random.Random) -> Model:
    """The model with random fairness and random temporal properties over its cells."""
    actions = {
        a.name: dataclasses.replace(
            a,
            fair=rng.choice(list(Fairness)),
            per=rng.choice([None, (), tuple(rng.sample(a.parameters, min(1, len(a.parameters))))]),
        )
        for a in model.actions
    }
    instances = tuple(dataclasses.replace(i, action=actions[i.action.name]) for i in model.instances)
    place = model.actions[0].place
    temporal = tuple(
        Temporal(f"temporal{i}", place, "", (("", _formula(model, rng, 3)),), ()) for i in range(4)
    )
    return dataclasses.replace(model, actions=tuple(actions.values()), instances=instances, temporal=temporal)


def _formula(model: Model, rng: random.Random, depth: int) -> Ltl:
    if not depth or rng.random() < 0.1:
        family = rng.choice(model.families)
        at = ex.equal(
            ex.cell(family, ex.const(rng.randrange(family.size))),
            ex.const(rng.randint(family.low, family.high)),
        )
        return Ltl("state", (), at if rng.random() < 0.5 else ex.negate(at))
    a, b = _formula(model, rng, depth - 1), _formula(model, rng, depth - 1)
    roll = rng.randrange(10)
    if roll < 4:
        return Ltl(rng.choice(("always", "eventually")), (a,))
    if roll < 6:
        return Ltl("always", (disjunction(negation(a), Ltl("eventually", (b,))),))
    if roll == 6:
        return Ltl(rng.choice(("until", "release")), (a, b))
    return conjunction(a, b) if roll == 7 else disjunction(a, b) if roll == 8 else Ltl("next", (a,))


def answers(space: StateSpace) -> dict[str, Answer]:
    return check(space, Limits())


def test_the_python_engine_tells_the_reference_s_lassos() -> None:
    """On random specs with random fairness and formulas: the same verdicts, the same stories."""
    rng, told = random.Random(8), 0
    for seed in range(60):
        try:
            model = with_temporal(ground(spec_of(spec_text(random.Random(seed), 2))), rng)
        except SpecError:  # about one in ten
            continue
        limits = Limits(max_states=300)
        expected = answers(explore(model, limits))
        if (
            not any(a.doubt.startswith("--max-states") for a in expected.values())
            and explore(model, limits).stopped is None
        ):
            assert answers(python.explore(model, limits)) == expected, seed
            told += sum(a.trace is not None for a in expected.values())
    assert told > 30


IPI = ROOT / "tests" / "support" / "ipi_buffers.py"


@needs_numba
def test_the_native_engine_tells_the_python_engine_s_lassos() -> None:
    """On the lost-IPI protocol with random fairness and formulas."""
    from explorer.engine.native import search as native
    from tests.support.native import liveness_by_machine_code

    model = with_temporal(ground(load(IPI)), random.Random(9))
    with liveness_by_machine_code():
        found = answers(native.explore(model))
    assert found == answers(python.explore(model))
    assert any(a.trace for a in found.values()) and not any(a.doubt for a in found.values())


@needs_numba
def test_machine_code_is_for_graphs_of_many_transitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists take their time for each transition, however few the states are."""
    from explorer.liveness import build_graph, native_graph

    made: list[StateSpace] = []
    monkeypatch.setattr(native_graph, "native_graph", lambda space, limits: made.append(space))
    space = python.explore(ground(load(ROOT / "spec" / "ipi_buggy.py")), Limits(max_states=1_000))
    assert space.transitions > 3 * space.distinct
    for least, native in ((space.transitions, True), (space.transitions + 1, False)):
        monkeypatch.setattr(build_graph, "COMPILE_FROM", least)
        build_graph.build(space, Limits())
        assert made.pop() if native else not made


WIDE = (
    """\
from typing import Annotated
from explorer import *
N = 24
Node = Annotated[int, Range(0, N - 1)]
class S(State):
    v: Map[Node, Annotated[int, Range(0, 15)]] = initially(0)
    at: Var[Node] = initially(0)
@action
def put(s: S, x: Annotated[int, Range(0, 2)]) -> None:
    when(s.at < 6)
    s.v[s.at * 3 % N].next = x * 7
    s.at.next = s.at + 1
@action(fair=WEAK)
def reset(s: S) -> None:
    when(s.at == 6)
    s.at.next = 0
@action(fair=STRONG)
def clear(s: S, n: Node) -> None:
    when((s.v[n] == 7) & (s.at == 3))
    s.v[n].next = 0
@temporal
def empties(s: S) -> Formula:
    return leads_to(s.v[0] == 7, s.v[0] != 7)
@temporal
def goes(s: S) -> Formula:
    return implies(always_eventually(s.at == 6), always_eventually(s.v[0] == 14))
@temporal
def comes(s: S, n: Node) -> Formula:
    return always_eventually(s.v[n] == 0)
"""
    + "spec = Spec()\n"
)


@needs_numba
@pytest.mark.slow
def test_states_of_several_words_tell_the_same_lassos(tmp_path: Path) -> None:
    """Machine code numbers wide states whole."""
    from explorer.engine.native import search as native
    from tests.support.native import liveness_by_machine_code

    (tmp_path / "wide.py").write_text(WIDE)
    model = ground(load(tmp_path / "wide.py"))
    space = native.explore(model)
    assert space.bits > 64
    with liveness_by_machine_code():
        found = answers(space)
    assert found == answers(python.explore(model)) and all(a.trace for a in found.values())


@needs_numba
def test_memory_that_does_not_suffice_is_said_before() -> None:
    """Undetermined, with what is needed and what there is."""
    from explorer.engine.native import search as native
    from tests.support.native import liveness_by_machine_code

    model = with_temporal(ground(load(IPI)), random.Random(9))
    space = native.explore(model)
    with liveness_by_machine_code():
        doubt = check(space, Limits(max_memory=1))["temporal0"].doubt
    assert doubt == "liveness needs about 0.0 GiB more, --max-memory leaves 0.0 GiB"


@needs_numba
def test_compact_storage_leaves_it_undetermined() -> None:
    """Fingerprints are no states to look for cycles in."""
    from explorer.engine.native import search as native

    model = with_temporal(ground(load(IPI)), random.Random(9))
    space = native.explore(model, options=native.Options(storage="compact"))
    assert {a.doubt for a in answers(space).values()} == {
        "compact storage keeps no states to look for cycles in; write: --storage exact"
    }
