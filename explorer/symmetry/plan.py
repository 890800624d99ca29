"""A packed state as seen by the renamings of its identities: what belongs to whom, and what exchanging two
neighbours does.

Every bit of the state belongs to a tuple of identities: those that index its cell, and the one that it names.
What belongs to one identity alone is its own; what belongs to several relates them. Knows nothing of source
text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from itertools import product
from math import factorial, prod
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.expressions import Family, Function
from explorer.ir.types import ScalarType, SetType, UnionType
from explorer.language.domains import Scalarset
from explorer.language.memory_wiring import Applied, MemoryType
from explorer.program.layout import Field, Layout
from explorer.symmetry.find import Symmetry
from explorer.symmetry.permutation import FamilyStructure, Renaming, key_digits

KEY_BITS = 62
"""Bits that are gathered into one number."""

DIRECT = 12
"""Renamings that are all tried rather than sorted for."""

MOST = factorial(8)
"""Renamings of scalarsets that are related, which ties could make necessary to try."""

Identity = tuple[int, int]
"""Number of the scalarset among those that are used, and of the identity in it."""

Need = tuple[int, int, int]
"""Shift, mask and least content of a field that says whether a cell means something."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bits of a state: a field as it is, or (`code`) whether it names an identity, or (`kinds`) its content
    without names.

    `colour` is the same for the pieces that renamings make of each other.
    """

    colour: tuple[Any, ...]
    shift: int
    width: int
    mask: int
    code: int | None = None
    kinds: tuple[int, ...] = ()
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Swap:
    """What exchanging identities i and i + 1 of a scalarset does: fields whose content `a` and `b` is
    exchanged, then bits that move. A move `(distance, mask)` exchanges the bits of the mask with those so far
    above them. `memories` are fields (shift and mask) whose content a function renames."""

    scalarset: int
    first: int
    codes: tuple[tuple[int, int, int, int, tuple[Need, ...]], ...]
    moves: tuple[tuple[int, int], ...]
    memories: tuple[tuple[int, int, Function], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a canonical form needs. `blocks[ids]` are the pieces that belong to a tuple of identities, in
    order of colour.

    A scalarset is `exact` where the own pieces of its identities, gathered in one number, are all that it has
    in the state (of two renamings in all both are tried, which is quicker). `unused` scalarsets would make
    too many renamings.
    """

    classes: tuple[type[Scalarset], ...]
    sizes: tuple[int, ...]
    exact: tuple[bool, ...]
    blocks: dict[tuple[Identity, ...], tuple[Piece, ...]]
    swaps: tuple[Swap, ...]
    bits: int
    unused: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the scalarsets."""
        return tuple(cls.__name__ for cls in self.classes)

    @property
    def order(self) -> int:
        """The number of renamings."""
        return prod(map(factorial, self.sizes))

    @property
    def loose(self) -> list[int]:
        """The scalarsets that are not exact."""
        return [k for k, exact in enumerate(self.exact) if not exact]

    @property
    def direct(self) -> bool:
        """Whether all renamings of the loose scalarsets are tried."""
        return prod(factorial(self.sizes[k]) for k in self.loose) <= DIRECT

    def swaps_of(self, scalarset: int) -> list[int]:
        """The numbers of the swaps of neighbours in a scalarset."""
        return [g for g, swap in enumerate(self.swaps) if swap.scalarset == scalarset]

    def tour(self, scalarsets: Iterable[int] | None = None) -> list[int]:
        """Swaps that lead, one after the other, through all renamings of some scalarsets, of the loose ones
        if none are given (plain changes: Knuth 7.2.1.2 P)."""
        result: list[int] = []
        for k in self.loose if scalarsets is None else scalarsets:
            swaps, once = self.swaps_of(k), list(result)
            there = True
            for g in plain_changes(len(swaps) + 1):
                result += [swaps[g], *(once if there else once[::-1])]
                there = not there
        return result


def plain_changes(n: int) -> list[int]:
    """Places i such that exchanging neighbours i and i + 1, in this order, gives every order of n things
    once.
    """
    if n < 2:
        return []
    result, down = list(reversed(range(n - 1))), False
    for inner in plain_changes(n - 1):
        result += [inner if down else inner + 1, *(reversed(range(n - 1)) if down else range(n - 1))]
        down = not down
    return result


def plan(symmetry: Symmetry, layout: Layout) -> Plan | None:
    """The plan for the proven scalarsets; None where there is none, or where none has anything in the packed
    state.
    """
    blocks_by_ids = _Reader(symmetry, layout).blocks()
    classes = list(symmetry.proven.items())
    swaps_of = [
        [_swap(symmetry, layout, k, i, *classes[k]) for i in range(len(identities) - 1)]
        for k, (_, identities) in enumerate(classes)
    ]
    with_blocks = {k for ids in blocks_by_ids for k, _ in ids}
    used = [k for k, swaps in enumerate(swaps_of) if k in with_blocks or swaps[0].memories]
    if not used:
        return None
    rank = {k: n for n, k in enumerate(used)}
    blocks = {
        tuple((rank[k], i) for k, i in ids): tuple(sorted(pieces, key=lambda p: p.colour))
        for ids, pieces in sorted(blocks_by_ids.items())
    }
    swaps = tuple(replace(swap, scalarset=rank[k]) for k in used for swap in swaps_of[k])
    related = {k for ids in blocks if len(ids) > 1 for k, _ in ids}
    related |= {swap.scalarset for swap in swaps if swap.memories}
    small = prod(factorial(len(classes[k][1])) for k in used) == 2
    exact = tuple(
        not small and n not in related and sum(p.width for p in blocks[(n, 0),]) <= KEY_BITS
        for n in range(len(used))
    )
    loose = [classes[k] for n, k in enumerate(used) if not exact[n]]
    if prod(factorial(len(identities)) for _, identities in loose) > MOST:
        return _without(symmetry, layout, max(loose, key=lambda item: len(item[1]))[0])
    return Plan(
        tuple(classes[k][0] for k in used),
        sizes=tuple(len(classes[k][1]) for k in used),
        exact=exact,
        blocks=blocks,
        swaps=swaps,
        bits=layout.bits,
    )


def _without(symmetry: Symmetry, layout: Layout, cls: type[Scalarset]) -> Plan | None:
    """The plan without a scalarset."""
    result = plan(
        replace(symmetry, proven={k: v for k, v in symmetry.proven.items() if k is not cls}), layout
    )
    return result and replace(result, unused=(cls.__name__, *result.unused))


@dataclass(slots=True)
class _Reader:
    """Takes a layout apart by identities."""

    symmetry: Symmetry
    layout: Layout
    number: dict[type[Scalarset], int] = field(default_factory=dict)

    def blocks(self) -> dict[tuple[Identity, ...], list[Piece]]:
        self.number = {cls: k for k, cls in enumerate(self.symmetry.proven)}
        result: dict[tuple[Identity, ...], list[Piece]] = {}
        for family, family_structure in self.symmetry.structure.items():
            if family in self.layout.fields:
                for index in range(family.size):
                    for marks, piece in self.cell(family_structure, self.layout.fields[family], index):
                        owners = [mark for mark in marks if isinstance(mark, tuple)]
                        ids = tuple(sorted(dict.fromkeys(owners), key=lambda one: one[0]))
                        if ids:
                            pattern = tuple(
                                (m[0], owners.index(m)) if isinstance(m, tuple) else (-1, m) for m in marks
                            )
                            coloured = Piece(
                                (family.number, pattern, *piece.colour),
                                shift=piece.shift,
                                width=piece.width,
                                mask=piece.mask,
                                code=piece.code,
                                kinds=piece.kinds,
                                needs=piece.needs,
                            )
                            result.setdefault(ids, []).append(coloured)
        return result

    def cell(
        self, family_structure: FamilyStructure, field: Field, index: int
    ) -> Iterator[tuple[list[Any], Piece]]:
        """The pieces of a cell, each with its indices: identities as tuples, other values as they are."""
        digits = family_structure.split(index)
        marks = [self.mark(digit.type, value) for digit, value in zip(family_structure.digits, digits)]
        type, shift = field.family.type, field.shift(index)
        if isinstance(type, SetType):
            yield from self.members(type, marks, shift)
            return
        codes = range(type.low, type.high + 1) if isinstance(type, UnionType) else ()
        names = {code: mark for code in codes if isinstance(mark := self.mark(type, code - type.low), tuple)}
        if not names:
            yield marks, Piece((0,), shift, field.width, field.mask)
            return
        needs = self.needs(family_structure, digits)
        if needs is None:
            return
        kinds = tuple(
            1 + (names[code][0] if code in names else len(self.number) + code - type.low)
            for code in range(type.low, type.high + 1)
        )
        width = max(kinds).bit_length()
        if len(kinds) * width <= KEY_BITS:
            yield (
                marks,
                Piece((1,), shift=shift, width=width, mask=field.mask, code=None, kinds=kinds, needs=needs),
            )
        for code, mark in names.items():
            yield (
                [*marks, mark],
                Piece(
                    (2,), shift=shift, width=1, mask=field.mask, code=code - type.low, kinds=(), needs=needs
                ),
            )

    def members(self, type: SetType, marks: list[Any], shift: int) -> Iterator[tuple[list[Any], Piece]]:
        digits = key_digits(type.element)
        for bit, values in enumerate(product(*(range(d.size) for d in digits))):
            inner = [self.mark(digit.type, value) for digit, value in zip(digits, values)]
            yield [*marks, *inner], Piece((3,), shift + bit, 1, 1)

    def mark(self, type: ScalarType | None, value: int) -> Any:
        """An index (counted from 0) as an identity, or the index itself."""
        member = type.decode(value + type.low) if isinstance(type, UnionType) else None
        return (
            (self.number[member.__class__], member.index)
            if isinstance(member, Scalarset) and member.__class__ in self.number
            else value
        )

    def needs(self, family_structure: FamilyStructure, digits: tuple[int, ...]) -> tuple[Need, ...] | None:
        return needs(family_structure, digits, self.layout)


def needs(
    family_structure: FamilyStructure, digits: tuple[int, ...], layout: Layout
) -> tuple[Need, ...] | None:
    """When a cell means something; None where it never does."""
    result = []
    for (cell, least), presence in zip(family_structure.present(digits), family_structure.presence):
        if presence.family in layout.fields:
            field = layout.fields[presence.family]
            result.append(
                (field.shift(cell - presence.family.first), field.mask, least - presence.family.low)
            )
        elif layout.fixed[cell] < least:
            return None
    return tuple(result)


def _swap(
    symmetry: Symmetry,
    layout: Layout,
    scalarset: int,
    i: int,
    cls: type[Scalarset],
    identities: tuple[Scalarset, ...],
) -> Swap:
    swapped = (*identities[:i], identities[i + 1], identities[i], *identities[i + 2 :])
    renaming = Renaming(symmetry.structure, {cls: swapped})
    codes = []
    moves: dict[int, int] = {}
    memories: list[tuple[int, int, Function]] = []
    for family, family_structure in symmetry.structure.items():
        field = layout.fields.get(family)
        if field is None:
            continue
        for index in range(family.size):
            here = field.shift(index)
            there = field.shift(renaming.targets[family.first + index] - family.first)
            bits = renaming.bits(family.type) if isinstance(family.type, SetType) else None
            for bit in range(field.width):
                distance = there + (bits[bit] if bits else bit) - here - bit
                if distance > 0:
                    moves[distance] = moves.get(distance, 0) | 1 << here + bit
            if isinstance(family.type, MemoryType):
                memories += _renamed(family, family.type, renaming, field)
                continue
            table = None if isinstance(family.type, SetType) else renaming.codes(family.type)
            if table is not None:
                present = needs(family_structure, family_structure.split(index), layout)
                a, b = (raw for raw, code in enumerate(table) if code - family.low != raw)
                if present is not None:
                    codes.append((here, field.mask, a, b, present))
    return Swap(scalarset, i, tuple(codes), tuple(sorted(moves.items())), tuple(memories))


def _renamed(
    family: Family, type: MemoryType, renaming: Renaming, field: Field
) -> Iterator[tuple[int, int, Function]]:
    """The field of a memory and the function that renames its content, where it does."""
    exchange = renaming.memory(type)
    if exchange is not None:
        who = ", ".join(
            f"{cls.__name__}: {' '.join(map(repr, images))}" for cls, images in renaming.images.items()
        )
        function = Function(
            f"{type.name}.renamed[{who}]",
            (family.low, family.high),
            Applied(type.storage, "renamed", (exchange,)),
            (type, type),
        )
        yield field.shift(0), field.mask, function
