"""The orbit of a state in TLA+, as TLC's VIEW: one state for each orbit is explored. Said in TLA+'s own
terms: the permutations of identities, what they make of indices and of values.

TLC's SYMMETRY wants model values; identities are numbers here, and a view does the same.
"""

from __future__ import annotations

from builtins import type as Class
from collections.abc import Callable, Iterator, Mapping, Sequence

from explorer.export.flat import CannotSay, Flat
from explorer.ir.data import dataclass
from explorer.ir.expressions import Family
from explorer.ir.types import ScalarType, SetType, UnionType
from explorer.language.domains import Scalarset
from explorer.symmetry.permutation import (
    Digit,
    FamilyStructure,
    Presence,
    family_structures,
    key_digits,
)

ORBIT = "Orbit"
"""The definition that a configuration names as its view."""

RENAMINGS = 200
"""Renamings that a state is asked for, at most."""

AND = " /\\ "

WORDS = (ORBIT, "Inverse", "Permutations", "renamed", "at", "found")
"""Words of the definition."""

Identities = Mapping[type[Scalarset], Sequence[Scalarset]]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a family as text, and whether they are one function."""

    names: tuple[str, ...]
    array: bool


def orbit(flat: Flat, proven: Identities, cells: Callable[[Family], Cells]) -> Iterator[str]:
    """The definition. CannotSay for a memory, sets of records, and too many renamings."""
    order = 1
    for identities in proven.values():
        for number in range(2, len(identities) + 1):
            order *= number
    if order > RENAMINGS:
        raise CannotSay(f"{order:,} renamings, and a view is written for {RENAMINGS}")
    if flat.memories:
        raise CannotSay("a memory, whose CPUs and locations would be renamed")
    writer = _Orbit(flat, proven, cells)
    yield "Inverse(p) == [at \\in DOMAIN p |-> CHOOSE found \\in DOMAIN p : p[found] = at]"
    yield f"{ORBIT} =="
    bound = [
        f"renamed_{n} \\in Permutations(0..{len(identities) - 1})"
        for n, identities in enumerate(proven.values(), 1)
    ]
    yield f"  {{<<{', '.join(writer.families())}>> : {', '.join(bound)}}}"


class _Orbit:
    def __init__(self, flat: Flat, proven: Identities, cells: Callable[[Family], Cells]):
        self.flat, self.proven, self.cells = flat, proven, cells
        self.structures = family_structures(flat.model)
        self.numbers = {cls: n for n, cls in enumerate(proven, 1)}

    def families(self) -> Iterator[str]:
        """What each family holds in the renamed state."""
        for family in self.flat.families:
            structure = self.structures[family]
            moved = [
                self.cell(structure, tuple(map(str, structure.split(index)))) for index in range(family.size)
            ]
            yield f"<<{', '.join(moved)}>>"

    def cell(self, structure: FamilyStructure, digits: tuple[str, ...]) -> str:
        """What a cell holds in the renamed state: what stood where its index comes from, renamed where it
        means something.
        """
        source = tuple(self.back(digit, text) for digit, text in zip(structure.digits, digits))
        held = self.held(structure.family, structure.digits, source)
        value = self.value(structure.family.type, held)
        if value == held or not structure.presence:
            return value
        present = [self.present(p, structure, source) for p in structure.presence]
        return f"(IF {AND.join(present)} THEN {value} ELSE {held})"

    def present(self, presence: Presence, structure: FamilyStructure, source: tuple[str, ...]) -> str:
        """Whether a cell means something in the state before it is renamed."""
        if presence.family not in self.flat.families:
            raise CannotSay(f"{structure.family!r}: whether it means anything never varies")
        least = 1 if presence.slot is None else int(source[presence.slot]) + 1
        outer = self.structures[presence.family].digits
        return f"{self.held(presence.family, outer, source[: presence.depth])} >= {least}"

    def held(self, family: Family, digits: Sequence[Digit], source: Sequence[str]) -> str:
        """A cell of the state, at an index that is perhaps computed."""
        index, computed = "", False
        for digit, text in zip(digits, source):
            computed = computed or not text.isdigit()
            index = f"({index} * {digit.size} + {text})" if index else text
        cells = self.cells(family)
        if not computed:
            number = 0
            for digit, text in zip(digits, source):
                number = number * digit.size + int(text)
            return f"{cells.names[0]}[{number}]" if cells.array else cells.names[number]
        if cells.array:
            return f"{cells.names[0]}[{index}]"
        return f"<<{', '.join(cells.names)}>>[1 + {index}]"

    def back(self, digit: Digit, text: str) -> str:
        """The index that becomes this one."""
        return text if digit.type is None else self.renamed(digit.type, text, "renamed_{0}", digit.type.low)

    def value(self, type: ScalarType, text: str) -> str:
        """What a value becomes."""
        if not isinstance(type, SetType):
            return self.renamed(type, text, "Inverse(renamed_{0})", 0)
        digits = key_digits(type.element)
        if len(digits) > 1:
            if any(d.type is not None and self.offsets(d.type) for d in digits):
                raise CannotSay(f"{type.name}: a set of records that have identities")
            return text
        inner = digits[0].type
        if inner is None or not self.offsets(inner):
            return text
        return f"{{{self.renamed(inner, 'at', 'Inverse(renamed_{0})', inner.low)} : at \\in {text}}}"

    def renamed(self, type: ScalarType, text: str, by: str, low: int) -> str:
        """A code of a type, less `low`, where the identities of each class are renamed."""
        result = text
        for cls, offset, size in self.offsets(type):
            first = offset - low
            table = by.format(self.numbers[cls])
            if text.isdigit():
                if first <= int(text) < first + size:
                    return _plus(f"{table}[{int(text) - first}]", first)
                continue
            place = text if first == 0 else f"{text} - {first}"
            inside = _plus(f"{table}[{place}]", first)
            whole = type.low == offset and type.high == offset + size - 1
            among = f"{text} \\in {first}..{first + size - 1}"
            result = inside if whole else f"(IF {among} THEN {inside} ELSE {result})"
        return result

    def offsets(self, type: ScalarType) -> list[tuple[Class[Scalarset], int, int]]:
        """The proven classes in a type, the code of the first identity of each, and their number."""
        if not isinstance(type, UnionType):
            return []
        found = []
        for cls in self.numbers:
            if cls in type.classes:
                codes = [code for code, member in enumerate(type.members) if isinstance(member, cls)]
                found.append((cls, codes[0], len(codes)))
        return found


def _plus(text: str, number: int) -> str:
    return f"{text} + {number}" if number else text
