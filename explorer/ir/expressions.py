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
from typing import Any
from weakref import WeakValueDictionary

from explorer.ir.data import dataclass
from explorer.ir.errors import Place


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
        parts = ", ".join(map(repr, self.args if self.value is None else (*self.args, self.value)))
        return f"{self.op}({parts})"

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
