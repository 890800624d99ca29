"""Where each cell lies in the packed state: as few bits as its domain needs, none for what never varies.

A packed state is one integer. Cells of a family lie side by side, so that a computed index is a
multiplication and a shift.
"""

from __future__ import annotations

from explorer.ir.data import dataclass
from explorer.ir.expressions import Family
from explorer.ir.semantics import State
from explorer.program.dense import Cell, Dense, dense
from explorer.program.program import Program

WORD = 64


@dataclass(frozen=True, slots=True)
class Field:
    """A family's place: cell i has `width` bits from bit `offset + i * width`; the code is the content plus
    `family.low`.

    In a state of several words a family may have `per_word` cells in each `stride`-th word, from the same bit
    on, so that no cell crosses from one word to the next.
    """

    family: Family
    offset: int
    width: int
    per_word: int | None = None
    stride: int = 1

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1

    def shift(self, index: int) -> int:
        if self.per_word is None:
            return self.offset + index * self.width
        word, place = divmod(index, self.per_word)
        return self.offset + word * self.stride * WORD + place * self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The packed state: an integer of `bits` bits, some of which are no cell's where there are several words;
    `fixed` gives the codes of the families that have no field, `size` is the number of cells.
    """

    fields: dict[Family, Field]
    fixed: dict[int, int]
    bits: int
    size: int
    dense: Dense | None = None
    """How a state of several words is stored as one, where that is possible."""

    @property
    def words(self) -> int:
        """How many 64-bit words a packed state takes."""
        return max(1, -(-self.bits // WORD))

    @property
    def stored(self) -> int | None:
        """The bits of the one word that a state is stored as, if it can be."""
        return self.bits if self.words == 1 else self.dense.bits if self.dense is not None else None

    @property
    def bytes(self) -> int:
        """How many bytes a packed state takes."""
        return max(1, -(-self.bits // 8))

    @property
    def cell_bits(self) -> int:
        """How many bits belong to cells."""
        return sum(field.width * field.family.size for field in self.fields.values())

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
    """Fields in the order of declaration. In a state of several words no cell crosses words; if it cannot be
    stored as one word all the same (`dense.py`), cells of one index lie in one word: their values depend
    on each other, and a word that has all of them takes few values (`engine/native/tree.py`).
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
    if total <= WORD:
        fields, stored = _side_by_side(varying, width), None
    else:
        fields = _first_fit(varying, width)
        stored = _stored(fields)
        if stored is None:
            fields = _by_words(varying, width, total)
            stored = _stored(fields)
    bits = max((field.shift(field.family.size - 1) + field.width for field in fields.values()), default=0)
    return Layout(fields, fixed, bits, program.model.size, dense=stored)


def _stored(fields: dict[Family, Field]) -> Dense | None:
    """How states with these fields, none of which crosses words, are stored as one word, if they can be."""
    return dense(
        Cell(*divmod(field.shift(i), WORD), field.width, family.high - family.low + 1)
        for family, field in fields.items()
        for i in range(family.size)
    )


def _side_by_side(families: list[Family], width: dict[Family, int]) -> dict[Family, Field]:
    fields: dict[Family, Field] = {}
    offset = 0
    for family in families:
        fields[family] = Field(family, offset, width[family])
        offset += width[family] * family.size
    return fields


def _by_words(families: list[Family], width: dict[Family, int], bits: int) -> dict[Family, Field]:
    """Families dealt out evenly over few words: half as many again as there are bits for, where cells of one
    index then lie in one word; first fit where there is no such number.
    """
    least = -(-bits // WORD)

    def scattered(words: int) -> int:
        """The bits of families whose cells cannot be dealt out evenly."""
        return sum(width[f] * f.size for f in families if f.size % words and words % f.size)

    for words in sorted(range(least, least + least // 2 + 1), key=scattered):
        for spread in (True, False):
            fields = _dealt(families, width, words, spread)
            if fields is not None:
                return fields
    return _first_fit(families, width)


def _dealt(
    families: list[Family], width: dict[Family, int], words: int, spread: bool
) -> dict[Family, Field] | None:
    """Families of as many cells as words, or more, lie evenly in all words. Smaller ones follow, the largest
    first: with `spread` evenly too, a cell in each second word or so, otherwise whole; one cell goes into the
    emptiest word. None where they do not fit.
    """
    fields: dict[Family, Field] = {}
    offset = 0
    for family in families:
        if family.size >= words:
            per_word = -(-family.size // words)
            fields[family] = Field(family, offset, width[family], per_word)
            offset += per_word * width[family]
    used = [offset] * words
    small = [family for family in families if family not in fields]
    for family in sorted(small, key=lambda f: -width[f] * f.size):
        if spread and family.size > 1:
            stride = words // family.size
            own = range(0, family.size * stride, stride)
            place = max(used[word] for word in own)
            fields[family] = Field(family, place, width[family], 1, stride)
            for word in own:
                used[word] = place + width[family]
        else:
            word = used.index(min(used))
            fields[family] = Field(family, word * WORD + used[word], width[family])
            used[word] += width[family] * family.size
    return fields if max(used) <= WORD else None


def _first_fit(families: list[Family], width: dict[Family, int]) -> dict[Family, Field]:
    """Each family goes into the first word with room for all of it, a larger one into words of its own."""
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
