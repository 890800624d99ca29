"""The XICS in place of doorbells: an IPI is a priority in the target's MFRR, which stays there until the
target resets it.

An external interrupt is fetched by reading XIRR. From then on further IPIs of the same priority wait for the
EOI. With it the XICS presents by itself what the MFRR holds. Through OPAL calls (`xics_opal`) it need not:
opal_int_eoi() says that there is more, and software must replay it (`force_replay`). The functions named here
are icp-native's; icp-opal.c has one of each kind (`icp_opal_cause_ipi`).

Also here: what KVM does with an external interrupt out of the guest. It asks `host_ipi`, takes the IPI for
the guest's where the flag is 0, and then asks once more.
"""

from explorer import STRONG, WEAK, Map, State, Value, action, initially, is_in, ite, sends, when

from ..shared.cpus import Sender, Target
from . import kernel
from .doorbell import rung, take
from .guest import Kicks
from .kernel import Barrier, Controller
from .layout import doorbell, host_ipi, wording
from .memory import Memory
from .receiver import GUEST, OFFLINE, RESTING, Mode, Receivers, program
from .sender import Route, Senders, Step

OPEN = {*RESTING, *OFFLINE, Mode.GUEST_TEST, Mode.GUEST_XIRR, Mode.GUEST_RECHECK}
"""Where no IPI has been fetched without its EOI: a new one is presented."""


class Icp(State):
    """`requested`: the MFRR holds the IPI's priority. `more`: opal_int_eoi() has told KVM that it still does.

    The interrupt that is presented stands in memory, as the target's `doorbell`.
    """

    requested: Map[Target, bool] = initially(False)
    more: Map[Target, bool] = initially(False)


def on_xics() -> bool:
    return kernel.CONTROLLER != Controller.DOORBELL


def through_opal() -> bool:
    return kernel.CONTROLLER == Controller.XICS_OPAL


def set_mfrr(target: Target, value: str) -> str:
    """The write as the kernel says it."""
    function = "opal_int_set_mfrr" if through_opal() else "icp_native_set_qirr"
    return f"{function}({target}, {value})"


def request(receivers: Receivers, memory: Memory, icp: Icp, target: Target) -> None:
    """MFRR = IPI_PRIORITY: the interrupt is presented, at once where no other one is being handled."""
    icp.requested[target].next = True
    memory.rings(doorbell(target), ite(is_in(receivers.at[target], OPEN), 1, memory.latest(doorbell(target))))


def presents(icp: Icp, target: Target) -> Value[bool]:
    """Whether the target is interrupted again behind its EOI."""
    return icp.requested[target] & (kernel.FORCE_REPLAY or not through_opal())


# The sender.


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_cause_ipi")
def xics_set_barrier(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{kernel.text(kernel.SET_BARRIER)}  // kvmppc_set_host_ipi"""
    senders.turn(cpu, Step.SET_BARRIER, target, Route.XICS)
    memory.fence(cpu, kernel.SET_BARRIER)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_cause_ipi")
def xics_set_host_ipi(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{wording(host_ipi(target), 1)}"""
    senders.turn(cpu, Step.SET_HOST_IPI, target, Route.XICS)
    memory.write(cpu, host_ipi(target), 1)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_cause_ipi")
def sync_before_mfrr(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """sync  // {"in opal_int_set_mfrr" if through_opal() else "in out_8"}"""
    senders.turn(cpu, Step.MSGSND_SYNC, target, Route.XICS)
    memory.fence(cpu, Barrier.SYNC)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_cause_ipi")
def request_ipi(
    senders: Senders, receivers: Receivers, memory: Memory, icp: Icp, cpu: Sender, target: Target
) -> None:
    """{set_mfrr(target, "IPI_PRIORITY")}"""
    when(senders.at[cpu] == Step.MSGSND)
    when(senders.target[cpu] == target)
    senders.takes(cpu, Route.XICS)
    request(receivers, memory, icp, target)
    sends(target, "IPI")
    senders.interrupted(cpu)


@action(actor="KVM", source="arch/powerpc/kvm/book3s_hv.c:kvmppc_ipi_thread")
def kick_by_mfrr(receivers: Receivers, kicks: Kicks, memory: Memory, icp: Icp, target: Target) -> None:
    """{set_mfrr(target, "IPI_PRIORITY")}  // kvmppc_ipi_thread: for the guest, with neither message nor
    flag
    """
    when(on_xics())
    kicks.count()
    request(receivers, memory, icp, target)
    sends(target, "kick")


# The host's handler.


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kernel/irq.c:do_IRQ")
def external_interrupt(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """do_IRQ()  // XIRR: XICS_IPI"""
    when(on_xics())
    when(receivers.at[cpu] == Mode.HOST)
    take(memory, cpu)
    receivers.at[cpu].next = program()[0]


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_ipi_action")
def xics_clear_host_ipi(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{wording(host_ipi(cpu), 0)}"""
    receivers.turn(cpu, Mode.CLEAR, doorbells=False)
    memory.write(cpu, host_ipi(cpu), 0)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_ipi_action")
def xics_clear_barrier(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{kernel.text(kernel.CLEAR_BARRIER)}  // kvmppc_clear_host_ipi"""
    receivers.turn(cpu, Mode.BARRIER, doorbells=False)
    memory.fence(cpu, kernel.CLEAR_BARRIER)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_ipi_action")
def reset_mfrr(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """{set_mfrr(cpu, "0xff")}  // a sync inside: the clear is visible before"""
    receivers.turn(cpu, Mode.MFRR, doorbells=False)
    memory.fence(cpu, Barrier.SYNC)
    icp.requested[cpu].next = False


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xics/icp-native.c:icp_native_eoi")
def eoi(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """{"opal_int_eoi(xirr)" if through_opal() else "icp_native_set_xirr(xirr)"}  // EOI"""
    receivers.turn(cpu, Mode.EOI, doorbells=False)
    memory.rings(doorbell(cpu), ite(presents(icp, cpu), 1, 0))


# Out of the guest.


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_guest_external")
def external_in_guest(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """external interrupt out of the guest"""
    when(GUEST and on_xics())
    when((receivers.at[cpu] == Mode.GUEST) | (receivers.at[cpu] == Mode.NAP))
    when(rung(memory, cpu))
    receivers.at[cpu].next = Mode.GUEST_TEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def exit_for_host(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 1  // guest exit, PACA_IRQ_EE: the host calls do_IRQ"""
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_TEST)
    when(memory.read(cpu, host_ipi(cpu)) == 1)
    memory.rings(doorbell(cpu))
    receivers.at[cpu].next = Mode.HOST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def no_host_ipi(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0"""
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_TEST)
    when(memory.read(cpu, host_ipi(cpu)) == 0)
    receivers.at[cpu].next = Mode.GUEST_XIRR


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def take_for_guest(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """XIRR: XICS_IPI; {set_mfrr(cpu, "0xff")}"""
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_XIRR)
    memory.rings(doorbell(cpu), 0)
    icp.requested[cpu].next = False
    receivers.at[cpu].next = Mode.GUEST_EOI


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def eoi_in_guest(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """EOI; smp_mb()"""
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_EOI)
    memory.fence(cpu, Barrier.SYNC)
    if through_opal():
        icp.more[cpu].next = presents(icp, cpu) & kernel.RECHECK
    else:
        memory.rings(doorbell(cpu), ite(presents(icp, cpu), 1, 0))
    again = presents(icp, cpu) & through_opal()
    receivers.at[cpu].next = Mode.GUEST_RECHECK if kernel.RECHECK else ite(again, Mode.GUEST_TEST, Mode.GUEST)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def ignore_ipi(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0  // still: IPI ignored"""
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_RECHECK)
    when(memory.read(cpu, host_ipi(cpu)) == 0)
    icp.more[cpu].next = False
    receivers.at[cpu].next = ite(icp.more[cpu], Mode.GUEST_TEST, Mode.GUEST)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmppc_read_one_intr")
def resend_ipi(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 1  // raced with the host: {set_mfrr(cpu, "IPI_PRIORITY")};
    smp_mb()
    """
    when(GUEST and on_xics())
    when(receivers.at[cpu] == Mode.GUEST_RECHECK)
    when(memory.read(cpu, host_ipi(cpu)) == 1)
    icp.more[cpu].next = False
    request(receivers, memory, icp, cpu)
    receivers.at[cpu].next = Mode.HOST
