"""The sending side: work is queued for the target, then `smp_muxed_ipi_message_pass` sets message and flag.

Every sender chooses target and kind of each IPI, of which it sends up to `ipis`; it may stop at any time.
"""

import enum
from typing import Annotated

from explorer import WEAK, Map, Range, State, Value, action, domain, initially, ite, some, when

from ..shared.cpus import Sender, Target
from . import kernel
from .kernel import Barrier, Controller
from .layout import IPIS, Call, Message, Plain, host_ipi, is_host_action, message, wording
from .memory import Memory


class Step(enum.Enum):
    """What the sender does next."""

    IDLE = 0
    LLIST_ADD = 1
    SMP_MB = 2
    SET_MESSAGE = 3
    SET_BARRIER = 4
    SET_HOST_IPI = 5
    SET_BARRIER_AFTER = 6
    MSGSND_SYNC = 7
    MSGSND = 8
    CSD_LOCK_WAIT = 9


class Route(enum.Enum):
    """Which code sets the flag and interrupts."""

    DOORBELL = "doorbell_global_ipi"
    XICS = "icp_native_cause_ipi"
    REAL_MODE = "icp_send_hcore_msg"


class Senders(State):
    """Where each sender is, whom it sends to and what. `woken` are targets with a wake-up queued that no IPI
    has served yet. `online` is cpu_online_mask."""

    at: Map[Sender, Step] = initially(Step.IDLE, quiet=True)
    target: Map[Sender, Target | None] = initially(None, quiet=True)
    kind: Map[Sender, Message | None] = initially(None, quiet=True)
    sent: Map[Sender, Annotated[int, Range(0, IPIS)]] = initially(0, quiet=True)
    woken: Map[Target, Map[Plain, bool]] = initially(False)
    online: Map[Target, bool] = initially(True)

    def begin(self, cpu: Sender, target: Target, kind: Message) -> None:
        """Take up the next IPI."""
        when(self.sent[cpu] < IPIS)
        self.sent[cpu].next = self.sent[cpu] + 1
        self.begin_uncounted(cpu, target, kind)

    def begin_uncounted(self, cpu: Sender, target: Target, kind: Message) -> None:
        """Take up an IPI that does not count: it may come again and again."""
        when(self.at[cpu] == Step.IDLE)
        when(self.online[target] | kernel.SEND_TO_OFFLINE)
        self.target[cpu].next = target
        self.kind[cpu].next = kind

    def turn(self, cpu: Sender, step: Step, target: Target, route: Route | None = None) -> None:
        """The sender is at this step of an IPI to the target, of this route only, and goes on."""
        when(step in program())
        when(self.at[cpu] == step)
        when(self.target[cpu] == target)
        if route is not None:
            self.takes(cpu, route)
        self.at[cpu].next = following(step)

    def takes(self, cpu: Sender, route: Route) -> None:
        """The sender's IPI goes this way: a host action by real mode, any other by the controller."""
        if route == Route.REAL_MODE:
            when(kernel.REAL_MODE)
            when(self.acts_in_real_mode(cpu))
            return
        when(route == (Route.DOORBELL if kernel.CONTROLLER == Controller.DOORBELL else Route.XICS))
        if kernel.REAL_MODE:
            when(~self.acts_in_real_mode(cpu))

    def acts_in_real_mode(self, cpu: Sender) -> Value[bool]:
        """Whether the sender is in real mode, sending a host action."""
        return some(self.kind[cpu] == kind for kind in domain(Plain) if is_host_action(kind))

    def interrupted(self, cpu: Sender) -> None:
        """The interrupt is sent. The sender of a call then waits for it, any other is done."""
        waits = self.kind[cpu] == Call.CALL_FUNCTION
        self.at[cpu].next = ite(waits, Step.CSD_LOCK_WAIT, Step.IDLE)
        self.target[cpu].next = ite(waits, self.target[cpu], None)
        self.kind[cpu].next = ite(waits, self.kind[cpu], None)

    def end(self, cpu: Sender) -> None:
        """The IPI is done with."""
        self.at[cpu].next = Step.IDLE
        self.target[cpu].next = None
        self.kind[cpu].next = None

    def between_message_and_msgsnd(self, cpu: Sender, target: Target) -> Value[bool]:
        """Whether the sender has set its message for the target, and its doorbell is still to come."""
        ahead = program()[program().index(Step.SET_MESSAGE) + 1 :]
        return (self.target[cpu] == target) & some(self.at[cpu] == step for step in ahead)

    def waits_for(self, cpu: Sender, target: Target) -> Value[bool]:
        """Whether the sender is in csd_lock_wait for the target."""
        return (self.at[cpu] == Step.CSD_LOCK_WAIT) & (self.target[cpu] == target)


def program() -> list[Step]:
    """The steps of smp_muxed_ipi_message_pass and doorbell_global_ipi in this kernel, in program order."""
    flag = [Step.SET_BARRIER] * (kernel.SET_BARRIER != Barrier.NONE) + [Step.SET_HOST_IPI]
    flag += [Step.SET_BARRIER_AFTER] * (kernel.SET_BARRIER_AFTER != Barrier.NONE)
    stores = [*flag, Step.SET_MESSAGE] if kernel.FLAG_FIRST else [Step.SET_MESSAGE, *flag]
    return [Step.SMP_MB] + stores + [Step.MSGSND_SYNC] * kernel.MSGSND_SYNC + [Step.MSGSND]


def following(step: Step) -> Step:
    """The step after this one; itself where this kernel has no such step."""
    steps = [*program(), step]
    return steps[steps.index(step) + 1] if step in program() else step


def queueing(target: Target, kind: Plain) -> str:
    first = f"llist_add(&p->wake_entry, &cpu_rq({target})->wake_list)"
    return first if repr(kind) == "RESCHEDULE" else f"queues work for {target}  // {kind}"


# Fair: once begun, an IPI is sent; no CPU stops in the middle of a function. Beginning one is a free choice.


@action(actor="cpu", source="kernel/sched/core.c:ttwu_queue_remote")
def queue_wakeup(senders: Senders, cpu: Sender, target: Target, kind: Plain) -> None:
    """{queueing(target, kind)}

    As with calls, only the first entry of a list sends an IPI; the others are covered by it, and are not
    modelled.
    """
    when(not is_host_action(kind))
    senders.begin(cpu, target, kind)
    when(~senders.woken[target][kind] | kernel.ALWAYS_SEND)
    senders.woken[target][kind].next = True
    senders.at[cpu].next = Step.SMP_MB


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/smp.c:smp_muxed_ipi_set_message")
def smp_mb(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """smp_mb()"""
    senders.turn(cpu, Step.SMP_MB, target)
    memory.fence(cpu, Barrier.SYNC)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/smp.c:smp_muxed_ipi_set_message")
def set_message(senders: Senders, memory: Memory, cpu: Sender, target: Target, kind: Message) -> None:
    """{wording(message(target, kind), 1)}"""
    senders.turn(cpu, Step.SET_MESSAGE, target)
    when(senders.kind[cpu] == kind)
    memory.write(cpu, message(target, kind), 1)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_global_ipi")
def set_barrier(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{kernel.text(kernel.SET_BARRIER)}  // kvmppc_set_host_ipi"""
    senders.turn(cpu, Step.SET_BARRIER, target, Route.DOORBELL)
    memory.fence(cpu, kernel.SET_BARRIER)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_global_ipi")
def set_host_ipi(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{wording(host_ipi(target), 1)}"""
    senders.turn(cpu, Step.SET_HOST_IPI, target, Route.DOORBELL)
    memory.write(cpu, host_ipi(target), 1)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/include/asm/kvm_ppc.h:kvmppc_set_host_ipi")
def set_barrier_after(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{kernel.text(kernel.SET_BARRIER_AFTER)}  // end of kvmppc_set_host_ipi"""
    senders.turn(cpu, Step.SET_BARRIER_AFTER, target)
    memory.fence(cpu, kernel.SET_BARRIER_AFTER)
