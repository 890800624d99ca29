"""A CPU goes off-line (`xive_smp_disable_cpu`): its interrupts move, its CPPR closes and opens again.

In between it flushes its ring, which finds nothing: `pending_prio` is 0 wherever a thread runs, and that of
stop_machine is one. With the CPPR open and interrupts restored the CPU takes what is left in its ring. The
kernel has stopped the other CPUs; here they may run, which is more behaviour.
"""

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors, Use
from ..xive.presentation import Cppr, Presenter

OFFLINE = constant("offline", False)

FLUSH_ALL = constant("flush_all", False)
"""Whether the flush finds every entry, acknowledged or not. No kernel does that."""


COMMON = "arch/powerpc/sysdev/xive/common.c"


@process(actor="cpu", fair=WEAK, atomic=True, source=f"{COMMON}:xive_smp_disable_cpu")
def disable_cpu(
    presenter: Presenter,
    descriptors: Descriptors,
    chip: XiveIrq,
    esb: Esb,
    queue: EventQueue,
    eas: Eas,
    cpu: Cpu,
) -> Steps:
    yield step("irq_migrate_all_off_this_cpu(); CPPR = 0  // to {other}", name="online", fair=UNFAIR)
    other = yield choose(Cpu)
    when(OFFLINE and cpu != other)
    when(every(at(disable_cpu, "online", c) for c in Cpu) & presenter.rests(cpu))
    when(every(~descriptors.locked[source] for source in Source))
    for source in Source:
        with where((descriptors.use[source] == Use.REQUESTED) & (eas.server[source] == cpu)):
            eas.server[source].next = other
    presenter.cppr[cpu].next = Cppr.NONE
    while True:
        yield step("CPPR = 0xff  // interrupts are restored: what is pending is taken", name="offline")
        if not FLUSH_ALL or (yield branch(queue.ring[cpu].empty)):
            break
        source = yield choose(Source)
        flushes = "xive_scan_interrupts() == {source}; saved_p = false"
        outcome(flushes, name="flush", source=f"{COMMON}:xive_flush_cpu_queue")
        when((queue.ring[cpu].head == source) & ~descriptors.locked[source])
        queue.ring[cpu].next = queue.ring[cpu].pop()
        presenter.irq[cpu].next = source
        descriptors.locked[source].next = True
        chip.saved_p[source].next = False
        retriggers = "xive_irq_retrigger({source})  // SET_PQ_11, then xive_do_source_eoi"
        yield step(retriggers, name="retrigger", source=f"{COMMON}:xive_irq_retrigger")
        queue.send(eas, source, chip.retrigger(esb, source))
        presenter.irq[cpu].next = None
        descriptors.locked[source].next = False
    presenter.cppr[cpu].next = Cppr.ALL
