"""The receiving side: the host's doorbell handler, and the two that ask `host_ipi` first, guest and nap.

The handler drains whatever messages there are. What interrupts a guest is the host's where the flag is set.
"""

import enum

from explorer import STRONG, WEAK, Map, State, Value, action, constant, domain, initially, ite, some, when

from ..shared.cpus import Sender, Target
from . import kernel
from .calls import Calls, Csd
from .doorbell import take
from .kernel import Barrier, Controller
from .layout import Message, Plain, host_ipi, is_host_action, message, wording
from .memory import Memory
from .sender import Senders

GUEST = constant("guest", True)
"""Whether the target runs guests."""

NAPPING = constant("napping", True)
"""Whether the guest's CPU may nap."""

SOFT_MASKED = constant("soft_masked", True)
"""Whether host code on the target soft-disables interrupts."""


class Mode(enum.Enum):
    """Where the target is: at rest in host, guest or nap, or what its handler does next."""

    HOST = 0
    SOFT_MASKED = 1
    GUEST = 2
    NAP = 3
    GUEST_TEST = 4
    NAP_TEST = 5
    MSGSYNC = 6
    HOST_TEST = 7
    BARRIER_BEFORE = 8
    CLEAR = 9
    BARRIER = 10
    DEMUX = 11
    DETACH = 12
    RUN = 13
    REREAD = 14
    MFRR = 15
    EOI = 16
    GUEST_XIRR = 17
    GUEST_EOI = 18
    GUEST_RECHECK = 19
    OFFLINE = 20
    OFFLINE_CLEAR = 21
    OFFLINE_BARRIER = 22


OFFLINE = (Mode.OFFLINE, Mode.OFFLINE_CLEAR, Mode.OFFLINE_BARRIER)

RESTING = (Mode.HOST, Mode.SOFT_MASKED, Mode.GUEST, Mode.NAP, Mode.OFFLINE)
"""Where the target stays until something happens."""


class Receivers(State):
    """`latched` is PACA_IRQ_DBELL in irq_happened: a doorbell to replay when interrupts are enabled.
    `host_action` is RM_HOST_ACTION among the messages that the handler has taken: still to be done."""

    at: Map[Target, Mode] = initially(Mode.HOST, quiet=True)
    latched: Map[Target, bool] = initially(False)
    host_action: Map[Target, bool] = initially(False)

    def rests(self, target: Target) -> Value[bool]:
        """Whether the target handles no doorbell and has none to replay."""
        return some(self.at[target] == mode for mode in RESTING) & ~self.latched[target]

    def turn(self, target: Target, mode: Mode, doorbells: bool | None = None) -> None:
        """The target is at this step of the handler, of that for doorbells or that for XICS, and goes on."""
        when(mode in program() and doorbells in (None, kernel.CONTROLLER == Controller.DOORBELL))
        when(self.at[target] == mode)
        self.goes_on(target, mode)

    def goes_on(self, target: Target, mode: Mode) -> None:
        """On to the handler's next step, or back to what was interrupted."""
        self.at[target].next = self.after(target, following(mode))

    def after(self, target: Target, mode: Mode) -> Mode | Value[Mode]:
        """The mode; at the handler's end, interrupts are soft-disabled where a doorbell is to be replayed."""
        ends = mode == Mode.HOST and SOFT_MASKED
        return ite(self.latched[target], Mode.SOFT_MASKED, Mode.HOST) if ends else mode


def program() -> list[Mode]:
    """The steps of doorbell_exception, or of icp_native_ipi_action, in this kernel, in program order."""
    doorbells = kernel.CONTROLLER == Controller.DOORBELL
    clear = [Mode.BARRIER_BEFORE] * (kernel.CLEAR_BARRIER_BEFORE != Barrier.NONE) + [Mode.CLEAR]
    clear += [Mode.BARRIER] * (kernel.CLEAR_BARRIER != Barrier.NONE)
    clear += [] if kernel.MFRR_LAST or doorbells else [Mode.MFRR]
    start = [Mode.MSGSYNC] * kernel.MSGSYNC + [Mode.HOST_TEST] * kernel.HOST_TESTS_FLAG if doorbells else []
    end = [] if doorbells else [Mode.MFRR] * kernel.MFRR_LAST + [Mode.EOI]
    return start + ([Mode.DEMUX, *clear] if kernel.DRAIN_FIRST else [*clear, Mode.DEMUX]) + end


def following(mode: Mode) -> Mode:
    """The handler's step after this one, HOST at its end."""
    steps = [*program(), Mode.HOST]
    return steps[steps.index(mode) + 1] if mode in steps else Mode.HOST


# Fair: a handler that was entered goes on. A pending interrupt is taken, strongly fair: the CPU may change
# between host, guest
# and nap as it likes, which disables one way of taking it and enables another, but hardware takes it at the
# first instruction
# where it can. Entering and leaving the guest, napping and masking are free choices: they need not happen.


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kernel/dbell.c:doorbell_exception")
def doorbell_exception(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """doorbell_exception()"""
    when(kernel.CONTROLLER == Controller.DOORBELL)
    when(receivers.at[cpu] == Mode.HOST)
    take(memory, cpu)
    receivers.at[cpu].next = program()[0]


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/irq.c:__check_irq_replay")
def replay(receivers: Receivers, cpu: Target) -> None:
    """doorbell_exception()  // replayed"""
    when(kernel.CONTROLLER == Controller.DOORBELL)
    when(GUEST or SOFT_MASKED)
    when(receivers.at[cpu] == Mode.SOFT_MASKED)
    when(receivers.latched[cpu])
    receivers.latched[cpu].next = False
    receivers.at[cpu].next = program()[0]


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_exception")
def ppc_msgsync(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """ppc_msgsync()

    No effect on store buffers, where loads are performed in order. Nor has its lwsync: all that the CPU's
    buffer can hold is an earlier clear of the same flag.
    """
    receivers.turn(cpu, Mode.MSGSYNC)
    memory.msgsync(cpu)


@action(actor="cpu", fair=WEAK, source="not in any kernel: variant V11")
def host_test(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """host_ipi == {memory.read(cpu, host_ipi(cpu))}  // tested by the host's handler"""
    when(Mode.HOST_TEST in program())
    when(receivers.at[cpu] == Mode.HOST_TEST)
    ours = memory.read(cpu, host_ipi(cpu)) == 1
    receivers.at[cpu].next = ite(ours, following(Mode.HOST_TEST), receivers.after(cpu, Mode.HOST))


@action(actor="cpu", fair=WEAK, source="not in any kernel: variant V5")
def clear_barrier_before(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{kernel.text(kernel.CLEAR_BARRIER_BEFORE)}"""
    receivers.turn(cpu, Mode.BARRIER_BEFORE)
    memory.fence(cpu, kernel.CLEAR_BARRIER_BEFORE)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_exception")
def clear_host_ipi(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{wording(host_ipi(cpu), 0)}"""
    receivers.turn(cpu, Mode.CLEAR, doorbells=True)
    memory.write(cpu, host_ipi(cpu), 0)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_exception")
def clear_barrier(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{kernel.text(kernel.CLEAR_BARRIER)}  // kvmppc_clear_host_ipi"""
    receivers.turn(cpu, Mode.BARRIER, doorbells=True)
    memory.fence(cpu, kernel.CLEAR_BARRIER)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/smp.c:smp_ipi_demux_relaxed")
def demux(receivers: Receivers, senders: Senders, memory: Memory, cpu: Target) -> None:
    """smp_ipi_demux_relaxed()

    Takes all messages. The work of the plain kinds is done on the spot; calls have their own steps.
    """
    again = (receivers.at[cpu] == Mode.REREAD) & message_waits(memory, cpu) & ~receivers.host_action[cpu]
    when((receivers.at[cpu] == Mode.DEMUX) | again)
    kinds = domain(Message)
    taken = memory.swap(cpu, [message(cpu, kind) for kind in kinds], 0, kernel.EXCHANGE)
    for kind, byte in zip(kinds, taken):
        if isinstance(kind, Plain) and is_host_action(kind):
            receivers.host_action[cpu].next = byte == 1
        elif isinstance(kind, Plain):
            senders.woken[cpu][kind].next = senders.woken[cpu][kind] & (byte == 0)
        else:
            receivers.at[cpu].next = ite(byte == 1, Mode.DETACH, Mode.REREAD)


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:generic_smp_call_function_single_interrupt")
def detach_calls(receivers: Receivers, calls: Calls, cpu: Target) -> None:
    """llist_del_all(&call_single_queue[{cpu}])"""
    when(receivers.at[cpu] == Mode.DETACH)
    when(not kernel.HOST_ACTION_FIRST or ~receivers.host_action[cpu])
    calls.detach(cpu)
    receivers.at[cpu].next = ite(calls.queue_empty(cpu), Mode.REREAD, Mode.RUN)


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:flush_smp_call_function_queue")
def run_call(receivers: Receivers, calls: Calls, cpu: Target, caller: Sender) -> None:
    """csd_unlock(csd)  // of {caller}, after its function has run"""
    when(receivers.at[cpu] == Mode.RUN)
    when(calls.csd[caller][cpu] == Csd.RUNNING)
    calls.csd[caller][cpu].next = Csd.FREE
    receivers.at[cpu].next = ite(calls.only_runs(caller, cpu), Mode.REREAD, Mode.RUN)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/smp.c:smp_ipi_demux_relaxed")
def reread(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """while (info->messages)  // none left"""
    when(receivers.at[cpu] == Mode.REREAD)
    when(~receivers.host_action[cpu])
    when(~some_message(memory, cpu))
    memory.rests(cpu)
    receivers.goes_on(cpu, Mode.DEMUX)


def some_message(memory: Memory, target: Target) -> Value[bool]:
    """Whether the target sees any message byte set."""
    return some(memory.read(target, message(target, kind)) == 1 for kind in domain(Message))


def message_waits(memory: Memory, target: Target) -> Value[bool]:
    """Whether any message byte of the target is set, whether or not it has seen that."""
    return some(memory.latest(message(target, kind)) == 1 for kind in domain(Message))
