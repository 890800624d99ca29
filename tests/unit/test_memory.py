"""The storage of explorer/memory: the shapes that tell the memory models apart, its normal form, and its
errors.
"""

from __future__ import annotations

import dataclasses

import pytest

from explorer.memory.architecture import ARCHITECTURES, POWER, TSO, Barrier
from explorer.memory.normal_form import Dead, normal_form
from explorer.memory.operations import (
    Ordering,
    barrier,
    conditional,
    load,
    loadable,
    places,
    reserve,
    settle_oldest,
    store,
    unreserved,
    unsettled,
)
from explorer.memory.state import NO_RESERVATION, BoundError, Memory, State
from tests.support.in_order import Exchange, Fence, Load, Store, outcomes

X, Y = 0, 1
SYNC, LWSYNC, EIEIO = Fence(Barrier.SYNC), Fence(Barrier.LWSYNC), Fence(Barrier.EIEIO)
DMB_LD, ISYNC = Fence(Barrier.DMB_LD), Fence(Barrier.ISYNC, (0,))
SAVE, AFTER, ACQUIRE = Ordering(save=0), Ordering(after=(0,)), Ordering(acquire=True)

SHAPES = {
    "SB": (((Store(X, 1), Load(Y)), (Store(Y, 1), Load(X))), ((0,), (0,)), "tso pso arm power"),
    "SB+lwsyncs": (
        ((Store(X, 1), LWSYNC, Load(Y)), (Store(Y, 1), LWSYNC, Load(X))),
        ((0,), (0,)),
        "tso pso arm power",
    ),
    "SB+syncs": (((Store(X, 1), SYNC, Load(Y)), (Store(Y, 1), SYNC, Load(X))), ((0,), (0,)), ""),
    "MP": (((Store(X, 1), Store(Y, 1)), (Load(Y), Load(X))), ((), (1, 0)), "pso arm power"),
    "MP+lwsync": (((Store(X, 1), LWSYNC, Store(Y, 1)), (Load(Y), Load(X))), ((), (1, 0)), "arm power"),
    "MP+lwsyncs": (((Store(X, 1), LWSYNC, Store(Y, 1)), (Load(Y), LWSYNC, Load(X))), ((), (1, 0)), ""),
    "MP+eieio+addr": (((Store(X, 1), EIEIO, Store(Y, 1)), (Load(Y, SAVE), Load(X, AFTER))), ((), (1, 0)), ""),
    "MP+eieio+acquire": (((Store(X, 1), EIEIO, Store(Y, 1)), (Load(Y, ACQUIRE), Load(X))), ((), (1, 0)), ""),
    "MP+eieio+isync": (
        ((Store(X, 1), EIEIO, Store(Y, 1)), (Load(Y, SAVE), ISYNC, Load(X))),
        ((), (1, 0)),
        "",
    ),
    "MP+eieio+dmb.ld": (((Store(X, 1), EIEIO, Store(Y, 1)), (Load(Y), DMB_LD, Load(X))), ((), (1, 0)), ""),
    "MP+eieio+po": (((Store(X, 1), EIEIO, Store(Y, 1)), (Load(Y), Load(X))), ((), (1, 0)), "arm power"),
    "IRIW+lwsyncs": (
        ((Store(X, 1),), (Store(Y, 1),), (Load(X), LWSYNC, Load(Y)), (Load(Y), LWSYNC, Load(X))),
        ((), (), (1, 0), (1, 0)),
        "power",
    ),
    "CoRR": (((Store(X, 1),), (Load(X), Load(X))), ((), (1, 0)), ""),
    "exchanges": (((Exchange(X, 1),), (Exchange(X, 2),)), ((0,), (0,)), ""),
}
"""A program, what its CPUs load in the outcome that tells, and the settings that allow it."""


def memory(architecture: str, cpus: int = 2, locations: int = 2) -> Memory:
    return Memory(ARCHITECTURES[architecture], cpus, locations, slots=1, acquires=True, eieio=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_settings_allow_what_the_models_allow(shape: str, architecture: str) -> None:
    """Each of the five settings allows the telling outcome of a shape if and only if its memory model
    does.
    """
    program, loaded, allowed = SHAPES[shape]
    reached = {outcome[:-1] for outcome in outcomes(memory(architecture, len(program)), program)}
    assert (loaded in reached) == (architecture in allowed.split())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_normal_form_loses_no_outcome(shape: str) -> None:
    """A program has the same outcomes with and without the normal form."""
    program, _, _ = SHAPES[shape]
    kept = memory("power", len(program))
    assert outcomes(kept, program) == outcomes(kept, program, normal=False)


def test_a_store_hands_on_older_stores_of_its_location() -> None:
    """Whoever learns, over a third CPU, of a store behind a barrier stores nothing before what it covers.

    P0: y=1; lwsync; y=2. P1: reads y=2; x=1. P2: reads x=1; y=3. Then y=3 is not coherence-before y=1.
    """
    first, second = (Store(Y, 1), LWSYNC, Store(Y, 2)), (Load(Y), Store(X, 1))
    program = (first, second, (Load(X), Store(Y, 3)), (Load(Y), SYNC, Load(Y), SYNC, Load(Y)))
    seen = {outcome[3] for outcome in outcomes(Memory(POWER, 4, 2), program) if outcome[1:3] == ((2,), (1,))}
    assert (1, 3, 2) in seen and (1, 2, 3) in seen and (3, 1, 2) not in seen


def several(length: int, bound: int = 0, settle: bool = False) -> tuple[Memory, State]:
    """CPU 0 has stored 1, 2, … to X; CPU 1 has been reached by none of them."""
    kept = Memory(POWER, 2, 2, bound=bound, settle=settle)
    state = kept.initial([0, 0])
    for value in range(1, length + 1):
        state = normal_form(kept, store(kept, state, 0, X, value))
    return kept, state


def test_a_stale_load_takes_any_live_store() -> None:
    """A CPU that nothing has reached may load each of the live stores, newest first by age."""
    kept, state = several(3)
    assert [state.entries[X][age].value for age in loadable(kept, state, 1, X)] == [3, 2, 1, 0]


def test_the_storing_cpu_loads_its_own_store() -> None:
    """After a store the CPU loads nothing older."""
    kept, state = several(3)
    assert list(loadable(kept, state, 0, X)) == [0]


def test_a_sync_leaves_one_entry() -> None:
    """What a sync has pushed to everybody, and what it overwrote, is retired, once no early load can take
    it.
    """
    kept, state = several(3)
    state = normal_form(kept, barrier(kept, state, 0, Barrier.SYNC))
    assert len(state.entries[X]) == 4, "CPU 1 may have satisfied its load early"
    state = normal_form(kept, state, Dead(floors=frozenset({(1, X)})))
    assert [entry.value for entry in state.entries[X]] == [3]


def test_beyond_the_bound_is_an_error_that_names_the_location() -> None:
    """With `settle` off a longer list raises BoundError with the location."""
    with pytest.raises(BoundError, match=r"^location 0 has more than 3 live stores$") as caught:
        several(3, bound=3)
    assert (caught.value.location, caught.value.bound) == (X, 3)


def test_beyond_the_bound_the_oldest_store_settles() -> None:
    """With `settle` on the list stays at the bound and the newest stores stay live."""
    _, state = several(5, bound=3, settle=True)
    assert [entry.value for entry in state.entries[X]] == [5, 4, 3]


def test_the_oldest_store_settles_with_what_it_needs() -> None:
    """Settling a store settles the older store that a barrier puts before it, and not the newer one."""
    kept = Memory(POWER, 2, 2)
    state = kept.initial([0, 0])
    for location, value in ((X, 1), (Y, 2), (X, 3)):
        state = barrier(kept, store(kept, state, 0, location, value), 0, Barrier.LWSYNC)
    state = normal_form(kept, state)
    assert unsettled(state, X) and unsettled(state, Y)
    state = normal_form(kept, settle_oldest(kept, state, Y))
    assert not unsettled(state, Y)
    assert [entry.value for entry in state.entries[X]] == [3, 1]


def test_a_store_may_go_behind_what_has_not_reached_its_cpu() -> None:
    """Under power a store may be coherence-before a store of another CPU; under sc it may not."""
    kept, state = several(1)
    assert places(kept, state, 1, X) == [0, 1]
    state = store(kept, state, 1, X, 2, 1)
    assert [entry.value for entry in state.entries[X]] == [1, 2, 0]


def test_a_finished_cpu_is_reached_by_everything() -> None:
    """A CPU that accesses nothing any more keeps no store alive."""
    kept, state = several(3)
    state = normal_form(kept, state, Dead(finished=frozenset({1})))
    assert [entry.value for entry in state.entries[X]] == [3]


def test_a_location_waits_only_for_its_users() -> None:
    """A CPU that never accesses the location keeps none of its stores alive."""
    kept, state = several(3)
    alone = dataclasses.replace(kept, users=(frozenset({0}), frozenset({0, 1})))
    assert [entry.value for entry in normal_form(alone, state).entries[X]] == [3]


def test_equal_neighbours_are_one_entry() -> None:
    """An exchange of a value for itself leaves no second entry."""
    kept = Memory(POWER, 2, 1)
    state = kept.initial([0])
    for _ in range(3):
        state = normal_form(kept, step_exchange(kept, state))
    assert len(state.entries[X]) == 1


def step_exchange(kept: Memory, state: State) -> State:
    state = reserve(kept, state, 0, X, 0)
    after = conditional(kept, state, 0, X, 0)
    assert after is not None
    return after


def test_a_reservation_is_lost_to_a_store_in_between() -> None:
    """A conditional store fails once another exchange has overwritten what was reserved; then nothing is
    reserved.
    """
    kept = Memory(POWER, 2, 1)
    state = reserve(kept, reserve(kept, kept.initial([0]), 0, X, 0), 1, X, 0)
    state = conditional(kept, state, 0, X, 1)
    assert state is not None
    assert conditional(kept, state, 1, X, 2) is None
    assert unreserved(state, 1).reserved == (NO_RESERVATION, NO_RESERVATION)


def test_steps_that_may_not_be_are_refused() -> None:
    """Loading, storing or exchanging at an age that is not offered is a ValueError."""
    kept, state = several(1)
    with pytest.raises(ValueError, match="cannot load the entry of age 1"):
        load(kept, state, 0, X, 1)
    with pytest.raises(ValueError, match="cannot store at age 1"):
        store(kept, state, 0, X, 1, 1)


def test_the_normal_form_is_one() -> None:
    """Taking it twice changes nothing, on every state of a program with all kinds of steps."""
    from tests.support.in_order import step

    program = (
        (Store(X, 1), LWSYNC, Store(Y, 1), Exchange(X, 2), SYNC),
        (Load(Y, SAVE), Load(X, AFTER), EIEIO, Store(Y, 2), Load(Y)),
        (Store(Y, 3), Load(X, ACQUIRE)),
    )
    for architecture in (TSO, POWER):
        kept = memory(architecture.name, 3)
        seen = {(kept.initial([0, 0]), (0, 0, 0))}
        stack = list(seen)
        while stack:
            state, at = stack.pop()
            for cpu in range(3):
                if at[cpu] < len(program[cpu]):
                    for _, reached in step(kept, state, cpu, program[cpu][at[cpu]]):
                        once = normal_form(kept, reached)
                        assert normal_form(kept, once) == once
                        following = (once, (*at[:cpu], at[cpu] + 1, *at[cpu + 1 :]))
                        if following not in seen:
                            seen.add(following)
                            stack.append(following)
