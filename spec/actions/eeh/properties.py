"""What must hold of every PE, and what must happen."""

from explorer import *

from .events import Events
from .pe import Pe, Pes, below
from .thread import Recovery, eehd


@invariant
def no_freed_pe_is_handled(pes: Pes, recovery: Recovery, pe: Pe) -> Value[bool]:
    """The recovery thread neither handles nor traverses a PE that was freed."""
    uses = (recovery.pe == pe) | at(eehd, f"report {pe.name}")
    return implies(uses, pes.linked[pe])


@step_invariant
def one_recovery_at_a_time(pes: Pes, pe: Pe) -> Value[bool]:
    """No driver is told that its channel is frozen while an earlier recovery of its PE is not over for it."""
    reports = at(eehd, f"report {pe.name}") & pes.edev[pe] & pes.told[pe].next
    return implies(reports, ~pes.told[pe])


@step_invariant
def isolated_until_thawed(pes: Pes, pe: Pe) -> Value[bool]:
    """EEH_PE_ISOLATED is cleared only where the PE was thawed or reset."""
    return implies(pes.isolated[pe] & ~pes.isolated[pe].next, ~pes.frozen[pe].next)


@invariant
def told_before_resumed(pes: Pes, recovery: Recovery, pe: Pe) -> Value[bool]:
    """No driver resumes unless every driver of the PE has been told that its channel is frozen."""
    resumes = at(eehd, "resume") & (recovery.pe == pe)
    return implies(resumes, every(implies(pes.edev[each], pes.told[each]) for each in below(pe)))


@invariant
def recovering_has_an_event(pes: Pes, events: Events, recovery: Recovery, pe: Pe) -> Value[bool]:
    """EEH_PE_RECOVERING is set only while an event for the PE is on its way or being handled."""
    return implies(pes.linked[pe] & pes.recovering[pe], events.under_way(pe) | recovery.handles(pe))


@invariant
def keep_implies_recovering(pes: Pes, pe: Pe) -> Value[bool]:
    """EEH_PE_KEEP is set only on a recovering PE: eeh_rmv_from_parent_pe warns where it is not."""
    return implies(pes.linked[pe] & pes.keep[pe], pes.recovering[pe])


@invariant
def tree_is_sound(pes: Pes) -> Value[bool]:
    """A linked PE is in the tree, a device in a linked PE and below a bridge, and an invalid PE has none."""
    devices = every(implies(pes.edev[pe], pes.linked[pe] & ~pes.invalid[pe]) for pe in domain(Pe))
    below_bus = [implies(of[Pe.CHILD], of[Pe.BUS]) for of in (pes.linked, pes.edev)]
    return every(below_bus) & devices


@step_invariant
def removed_by_recovery_or_gone(pes: Pes, pe: Pe) -> Value[bool]:
    """A device that is in its slot is taken out of its PE by a recovery only."""
    recovers = at(eehd, "hotplug") | at(eehd, "fail")
    return implies(pes.edev[pe] & ~pes.edev[pe].next & pes.present[pe], recovers)


@invariant
def told_while_handled(pes: Pes, recovery: Recovery, pe: Pe) -> Value[bool]:
    """A driver that was told of a frozen channel hears more before the recovery ends, or is gone."""
    return implies(pes.edev[pe] & pes.told[pe], recovery.handles(pe))


@temporal
def present_device_comes_back(pes: Pes, pe: Pe) -> Formula:
    """A device that is in its slot is added again after a reset, unless its PE is given up."""
    there, linked, edev = pes.present[pe], pes.linked[pe], pes.edev[pe]
    return leads_to(there & linked & ~edev, edev | ~linked | ~there)


@temporal
def gone_device_is_removed(pes: Pes, pe: Pe) -> Formula:
    """A device that is not in its slot any more is taken out of its PE."""
    return leads_to(pes.edev[pe] & ~pes.present[pe], ~pes.edev[pe])


@temporal
def frozen_is_handled(pes: Pes, pe: Pe) -> Formula:
    """A frozen PE is thawed, or its device removed."""
    return leads_to(pes.frozen[pe], ~pes.frozen[pe] | ~pes.edev[pe])


@temporal
def invalid_is_freed(pes: Pes, pe: Pe) -> Formula:
    """A PE that is invalid, or has neither device nor child, is freed or gets a device again."""
    has = pes.edev[pe] | (pes.linked[Pe.CHILD] if pe == Pe.BUS else False)
    return leads_to(pes.linked[pe] & (pes.invalid[pe] | ~has), ~pes.linked[pe] | (has & ~pes.invalid[pe]))


@terminal
def quiet(events: Events) -> Value[bool]:
    """No event is on its way and none is handled."""
    return at(eehd, "idle") & events.queue.empty & events.sends.is_none
