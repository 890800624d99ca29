"""The memory models that a spec may be checked under, and the constants that choose one and bound it."""

from __future__ import annotations

import enum

from explorer.language.constants import constant


class MemoryModel(enum.Enum):
    """SC: Lamport 1979. TSO: x86 (Owens, Sarkar, Sewell 2009). PSO: SPARC V8. ARM: Armv8, multi-copy atomic.
    POWER: Power ISA 3.0, as `ppc.cat` has it (Alglave, Maranget, Tautschnig 2014).
    """

    SC = "sc"
    TSO = "tso"
    PSO = "pso"
    ARM = "arm"
    POWER = "power"


class Beyond(enum.Enum):
    """What happens where more stores of a location are live than `memory_bound`: an evaluation error, or the
    oldest reaches everybody, which leaves behaviour out.
    """

    ERROR = "error"
    SETTLE = "settle"


MODEL = constant("memory", MemoryModel.POWER)
BOUND = constant("memory_bound", 5)
"""The most stores of one location that somebody may still miss, and the one before them."""
BEYOND = constant("beyond_bound", Beyond.ERROR)
