"""The spinlocks that callers hold, each from before `csd_lock` until `csd_lock_wait` is over."""

from explorer import *

from ..shared.cpus import Sender, Spinner
from .layout import Call
from .sender import Senders

LOCKS = constant("locks", True)
"""Whether other CPUs want the spinlocks that callers hold."""


class Locks(State):
    """Whose spinlock a CPU spins on."""

    spins_on: Map[Spinner, Sender | None] = initially(None)


def holds(senders: Senders, cpu: Sender) -> Value[bool]:
    """Whether the sender holds its spinlock."""
    return senders.kind[cpu] == Call.CALL_FUNCTION


@action(actor="cpu", source="kernel/locking/spinlock.c:_raw_spin_lock")
def spin(locks: Locks, senders: Senders, cpu: Spinner, holder: Sender) -> None:
    """spin_lock()  // held by {holder}"""
    when(LOCKS)
    when(locks.spins_on[cpu].is_none)
    when(holds(senders, holder))
    locks.spins_on[cpu].next = holder


@action(actor="cpu", fair=WEAK, source="kernel/locking/spinlock.c:_raw_spin_lock")
def acquire(locks: Locks, senders: Senders, cpu: Spinner, holder: Sender) -> None:
    """spin_lock()  // {holder} has let go"""
    when(LOCKS)
    when(locks.spins_on[cpu] == holder)
    when(~holds(senders, holder))
    locks.spins_on[cpu].next = None
