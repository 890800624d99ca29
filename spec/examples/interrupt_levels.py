"""A counter that the mainline, an interrupt and an NMI of one CPU increment: each load and store is a step.

Without protection an increment is lost. With interrupts off around the mainline's, only the NMI gets in.
"""

import enum

from explorer import *


class Protection(enum.Enum):
    """What the mainline does around its increment."""

    NONE = "none"
    IRQ_OFF = "local_irq_disable"


PROTECTION = constant("protection", Protection.NONE)
WITH_NMI = constant("with_nmi", True)

Count = Annotated[int, Range(0, 3)]


class Cpu(Scalarset):
    size = constant("CPUS", 1)


class PerCpu(State):
    """A counter of each CPU, whether it takes interrupts, and which handlers have run."""

    count: Map[Cpu, Count] = initially(0)
    enabled: Map[Cpu, bool] = initially(True)
    irq: Map[Cpu, bool] = initially(True)
    nmi: Map[Cpu, bool] = initially(WITH_NMI)


def increment(percpu: PerCpu, cpu: Cpu) -> Steps:
    """A load and a store: what is done between them is lost."""
    yield "loads the counter"
    old = yield keep(percpu.count[cpu])
    yield "stores {old} + 1"
    percpu.count[cpu].next = old + 1


@process(actor="cpu")
def mainline(percpu: PerCpu, cpu: Cpu) -> Steps:
    """Increments once, as its configuration protects it."""
    if PROTECTION == Protection.IRQ_OFF:
        yield "local_irq_disable()"
        percpu.enabled[cpu].next = False
    yield from increment(percpu, cpu)
    if PROTECTION == Protection.IRQ_OFF:
        yield "local_irq_enable()"
        percpu.enabled[cpu].next = True


@process(actor="cpu", level=IRQ)
def interrupt(percpu: PerCpu, cpu: Cpu) -> Steps:
    """Comes once, where interrupts are enabled."""
    yield "takes the interrupt"
    when(percpu.enabled[cpu] & percpu.irq[cpu])
    percpu.irq[cpu].next = False
    yield from increment(percpu, cpu)


@process(actor="cpu", level=NMI)
def nmi(percpu: PerCpu, cpu: Cpu) -> Steps:
    """Comes once, at any moment."""
    yield "takes the NMI"
    when(percpu.nmi[cpu])
    percpu.nmi[cpu].next = False
    yield from increment(percpu, cpu)


@invariant
def nothing_is_lost(percpu: PerCpu, cpu: Cpu) -> Value[bool]:
    """Where all three have returned, each increment has counted."""
    over = every([at(mainline, None, cpu), at(interrupt, None, cpu), at(nmi, None, cpu) | (not WITH_NMI)])
    return implies(over, percpu.count[cpu] == (3 if WITH_NMI else 2))


spec = Spec(expect=violates("nothing_is_lost"))
