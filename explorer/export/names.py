"""Names that other languages accept, close to the author's: of variables, of their cells, of values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from explorer.export.flat import Flat
from explorer.ir.expressions import Family
from explorer.ir.types import ScalarType, UnionType


def word(text: str) -> str:
    """Letters, digits and single underscores; never empty, and no digit first."""
    plain = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")
    return plain if plain[:1].isalpha() else f"n{plain}"


def words_of(text: str) -> set[str]:
    """The words of a text without comments."""
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"/\*.*?\*/|--.*", "", text)))


class Names:
    """The names of one model in a language that reserves some words. Two things never have one name."""

    def __init__(self, flat: Flat, reserved: Collection[str]):
        self._taken = set(reserved)
        self.families: dict[Family, str] = {}
        self._cells: dict[tuple[Family, int], str] = {}
        self._choices: dict[tuple[Family, int], str] = {}
        for family in flat.families:
            plain = word(f"{family.variable}{family.path}".replace("[]", ""))
            self.families[family] = self.new(plain)
            if family not in flat.arrays:
                for i, text in enumerate(family.names):
                    self._cells[family, i] = (
                        self.families[family] if family.size == 1 else self.new(word(text))
                    )
        self.values = dict(self._values(flat))

    def new(self, name: str) -> str:
        """The name, or with a number behind it where it is taken."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found

    def cell(self, family: Family, index: int) -> str:
        """The name of a cell that stands alone."""
        return self._cells[family, index]

    def choice(self, family: Family, index: int) -> str:
        """The name of what chooses a cell's value, where an initial state has one of several."""
        if (family, index) not in self._choices:
            self._choices[family, index] = self.new(f"any_{word(family.names[index])}")
        return self._choices[family, index]

    def _values(self, flat: Flat) -> Iterator[tuple[tuple[ScalarType, int], str]]:
        """Names for the members of enums and scalarsets, and of None beside them."""
        kinds = dict.fromkeys(f.type for f in flat.families if isinstance(f.type, UnionType))
        for kind in kinds:
            for code in range(kind.low, kind.high + 1):
                text = kind.text(code)
                if code < 0:
                    text = f"no_{kind.classes[0].__name__}" if kind.classes[0] is not int else "none"
                if not text.lstrip("-").isdigit():
                    yield (kind, code), self.new(word(text))

    def value(self, family: Family | None, code: int) -> str | None:
        """The name of a value of a family; None where it has none."""
        return None if family is None else self.values.get((family.type, code))


def unique(texts: Iterable[str]) -> list[str]:
    """The texts, those that occur again with their place behind them."""
    seen: set[str] = set()
    result = []
    for place, text in enumerate(texts):
        result.append(text if text not in seen else f"{text} #{place}")
        seen.add(result[-1])
    return result
