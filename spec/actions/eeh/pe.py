"""The PE tree: a bus PE and one below it, each with one device, as the hardware and as the kernel sees them.

Knows nothing of events. The PHB's PE above them is never freed and has no variables.
"""

import enum
from collections.abc import Sequence

from explorer import *

from . import kernel

CHILD_PE = constant("child_pe", True)
"""Whether there is a PE below the bus PE."""


class Pe(enum.Enum):
    """A `struct eeh_pe`."""

    BUS, CHILD = range(2)


class Pes(State):
    """What the hardware does: `frozen`, `present`. What the kernel knows: `linked` (allocated and in the
    tree), `edev` (the device is in pe->edevs), the bits of pe->state and pe->type, and whether the driver was
    told that its channel is frozen.

    `primary_bus` is EEH_PE_PRI_BUS: the bus can be found without a device. powernv sets it, pseries does not.
    """

    frozen: Map[Pe, bool] = initially(False)
    present: Map[Pe, bool] = initially(lambda pe: pe == Pe.BUS or CHILD_PE)
    linked: Map[Pe, bool] = initially(lambda pe: pe == Pe.BUS or CHILD_PE)
    edev: Map[Pe, bool] = initially(lambda pe: pe == Pe.BUS or CHILD_PE)
    isolated: Map[Pe, bool] = initially(False)
    recovering: Map[Pe, bool] = initially(False)
    keep: Map[Pe, bool] = initially(False)
    invalid: Map[Pe, bool] = initially(False)
    told: Map[Pe, bool] = initially(False)
    primary_bus: Var[bool] = initially(any_of(bool))

    def free(self, pe: Pe, now: Value[bool]) -> None:
        """kfree(pe), where it happens `now`; of a freed PE nothing is known any more."""
        self.linked[pe].next = self.linked[pe] & ~now

    def remove_devices(self, pes: Sequence[Pe], keep: bool) -> None:
        """eeh_rmv_from_parent_pe for these PEs' devices, the child's first; sets EEH_PE_KEEP if `keep`."""
        c, p = Pe.CHILD, Pe.BUS
        respected = {pe: self.recovering[pe] & kernel.REMOVAL_RESPECTS_RECOVERING for pe in Pe}
        kept = {pe: self.keep[pe] | (keep and pe in pes) | respected[pe] for pe in Pe}
        from_c, from_p = self.edev[c] & (c in pes), self.edev[p] & (p in pes)
        frees_c = from_c & ~kept[c]
        invalid_c = self.invalid[c] | (from_c & kept[c])
        linked_c = self.linked[c] & ~frees_c
        empty_p = (from_c & ~self.edev[p]) | from_p
        self.free(c, frees_c)
        self.free(p, empty_p & ~kept[p] & ~linked_c)
        self.invalid[c].next = invalid_c & ~frees_c
        self.invalid[p].next = self.invalid[p] | (empty_p & kept[p] & (~linked_c | invalid_c))
        for pe in pes:
            self.edev[pe].next = False


def below(pe: Pe) -> list[Pe]:
    """The PE and those below it."""
    return [Pe.BUS, Pe.CHILD] if pe == Pe.BUS else [Pe.CHILD]


def above(pe: Pe) -> list[Pe]:
    """The PE and those above it."""
    return [root for root in domain(Pe) if pe in below(root)]


def is_above(found: Value[Pe | None], pe: Pe) -> Value[bool]:
    """Whether the PE found is this one or above it."""
    return some(found == root for root in above(pe))
