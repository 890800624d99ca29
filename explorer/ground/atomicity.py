"""Steps of processes that access several shared places at once (the at-most-once property of Andrews 1991,
turned round): no machine does that in one go, so a `yield` is missing, or the author says `atomic`.

A place is shared where another process or an action accesses it too, and one of the two writes it. Locations
of a memory are such places; an exchange is one access. Knows nothing of how steps are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr, Family
from explorer.ir.steps import Condition, Doubt, Write
from explorer.language.memory_wiring import MemoryType

Cell = tuple[Family, int | None]
"""A cell of a family; None for its index where that is computed."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one step reads and writes. `who` tells processes apart; None for an action."""

    who: Any
    name: str
    place: Place
    atomic: bool
    reads: frozenset[Cell]
    writes: frozenset[Cell]


def access(
    who: Any,
    name: str,
    place: Place,
    atomic: bool,
    parts: Iterable[Expr],
    writes: Iterable[Write],
    hidden: frozenset[str] = frozenset(),
) -> Access:
    """The accesses of a step: `parts` are the expressions it evaluates besides those of its writes."""
    written = list(writes)
    exprs = [*parts, *(w.expr for w in written), *(w.index for w in written)]
    reads = {cell for expr in exprs for cell in _cells(expr)}
    targets = {(w.family, w.index.value if ex.is_const(w.index) else None) for w in written}
    loaded, stored = _located(exprs)
    reads |= loaded
    targets |= stored

    def shown(cells: set[Cell]) -> frozenset[Cell]:
        return frozenset(
            c for c in cells if c[0].variable not in hidden and not isinstance(c[0].type, MemoryType)
        )

    return Access(who=who, name=name, place=place, atomic=atomic, reads=shown(reads), writes=shown(targets))


def of_action(number: int, guard: Iterable[Condition], writes: Iterable[Write], place: Place) -> Access:
    return access((number,), "", place=place, atomic=True, parts=(c.expr for c in guard), writes=writes)


def _cells(expr: Expr) -> Iterator[Cell]:
    for at in ex.walk(expr):
        if at.op == "load":
            yield at.value
        elif at.op == "loadat":
            yield at.value, None


def _located(exprs: Iterable[Expr]) -> tuple[set[Cell], set[Cell]]:
    """The locations of memories that are loaded, and those that are stored to. A load and a store that are
    one access, as an exchange's, count as the store.
    """
    used: dict[str, set[Cell]] = {}
    for expr in exprs:
        for at in ex.walk(expr):
            operands: tuple[Any, ...] = at.value.operands if at.op == "apply" else ()
            if len(operands) > 3 and isinstance(operands[-1], MemoryType):
                cell = location_of(operands[0], at.args[2])
                used.setdefault(at.value.name.rpartition(".")[2].partition("[")[0], set()).add(cell)
    at_once = used.get("exchange", set()) | used.get("conditional", set())
    loaded = used.get("load", set()) | used.get("reserve", set())
    return loaded - at_once, used.get("store", set()) | at_once


def location_of(memory: MemoryType, number: Expr) -> Cell:
    """A location by its number; of a computed one, an index and the first of its family, the family."""
    first = number.args[1] if number.op == "add" else number
    known = first.value if ex.is_const(first) else 0
    families = [family for variable in memory.variables for family in variable.families.values()]
    family = next(f for f in families if f.first <= known < f.first + f.size)
    return family, known - family.first if ex.is_const(number) else None


def doubts(steps: list[Access]) -> Iterator[Doubt]:
    """A finding for each step of a process with several accesses to shared places, each once."""
    readers: dict[Family, set[tuple[Any, int | None]]] = {}
    writers: dict[Family, set[tuple[Any, int | None]]] = {}
    for at in steps:
        for cells, known in ((at.reads, readers), (at.writes, writers)):
            for family, index in cells:
                known.setdefault(family, set()).add((at.who, index))
    reported: set[Place] = set()
    for at in steps:
        if at.atomic or at.place in reported:
            continue
        reads = sorted({_text(c) for c in at.reads if _met(writers, c, at.who)})
        writes = sorted({_text(c) for c in at.writes if _met(writers, c, at.who) or _met(readers, c, at.who)})
        if len(reads) + len(writes) > 1:
            reported.add(at.place)
            what = [f"reads {text}" for text in reads] + [f"writes {text}" for text in writes]
            shown = f"accesses several shared places: {', '.join(what)}"
            if reads == writes and len(reads) == 1:
                shown = f"reads {reads[0]} and writes it, and others access it too"
            yield Doubt(
                "not-atomic",
                at.name,
                f"one step of {at.name} {shown}; a yield between them, or atomic=True",
                at.place,
            )


def _met(known: dict[Family, set[tuple[Any, int | None]]], cell: Cell, who: Any) -> bool:
    """Whether somebody else accesses the cell."""
    family, index = cell
    return any(
        other != who and (index is None or there is None or index == there)
        for other, there in known.get(family, ())
    )


def _text(cell: Cell) -> str:
    family, index = cell
    return family.names[index] if index is not None else repr(family)
