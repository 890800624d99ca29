"""Expressions over a state: the one node type that language, compiler and judge share.

An expression computes an integer. Booleans are 0 and 1; an enum member, an identity or a range value is its
integer code; a set is a bit mask. Equal expressions are the same object (hash-consed), so identity is
equality.

    op         args              value         meaning
    const                        int
    load                         (family, i)   cell i of a family, in the state
    loadat     index             family        the cell at a computed index
    next       -                 (family, i)   the same two, in the state after the step
    nextat     index             family
    and or     a, b, ...                       left to right, lazily
    ite        c, a, b                         lazily
    table      index             (int, ...)    a constant, by index (made by the compiler)
    require    ok, a             Failure       a, or an evaluation error where ok is 0
    apply      a, b, ...         Function      what a pure function of integers gives; no expression spells it
    out

and the plain operators of `operators.py`: `add sub mul floordiv mod neg` (Python's integer arithmetic),
`eq lt le not` (0 or 1), `bor band bandnot` (union, intersection, difference of masks), `bit` ({i} as a mask),
`has` (whether i is a member) and `popcount` (how many members).
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from itertools import count
from typing import Any, Protocol
from weakref import WeakValueDictionary

from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.operators import OPERATORS, Form, Kind
from explorer.ir.types import SetType


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an expression has no value; shown with the trace that leads to it."""

    message: str
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Family:
    """All cells that differ only in their indices: `Sender.at[·]`, `Memory.pending[·][·].length`.

    `number` is its rank in the model, `first` the rank of its first cell, `low..high` the codes a cell may
    hold. `names` gives for each cell the text an author reads; `type` decodes a code to the author's value.
    `keys` are the names along each index.
    """

    number: int
    first: int
    size: int
    low: int
    high: int
    variable: str
    path: str
    names: tuple[str, ...]
    type: Any
    place: Place
    keys: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        return f"{self.variable}{self.path}"


class Function:
    """A pure and total function of integers, `low..high` its values: a part of the state that is too
    intricate for expressions (the memory of a multiprocessor) is a number, and what is done to it such a
    function.

    `plain` computes a result, and `call`, which remembers them, is what generated code calls by the name
    `symbol`. `number` is made of the name: machine code, which outlives this process, knows the function by
    it.

    `operands` are the types of the arguments and, last, of the result (None: a plain number); empty where
    they are not known. They are a promise: with identities renamed in the arguments, the result is renamed.
    `text` makes what people read of a call, where its name is not it. A `quick` function costs so little that
    it may be asked where nobody needs the answer. `possible` is a quick one that takes the same arguments and
    gives 1 where this one gives at least 0, else 0.
    """

    __slots__ = (
        "__weakref__",
        "call",
        "high",
        "low",
        "name",
        "number",
        "operands",
        "plain",
        "possible",
        "quick",
        "symbol",
        "text",
    )

    def __init__(
        self,
        name: str,
        bounds: tuple[int, int],
        plain: Callable[..., int],
        operands: tuple[Any, ...] = (),
        symbol: str = "",
    ):
        self.text: Callable[[tuple[Expr, ...]], str] | None = None
        self.quick, self.possible = False, None  # type: bool, Function | None
        self.name, (self.low, self.high), self.operands = name, bounds, operands
        self.plain, self.call = plain, lru_cache(maxsize=None)(plain)
        self.number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big") + 1
        self.symbol = symbol or f"apply{next(_numbers)}"
        _functions[self.symbol] = self

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        made = self.symbol, self.name, (self.low, self.high), self.plain, self.operands
        return _again, made, (self.text, self.quick, self.possible)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.text, self.quick, self.possible = state


_numbers = count()
_functions: WeakValueDictionary[str, Function] = WeakValueDictionary()


def _again(
    symbol: str, name: str, bounds: tuple[int, int], call: Callable[..., int], operands: tuple[Any, ...]
) -> Function:
    """A function as it was in another process, with its symbol, which generated source knows it by. Raises
    LookupError where another one has that here.
    """
    global _numbers
    if symbol in _functions:
        raise LookupError(symbol)
    _numbers = count(max(next(_numbers), 1 + int(symbol.removeprefix("apply"))))
    return Function(name, bounds, call, operands, symbol)


def functions_in(source: str) -> dict[str, Callable[..., int]]:
    """The functions that generated source calls, by their symbols."""
    found = ((symbol, _functions.get(symbol)) for symbol in set(_SYMBOL.findall(source)))
    return {symbol: function.call for symbol, function in found if function is not None}


def with_names(source: str) -> str:
    """Generated source with names of functions in place of their symbols, which say in which order this
    process made them.
    """

    def name(symbol: re.Match[str]) -> str:
        function = _functions.get(symbol[0])
        return symbol[0] if function is None else function.name

    return _SYMBOL.sub(name, source)


_SYMBOL = re.compile("apply[0-9]+")


NESTED = 50_000
"""Python calls in each other that an expression may need, ten for each operator within another. They take
memory of the heap, not of the C stack.
"""
sys.setrecursionlimit(max(NESTED, sys.getrecursionlimit()))


class Expr:
    """One node. Build with the functions below, never directly."""

    __slots__ = ("__weakref__", "args", "below", "depth", "meaning", "op", "partial", "reads", "value")
    op: str
    args: tuple[Expr, ...]
    value: Any
    depth: int
    """How many operators are within each other."""
    partial: bool
    """Whether a `require` is within it, so that it may have no value."""
    below: tuple[Expr, ...] | None
    """Kept by `walk` where it is short: a cache that lives as long as the node."""
    meaning: Any
    """Kept by `semantics.closure`, likewise."""
    reads: Any
    """Kept by `program/facts.py`, likewise."""

    def __repr__(self) -> str:
        return show(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _node, ((self.op, self.args, self.value), self.depth, self.partial)


_interned: WeakValueDictionary[tuple[Any, ...], Expr] = WeakValueDictionary()


def node(op: str, args: tuple[Expr, ...] = (), value: Any = None) -> Expr:
    key = (op, args, value)
    known = _interned.get(key)
    if known is not None:
        return known
    depth = 1 + max(a.depth for a in args) if args else 0
    return _node(key, depth, op == "require" or any(a.partial for a in args))


def _node(key: tuple[str, tuple[Expr, ...], Any], depth: int, partial: bool) -> Expr:
    """A node of which more is known, as it is read from a pickle."""
    result = _interned.get(key)
    if result is None:
        result = _interned[key] = Expr()
        result.op, result.args, result.value = key
        result.depth, result.partial, result.meaning, result.reads = depth, partial, None, None
        result.below = None if result.args else ()
    return result


def const(value: int) -> Expr:
    return node("const", (), int(value))


TRUE, FALSE = const(1), const(0)


def is_const(expr: Expr) -> bool:
    return expr.op == "const"


def both(*args: Expr) -> Expr:
    return node("and", args) if len(args) > 1 else args[0] if args else TRUE


def either(*args: Expr) -> Expr:
    return node("or", args) if len(args) > 1 else args[0] if args else FALSE


def negate(a: Expr) -> Expr:
    return node("not", (a,))


def equal(a: Expr, b: Expr) -> Expr:
    return node("eq", (a, b))


def at_most(a: Expr, b: Expr) -> Expr:
    return node("le", (a, b))


def choose(c: Expr, a: Expr, b: Expr) -> Expr:
    """`a` where c, else `b`. The condition is evaluated in any case."""
    return demand(c, a) if a is b else node("ite", (c, a, b))


def demand(needed: Expr, a: Expr) -> Expr:
    """`a`, evaluated after `needed`: where that has no value, `a` has none, for the same reason."""
    failure = next((at.value for at in walk(needed) if at.op == "require"), None)
    return a if failure is None else require(equal(needed, needed), a, failure)


def plus(a: Expr, offset: int) -> Expr:
    if offset == 0:
        return a
    return const(a.value + offset) if is_const(a) else node("add", (a, const(offset)))


def total(terms: list[Expr]) -> Expr:
    """The sum of some terms, as a tree of little depth."""
    while len(terms) > 1:
        pairs = [node("add", (a, b)) for a, b in zip(terms[::2], terms[1::2])]
        terms = pairs + terms[len(pairs) * 2 :]
    return terms[0] if terms else const(0)


def within(a: Expr, low: int, high: int) -> Expr:
    return both(at_most(const(low), a), at_most(a, const(high)))


def require(ok: Expr, a: Expr, failure: Failure) -> Expr:
    return node("require", (ok, a), failure)


def apply(function: Function, *args: Expr) -> Expr:
    return node("apply", args, function)


def cell(family: Family, index: Expr, primed: bool = False) -> Expr:
    """The content of `family[index]`, before or after the step."""
    if is_const(index):
        return node("next" if primed else "load", (), (family, index.value))
    return node("nextat" if primed else "loadat", (index,), family)


SHORT = 200
"""So many nodes below a node are remembered."""


def walk(expr: Expr) -> tuple[Expr, ...]:
    """Every distinct node below and including `expr`, operands first."""
    below = expr.below
    if below is None:
        below = _below(expr)
        if len(below) <= SHORT:
            expr.below = below
    return (*below, expr)


def _below(expr: Expr) -> tuple[Expr, ...]:
    seen: dict[Expr, None] = {}
    stack: list[Expr] = [*reversed(expr.args)]
    while stack:
        at = stack[-1]
        if at in seen:
            stack.pop()
        elif at.below is not None:
            seen.update(dict.fromkeys((*at.below, at)))
            stack.pop()
        elif missing := [a for a in reversed(at.args) if a not in seen]:
            stack += missing
        else:
            seen[at] = None
            stack.pop()
    return tuple(seen)


def rebuild(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`expr` with every node passed through `change` after its operands were."""
    done: dict[Expr, Expr] = {}
    for at in walk(expr):
        args = tuple(done[a] for a in at.args)
        done[at] = change(at if args == at.args else node(at.op, args, at.value))
    return done[expr]


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


def family_of(expr: Expr) -> Family | None:
    """The family an expression reads directly, if it is a plain read."""
    while expr.op == "require":
        expr = expr.args[1]
    if expr.op in ("load", "next"):
        family: Family = expr.value[0]
        return family
    if expr.op in ("loadat", "nextat"):
        at_index: Family = expr.value
        return at_index
    return None
