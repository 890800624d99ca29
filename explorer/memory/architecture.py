"""The memory models as switches of one storage, and the barriers that they know."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Barrier(enum.Enum):
    """What orders the accesses of one CPU. The names are POWER's; the other architectures use those that they
    have.
    """

    SYNC = "sync"
    """Power ISA `sync`, Arm `DMB SY`, x86 `MFENCE`: everything that has reached this CPU reaches all CPUs,
    now.
    """
    LWSYNC = "lwsync"
    """Power ISA `lwsync`: orders all but a store before a load. Cumulative."""
    EIEIO = "eieio"
    """Power ISA `eieio`, Arm `DMB ST`: orders a store before a store."""
    DMB_LD = "dmb.ld"
    """Arm `DMB LD`: orders a load before a load and a store."""
    ISYNC = "isync"
    """Power ISA `isync`, Arm `ISB`, after a branch: orders the loads that the branch depends on before later
    loads.
    """
    CONTEXT = "context"
    """A context-synchronising interrupt: no later load is satisfied early."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A memory model: the switches of the storage."""

    name: str
    early_loads: bool = False
    """A load may be satisfied before an earlier load of its CPU."""
    ordered_stores: bool = False
    """Each store waits for all earlier stores of its CPU (TSO)."""
    multi_copy_atomic: bool = True
    """A store that one other CPU has read has reached all CPUs."""
    immediate: bool = False
    """A store reaches all CPUs at once (sequential consistency)."""

    @property
    def fences_stores(self) -> bool:
        """Whether what a store needs depends on the barriers before it."""
        return not self.ordered_stores and not self.immediate


SC = Architecture("sc", immediate=True)
"""Sequential consistency (Lamport 1979)."""
TSO = Architecture("tso", ordered_stores=True)
"""x86-TSO (Owens, Sarkar, Sewell 2009)."""
PSO = Architecture("pso")
"""SPARC V8 PSO: a store buffer for each location."""
ARM = Architecture("arm", early_loads=True)
"""Armv8: multi-copy atomic, loads and stores out of order."""
POWER = Architecture("power", early_loads=True, multi_copy_atomic=False)
"""Power ISA, as `ppc.cat` has it (Alglave, Maranget, Tautschnig 2014)."""

ARCHITECTURES = {each.name: each for each in (SC, TSO, PSO, ARM, POWER)}
