"""Exchanging CPUs, locations and values of a memory: every operation treats all of them alike."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.numbered import NumberedMemory
from explorer.memory.operations import Ordering
from explorer.memory.renaming import Codes, Exchange

CPUS, PLACES, VALUES = 3, 3, 3
Step = Callable[[NumberedMemory, int, Exchange], int]


def storage(architecture: str, rng: random.Random) -> NumberedMemory:
    made = NumberedMemory(
        ARCHITECTURES[architecture], CPUS, ((0,),) * PLACES, rng.choice([2, 5]), rng.random() < 0.5
    )
    made.loads = made.stores = {(cpu, x) for cpu in range(CPUS) for x in range(PLACES)}
    made.acquires, made.eieio, made.slots = rng.random() < 0.5, rng.random() < 0.5, rng.randrange(2)
    return made


def random_step(rng: random.Random, slots: int) -> Step:
    """An operation; it is told what CPUs, locations and values are now."""
    cpu, x, value, age = (rng.randrange(n) for n in (CPUS, PLACES, VALUES, 3))
    slot = rng.randrange(slots) if slots and rng.random() < 0.5 else None
    how = Ordering((slot,) if slot is not None and rng.random() < 0.5 else (), slot, rng.random() < 0.2)
    release, kind = rng.random() < 0.2, rng.choice(list(Barrier))
    codes = Codes(tuple(range(VALUES)))

    def value_of(e: Exchange) -> int:
        return (e.codes[0] or codes).of(value)

    return rng.choice(
        [
            lambda s, m, e: s.load(m, e.cpus[cpu], e.locations[x], age, how),
            lambda s, m, e: s.load(m, e.cpus[cpu], e.locations[x], 0, how),
            lambda s, m, e: s.store(m, e.cpus[cpu], e.locations[x], value_of(e), age, release),
            lambda s, m, e: s.store(m, e.cpus[cpu], e.locations[x], value_of(e), 0, release),
            lambda s, m, e: s.exchange(m, e.cpus[cpu], e.locations[x], value_of(e), 0, how, release),
            lambda s, m, e: s.reserve(m, e.cpus[cpu], e.locations[x], 0, how),
            lambda s, m, e: s.conditional(m, e.cpus[cpu], e.locations[x], value_of(e)),
            lambda s, m, e: s.barrier(m, e.cpus[cpu], kind, () if slot is None else (slot,)),
            lambda s, m, e: s.spread(m, e.locations[x]),
            lambda s, m, e: s.no_load(m, e.cpus[cpu], e.locations[x]) if value == age else m,
        ]
    )


def shuffled(rng: random.Random, n: int) -> tuple[int, ...]:
    result = list(range(n))
    rng.shuffle(result)
    return tuple(result)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_operations_do_not_tell_cpus_locations_and_values_apart(architecture: str) -> None:
    """A random run with everything exchanged makes the exchanged memories, step by step."""
    nothing = Exchange(tuple(range(CPUS)), tuple(range(PLACES)), (None,) * PLACES)
    long = 0
    for seed in range(150):
        rng = random.Random(seed)
        memory = storage(architecture, rng)
        codes = Codes((0, *(1 + i for i in shuffled(rng, VALUES - 1))))
        exchange = Exchange(shuffled(rng, CPUS), shuffled(rng, PLACES), (codes,) * PLACES)
        assert memory.alike(exchange)
        mine = theirs = 0
        for _ in range(30):
            step = random_step(rng, memory.slots)
            after, other = step(memory, mine, nothing), step(memory, theirs, exchange)
            assert other == memory.renamed(after, exchange), seed
            if after >= 0:
                mine, theirs = after, other
                long += max(map(len, memory.state(mine).entries)) > 2
    assert long > 30 or architecture == "sc", "memories with several live stores were met"


def test_who_accesses_what_must_be_alike() -> None:
    """A CPU that never loads what another loads is not exchanged with it."""
    memory = NumberedMemory(ARCHITECTURES["power"], 2, ((0,), (0,)), 5)
    memory.loads = {(0, 0), (1, 1)}
    assert not memory.alike(Exchange((1, 0), (0, 1), (None, None)))
    assert memory.alike(Exchange((1, 0), (1, 0), (None, None)))


def test_names_in_values_are_exchanged() -> None:
    """Codes of a set move bit by bit, others by a table; what is no code of the type stays."""
    assert Codes((1, 0), members=True).of(0b01) == 0b10
    assert Codes((-1, 1, 0), low=-1).of(0) == 1
    assert Codes((-1, 1, 0), low=-1).of(7) == 7
