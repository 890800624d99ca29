"""What must hold of a debugger: it survives what it looks at, and does not change it."""

from explorer import *

from ..xive.esb import Esb, Source, p_bit
from ..xive.event_queue import Cpu, EventQueue
from . import kernel
from .commands import Xmon, debugger
from .machine import Kind, Machine, Platform, Xc

PLACES = ("running", "prompt", "opal_dump", "do_dump", "load_ipi", "config", "load_pq", "exception")


def moves() -> Value[bool]:
    """Whether the debugger goes on to another place."""
    return some(at(debugger, place) & ~after(at(debugger, place)) for place in PLACES)


@invariant
def no_crash() -> Value[bool]:
    """No command crashes the machine."""
    return ~at(debugger, None)


@invariant
def no_exception() -> Value[bool]:
    """No command is given up because of an exception that it does not catch itself."""
    return ~at(debugger, "exception")


@step_invariant
def observer(machine: Machine, xmon: Xmon, esb: Esb, queue: EventQueue) -> Value[bool]:
    """A step of the debugger changes no PQ bits, queue or CPU; nor, if strict, what the host has mapped."""
    acts = moves() | some(xmon.irqs[s].next != xmon.irqs[s] for s in Source) | (xmon.cpus.next != xmon.cpus)
    seen = [*(esb.pq[s] for s in Source), *(machine.mapped[s] for s in Source if kernel.STRICT)]
    for cpu in Cpu:
        seen += [queue.ring[cpu], queue.raised[cpu], machine.serves[cpu]]
    return ~acts | every(place.next == place for place in seen)


@step_invariant
def held_cpus_rest(machine: Machine) -> Value[bool]:
    """While the debugger holds the CPUs, none of them takes or ends an interrupt."""
    return ~machine.held | every(machine.serves[cpu].next == machine.serves[cpu] for cpu in Cpu)


@invariant
def p_is_outstanding(machine: Machine, esb: Esb, queue: EventQueue, source: Source) -> Value[bool]:
    """P is 1 exactly while the interrupt has one entry in a queue, or one CPU serves it."""
    outstanding = queue.entries(source) + count(machine.serves[cpu] == source for cpu in Cpu)
    return ite(p_bit(esb.pq[source]), 1, 0) == outstanding


@step_invariant
def touched_pages_are_mapped(machine: Machine, xmon: Xmon) -> Value[bool]:
    """Behind an ESB load, a CPU's EOI or the debugger's, the host has mapped the page."""
    ended = [(s, machine.serves[c], machine.mapped[s].next) for c in Cpu for s in Source]
    eoi = every(~((serves == s) & serves.next.is_none) | mapped for s, serves, mapped in ended)
    fails = after(at(debugger, "exception")) | some(machine.faulty[s] & (xmon.irq == s) for s in Source)
    xive = [(xmon.irq == s) & xmon.irq.next.is_none & (machine.kind[s] == Kind.XIVE) for s in Source]
    shown = every(~done | fails | machine.mapped[s].next for s, done in zip(Source, xive))
    return eoi & shown


@invariant
def entries_are_announced(queue: EventQueue, cpu: Cpu) -> Value[bool]:
    """A CPU has an exception exactly while there is an entry in its queue."""
    return queue.raised[cpu] == ~queue.ring[cpu].empty


@invariant
def handler_data_is_xive(xmon: Xmon) -> Value[bool]:
    """What is read as a xive_irq_data is one."""
    return ~xmon.misread


@invariant
def shows_what_is(xmon: Xmon) -> Value[bool]:
    """No state of an IPI that is freed is shown."""
    return ~xmon.stale


@step_invariant
def shows_what_there_is(machine: Machine, xmon: Xmon) -> Value[bool]:
    """What is there is read, and nothing else: every CPU's state, P and Q of every interrupt of XIVE."""
    leaves = moves() | (xmon.cpu.next != xmon.cpu)
    dumped, loads = at(debugger, "do_dump") & leaves, after(at(debugger, "load_ipi"))
    cpus = every(~(dumped & (xmon.cpu == cpu)) | (loads == (machine.xc[cpu] != Xc.NULL)) for cpu in Cpu)
    walks = at(debugger, "config") & ~xmon.by_number & (machine.platform == Platform.PSERIES)
    passed = [walks & xmon.irqs[s] & ~xmon.irqs[s].next & (machine.kind[s] == Kind.XIVE) for s in Source]
    ends = after(at(debugger, "exception")) | after(at(debugger, None))
    irqs = every(~one | (xmon.irq.next == s) | ends for s, one in zip(Source, passed))
    return cpus & irqs


@invariant
def nothing_is_left_out(machine: Machine, xmon: Xmon) -> Value[bool]:
    """One thing is shown at a time, with all CPUs held, and at the prompt nothing is left to show.

    What has no descriptor is asked for by its number only.
    """
    idle = at(debugger, "prompt") | at(debugger, "running")
    left = some(xmon.irqs[s] for s in Source) | ~xmon.cpus.empty | xmon.by_number
    dumps = at(debugger, "do_dump") | at(debugger, "load_ipi")
    one = (~xmon.cpu.is_none == dumps) & (~xmon.irq.is_none == at(debugger, "load_pq"))
    numbers = every(~(xmon.irqs[s] & (machine.kind[s] == Kind.NONE)) | xmon.by_number for s in Source)
    return ~(idle & left) & one & numbers & (machine.held == ~at(debugger, "running"))


@invariant
def guard_covers_the_dump(xmon: Xmon) -> Value[bool]:
    """catch_memory_errors is on exactly while a CPU's state is read, and in `dxi` if that is guarded."""
    dumps = at(debugger, "do_dump") | at(debugger, "load_ipi")
    return xmon.guard == (dumps | (at(debugger, "load_pq") & kernel.DXI_GUARDED))


@temporal
def commands_return() -> Formula:
    """Every command returns to the prompt."""
    return leads_to(~at(debugger, "running") & ~at(debugger, "prompt"), at(debugger, "prompt"))
