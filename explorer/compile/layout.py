"""Where each cell lies in the packed state: as few bits as its domain needs, none for what never varies.

A packed state is one integer. Cells of a family lie side by side, so that a computed index is a multiplication and a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.language.expressions import Family
from explorer.language.semantics import State

from .program import Program


@dataclass(frozen=True, slots=True)
class Field:
    """A family's place: cell i has `width` bits from bit `offset + i * width`; the code is the content plus `family.low`."""

    family: Family
    offset: int
    width: int

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1

    def shift(self, index: int) -> int:
        return self.offset + index * self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The packed state: `bits` in all; `fixed` gives the codes of the families that have no field."""

    fields: dict[Family, Field]
    fixed: dict[int, int]
    bits: int
    size: int

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
    """Fields in the order of declaration."""
    fields: dict[Family, Field] = {}
    fixed: dict[int, int] = {}
    initial = {cell: code for choice in program.model.choices for cell, code in zip(choice.cells, choice.alternatives[0])}
    offset = 0
    for family in program.model.families:
        if family in program.fixed:
            fixed.update({family.first + i: initial[family.first + i] for i in range(family.size)})
            continue
        width = (family.high - family.low).bit_length()
        fields[family] = Field(family, offset, width)
        offset += width * family.size
    return Layout(fields, fixed, offset, program.model.size)


