"""Of a counterexample: which loads did not see the newest store, whose store they saw, and why they could."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.ir.expressions import Family
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State
from explorer.language.memory_wiring import MemoryType
from explorer.trace.accesses import INITIAL, Access, Untold, accesses
from explorer.trace.trace import Step


def old_values(
    model: Model, instances: Sequence[Instance], states: Sequence[State], steps: Sequence[Step]
) -> list[str]:
    """A sentence for each load that took an old value, in the order of the steps; none where the accesses
    cannot be told.
    """
    told: list[tuple[int, str]] = []
    for family in model.families:
        if isinstance(family.type, MemoryType):
            try:
                found = accesses(family, instances, states)
            except Untold:
                continue
            told += _told(family, found.of_steps, steps)
    return [text for _, text in sorted(told, key=lambda each: each[0])]


def _told(family: Family, of_steps: Sequence[Access], steps: Sequence[Step]) -> Iterator[tuple[int, str]]:
    memory: MemoryType = family.type
    stored = {a.stores: a.step for a in of_steps if a.stores is not None}

    def name(step: int) -> str:
        return f"`{steps[step].label.partition('  // ')[0]}` of {steps[step].actor}"

    for access in of_steps:
        if access.missed is None or access.location is None:
            continue
        what = f"{name(access.step)} reads {memory.locations[access.location]} as "
        what += (
            "it was at first" if access.reads == INITIAL else f"stored by {name(stored[access.reads or 0])}"
        )
        if access.before is not None:
            yield access.step, f"{what}: the load was satisfied early, before {name(access.before)}"
        else:
            missed = name(stored[access.missed])
            yield access.step, f"{what}: {missed} has not reached {memory.cpus[access.cpu]}"
