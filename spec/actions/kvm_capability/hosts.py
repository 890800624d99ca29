"""The two hosts: what their firmware can do, what their kernels say, and what userspace makes of it."""

import enum

from explorer import *

from ..opal.firmware import Token
from . import kernel
from .kernel import Kernel, Lacks


class Host(enum.Enum):
    """A is where the guest is started, B where it is migrated to; it may come back."""

    A, B = range(2)


class Policy(enum.Enum):
    """QEMU's kernel-irqchip: `on` must have the device, `allowed` falls back and warns, `off` asks not."""

    ON = "on"
    ALLOWED = "allowed"
    OFF = "off"


class IcMode(enum.Enum):
    """QEMU's ic-mode: XIVE from the start, or XICS until client-architecture-support negotiates."""

    XIVE = "xive"
    DUAL = "dual"


class Mode(enum.Enum):
    """The guest's interrupt controller. XIVE_KVM: the native device; REFUSED: QEMU exits at start-up."""

    NONE, XICS, XIVE_KVM, XIVE_EMULATED, REFUSED = range(5)


LACKING = {Token.GET_QUEUE_STATE: Lacks.GET, Token.SET_QUEUE_STATE: Lacks.SET, Token.GET_VP_STATE: Lacks.VP}


class Hosts(State):
    """`lacks`, `policy`, `ic_mode`, `asks` are free choices. `asks`: userspace queries the capability first.

    `told`: the query answered 1 on this host. `broken`: an operation failed there although it had.
    """

    lacks: Map[Host, Lacks] = initially(any_of(Lacks))
    policy: Var[Policy] = initially(any_of(Policy))
    ic_mode: Var[IcMode] = initially(any_of(IcMode))
    asks: Var[bool] = initially(any_of(bool))
    mode: Map[Host, Mode] = initially(Mode.NONE)
    told: Map[Host, bool] = initially(False)
    broken: Map[Host, bool] = initially(False)

    def has(self, host: Host, token: Token) -> Value[bool]:
        """opal_check_token: whether the branch table has the call. A nested hypervisor has no OPAL."""
        return ~is_in(self.lacks[host], {LACKING[token], Lacks.BOTH, Lacks.HV})

    def complete(self, host: Host) -> Value[bool]:
        """Whether firmware has every call that the device's operations need."""
        return every(self.has(host, token) for token in Token)

    def capability(self, host: Host) -> Value[bool]:
        """KVM_CHECK_EXTENSION(KVM_CAP_PPC_IRQ_XIVE): HV mode, and what the kernel looks for."""
        return self._looks(host, Kernel.CAPABILITY)

    def registered(self, host: Host) -> Value[bool]:
        """Whether KVM_DEV_TYPE_XIVE can be created."""
        return self._looks(host, Kernel.DEVICE)

    def _looks(self, host: Host, purpose: Kernel) -> Value[bool]:
        found = every(self.has(host, token) for token in looked_for(host, purpose))
        return (self.lacks[host] != Lacks.HV) & found

    def outcome(self, host: Host) -> Value[Mode]:
        """What kvmppc_xive_connect comes to: the device, emulation with a warning, or refusal."""
        without = ite(self.policy == Policy.ON, Mode.REFUSED, Mode.XIVE_EMULATED)
        return ite(self._wants(host) & self.registered(host), Mode.XIVE_KVM, without)

    def _wants(self, host: Host) -> Value[bool]:
        """Whether userspace tries to create the device."""
        return (self.policy != Policy.OFF) & (self.capability(host) | ~self.asks)

    def connect(self, host: Host) -> None:
        """Ask and create. (One step: nothing comes between.)"""
        told = (self.policy != Policy.OFF) & self.asks & self.capability(host)
        self.told[host].next = told
        self.broken[host].next = self.broken[host] | (told & ~self.registered(host))

    def fail(self, host: Host) -> None:
        """An operation of the device failed."""
        self.broken[host].next = self.broken[host] | self.told[host]


def kernel_of(host: Host) -> Kernel:
    return kernel.KERNEL_A if host == Host.A else kernel.KERNEL_B


def looked_for(host: Host, purpose: Kernel) -> list[Token]:
    """What the kernel looks for before it reports the capability or registers the device (the purpose)."""
    get, put = Token.GET_QUEUE_STATE, Token.SET_QUEUE_STATE
    calls = {Kernel.BOTH: [get, put], purpose: [get, put], Kernel.GET: [get], Kernel.SET: [put]}
    return calls.get(kernel_of(host), [])


@initial
def as_the_constants_say(hosts: Hosts) -> Value[bool]:
    """A host lacks what its constant says; GET_VP_STATE alone only if told: firmware got all in one commit.

    A choice that makes no difference is not made: with kernel-irqchip=off nobody asks, and firmware does not
    matter; a VMM that does not ask is not QEMU, so it has neither policy nor ic-mode.
    """
    free = set(Lacks) - {Lacks.ANY, Lacks.VP}
    lacking = [
        is_in(hosts.lacks[host], free if wanted == Lacks.ANY else {wanted})
        for host, wanted in ((Host.A, kernel.A_LACKS), (Host.B, kernel.B_LACKS))
    ]
    asks = hosts.asks | ((hosts.policy == Policy.ALLOWED) & (hosts.ic_mode == IcMode.XIVE))
    off = (hosts.ic_mode == IcMode.XIVE) & every(hosts.lacks[host] == Lacks.NOTHING for host in Host)
    return every(lacking) & asks & ((hosts.policy != Policy.OFF) | off)
