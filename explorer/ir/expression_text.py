"""Expressions as text for people, close to what the author wrote: operators as Python writes them, codes by
their names where the place they are read from tells these.
"""

from __future__ import annotations

from typing import Any, Protocol

from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Family, const, family_of, is_const
from explorer.ir.operators import OPERATORS, Form, Kind
from explorer.ir.types import SetType


class Names(Protocol):
    """What codes are called: a type, or the names along one index of a family."""

    def text(self, value: int, /) -> str: ...


@dataclass(frozen=True, slots=True)
class _Listed:
    """Names in a row, from code 0."""

    names: tuple[str, ...]

    def text(self, value: int) -> str:
        return self.names[value] if 0 <= value < len(self.names) else str(value)


def show_condition(expr: Expr) -> str:
    """The text of an expression that is a condition: its constants are False and True."""
    return str(bool(expr.value)) if is_const(expr) else show(expr)


def show(expr: Expr, names: Names | None = None) -> str:
    """Text for people, close to what the author wrote. `names` are those of its codes, where they are known
    from what stands around it.
    """
    op, args = expr.op, expr.args
    if op == "const":
        return str(expr.value) if names is None else names.text(expr.value)
    if op in ("load", "next"):
        family, index = expr.value
        return f"{family.names[index]}" + ("'" if op == "next" else "")
    if op in ("loadat", "nextat"):
        return _place_text(expr.value, args[0]) + ("'" if op == "nextat" else "")
    if op == "require":
        return show(args[1], names)
    if op == "table":
        return f"{expr.value}[{show(args[0])}]"
    if op == "apply":
        own = expr.value.text
        return own(args) if own is not None else f"{expr.value.name}({', '.join(map(show, args))})"
    if op == "eq":
        return _show_equation(expr, "==")
    if op == "not" and args[0].op == "eq":
        return _show_equation(args[0], "!=")
    row = OPERATORS[op]
    kinds = row.operands * len(args) if row.many else row.operands
    of = _names_of_operands(expr, kinds, names)
    if row.form is Form.CALL:
        return row.shown.format(*(_text(a, kind, own) for a, kind, own in zip(args, kinds, of)))
    inner = [_inner(_text(a, kind, own), a) for a, kind, own in zip(args, kinds, of)]
    return row.shown + inner[0] if row.form is Form.PREFIX else f" {row.shown} ".join(inner)


def _names_of_operands(expr: Expr, kinds: tuple[Kind, ...], names: Names | None) -> list[Names | None]:
    """What the codes of the operands are called: sets beside each other are of one type, and an element is
    one of the set's.
    """
    if expr.op == "ite":
        return [None, *[names or names_in(expr)] * 2]
    for set_ in (a for a, kind in zip(expr.args, kinds) if kind is Kind.SET):
        names = names_in(set_) or names
    if not isinstance(names, SetType):
        return [None] * len(kinds)
    elements = _Listed(tuple(map(names.element.name_of, names.element.values())))
    of: dict[Kind, Names] = {Kind.SET: names, Kind.ELEMENT: elements}
    return [of.get(kind) for kind in kinds]


def names_in(expr: Expr) -> Names | None:
    """What the codes of an expression are called, by a place of the state that one of them is read from."""
    while True:
        family = family_of(expr)
        if family is not None:
            named: Names = family.type
            return named
        if expr.op == "require":
            expr = expr.args[1]
        elif expr.op == "apply":
            result: Any = expr.value.operands[-1] if expr.value.operands else None
            proper = hasattr(result, "text") and result.low <= expr.value.low  # else it may be none
            return result if proper else None
        elif expr.op == "ite":
            return names_in(expr.args[1]) or names_in(expr.args[2])
        elif OPERATORS[expr.op].result is Kind.SET and len(expr.args) == 2:
            return names_in(expr.args[0]) or names_in(expr.args[1])
        else:
            return None


def _text(expr: Expr, kind: Kind, names: Names | None) -> str:
    return show_condition(expr) if kind is Kind.CONDITION else show(expr, names)


def _place_text(family: Family, index: Expr) -> str:
    """A cell at a computed index; one number in brackets where the indices cannot be told apart."""
    text = f"{family.variable}{family.path}"
    indices = _indices(index, [len(names) for names in family.keys])
    if len(indices) != text.count("[]"):
        return f"{text.replace('[]', '')}[{show(index)}]"
    for at, names in zip(indices, family.keys):
        text = text.replace("[]", f"[{show(at, _Listed(names))}]", 1)
    return text


def _indices(linear: Expr, sizes: list[int]) -> list[Expr]:
    """The indices along each dimension that `places.py` made one of; none where that is not to be seen."""
    indices: list[Expr] = []
    for size in reversed(sizes[1:]):
        high, low = _split(linear, size)
        if high is None:
            return []
        linear = high
        indices.append(low)
    return [linear, *reversed(indices)] if sizes else []


def _split(linear: Expr, size: int) -> tuple[Expr | None, Expr]:
    """An index times `size`, and another that is added to it."""
    terms = linear.args if linear.op == "add" else (linear, const(0))
    for scaled, low in (terms, terms[::-1]):
        if scaled.op == "mul" and scaled.args[1] is const(size):
            return scaled.args[0], low
        if is_const(scaled) and scaled.value and scaled.value % size == 0:
            return const(scaled.value // size), low
    family = family_of(linear)
    inside = family is not None and 0 <= family.low and family.high < size
    return (const(0) if inside else None), linear


def _inner(text: str, expr: Expr) -> str:
    """The text of an operand, in brackets where it is one of an infix operator."""
    infix = OPERATORS[expr.op].form is Form.INFIX or (expr.op == "not" and expr.args[0].op == "eq")
    return f"({text})" if infix else text


def _show_equation(expr: Expr, sign: str) -> str:
    """Equations with a constant show the constant as the author's value: `Sender.at[X] == IDLE`."""
    a, b = expr.args
    if is_const(a):
        a, b = b, a
    names = names_in(a) or names_in(b)
    return f"{_inner(show(a, names), a)} {sign} {_inner(show(b, names), b)}"
