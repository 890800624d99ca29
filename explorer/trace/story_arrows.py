"""Whether the arrows of somebody's story say of a memory what a behaviour does with it.

An arrow leads from the line of a store to the line in which it becomes visible. Until there the loads of
other CPUs must miss it, their stores go behind it, and no step makes it reach them. From there on they must
not miss it, but for loads that were satisfied before. Nobody reads a store whose arrow does not end. Knows
nothing of files.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.ir.data import dataclass
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State
from explorer.language.memory_wiring import MemoryType
from explorer.trace.accesses import Access, Accesses, Untold, accesses
from explorer.trace.story_labels import Said
from explorer.trace.story_search import Taken


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow from one line of a story to another, by their positions; `end` is None where it goes on to the
    end.
    """

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What an arrow is worth in a behaviour: it `fits`, does not, or cannot be checked (None); `text` says
    why.
    """

    arrow: Arrow
    fits: bool | None
    text: str


def arrows(lines: Sequence[Said]) -> list[Arrow]:
    """The arrows of a story: each ends where its column has a head; one without a head goes on to the end."""
    result: list[Arrow] = []
    passing: dict[int, int] = {}
    for at, line in enumerate(lines):
        if line.arrow and line.column in passing:
            end = at if line.arrow == "closes" else None
            result.append(Arrow(passing.pop(line.column), end))
        if line.arrow == "opens":
            passing[line.column] = at
    result += [Arrow(start, None) for start in passing.values()]
    return sorted(result, key=lambda arrow: arrow.start)


def check_arrows(
    model: Model, wanted: Sequence[Arrow], steps: Sequence[Taken], states: Sequence[State]
) -> list[Checked]:
    """Each arrow against the behaviour of these steps through these states."""
    instances = [model.instances[number] for number, _ in steps]
    memories = []
    try:
        for family in model.families:
            if isinstance(family.type, MemoryType):
                memories.append((family.type, accesses(family, instances, states)))
    except Untold as error:
        return [Checked(arrow, None, str(error)) for arrow in wanted]
    return [_checked(arrow, memories, instances, steps) for arrow in wanted]


def _checked(
    arrow: Arrow,
    memories: Sequence[tuple[MemoryType, Accesses]],
    instances: Sequence[Instance],
    steps: Sequence[Taken],
) -> Checked:
    made = next((n for n, (_, line) in enumerate(steps, 1) if line == arrow.start), None)
    stores = [
        (memory, found, access)
        for memory, found in memories
        for access in found.of_steps
        if access.step == made and access.stores is not None
    ]
    if not stores:
        return Checked(arrow, None, "its step stores to no memory")
    least, most = _ends(arrow, steps)
    noticed = 0
    for memory, found, store in stores:
        others = [
            a
            for a in found.of_steps
            if a.location == store.location and a.cpu != store.cpu and a.step > store.step
        ]
        noticed += len(others)
        older = [a for a in others if found.comes_before(a, store)]
        if arrow.end is None:  # another store may come over it, as long as nobody reads it
            wrong = [a for a in others if a.reads == store.stores]
        else:
            late = [a for a in older if a.before is None]
            last = max((a.step for a in late if a.step <= most), default=least)
            wrong = [a for a in others if a.step <= last and a not in older]
            wrong += [a for a in late if a.step > most]
        if wrong:
            return Checked(arrow, False, _said(memory, wrong[0], instances, wrong[0] in older))
        for at in found.reached:
            too_early = at.step <= least if arrow.end is not None else at.seen
            if at.store == store.stores and at.cpu in {a.cpu for a in others} and too_early:
                name = instances[at.step - 1].name
                return Checked(arrow, False, f"step {at.step}, {name}, makes it reach {memory.cpus[at.cpu]}")
    return Checked(arrow, True, "" if noticed else "nobody else comes to it")


def _said(memory: MemoryType, access: Access, instances: Sequence[Instance], older: bool) -> str:
    """What another CPU does that the arrow does not allow."""
    assert access.location is not None
    if access.reads is not None:
        how = "misses it after that line" if older else "does not miss it before that line"
    else:
        how = "stores behind it after that line" if older else "stores over it before that line"
    return (
        f"in step {access.step}, {instances[access.step - 1].name}, {memory.cpus[access.cpu]} {how}"
        f" ({memory.locations[access.location]})"
    )


def _ends(arrow: Arrow, steps: Sequence[Taken]) -> tuple[int, int]:
    """The last step before the line where an arrow ends, and the last of which it is not known whether it is
    before that line.
    """
    if arrow.end is None:
        return len(steps), len(steps)
    before = [n for n, (_, line) in enumerate(steps, 1) if line is not None and line < arrow.end]
    behind = [n for n, (_, line) in enumerate(steps, 1) if line is not None and line > arrow.end]
    return max(before, default=0), min(behind, default=len(steps) + 1) - 1
