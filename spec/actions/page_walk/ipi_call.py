"""In the place of `cross_call.py`, the doorbell of the lost-IPI family: a sender tears down, a target walks.

The walker's CPU is off limits for interrupts in the receiver's SOFT_MASKED. The family's own masking must be
off (`soft_masked=False`): a doorbell then stays pending until the walk is over, as with MSR[EE] = 0. A sender
that takes the pmd lock makes no other IPI.
"""

from explorer import WEAK, State, Value, Var, action, at, initially, invariant, some, when

from ..ipi.calls import Calls, Csd
from ..ipi.layout import IPIS, Call
from ..ipi.memory import Memory
from ..ipi.properties import hangs
from ..ipi.receiver import SOFT_MASKED, Mode, Receivers
from ..ipi.sender import Senders
from ..ipi.sender import Step as Sending
from ..shared.cpus import Sender, Target
from .page_table import PageTable
from .teardown import TEXT, Kind, Teardown, begins, tears_down
from .walker import Step, Walkers


class Holder(State):
    """The CPU that took the pmd lock last, and the CPU whose answer it waits for."""

    cpu: Var[Sender | None] = initially(None, quiet=True)
    calls: Var[Target | None] = initially(None, quiet=True)


@action(actor="cpu", source="include/linux/mm.h:pmd_lock")
def pmd_lock(
    table: PageTable, teardown: Teardown, holder: Holder, senders: Senders, cpu: Sender, kind: Kind
) -> None:
    """pmd_lock()  // {TEXT[kind]}"""
    begins(table, teardown, kind)
    when((senders.at[cpu] == Sending.IDLE) & (senders.sent[cpu] == 0))
    senders.sent[cpu].next = IPIS
    holder.cpu.next = cpu


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:smp_call_function_many")
def csd_lock_for_walker(
    teardown: Teardown, holder: Holder, senders: Senders, calls: Calls, cpu: Sender, target: Target
) -> None:
    """csd_lock(csd)  // for {target}: do_nothing"""
    when(at(tears_down, "wait"))
    when(teardown.pending[target])
    when((holder.cpu == cpu) & holder.calls.is_none)
    when(calls.csd[cpu][target] == Csd.FREE)
    calls.csd[cpu][target].next = Csd.LOCKED
    senders.target[cpu].next = target
    senders.kind[cpu].next = Call.CALL_FUNCTION
    senders.at[cpu].next = Sending.LLIST_ADD
    holder.calls.next = target


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:smp_call_function_many")
def walker_has_answered(
    table: PageTable, teardown: Teardown, holder: Holder, senders: Senders, cpu: Sender, target: Target
) -> None:
    """do_nothing has run on {target}

    The pmd lies in another memory than the messages of the IPI. What the handler's xchg() orders there, this
    step orders here: it is the first that depends on it.
    """
    when((holder.cpu == cpu) & (holder.calls == target))
    when(senders.at[cpu] == Sending.IDLE)
    table.smp_mb(target)
    teardown.pending[target].next = False
    holder.calls.next = None


@action(actor="cpu", source="arch/powerpc/kernel/mce_power.c:addr_to_pfn")
def local_irq_save(table: PageTable, walkers: Walkers, receivers: Receivers, cpu: Target) -> None:
    """local_irq_save(flags)"""
    when(not SOFT_MASKED)
    when(receivers.at[cpu] == Mode.HOST)
    walkers.start(table, cpu)
    receivers.at[cpu].next = Mode.SOFT_MASKED


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/mce_power.c:addr_to_pfn")
def local_irq_restore(table: PageTable, walkers: Walkers, receivers: Receivers, cpu: Target) -> None:
    """local_irq_restore(flags)"""
    when(walkers.at[cpu] == Step.RESTORE)
    walkers.end(table, cpu, Step.RESTORE)
    receivers.at[cpu].next = Mode.HOST


@invariant
def pmd_lock_is_not_stuck(
    teardown: Teardown, holder: Holder, senders: Senders, receivers: Receivers, calls: Calls, memory: Memory
) -> Value[bool]:
    """Nobody holds the pmd lock and waits for a walker whose IPI is lost."""
    hung = [(holder.cpu == cpu) & hangs(senders, receivers, calls, memory, cpu) for cpu in Sender]
    return ~(at(tears_down, "wait") & some(hung))
