"""What must happen, where every step inside a function is taken in the end and pending interrupts are.

No IPI need ever be sent. That matters, for an IPI of another kind rescues a lost call. `recurring` lets one
come again and again, as long as some sender does not hang itself (`callers` below `senders`).
"""

from explorer import *

from ..shared.cpus import Sender, Spinner, Target
from .calls import Calls, Csd
from .layout import RECURRING, Plain, is_host_action
from .locks import Locks
from .sender import Senders, Step


@action(actor="cpu", fair=STRONG, per=("cpu", "target"), source="kernel/sched/core.c:resched_curr")
def send_reschedule(senders: Senders, cpu: Sender, target: Target, kind: Plain) -> None:
    """smp_send_reschedule({target})

    Strongly fair, so that every target gets them, although a sender serves one at a time.
    """
    when(RECURRING and not is_host_action(kind))
    senders.begin_uncounted(cpu, target, kind)
    senders.at[cpu].next = Step.SMP_MB


@temporal
def every_call_completes(calls: Calls, cpu: Sender, target: Target) -> Formula:
    """A descriptor that is locked is unlocked again."""
    return leads_to(calls.csd[cpu][target] != Csd.FREE, calls.csd[cpu][target] == Csd.FREE)


@temporal
def every_wakeup_arrives(senders: Senders, target: Target, kind: Plain) -> Formula:
    """Work of a plain kind that is queued is done."""
    return leads_to(senders.woken[target][kind], ~senders.woken[target][kind])


@temporal
def every_lock_is_passed_on(locks: Locks, cpu: Spinner) -> Formula:
    """Who spins on a lock gets it: otherwise the CPU locks up."""
    return leads_to(~locks.spins_on[cpu].is_none, locks.spins_on[cpu].is_none)
