"""A CPU goes off-line (`xive_smp_disable_cpu`): its interrupts move to another CPU, its CPPR closes and opens
again.

In between it flushes its ring, which finds nothing: `pending_prio` is 0 wherever a thread runs, and that of
stop_machine is one. With the CPPR open and interrupts restored the CPU takes what is left in its ring. The
kernel has stopped the other CPUs; here they may run, which is more behaviour.
"""

import enum

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors, Use
from ..xive.presentation import Cppr, Presenter

OFFLINE = constant("offline", False)

FLUSH_ALL = constant("flush_all", False)
"""Whether the flush finds every entry, acknowledged or not. No kernel does that."""


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
    when(every(online.phase[c] == Phase.ONLINE for c in Cpu) & presenter.rests(cpu))
    when(every(~descriptors.locked[source] for source in Source))
    for source in Source:
        started = descriptors.use[source] == Use.REQUESTED
        eas.server[source].next = ite(started & (eas.server[source] == cpu), other, eas.server[source])
    presenter.cppr[cpu].next = Cppr.NONE
    online.phase[cpu].next = Phase.FLUSH


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
    when(OFFLINE and FLUSH_ALL)
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
    when(OFFLINE and FLUSH_ALL)
    when((online.phase[cpu] == Phase.RETRIGGER) & (presenter.irq[cpu] == source))
    queue.send(eas, source, chip.retrigger(esb, source))
    presenter.irq[cpu].next = None
    descriptors.locked[source].next = False
    online.phase[cpu].next = Phase.FLUSH


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_smp_disable_cpu")
def offline(online: Online, presenter: Presenter, queue: EventQueue, cpu: Cpu) -> None:
    """CPPR = 0xff  // interrupts are restored: what is pending is taken"""
    when(OFFLINE)
    when((online.phase[cpu] == Phase.FLUSH) & (queue.ring[cpu].empty | (not FLUSH_ALL)))
    presenter.cppr[cpu].next = Cppr.ALL
    online.phase[cpu].next = Phase.OFFLINE
