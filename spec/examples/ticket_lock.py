"""The ticket lock: who draws the lower number is served first."""

from explorer import *

CPUS = constant("CPUS", 3)
Ticket = Annotated[int, Range(0, CPUS)]
"""One more than processors: numbers wrap without meeting."""


class Cpu(Scalarset):
    size = CPUS


class Lock(State):
    """The next ticket, and whom it serves now."""

    ticket: Var[Ticket] = initially(0)
    owner: Var[Ticket] = initially(0)


@process(actor="cpu", fair=WEAK, restart=True)
def ticket_lock(lock: Lock, cpu: Cpu) -> Steps:
    """arch_spin_lock(), arch_spin_unlock()"""
    yield step("draws ticket {lock.ticket}", fair=UNFAIR, atomic=True)
    mine = yield keep(lock.ticket)
    lock.ticket.next = (lock.ticket + 1) % (CPUS + 1)
    yield step("spins on ticket {mine}", name="spins")
    when(lock.owner == mine)
    yield step("unlocks", name="inside", atomic=True)
    lock.owner.next = (lock.owner + 1) % (CPUS + 1)


@invariant
def mutual_exclusion() -> Value[bool]:
    """At most one processor is inside."""
    return count(at(ticket_lock, "inside", cpu) for cpu in Cpu) <= 1


@temporal
def served(cpu: Cpu) -> Formula:
    """Who has a ticket gets the lock."""
    return leads_to(at(ticket_lock, "spins", cpu), at(ticket_lock, "inside", cpu))


spec = Spec(expect=HOLDS)
