"""Temporal properties on representatives: the verdict of all states, for every fairness and formula, and
stories of real states.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import random

import pytest

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.steps import Fairness
from explorer.liveness import build_graph, permutation_labels, real_states
from explorer.liveness import copies as view
from explorer.liveness.check import check
from explorer.run.load import load
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import find
from explorer.symmetry.group import LARGEST, LargeGroup, group
from explorer.trace.tell import ReplayError
from tests.support.comparison import model_of
from tests.support.generators import spec_of
from tests.support.house import ROOT
from tests.support.symmetric import temporal_text

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")


@pytest.mark.parametrize("largest", [72, 71])
def test_the_group_is_one(largest: int) -> None:
    """Products are associative, inverses invert, element 0 changes nothing, and exchanges act as they stand,
    all numbered or not.
    """
    made, rng = group((3, 2, 3), largest), random.Random(1)
    n, product = made.order, made.products
    assert n == 72 and isinstance(made, LargeGroup) == (largest < n)
    for p in range(n):  # elements are met
        for left in made.left:
            assert 0 <= left[p] < n
    acting = made.acting([[left[p] for p in range(n)] for left in made.left], n)
    for _ in range(500):
        a, b, c = (rng.randrange(n) for _ in range(3))
        assert product[product[a * n + b] * n + c] == product[a * n + product[b * n + c]]
        assert product[a * n + made.inverse[a]] == 0 == product[made.inverse[a] * n + a]
        assert product[a * n] == a == product[a]
        assert acting[a * n + b] == product[a * n + b]
        made_by_word = 0
        for exchange in made.word(a):
            made_by_word = made.left[exchange][made_by_word]
        assert made_by_word == a
    for g, left in enumerate(made.left):
        assert all(product[left[0] * n + p] == left[p] and left[left[p]] == p for p in range(n)), g


# The two ways of getting it wrong.

TURNS = """
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = constant("CPUS", 3)

class Lock(State):
    owner: Var[Cpu | None] = initially(None)
    wants: Map[Cpu, bool] = initially(False)

@action(actor="cpu")
def ask(lock: Lock, cpu: Cpu):
    when(~lock.wants[cpu])
    lock.wants[cpu].next = True

@action(actor="cpu", fair=FAIR)
def take(lock: Lock, cpu: Cpu):
    when(lock.wants[cpu] & (lock.owner == None))
    lock.owner.next = cpu

@action(actor="cpu", fair=WEAK)
def give(lock: Lock, cpu: Cpu):
    when(lock.owner == cpu)
    lock.owner.next = None
    lock.wants[cpu].next = False

@temporal
def every_wish_is_granted(lock: Lock, cpu: Cpu):
    return leads_to(lock.wants[cpu], lock.owner == cpu)

@temporal
def some_wish_is_granted(lock: Lock):
    return leads_to(some(lock.wants[cpu] for cpu in Cpu), lock.owner != None)

spec = Spec()
"""


def turns(fair: str, text: str = TURNS, **constants: int) -> Model:
    """The model in which taking the lock is so fair."""
    return ground(spec_of(text.replace(", fair=FAIR", f", fair={fair}" if fair else "")), constants)


@pytest.mark.parametrize("fair, starved", [("WEAK", True), ("STRONG", False), ("", True)])
def test_representatives_that_take_turns_are_told_apart(fair: str, starved: bool) -> None:
    """With weak fairness one processor starves while others take turns, which on representatives looks like
    one that takes the lock again and again; with strong fairness none does, although on representatives
    somebody waits for ever."""
    for size in (2, 3, 4):
        model = turns(fair, CPUS=size)
        reduced = python.explore(model, symmetry=find(model))
        assert reduced.distinct < reduced.represented
        found = check(reduced, Limits())
        assert (found["every_wish_is_granted"].trace is not None) == starved
        assert (found["some_wish_is_granted"].trace is not None) == (fair == "")
        assert check(python.explore(model), Limits()) == found


# Random specs.


def with_fairness(model: Model, rng: random.Random) -> Model:
    """The model with any fairness of each action, of instances, of all together or of those that share a
    parameter.
    """
    actions = {
        a.name: dataclasses.replace(
            a,
            fair=rng.choice(list(Fairness)),
            per=rng.choice([None, (), tuple(rng.sample(a.parameters, min(1, len(a.parameters))))]),
        )
        for a in model.actions
    }
    instances = tuple(dataclasses.replace(i, action=actions[i.action.name]) for i in model.instances)
    return dataclasses.replace(model, actions=tuple(actions.values()), instances=instances)


def pair(seed: int) -> tuple[Model, StateSpace, StateSpace] | None:
    """A random symmetric spec with its whole space and its representatives, to the same depth; None where it
    has no symmetry.
    """
    rng = random.Random(seed)
    model = model_of(temporal_text(rng, 1 + seed % 4))
    if model is None:
        return None
    model = with_fairness(model, rng)
    found = find(model)
    if not found.proven or python.Compiled(model, found).quotient is None:
        return None
    plain = python.explore(model, Limits(max_states=3000))
    if plain.stopped:
        limits = Limits(max_depth=max(0, len(plain.levels) - 2))
        plain = python.explore(model, limits)
        return model, plain, python.explore(model, limits, symmetry=found)
    return model, plain, python.explore(model, symmetry=found)


@pytest.mark.parametrize(
    "direct, seeds",
    [
        pytest.param(orbits.DIRECT, 25, id="all tried"),
        pytest.param(orbits.DIRECT, 70, id="all tried, many", marks=pytest.mark.slow),
        pytest.param(1, 70, id="sorted, many", marks=pytest.mark.slow),
    ],
)
def test_random_specs_have_the_verdicts_of_all_states(
    direct: int, seeds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any fairness, any formula: the same verdict, and the same story step by step, whether all renamings are
    numbered or those that are met.
    """
    monkeypatch.setattr(orbits, "DIRECT", direct)
    violated = held = 0
    for seed in range(direct, direct + seeds):
        spaces = pair(seed)
        if spaces is None:
            continue
        _, plain, reduced = spaces
        expected = check(plain, Limits())
        for small in (LARGEST, 1):
            monkeypatch.setattr(permutation_labels, "SMALL", small)
            assert check(reduced, Limits()) == expected, (seed, small)
        violated += sum(answer.trace is not None for answer in expected.values())
        held += sum(answer.trace is None and not answer.doubt for answer in expected.values())
    assert violated > seeds / 3 and held > seeds * 0.4


def test_a_story_does_not_stutter_before_it_stutters_for_ever() -> None:
    """Where only the automaton of the formula moves, the behaviour is over; on all states as on
    representatives.
    """
    spaces = pair(140)
    assert spaces is not None
    _, plain, reduced = spaces
    found = check(plain, Limits())["in_time1"].trace
    assert found is not None and (found.length, found.loop) == (0, 0)
    assert check(reduced, Limits())["in_time1"].trace == found


def test_forgetting_who_is_who_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the renamings on the edges the verdicts differ on some of the same specs: the comparison can
    fail.
    """
    made = build_graph.permutation_tables

    def forgetful(compiled: python.Compiled, backend: object) -> object:
        found = made(compiled, backend)  # type: ignore[arg-type]
        if found is not None:
            found.products = backend.of("label", [0] * found.order**2)  # type: ignore[attr-defined]
        return found

    monkeypatch.setattr(build_graph, "permutation_tables", forgetful)
    wrong = 0
    for fair in ("WEAK", "STRONG"):
        model = turns(fair)
        plain = check(python.explore(model), Limits())
        try:
            wrong += plain != check(python.explore(model, symmetry=find(model)), Limits())
        except (AssertionError, ReplayError):
            wrong += 1  # what was taken for fair is none
    assert wrong


@needs_numba
@pytest.mark.slow
def test_machine_code_tells_the_same_stories() -> None:
    """The native engine's graph of representatives, and its algorithms, find what the python engine's do."""
    from explorer.engine.native import search as native
    from tests.support.native import liveness_by_machine_code

    told = 0
    buggy = load(ROOT / "spec" / "ipi_buggy.py")
    for model in (
        ground(buggy),
        ground(buggy, {"targets": 2}),
        turns("WEAK", CPUS=4),
        turns("STRONG", CPUS=4),
        turns("", CPUS=3),
    ):
        found, limits = find(model), Limits(max_states=8000)
        expected = check(python.explore(model, limits, symmetry=found), Limits())
        if model.constants.get("targets") == 2:
            limits = Limits(max_depth=12)
            expected = check(python.explore(model, limits, symmetry=found), Limits())
        with liveness_by_machine_code():
            assert check(native.explore(model, limits, symmetry=found), Limits()) == expected
        told += sum(answer.trace is not None for answer in expected.values())
    assert told > 5


@needs_numba
@pytest.mark.slow
def test_wide_states_are_followed() -> None:
    """States of several words, sorted for and all tried."""
    from explorer.engine.native import search as native
    from tests.support.native import liveness_by_machine_code

    wide = TURNS.replace(
        "    owner:", "    pad: Map[Cpu, Annotated[int, Range(0, 1 << 30)]] = initially(1 << 29)\n    owner:"
    ).replace("    lock.owner.next = cpu", "    lock.owner.next = cpu\n    lock.pad[cpu].next = 1 << 30")
    for size in (3, 4):
        model = turns("WEAK", wide, CPUS=size)
        space = native.explore(model, symmetry=find(model))
        assert space.bits > 64 and space.distinct < space.represented
        with liveness_by_machine_code():
            answers = check(space, Limits())
        assert (
            answers
            == check(python.explore(model), Limits())
            == check(python.explore(model, symmetry=find(model)), Limits())
        )


def test_a_story_along_any_shortest_way_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first of all shortest ways is not found, the story is another one: as long, and walked by the
    reference.
    """
    monkeypatch.setattr(real_states.RealStates, "first", lambda *rest: None)
    model = turns("WEAK", CPUS=4)
    plain, reduced = (
        check(python.explore(model), Limits()),
        check(python.explore(model, symmetry=find(model)), Limits()),
    )
    a, b = (answers["every_wish_is_granted"].trace for answers in (plain, reduced))
    assert a and b and a.loop == b.loop


NAMESAKES = """
from explorer import *

class Cpu(Scalarset):
    size = 2

Other = Cpu

class T(State):
    pad: Map[Other, bool] = initially(False)

@action
def flip(t: T, c: Other):
    t.pad[c].next = ~t.pad[c]

class Cpu(Scalarset):
    size = 2

class S(State):
    turn: Var[Cpu] = initially(any_of(Cpu))
    done: Var[bool] = initially(False)

@action
def hand_over(s: S, c: Cpu, d: Cpu):
    when(c != d)
    when(s.turn == c)
    s.turn.next = d

@action(fair=WEAK)
def finish(s: S, c: Cpu):
    when((s.turn == c) & ~s.done)
    s.done.next = True

@temporal
def finished(s: S):
    return eventually(s.done)

spec = Spec()
"""


def test_scalarsets_of_one_name_are_two() -> None:
    """Two modules may call theirs alike: what exchanging means for one is not what it means for the other."""
    model = ground(spec_of(NAMESAKES))
    found = find(model)
    assert [cls.__name__ for cls in found.proven] == ["Cpu", "Cpu"]
    answers = check(python.explore(model, symmetry=found), Limits())
    assert answers["finished"].trace and answers == check(python.explore(model), Limits())


def test_a_property_that_is_not_asked_for_takes_no_part() -> None:
    """One that tells identities apart and shares a condition with the one that is checked."""
    text = TURNS.replace(
        "@temporal\ndef some",
        """@temporal
def odd(lock: Lock):
    a, b, _ = domain(Cpu)
    return always_eventually(~lock.wants[a]) & always_eventually(
        ~lock.wants[b] | ~lock.wants[b] & (lock.owner == None)
    )

@temporal
def some""",
    )
    for fair in ("", "WEAK"):
        model, only = turns(fair, text), ("every_wish_is_granted",)
        found = find(model, only)
        assert found.proven
        assert check(python.explore(model, symmetry=found), Limits(), only) == check(
            python.explore(model), Limits(), only
        )


# What is refused.


def test_a_formula_with_too_many_renamings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undetermined, with a way out."""
    monkeypatch.setattr(view, "MOST", 2)
    model = turns("WEAK")
    found = check(python.explore(model, symmetry=find(model)), Limits())
    assert (
        found["every_wish_is_granted"].doubt
        == "renamings make more than 2 formulas of one; write several properties, or use --no-symmetry"
    )
    assert found["some_wish_is_granted"].doubt == ""


def test_many_representatives_of_a_large_group_must_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """From so many transitions on (1,000,000; here all 108) their lists are weighed before they are made;
    fewer are followed whatever a list takes.
    """
    model = turns("WEAK", CPUS=8)
    space = python.explore(model, symmetry=find(model))
    assert space.distinct == 17 and space.transitions == 108
    monkeypatch.setattr(build_graph, "LISTED_STATE", 1 << 30)
    monkeypatch.setattr(build_graph, "LISTED_EDGE", 1 << 29)
    assert not any(answer.doubt for answer in check(space, Limits()).values())
    monkeypatch.setattr(build_graph, "COMPILE_FROM", 108)
    found = check(space, Limits(max_memory=1))
    assert {answer.doubt for answer in found.values()} == {
        "liveness under 40,320 renamings (more than 5,040: no machine code) needs about 71.0 GiB more,"
        " --max-memory leaves 0.0 GiB"
    }
    assert not any(answer.doubt for answer in check(space, Limits(max_memory=1 << 40)).values())


@pytest.mark.parametrize("fair, starved", [("WEAK", True), ("STRONG", False), ("", True)])
def test_no_factorial_of_the_identities_is_followed(fair: str, starved: bool) -> None:
    """Eight identities have the verdict and the stories of all states; sixteen are followed too, and only the
    renamings that are met get numbers.
    """
    model = turns(fair, CPUS=8)
    found = check(python.explore(model, symmetry=find(model)), Limits())
    assert found == check(python.explore(model), Limits())
    model = turns(fair, CPUS=16)
    symmetry = find(model)
    assert symmetry.proven and not symmetry.refused
    found = check(python.explore(model, symmetry=symmetry), Limits())
    assert (found["every_wish_is_granted"].trace is not None) == starved


def test_a_formula_of_one_identity_costs_the_symmetry() -> None:
    """As with other properties: where it is checked, and with its name."""
    model = turns(
        "WEAK",
        TURNS.replace(
            "def every_wish_is_granted(lock: Lock, cpu: Cpu):\n",
            "def every_wish_is_granted(lock: Lock):\n    cpu = domain(Cpu)[1]\n",
        ),
    )
    assert [r.subject for r in find(model).refused] == ["property every_wish_is_granted"]
    assert find(model, ("some_wish_is_granted",)).unproved == {"every_wish_is_granted"}
