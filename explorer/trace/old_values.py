"""What the memories of a counterexample did to its stores: which loads did not see the newest one, whose
store they saw, and why they could; and where each reader first sees a store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from explorer.ir.expressions import Family
from explorer.language.memory_wiring import MemoryType
from explorer.trace.accesses import INITIAL, Access, Accesses
from explorer.trace.trace import Arrival, Step

Memories = Iterable[tuple[Family, Accesses]]
"""The accesses to each memory."""


def remarks(memories: Memories, steps: Sequence[Step]) -> dict[int, tuple[str, ...]]:
    """What steps do to memories that neither their labels nor their changes show: a store of what is there
    already, and a load that was satisfied before the step in which it stands.
    """
    result: dict[int, list[str]] = {}
    for family, found in memories:
        for access in found.of_steps:
            if access.location is None:
                continue
            place = family.type.locations[access.location]
            if access.again:
                code = family.type.types[access.location].text(access.code)
                result.setdefault(access.step, []).append(f"{place}: {code} again")
            if access.before is not None:
                result.setdefault(access.step, []).append(
                    f"{place} was read early, before {_named(steps[access.before])}"
                )
    return {step: tuple(said) for step, said in result.items()}


def _named(step: Step) -> str:
    label = f"`{step.label.partition('  // ')[0]}`"
    return f"{label} of {step.actor}" if step.actor else label


def old_values(memories: Memories, steps: Sequence[Step]) -> list[str]:
    """A sentence for each load that took an old value, in the order of the steps."""
    told: list[tuple[int, str]] = []
    for family, found in memories:
        told += _told(family.type, found.of_steps, steps)
    return [text for _, text in sorted(told, key=lambda each: each[0])]


def _told(memory: MemoryType, of_steps: Sequence[Access], steps: Sequence[Step]) -> Iterator[tuple[int, str]]:
    stored = {a.stores: a.step for a in of_steps if a.stores is not None}

    def name(step: int) -> str:
        return _named(steps[step])

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


def arrivals(memories: Memories, steps: Sequence[Step]) -> tuple[Arrival, ...]:
    """How each store comes to those that look at its location in these steps, in the order of the stores."""
    result = [arrival for family, found in memories for arrival in _arrivals(family, found, steps)]
    return tuple(sorted(result, key=lambda a: (a.store, a.step is None, a.step)))


def _arrivals(family: Family, found: Accesses, steps: Sequence[Step]) -> Iterator[Arrival]:
    memory: MemoryType = family.type
    reached = {(each.cpu, each.store): each for each in found.reached}
    reads = [a for a in found.of_steps if a.reads is not None]
    lanes: dict[int, str] = {}
    for access in found.of_steps:
        lanes.setdefault(access.cpu, steps[access.step].actor)
    for store in found.of_steps:
        if store.stores is None or store.location is None:
            continue
        code = memory.types[store.location].text(store.code)
        key = f"{memory.locations[store.location]} = {code}"
        looks = [a for a in reads if a.location == store.location and a.cpu != store.cpu]
        for cpu in dict.fromkeys(a.cpu for a in looks):
            there = reached.get((cpu, store.stores))
            if there is not None:
                yield Arrival(key, store.step, lanes[cpu], there.step, there.seen)
            elif any(a.cpu == cpu and a.step > store.step for a in looks):
                yield Arrival(key, store.step, lanes[cpu], None, False)
