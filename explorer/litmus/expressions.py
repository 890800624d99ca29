"""Values of litmus tests, and expressions over registers and over the values that reads return.

A value is an integer, or a string: the address of the location of that name. An expression keeps every read
that it mentions, also where its value does not depend on it: `xor r3,r1,r1` is always 0 and is a dependency
all the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

Value = int | str


def integer(text: str) -> int:
    """A decimal number, leading zeros allowed, or a hexadecimal one (0x). Raises ValueError."""
    return int(text, 16 if text.lstrip("-")[:2] in ("0x", "0X") else 10)


class Register(NamedTuple):
    """A register, or a local variable of a C function."""

    name: str


class ReadOf(NamedTuple):
    """The value that a read returns: event number `event` of a thread."""

    thread: int
    event: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of OPERATIONS."""

    name: str
    arguments: tuple[Expression, ...]


Expression = int | str | Register | ReadOf | Operation


class ValueProblem(Exception):
    """An operation on addresses that no litmus test can mean."""


def _on_integers(name: str, function: Callable[..., int]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        if not all(isinstance(value, int) for value in values):
            shown = ", ".join(map(str, values))
            raise ValueProblem(f"{name} of an address ({shown}); only whole locations can be addressed")
        return function(*values)

    return apply


def _add(a: Value, b: Value) -> Value:
    if isinstance(a, str) and b == 0:
        return a
    if isinstance(b, str) and a == 0:
        return b
    return _on_integers("sum", operator.add)(a, b)


def _sub(a: Value, b: Value) -> Value:
    if isinstance(a, str) and b == 0:
        return a
    return 0 if a == b else _on_integers("difference", operator.sub)(a, b)


def _xor(a: Value, b: Value) -> Value:
    return 0 if a == b else _on_integers("exclusive or", operator.xor)(a, b)


def _and(a: Value, b: Value) -> Value:
    return 0 if a == 0 or b == 0 else _on_integers("bitwise and", operator.and_)(a, b)


def _compare(a: Value, b: Value) -> Value:
    if a == b:
        return 0
    if isinstance(a, str) or isinstance(b, str):
        return -1 if str(a) < str(b) else 1
    return -1 if a < b else 1


def _divide(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0


OPERATIONS: dict[str, Callable[..., Value]] = {
    "+": _add,
    "-": _sub,
    "^": _xor,
    "&": _and,
    "|": _on_integers("bitwise or", operator.or_),
    "*": _on_integers("product", operator.mul),
    "/": _on_integers("quotient", _divide),
    "%": _on_integers("remainder", lambda a, b: a - _divide(a, b) * b),
    "<<": _on_integers("shift", operator.lshift),
    ">>": _on_integers("shift", operator.rshift),
    "~": _on_integers("complement", operator.invert),
    "compare": _compare,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(_compare(a, b) == -1),
    ">": lambda a, b: int(_compare(a, b) == 1),
    "<=": lambda a, b: int(_compare(a, b) != 1),
    ">=": lambda a, b: int(_compare(a, b) != -1),
    "!": lambda a: int(a == 0),
    "&&": lambda a, b: int(a != 0 and b != 0),
    "||": lambda a, b: int(a != 0 or b != 0),
    "?:": lambda a, b, c: b if a != 0 else c,
    "depends": lambda value, *_: value,
    "picked": lambda value, *_: value,
}
"""What each operation gives. `depends` is its first argument, and depends on all of them. `picked` is its
first argument, which the others have picked.
"""


def reads(expression: Expression) -> Iterator[ReadOf]:
    """The reads that the value of an expression comes from."""
    if isinstance(expression, ReadOf):
        yield expression
    elif isinstance(expression, Operation):
        for argument in expression.arguments[:1] if expression.name == "picked" else expression.arguments:
            yield from reads(argument)


def picks(expression: Expression) -> Iterator[ReadOf]:
    """These reads, and those that decided which value it is (Arm's pick dependencies)."""
    if isinstance(expression, ReadOf):
        yield expression
    elif isinstance(expression, Operation):
        for argument in expression.arguments:
            yield from picks(argument)


def picked(value: Expression, *causes: Expression) -> Expression:
    """The value, which the causes have picked."""
    return Operation("picked", (value, *causes))


def depending(value: Value, causes: tuple[Expression, ...]) -> Expression:
    """The value, depending on the causes."""
    return substitute(Operation("depends", (value, *causes)), Register)


def is_constant(expression: Expression) -> bool:
    """Whether the value comes from no read."""
    return next(reads(expression), None) is None


def constant(expression: Expression) -> Value:
    """The value of an expression that comes from no read."""

    def none(read: ReadOf) -> Value:
        raise AssertionError(read)

    return evaluate(expression, none)


def evaluate(expression: Expression, read: Callable[[ReadOf], Value]) -> Value:
    """The value of an expression without registers; `read` gives what a read returned."""
    if isinstance(expression, Operation):
        if expression.name == "picked":
            return evaluate(expression.arguments[0], read)
        return OPERATIONS[expression.name](*(evaluate(argument, read) for argument in expression.arguments))
    if isinstance(expression, ReadOf):
        return read(expression)
    assert not isinstance(expression, Register), expression
    return expression


def substitute(expression: Expression, register: Callable[[str], Expression]) -> Expression:
    """The expression with each register replaced by its contents, and computed where no read is in it."""
    if isinstance(expression, Register):
        return register(expression.name)
    if isinstance(expression, Operation):
        arguments = tuple(substitute(argument, register) for argument in expression.arguments)
        result = Operation(expression.name, arguments)
        if next(picks(result), None) is not None:
            return result
        return OPERATIONS[result.name](*arguments)
    return expression
