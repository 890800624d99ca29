"""Places in the state: a variable, and the fields and indices that lead to a cell of it. Knows nothing of
values.
"""

from __future__ import annotations

from dataclasses import field

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family
from explorer.ir.types import CellShape, Type


@dataclass(frozen=True, slots=True)
class Variable:
    """A state variable: its families by path ("" for a plain scalar, "[].length" for a map of queues).

    Changes of a `quiet` one are not listed along a trace.
    """

    name: str
    type: Type
    families: dict[str, Family]
    quiet: bool = False
    shared: bool = False
    """Whether its cells are locations of a memory, which only a CPU's load reads."""
    _shapes: list[CellShape] = field(default_factory=list, compare=False, repr=False)

    @property
    def shapes(self) -> list[CellShape]:
        """The cells of its type. They are listed once: every place that is read has a text."""
        if not self._shapes:
            self._shapes.extend(self.type.cells())
        return self._shapes


@dataclass(frozen=True, slots=True)
class Path:
    """A place in the state: a variable, the fields and indices taken so far."""

    variable: Variable
    fields: str
    indices: tuple[tuple[Expr, int], ...]
    primed: bool

    def field(self, name: str) -> Path:
        return Path(self.variable, f"{self.fields}.{name}", self.indices, self.primed)

    def at(self, index: Expr, size: int) -> Path:
        return Path(self.variable, f"{self.fields}[]", (*self.indices, (index, size)), self.primed)

    def cell(self) -> tuple[Family, Expr]:
        """The family and the linear index of a scalar place."""
        linear: Expr = ex.const(0)
        for index, size in self.indices:
            linear = _linear(linear, size, index)
        return self.variable.families[self.fields], linear

    def __str__(self) -> str:
        text, fields = self.variable.name, self.fields
        shapes = (shape for shape in self.variable.shapes if shape.path.startswith(fields))
        dimensions = next(shapes).dimensions
        for (index, _), dimension in zip(self.indices, dimensions):
            shown = dimension.names[index.value] if ex.is_const(index) else show(index)
            fields = fields.replace("[]", f"[{shown}]", 1)
        return text + fields


def _linear(base: Expr, size: int, index: Expr) -> Expr:
    if ex.is_const(base) and ex.is_const(index):
        return ex.const(base.value * size + index.value)
    scaled = ex.const(base.value * size) if ex.is_const(base) else ex.node("mul", (base, ex.const(size)))
    if ex.is_const(index):
        return ex.plus(scaled, index.value)
    return index if scaled is ex.const(0) else ex.node("add", (scaled, index))
