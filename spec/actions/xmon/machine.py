"""The machine under the debugger: platform, CPUs, interrupts, and how it runs when it is not held."""

import enum

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from . import kernel

EVENTS = constant("events", 2)
"""How often devices trigger, all together."""


class Platform(enum.Enum):
    """Bare metal with OPAL, which has HV mode, or a guest of KVM that has a hypervisor and no OPAL."""

    POWERNV = "powernv"
    PSERIES = "pseries"


class Xc(enum.Enum):
    """The per-CPU `xive_cpu`: NULL (possible, never prepared), set, or set with the IPI freed."""

    NULL, SET, FREED = range(3)


class Kind(enum.Enum):
    """What Linux knows of a hardware number: no descriptor, one of XIVE, one of another irq_chip. Firmware
    knows the numbers of XIVE, and COLLIDING is a number of another chip that firmware knows too."""

    NONE, XIVE, OTHER, COLLIDING = range(4)


class Machine(State):
    """The first four never change. `mapped`: the host has mapped the ESB page; on bare metal always.

    `serves` is the interrupt between its pop and its EOI.
    """

    platform: Var[Platform] = initially(any_of(Platform))
    xc: Map[Cpu, Xc] = initially(any_of(Xc))
    kind: Map[Source, Kind] = initially(any_of(Kind))
    faulty: Map[Source, bool] = initially(any_of(bool))
    mapped: Map[Source, bool] = initially(any_of(bool))
    serves: Map[Cpu, Source | None] = initially(None)
    events: Var[Annotated[int, Range(0, EVENTS)]] = initially(0, quiet=True)
    held: Var[bool] = initially(False, quiet=True)

    def known(self, source: Source) -> Value[bool]:
        """Whether firmware knows the number."""
        return (self.kind[source] == Kind.XIVE) | (self.kind[source] == Kind.COLLIDING)


@initial
def as_the_constants_say(machine: Machine) -> Value[bool]:
    """The boot CPU has been prepared. Only XIVE's pages can be faulty, and nothing has touched them."""
    boot = domain(Cpu)[0]
    cpus = every((machine.xc[cpu] != Xc.FREED) | kernel.TEARDOWN for cpu in Cpu)
    cpus &= machine.xc[boot] == Xc.SET
    kinds = every((machine.kind[s] != Kind.COLLIDING) | kernel.COLLIDING for s in Source)
    faults = every(~machine.faulty[s] | ((machine.kind[s] == Kind.XIVE) & kernel.ESB_FAULTS) for s in Source)
    mapped = every(machine.mapped[s] == (machine.platform == Platform.POWERNV) for s in Source)
    return cpus & kinds & faults & mapped


@action(actor="device")
def trigger(machine: Machine, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> None:
    """triggers {source}"""
    when(machine.kind[source] == Kind.XIVE)
    when(machine.events < EVENTS)
    machine.events.next = machine.events + 1
    queue.send(eas, source, esb.trigger(source))
    sends("XIVE", "trigger")


# Fair: interrupts are served as soon as the debugger lets go.


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts")
def pop(machine: Machine, queue: EventQueue, cpu: Cpu, source: Source) -> None:
    """xive_read_eq() == {source}"""
    when(~machine.held)
    when(machine.serves[cpu].is_none)
    when(~queue.ring[cpu].empty)
    when(queue.ring[cpu].head == source)
    queue.ring[cpu].next = queue.ring[cpu].pop()
    queue.raised[cpu].next = queue.ring[cpu].length > 1
    machine.serves[cpu].next = source


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def eoi(machine: Machine, esb: Esb, queue: EventQueue, eas: Eas, cpu: Cpu, source: Source) -> None:
    """xive_irq_eoi({source})"""
    when(~machine.held)
    when(machine.serves[cpu] == source)
    queue.send(eas, source, esb.end(source))
    machine.mapped[source].next = True
    machine.serves[cpu].next = None
