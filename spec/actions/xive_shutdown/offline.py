"""A CPU goes off-line: its interrupts move to another CPU, what is left in its ring is triggered again
(`xive_smp_disable_cpu`).

The kernel does all that while it has stopped the other CPUs. Here they may run between two entries, which is
more behaviour. The flush looks at the ring only where `pending_prio` says that something was acknowledged: at
REPLAY, in this model.
"""

import enum

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors, Use
from ..xive.presentation import Cppr, Presenter, Step

OFFLINE = constant("offline", False)

FLUSH_ALL = constant("flush_all", False)
"""Whether the flush finds every entry, acknowledged or not."""


class Phase(enum.Enum):
    """Where a CPU is on its way off-line."""

    ONLINE = 0
    FLUSH = 1
    RETRIGGER = 2
    OFFLINE = 3


class Online(State):
    """Which CPUs are on-line."""

    phase: Map[Cpu, Phase] = initially(Phase.ONLINE, quiet=True)


@action(actor="cpu", source="arch/powerpc/sysdev/xive/common.c:xive_smp_disable_cpu")
def disable_cpu(
    online: Online, presenter: Presenter, descriptors: Descriptors, eas: Eas, cpu: Cpu, other: Cpu
) -> None:
    """irq_migrate_all_off_this_cpu(); CPPR = 0  // to {other}"""
    when(OFFLINE and cpu != other)
    replays = presenter.at[cpu] == Step.REPLAY
    when(every(online.phase[c] == Phase.ONLINE for c in Cpu) & (presenter.rests(cpu) | replays))
    when(every(~descriptors.locked[source] for source in Source))
    for source in Source:
        started = descriptors.use[source] == Use.REQUESTED
        eas.server[source].next = ite(started & (eas.server[source] == cpu), other, eas.server[source])
    presenter.cppr[cpu].next = Cppr.NONE
    presenter.at[cpu].next = Step.IDLE
    online.phase[cpu].next = ite(replays | FLUSH_ALL, Phase.FLUSH, Phase.OFFLINE)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_flush_cpu_queue")
def flush(
    online: Online,
    presenter: Presenter,
    descriptors: Descriptors,
    chip: XiveIrq,
    queue: EventQueue,
    cpu: Cpu,
    source: Source,
) -> None:
    """xive_scan_interrupts() == {source}; saved_p = false"""
    when(OFFLINE)
    when((online.phase[cpu] == Phase.FLUSH) & ~queue.ring[cpu].empty & (queue.ring[cpu].head == source))
    when(~descriptors.locked[source])
    queue.ring[cpu].next = queue.ring[cpu].pop()
    presenter.irq[cpu].next = source
    descriptors.locked[source].next = True
    chip.saved_p[source].next = False
    online.phase[cpu].next = Phase.RETRIGGER


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_retrigger")
def flush_retrigger(
    online: Online,
    presenter: Presenter,
    descriptors: Descriptors,
    chip: XiveIrq,
    esb: Esb,
    queue: EventQueue,
    eas: Eas,
    cpu: Cpu,
    source: Source,
) -> None:
    """xive_irq_retrigger({source})  // SET_PQ_11, then xive_do_source_eoi"""
    when(OFFLINE)
    when((online.phase[cpu] == Phase.RETRIGGER) & (presenter.irq[cpu] == source))
    queue.send(eas, source, chip.retrigger(esb, source))
    presenter.irq[cpu].next = None
    descriptors.locked[source].next = False
    online.phase[cpu].next = Phase.FLUSH


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_smp_disable_cpu")
def offline(online: Online, queue: EventQueue, cpu: Cpu) -> None:
    """{cpu} is off-line"""
    when(OFFLINE)
    when((online.phase[cpu] == Phase.FLUSH) & queue.ring[cpu].empty)
    online.phase[cpu].next = Phase.OFFLINE
