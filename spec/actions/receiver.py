"""The receiving side: the host's doorbell handler, and the two places that ask `host_ipi` first, guest and nap.

The handler drains whatever messages there are. A doorbell that interrupts a guest is the host's only where the flag is set.
"""

from __future__ import annotations

import enum

from explorer import WEAK, Map, State, Value, action, constant, domain, initially, ite, some, when

from . import kernel
from .calls import Calls, Csd
from .cpus import Sender, Target
from .doorbell import Doorbells
from .kernel import Barrier, Exchange
from .layout import Call, Message, Plain, host_ipi, message
from .memory import Memory
from .sender import Senders, aside

GUEST = constant("guest", True)
"""Whether the target runs guests."""

NAPPING = constant("napping", False)
"""Whether its guest CPU naps."""

SOFT_MASKED = constant("soft_masked", False)
"""Whether it runs host code with interrupts soft-disabled."""


class Mode(enum.Enum):
    """Where the target is: in host, guest or nap, or what its handler does next."""

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
    CALLS = 12
    RUN = 13
    REREAD = 14
    RETURN = 15


HANDLER = (Mode.HOST_TEST, Mode.BARRIER_BEFORE, Mode.CLEAR, Mode.BARRIER, Mode.DEMUX, Mode.CALLS, Mode.RUN, Mode.REREAD, Mode.RETURN)
"""The handler after may_hard_irq_enable: a further doorbell can be latched here."""


class Receivers(State):
    """`latched` is PACA_IRQ_DBELL in irq_happened: a doorbell to replay when interrupts are enabled."""

    at: Map[Target, Mode] = initially(Mode.HOST)
    latched: Map[Target, bool] = initially(False)

    def rests(self, target: Target) -> Value[bool]:
        """Whether the target handles no doorbell and has none to replay."""
        at = self.at[target]
        return ((at == Mode.HOST) | (at == Mode.GUEST) | (at == Mode.NAP) | (at == Mode.SOFT_MASKED)) & ~self.latched[target]

    def turn(self, target: Target, mode: Mode) -> None:
        """The target is here in the handler, and goes on to the next step."""
        when(self.at[target] == mode)
        self.at[target].next = following(mode)


def program() -> list[Mode]:
    """The steps of doorbell_exception in this kernel, in program order."""
    clear = [Mode.BARRIER_BEFORE] * (kernel.CLEAR_BARRIER_BEFORE != Barrier.NONE) + [Mode.CLEAR]
    clear += [Mode.BARRIER] * (kernel.CLEAR_BARRIER != Barrier.NONE)
    demux = [Mode.DEMUX]
    return ([Mode.MSGSYNC] * kernel.MSGSYNC + [Mode.HOST_TEST] * kernel.HOST_TESTS_FLAG
            + (demux + clear if kernel.DRAIN_FIRST else clear + demux) + [Mode.RETURN])


def following(mode: Mode) -> Mode:
    steps = program()
    return steps[steps.index(mode) + 1]
