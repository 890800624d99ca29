"""What the Linux kernel's barriers and atomics are on each architecture (include/asm-generic/barrier.h,
Documentation/ memory-barriers.txt, and arch/powerpc, arch/arm64, arch/x86 and arch/sparc: asm/barrier.h and
asm/atomic.h).

On powerpc `smp_wmb`, `smp_rmb`, release and acquire are lwsync, as on the 64-bit server processors; on arm64
release and acquire are STLR and LDAR, and atomics are LDXR/STLXR loops with a DMB behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .architecture import Barrier

NONE: tuple[Barrier, ...] = ()
SYNC, LWSYNC = (Barrier.SYNC,), (Barrier.LWSYNC,)


@dataclass(frozen=True, slots=True)
class KernelMapping:
    """The barriers that each macro becomes."""

    smp_mb: tuple[Barrier, ...] = SYNC
    smp_wmb: tuple[Barrier, ...] = NONE
    smp_rmb: tuple[Barrier, ...] = NONE
    before_release: tuple[Barrier, ...] = NONE
    """Before the store of smp_store_release and of an atomic with _release."""
    after_acquire: tuple[Barrier, ...] = NONE
    """After the load of smp_load_acquire and an atomic with _acquire."""
    marked: bool = False
    """Release and acquire are instructions of their own (STLR, LDAR)."""
    before_full: tuple[Barrier, ...] = SYNC
    """Before an atomic that is fully ordered."""
    after_full: tuple[Barrier, ...] = SYNC
    """After a fully ordered atomic that has stored."""
    before_atomic: tuple[Barrier, ...] = SYNC
    """smp_mb__before_atomic and smp_mb__after_atomic."""
    locked: bool = False
    """Every atomic is a full barrier, also where the kernel asks for less, and where a cmpxchg fails."""


KERNEL = {
    "sc": KernelMapping(smp_mb=NONE, before_full=NONE, after_full=NONE, before_atomic=NONE, locked=True),
    "tso": KernelMapping(before_atomic=NONE, locked=True),
    "pso": KernelMapping(smp_wmb=LWSYNC, before_release=LWSYNC),
    "arm": KernelMapping(
        smp_wmb=(Barrier.EIEIO,), smp_rmb=(Barrier.DMB_LD,), marked=True, before_full=NONE, after_full=SYNC
    ),
    "power": KernelMapping(smp_wmb=LWSYNC, smp_rmb=LWSYNC, before_release=LWSYNC, after_acquire=LWSYNC),
}
"""For each memory model the mapping of an architecture that has it. On arm a fully ordered atomic stores with
release.
"""
