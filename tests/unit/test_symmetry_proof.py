"""Symmetry is proved before it is used, however a spec is written, and what tells identities apart is
named.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.symmetry.find import LARGEST, Symmetry, find
from explorer.symmetry.permutation import scalarsets
from explorer.symmetry.terms import Terms
from tests.support.comparison import bounded
from tests.support.house import ROOT
from tests.support.quotients import FIRST_WAITS, HEAD, RICH, check, model


def refusals(found: Symmetry) -> list[str]:
    return [refused.text for refused in found.refused]


def test_a_plain_lock_is_symmetric() -> None:
    """Identities as map indices and as stored values are exchanged, in any of several sizes."""
    for size in (2, 3, 4):
        found = find(model(CPUS=size))
        assert ([cls.__name__ for cls in found.proven], found.refused) == (["Cpu"], ())


BROKEN = {
    "an action": (
        """
@action(actor="cpu")
def wait(lock: Lock, cpu: Cpu):
    when((lock.at[cpu] == Step.IDLE) & (cpu.index < 2))
    lock.at[cpu].next = Step.WAIT
""",
        "Cpu is not used as a symmetry: action wait tells B from C",
        "(cpu.index < 2)",
    ),
    "an assignment": (
        """
@action(actor="cpu")
def wait(lock: Lock, cpu: Cpu):
    when(lock.at[cpu] == Step.IDLE)
    lock.at[cpu].next = Step.WAIT if cpu.index else Step.IDLE
""",
        "Cpu is not used as a symmetry: action wait tells A from B",
        "lock.at[cpu].next = Step.WAIT",
    ),
    "an invariant": (
        FIRST_WAITS,
        "Cpu is not used as a symmetry: property first_waits tells A from B",
        "@invariant",
    ),
    "the initial state": (
        """
class Boot(State):
    main: Map[Cpu, bool] = initially(lambda cpu: cpu.index == 0)

@action
def stop(boot: Boot, cpu: Cpu):
    boot.main[cpu].next = False
""",
        "Cpu is not used as a symmetry: the initial value of `main[A]` tells A from B",
        "main: Map",
    ),
    "an initial condition": (
        """
class Boot(State):
    main: Map[Cpu, bool] = initially(any_of(bool))

@initial
def one(boot: Boot):
    return boot.main[domain(Cpu)[1]]

@action
def stop(boot: Boot, cpu: Cpu):
    boot.main[cpu].next = False
""",
        "Cpu is not used as a symmetry: an @initial condition tells A from B",
        "@initial",
    ),
    "fairness": (
        """
@action(actor="cpu", fair=WEAK, per=("first",))
def wait(lock: Lock, cpu: Cpu, first: bool):
    when((lock.at[cpu] == Step.IDLE) & (first == (cpu.index == 0)))
    lock.at[cpu].next = Step.WAIT
""",
        "Cpu is not used as a symmetry: the fairness of action wait tells A from B",
        '@action(actor="cpu", fair=WEAK, per=',
    ),
    "a constraint": (
        """
@constraint
def bounded(lock: Lock):
    return lock.at[domain(Cpu)[2]] == Step.IDLE
""",
        "Cpu is not used as a symmetry: the constraints tells B from C",
        "@constraint",
    ),
    "a terminal condition": (
        """
@terminal
def ends(lock: Lock):
    return lock.owner == domain(Cpu)[0]
""",
        "Cpu is not used as a symmetry: the @terminal condition tells A from B",
        "@terminal",
    ),
    "a premise": (
        """
@invariant
def vacuous(lock: Lock):
    return implies(lock.at[domain(Cpu)[0]] == Step.WAIT, True)
""",
        "Cpu is not used as a symmetry: property vacuous tells A from B",
        "return implies(",
    ),
}


@pytest.mark.parametrize("block, text, line", BROKEN.values(), ids=BROKEN)
def test_what_tells_identities_apart_is_named(block: str, text: str, line: str) -> None:
    """The message names what is not symmetric, two identities and the place; the other scalarsets are still
    used.
    """
    found = find(model(block))
    assert (refusals(found), found.proven) == ([text], {})
    place = found.refused[0].place
    assert place is not None
    assert line in "\n".join([HEAD, block]).splitlines()[place.line - 1]


SAME_IN_OTHER_WORDS = {
    "an order of identities that does not matter": (
        """
@invariant
def one_owner(lock: Lock):
    a, b, c = domain(Cpu)
    return ~((lock.at[a] == Step.OWNER) & (lock.at[b] == Step.OWNER)) & ~(
        (lock.at[c] == Step.OWNER) & ((lock.at[a] == Step.OWNER) | (lock.at[b] == Step.OWNER)))
"""
    ),
    "one action for identities by number": (
        """
@action
def wait(lock: Lock, number: Annotated[int, Range(0, 2)]):
    when(lock.at[domain(Cpu)[number]] == Step.IDLE)
    lock.at[domain(Cpu)[number]].next = Step.WAIT
"""
    ),
    "initial states that only together are symmetric": (
        """
class Boot(State):
    main: Var[Cpu] = initially(any_of(Cpu))
    seen: Map[Cpu, bool] = initially(any_of(bool))

@initial
def only_main(boot: Boot):
    return every(boot.seen[cpu] == (boot.main == cpu) for cpu in Cpu)

@action
def move(boot: Boot, cpu: Cpu):
    when(boot.seen[cpu])
    boot.main.next = cpu
"""
    ),
    "queues, sets, records and pairs of identities": RICH,
    "a ring buffer that counters index modulo its size": (
        """
Slot = Annotated[int, Range(0, 1)]
Counter = Annotated[int, Range(0, 3)]

class Ring(State):
    slots: Map[Slot, Cpu | None] = initially(None)
    head: Var[Counter] = initially(0)
    tail: Var[Counter] = initially(0)
    inside: Map[Cpu, bool] = initially(False)

    @property
    def length(self) -> Value[int]:
        return (self.head - self.tail + 4) % 4

@action
def produce(ring: Ring, cpu: Cpu):
    when((ring.length < 2) & ~ring.inside[cpu])
    ring.slots[ring.head % 2].next = cpu
    ring.inside[cpu].next = True
    ring.head.next = (ring.head + 1) % 4

@action
def consume(ring: Ring):
    when(ring.length > 0)
    ring.inside[ring.slots[ring.tail % 2].value].next = False
    ring.slots[ring.tail % 2].next = None
    ring.tail.next = (ring.tail + 1) % 4

@invariant
def whoever_is_inside_has_a_slot(ring: Ring, cpu: Cpu):
    return ring.inside[cpu] == some(ring.slots[slot] == cpu for slot in domain(Slot))
"""
    ),
    "a majority of votes": (
        """
class Election(State):
    vote: Map[Cpu, Job | None] = initially(None)
    winner: Var[Job | None] = initially(None)

def has_majority(election: Election, job: Job):
    return 2 * count(election.vote[cpu] == job for cpu in Cpu) > len(domain(Cpu))

@action
def cast(election: Election, cpu: Cpu, job: Job):
    when(election.vote[cpu].is_none)
    election.vote[cpu].next = job

@action
def win(election: Election, job: Job):
    when(election.winner.is_none & has_majority(election, job))
    election.winner.next = job

@invariant
def one_majority(election: Election):
    return count(has_majority(election, job) for job in Job) <= 1
"""
    ),
}


@pytest.mark.parametrize("block", SAME_IN_OTHER_WORDS.values(), ids=SAME_IN_OTHER_WORDS)
def test_no_way_of_writing_loses_a_symmetry(block: str) -> None:
    """What is symmetric is proved so, however it is written, and the orbits add up to the whole space."""
    spec = model(block, CPUS=3) if "domain(Cpu)[" in block or "a, b, c" in block else model(block, CPUS=2)
    found = find(spec)
    assert (refusals(found), len(found.proven)) == ([], len(scalarsets(spec)))
    check(spec, found, bounded(spec, 3000))


def test_conditions_of_one_result_come_in_any_order() -> None:
    """A chain of choices with one result has one number, whichever condition is asked first, and so has logic
    that is written as a choice."""
    terms = Terms()
    p, q, r = (terms.node("load", cell, (), (0, 1)) for cell in range(3))
    wide, one = terms.node("load", 3, (), (0, 5000)), terms.const(1)

    def first(*conditions: int) -> int:
        result = wide
        for condition in conditions:
            result = terms.make_ite(condition, one, result)
        return result

    assert len({first(*order) for order in permutations((p, q, r))}) == 1
    inner_first = terms.make_ite(p, terms.make_ite(q, wide, one), one)
    assert inner_first == terms.make_ite(q, terms.make_ite(p, wide, one), one) != first(p, q)
    assert terms.make_ite(p, one, q) == terms.make_or(p, q)
    assert terms.make_ite(p, q, terms.const(0)) == terms.make_and(p, q)


def test_the_first_stage_of_the_ipi_is_symmetric() -> None:
    """The message of a target, stored or underway, is a chain of choices over all senders."""
    spec = ground(load(ROOT / "tests" / "support" / "ipi_buffers.py"), {"senders": 3})
    assert [cls.__name__ for cls in find(spec).proven] == ["Sender"]


def test_only_the_checked_properties_count() -> None:
    """A property that is not symmetric costs the symmetry only where it is checked."""
    spec = model(FIRST_WAITS)
    assert find(spec, ("owner_knows",)).proven and not find(spec, ("first_waits",)).proven


def test_a_large_scalarset_is_not_permuted() -> None:
    """Beyond the largest size there is a finding in place of a table of all orders."""
    found = find(model(CPUS=LARGEST + 1))
    assert (
        str(found.refused[0].place) == f"<generated>:{HEAD[: HEAD.index('    at: Map')].count(chr(10)) + 1}"
    )
    assert refusals(found) == [
        f"Cpu is not used as a symmetry: {LARGEST + 1} identities are more than the {LARGEST} that are"
        " permuted"
    ]
