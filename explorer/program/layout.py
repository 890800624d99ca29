"""Where each cell lies in the packed state: as few bits as its domain needs, none for what never varies.

A packed state is one integer. Cells of a family lie side by side, so that a computed index is a
multiplication and a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.ir.expressions import Family
from explorer.ir.semantics import State
from explorer.program.program import Program

WORD = 64


@dataclass(frozen=True, slots=True)
class Field:
    """A family's place: cell i has `width` bits from bit `offset + i * width`; the code is the content plus
    `family.low`.

    A family too large for one word starts at a word's first bit and has `per_word` cells in each word, so
    that no cell crosses from one 64-bit word to the next.
    """

    family: Family
    offset: int
    width: int
    per_word: int | None = None

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1

    def shift(self, index: int) -> int:
        if self.per_word is None:
            return self.offset + index * self.width
        word, place = divmod(index, self.per_word)
        return self.offset + word * WORD + place * self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The packed state: `bits` in all; `fixed` gives the codes of the families that have no field."""

    fields: dict[Family, Field]
    fixed: dict[int, int]
    bits: int
    size: int

    @property
    def words(self) -> int:
        """How many 64-bit words a packed state takes."""
        return max(1, -(-self.bits // WORD))

    def pack(self, state: State) -> int:
        packed = 0
        for family, field in self.fields.items():
            for i in range(family.size):
                packed |= state[family.first + i] - family.low << field.shift(i)
        return packed

    def unpack(self, packed: int) -> State:
        codes = [0] * self.size
        for cell, code in self.fixed.items():
            codes[cell] = code
        for family, field in self.fields.items():
            for i in range(family.size):
                codes[family.first + i] = (packed >> field.shift(i) & field.mask) + family.low
        return tuple(codes)


def lay_out(program: Program) -> Layout:
    """Fields in the order of declaration; a state of more than one word is laid out so that no cell crosses
    words.
    """
    fixed: dict[int, int] = {}
    initial = {
        cell: code
        for choice in program.model.choices
        for cell, code in zip(choice.cells, choice.alternatives[0])
    }
    varying = [family for family in program.model.families if family not in program.fixed]
    for family in program.fixed:
        fixed.update({family.first + i: initial[family.first + i] for i in range(family.size)})
    width = {family: (family.high - family.low).bit_length() for family in varying}
    total = sum(width[family] * family.size for family in varying)
    fields = _side_by_side(varying, width) if total <= WORD else _by_words(varying, width)
    bits = max((field.shift(field.family.size - 1) + field.width for field in fields.values()), default=0)
    return Layout(fields, fixed, bits, program.model.size)


def _side_by_side(families: list[Family], width: dict[Family, int]) -> dict[Family, Field]:
    fields: dict[Family, Field] = {}
    offset = 0
    for family in families:
        fields[family] = Field(family, offset, width[family])
        offset += width[family] * family.size
    return fields


def _by_words(families: list[Family], width: dict[Family, int]) -> dict[Family, Field]:
    """First fit: each family goes into the first word with room for all of it, a larger one into words of its
    own.
    """
    fields: dict[Family, Field] = {}
    used: list[int] = []
    for family in families:
        bits = width[family] * family.size
        if bits > WORD:
            per_word = WORD // width[family]
            fields[family] = Field(family, len(used) * WORD, width[family], per_word)
            count = -(-family.size // per_word)
            used += [WORD] * (count - 1) + [(family.size - (count - 1) * per_word) * width[family]]
            continue
        word = next((w for w, taken in enumerate(used) if taken + bits <= WORD), len(used))
        if word == len(used):
            used.append(0)
        fields[family] = Field(family, word * WORD + used[word], width[family])
        used[word] += bits
    return fields
