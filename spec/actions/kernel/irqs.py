"""Interrupts and the CPUs that take them: the domains of the other modules."""

from explorer import *

SOURCES = constant("sources", 1)


class Source(Scalarset):
    """An interrupt source. Its Linux interrupt number is the same thing here: the mapping never changes."""

    size = SOURCES
    names = ("irq16", "irq17", "irq18", "irq19")


class Cpu(Scalarset):
    """A CPU that interrupts are routed to."""

    size = constant("cpus", 1)
    names = ("T", "U")
