"""The calls that protocols make, against herd7 and against store buffers."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.litmus.expected import read_expected
from explorer.litmus.read import read_file
from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.normal_form import normal_form
from explorer.memory.state import Memory
from tests.support import axiomatic, protocol, store_buffers
from tests.support.in_order import Fence, Instruction, Load, Store, outcomes, step
from tests.support.random_programs import random_program
from tests.support.random_tests import random_test
from tests.support.slow import rest_slow

LITMUS = Path(__file__).resolve().parent.parent / "litmus"
EXPECTED = {
    name: expectation
    for name, expectation in read_expected(LITMUS / "verdicts.tsv").items()
    if name.startswith(("ppc/", "x86/"))
}

TOO_STRONG = {"3.LB+data+data+po", "LB", "LB+addr+po", "LB+dataW-pos", "LB+sync+po", "S+sync+po"}
"""Load buffering: a store is seen, or placed, before an earlier load of its CPU that nothing orders is
satisfied.
"""
TOO_STRONG_STATES = {"WWC"}
"""The verdict is herd's, and a final state of that kind is missing."""
TOO_WEAK = {
    *(f"MP+{fence}+addr-fr-rf-addr" for fence in ("eieio", "lwsync", "sync")),
    *(f"MP+{pair}-co-rf-addr" for pair in ("eieio+data", "lwsync+addr", "lwsync+data", "sync+data")),
    *(f"MP+{pair}-rfi-addr" for pair in ("eieio+addr", "lwsync+data", "sync+addr", "sync+data")),
}
"""Orders that the calls cannot name: two loads of one location that meet different stores (rdw), a load that
meets a store younger than an own one (detour), an own store with a dependency that is loaded back (rfi)."""


def compare(hints: bool, bound: int = 0) -> dict[str, set[str]]:
    """The tests that differ from herd, by how they differ."""
    different: dict[str, set[str]] = {"strong": set(), "weak": set(), "both": set()}
    for name, expectation in EXPECTED.items():
        test = read_file(LITMUS / name)
        found = {
            frozenset(f"{place}={value}" for place, value in zip(test.observed, final))
            for final in protocol.final_states(test, hints, bound)
        }
        missing, extra = expectation.states - found, found - expectation.states
        if missing or extra:
            kind = "both" if missing and extra else "strong" if missing else "weak"
            different[kind].add(Path(name).stem)
    return different


def test_the_calls_differ_from_herd_exactly_where_they_must() -> None:
    """Of the 243 tests 18 differ: seven of load buffering, eleven whose dependencies the calls cannot
    name.
    """
    assert compare(hints=True) == {"strong": TOO_STRONG | TOO_STRONG_STATES, "weak": TOO_WEAK, "both": set()}


@pytest.mark.slow
def test_three_live_stores_are_enough_for_all_tests() -> None:
    """With at most three live stores for each location, the older ones settled, nothing else differs."""
    assert compare(hints=True, bound=3) == {
        "strong": TOO_STRONG | TOO_STRONG_STATES,
        "weak": TOO_WEAK,
        "both": set(),
    }


@pytest.mark.slow
def test_without_named_dependencies_the_calls_are_only_weaker() -> None:
    """A dependency that is not named allows more and forbids nothing; 35 tests differ."""
    different = compare(hints=False)
    assert different["strong"] == TOO_STRONG | TOO_STRONG_STATES and not different["both"]
    assert different["weak"] > TOO_WEAK
    assert len(different["strong"] | different["weak"]) == 35


@pytest.mark.parametrize("model", rest_slow(["power", "arm"]))
def test_the_calls_are_the_axioms_with_loads_before_stores(model: str) -> None:
    """Random programs without dependencies have the final states of the axioms plus load before later store.

    On Arm with store-release and acquire; the acquire is LDAPR, which does not wait for an earlier release.
    """
    for seed in range(60):
        test = random_test(seed, f"{model} in order", 8)
        found = protocol.final_states(test, hints=False, model=model)
        assert found == axiomatic.final_states(test, f"{model} in order"), seed


def test_the_states_of_the_most_general_program() -> None:
    """The normal form has as many states as an independent program counted, where anything may happen."""
    assert count_states("power", 3, 1, 2) == 86
    assert count_states("power", 2, 2, 2) == 540
    assert count_states("tso", 3, 2, 2) == 244


def count_states(model: str, cpus: int, locations: int, bound: int) -> int:
    """Any CPU loads, stores 0 or 1, and has a sync or an lwsync, at any time."""
    memory = Memory(ARCHITECTURES[model], cpus, locations, bound=bound, settle=True)
    first = memory.initial([0] * locations)
    seen, stack = {first}, [first]
    instructions: list[Instruction] = [Fence(Barrier.SYNC), Fence(Barrier.LWSYNC)]
    for location in range(locations):
        instructions += [Load(location), Store(location, 0), Store(location, 1)]
    while stack:
        state = stack.pop()
        for cpu in range(cpus):
            for instruction in instructions:
                for _, after in step(memory, state, cpu, instruction):
                    after = normal_form(memory, after)
                    if after not in seen:
                        seen.add(after)
                        stack.append(after)
    return len(seen)


@pytest.mark.parametrize("model", rest_slow(["pso", "sc", "tso"]))
def test_the_storage_is_store_buffers(model: str) -> None:
    """60 random programs have exactly the outcomes that store buffers give them."""
    for seed in range(60):
        locations, program = random_program(seed)
        memory = Memory(ARCHITECTURES[model], len(program), locations)
        assert outcomes(memory, program) == store_buffers.outcomes(model, locations, program), f"seed {seed}"


def test_each_memory_allows_what_the_one_before_it_allows() -> None:
    """With the same barriers: sc, tso, pso, arm, power. Each allows more in some of 30 random programs."""
    order = ["sc", "tso", "pso", "arm", "power"]
    more = set()
    for seed in range(30):
        locations, program = random_program(seed)
        found = [outcomes(Memory(ARCHITECTURES[m], len(program), locations), program) for m in order]
        for model, before, after in zip(order[1:], found, found[1:], strict=False):
            assert before <= after, (seed, model)
            more |= {model} if before < after else set()
    assert more == set(order[1:])
