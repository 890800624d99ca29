"""A ground model as Promela, for SPIN: one process, one loop, one `d_step` for each rule, so that SPIN stores
our states exactly.

Cells are bit fields that hold the code minus the least code. Invariants are asserted after every step, inside
it. Temporaries are part of SPIN's state (breadth-first search knows no hidden variables), so they are 0 again
when a step ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.ir.expressions import Family, is_const
from explorer.ir.model import Model

from .flat import Assignment, Dialect, Flat, NotImplementedHere, Printer, Step, flatten, identifier

_INFIX = {
    "and": "&&",
    "or": "||",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "add": "+",
    "sub": "-",
    "mul": "*",
}


def promela(model: Model, packed: bool = True) -> str:
    """The text of a Promela file. With several initial states SPIN stores one state more: the one before the
    choice.

    Without `packed` every cell is a byte: a longer state vector, read and written without shifts.
    """
    return "\n".join(_Writer(flatten(model), packed).lines()) + "\n"


class _Writer:
    def __init__(self, flat: Flat, packed: bool):
        self.flat, self.packed = flat, packed
        self.printer = Printer(Dialect(_INFIX, "{} -> {} : {}", self.cell, lambda family: family.low))

    def cell(self, family: Family, index: str | int) -> str:
        return (
            f"{identifier(family)}[{index}]"
            if family in self.flat.arrays
            else f"{identifier(family)}_{index}"
        )

    def lines(self) -> Iterator[str]:
        yield f"/* {self.flat.model.name}: written by tests/bench/promela.py */"
        for family in self.flat.families:
            yield from self.declaration(family)
        for number in range(self.flat.temporaries):
            yield f"int temporary_{number} = 0;"
        yield from self.asserted()
        yield "active proctype explorer() {"
        if len(self.flat.initial) > 1:
            yield "  if"
            for state in self.flat.initial:
                yield f"  :: d_step {{ {'; '.join(self.start(state))}; CHECK }}"
            yield "  fi;"
        yield "end: do"
        for step in self.flat.steps:
            yield from self.option(step)
        yield "  od"
        yield "}"

    def declaration(self, family: Family) -> Iterator[str]:
        bits = max(1, (family.high - family.low).bit_length())
        if bits > 31:
            raise NotImplementedHere(f"{family!r} of {bits} bits")
        wide = "byte" if bits <= 8 else "int"
        first = self.flat.initial[0]
        for i in range(family.size):
            start = first[family.first + i] - family.low
            if family in self.flat.arrays:
                if i == 0:
                    codes = ", ".join(str(first[family.first + k] - family.low) for k in range(family.size))
                    yield f"{wide} {identifier(family)}[{family.size}] = {{ {codes} }};"
            elif not self.packed:
                yield f"{wide} {self.cell(family, i)} = {start};"
            elif bits == 1:
                yield f"bit {self.cell(family, i)} = {start};"
            else:
                yield f"unsigned {self.cell(family, i)} : {bits} = {start};"

    def start(self, state: tuple[int, ...]) -> list[str]:
        return [
            f"{self.cell(family, i)} = {state[family.first + i] - family.low}"
            for family in self.flat.families
            for i in range(family.size)
        ]

    def asserted(self) -> Iterator[str]:
        yield "#define CHECK " + (
            " ".join(f"assert({self.printer.truth(e)});" for _, e in self.flat.invariants) or "skip;"
        )

    def option(self, step: Step) -> Iterator[str]:
        yield f"  :: d_step {{ /* {step.name.replace('*/', '')} */"
        yield f"       {self.printer.truth(step.guard)} ->"
        for name, condition in step.assertions:
            yield f"       assert({self.printer.truth(condition)}); /* {name.replace('*/', '')} */"
        for assignment in step.assignments:
            yield f"       {self.assignment(assignment)};"
        for assignment in step.assignments:
            if assignment.temporary is not None:
                yield f"       temporary_{assignment.temporary} = 0;"
        yield "       CHECK"
        yield "     }"

    def assignment(self, a: Assignment) -> str:
        low = a.family.low
        value = f"temporary_{a.source}" if a.source is not None else self.printer.number(a.expr, low)
        if a.temporary is not None:
            return f"temporary_{a.temporary} = {value}"
        return (
            f"{self.cell(a.family, a.index.value if is_const(a.index) else self.printer.number(a.index))} ="
            f" {value}"
        )
