"""RM_HOST_ACTION: KVM in real mode asks a host core to act for a vcpu, and a VM is destroyed meanwhile.

Destruction calls every CPU once before it frees the vcpus. The handler looks at RM_HOST_ACTION before
CALL_FUNCTION, so that what was asked before is done by then: this is what the kernel's comment says, and with
three CPUs it is not so (R1). The store of rm_data is ordered in front of the message by `smp_mb` in
smp_muxed_ipi_set_message, and handed over by a cmpxchg; so it needs no place in the store buffer.

What sends the interrupt is msgsnd (POWER9 without XIVE), or a raw store to the target's MFRR (POWER8, and
there always: find_available_hostcore never picks the own core).
"""

import enum

from explorer import WEAK, Map, State, Value, Var, action, every, initially, invariant, sends, some, when

from ..shared.cpus import Sender, Target
from . import kernel
from .calls import Calls, Csd
from .kernel import Barrier
from .layout import Call, Plain, doorbell, host_ipi, is_host_action, wording
from .memory import Memory
from .receiver import Mode, Receivers
from .sender import Route, Senders, Step
from .xics import Icp, on_xics, request, set_mfrr, through_opal


class Vcpu(enum.Enum):
    """The vcpu that host actions are for."""

    ALIVE, DYING, FREED = range(3)


def raw_mfrr(target: Target) -> str:
    """The store to the target's MFRR as real mode does it."""
    if through_opal():
        return set_mfrr(target, "IPI_PRIORITY")
    return f"__raw_rm_writeb(IPI_PRIORITY, XICS_MFRR of {target})"


class HostActions(State):
    """`rm_data` of a host core holds the vcpu until the action is done; `destroyer` destroys the VM."""

    rm_data: Map[Target, bool] = initially(False)
    vcpu: Var[Vcpu] = initially(Vcpu.ALIVE)
    destroyer: Var[Sender | None] = initially(None)


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rm_xics.c:icp_send_hcore_msg")
def post_host_action(
    senders: Senders, actions: HostActions, cpu: Sender, target: Target, kind: Plain
) -> None:
    """rm_core[{target}].rm_data = vcpu"""
    when(is_host_action(kind))
    senders.begin(cpu, target, kind)
    when((actions.vcpu == Vcpu.ALIVE) & ~actions.rm_data[target])
    actions.rm_data[target].next = True
    senders.at[cpu].next = Step.SMP_MB


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rm_xics.c:icp_send_hcore_msg")
def rm_set_barrier(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{kernel.text(kernel.SET_BARRIER)}  // kvmppc_set_host_ipi"""
    senders.turn(cpu, Step.SET_BARRIER, target, Route.REAL_MODE)
    memory.fence(cpu, kernel.SET_BARRIER)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rm_xics.c:icp_send_hcore_msg")
def rm_set_host_ipi(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{wording(host_ipi(target), 1)}"""
    senders.turn(cpu, Step.SET_HOST_IPI, target, Route.REAL_MODE)
    memory.write(cpu, host_ipi(target), 1)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rm_xics.c:icp_send_hcore_msg")
def rm_smp_mb(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """{"smp_mb()" if kernel.RM_SMP_MB else "no smp_mb()"}  // behind kvmppc_set_host_ipi"""
    senders.turn(cpu, Step.MSGSND_SYNC, target, Route.REAL_MODE)
    memory.fence(cpu, Barrier.SYNC if kernel.RM_SMP_MB else Barrier.NONE)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmhv_rm_send_ipi")
def rm_send_ipi(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """msgsnd {target}"""
    when(not on_xics())
    when(senders.at[cpu] == Step.MSGSND)
    when(senders.target[cpu] == target)
    senders.takes(cpu, Route.REAL_MODE)
    memory.rings(doorbell(target))
    sends(target, "doorbell")
    senders.interrupted(cpu)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_builtin.c:kvmhv_rm_send_ipi")
def rm_request_ipi(
    senders: Senders, receivers: Receivers, memory: Memory, icp: Icp, cpu: Sender, target: Target
) -> None:
    """{raw_mfrr(target)}"""
    when(on_xics())
    when(senders.at[cpu] == Step.MSGSND)
    when(senders.target[cpu] == target)
    senders.takes(cpu, Route.REAL_MODE)
    request(receivers, memory, icp, target)
    sends(target, "IPI")
    senders.interrupted(cpu)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rm_xics.c:kvmppc_xics_ipi_action")
def run_host_action(receivers: Receivers, actions: HostActions, cpu: Target) -> None:
    """kvmppc_xics_ipi_action()  // for a vcpu that is {actions.vcpu}"""
    when(kernel.REAL_MODE)
    when(receivers.host_action[cpu])
    when(kernel.HOST_ACTION_FIRST or receivers.at[cpu] == Mode.REREAD)
    receivers.host_action[cpu].next = False
    actions.rm_data[cpu].next = False


@action(actor="cpu", source="arch/powerpc/kvm/powerpc.c:kvm_arch_destroy_vm")
def destroy_vm(senders: Senders, calls: Calls, actions: HostActions, cpu: Sender, target: Target) -> None:
    """kick_all_cpus_sync(): csd_lock(csd)  // its vcpus have left: nobody is in real mode any more"""
    when(kernel.REAL_MODE and len(Target) == 1)
    when(actions.vcpu == Vcpu.ALIVE)
    when(every(~senders.acts_in_real_mode(other) for other in Sender))
    senders.begin(cpu, target, Call.CALL_FUNCTION)
    when(calls.csd[cpu][target] == Csd.FREE)
    calls.csd[cpu][target].next = Csd.LOCKED
    actions.vcpu.next = Vcpu.DYING
    actions.destroyer.next = cpu
    senders.at[cpu].next = Step.LLIST_ADD


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/powerpc.c:kvm_arch_destroy_vm")
def free_vcpu(senders: Senders, actions: HostActions, cpu: Sender) -> None:
    """kvm_arch_vcpu_free(vcpu)"""
    when(kernel.REAL_MODE)
    when(actions.destroyer == cpu)
    when(senders.at[cpu] == Step.IDLE)
    actions.vcpu.next = Vcpu.FREED
    actions.destroyer.next = None


@invariant
def no_action_on_a_freed_vcpu(actions: HostActions) -> Value[bool]:
    """No host action is left to do for a vcpu that is gone."""
    return ~((actions.vcpu == Vcpu.FREED) & some(actions.rm_data[target] for target in Target))
