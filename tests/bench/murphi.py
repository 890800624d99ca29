"""A ground model as Murphi, for Rumur: range variables, one rule for each action instance, one start state
for each initial one.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.ir.expressions import Family, is_const
from explorer.ir.model import Model

from .flat import Assignment, Dialect, Flat, Printer, Step, flatten, identifier

_INFIX = {
    "and": "&",
    "or": "|",
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "add": "+",
    "sub": "-",
    "mul": "*",
}


def murphi(model: Model) -> str:
    """The text of a Murphi file."""
    return "\n".join(_Writer(flatten(model)).lines()) + "\n"


class _Writer:
    def __init__(self, flat: Flat):
        self.flat = flat
        self.printer = Printer(Dialect(_INFIX, "{} ? {} : {}", self.cell, lambda family: 0))

    def cell(self, family: Family, index: str | int) -> str:
        return (
            f"{identifier(family)}[{index}]"
            if family in self.flat.arrays
            else f"{identifier(family)}_{index}"
        )

    def lines(self) -> Iterator[str]:
        yield f"-- {self.flat.model.name}: written by tests/bench/murphi.py"
        yield "var"
        for family in self.flat.families:
            domain = f"{family.low}..{family.high}"
            if family in self.flat.arrays:
                yield f"  {identifier(family)}: array[0..{family.size - 1}] of {domain};"
            else:
                yield from (f"  {self.cell(family, i)}: {domain};" for i in range(family.size))
        for number, state in enumerate(self.flat.initial):
            yield f'startstate "{number}"'
            yield "begin"
            for family in self.flat.families:
                yield from (
                    f"  {self.cell(family, i)} := {state[family.first + i]};" for i in range(family.size)
                )
            yield "end;"
        for step in self.flat.steps:
            yield from self.rule(step)
        for name, condition in self.flat.invariants:
            yield f'invariant "{name}" {self.printer.truth(condition)};'

    def rule(self, step: Step) -> Iterator[str]:
        yield f'rule "{_text(step.name)}" {self.printer.truth(step.guard)} ==>'
        held = [a for a in step.assignments if a.temporary is not None]
        if held:
            yield "var"
            yield from (f"  temporary_{a.temporary}: {a.family.low}..{a.family.high};" for a in held)
        yield "begin"
        for name, condition in step.assertions:
            yield f'  assert {self.printer.truth(condition)} "{_text(name)}";'
        for assignment in step.assignments:
            yield f"  {self.assignment(assignment)};"
        yield "end;"

    def assignment(self, a: Assignment) -> str:
        value = f"temporary_{a.source}" if a.source is not None else self.printer.number(a.expr)
        if a.temporary is not None:
            return f"temporary_{a.temporary} := {value}"
        return (
            f"{self.cell(a.family, a.index.value if is_const(a.index) else self.printer.number(a.index))} :="
            f" {value}"
        )


def _text(name: str) -> str:
    return name.replace('"', "'")
