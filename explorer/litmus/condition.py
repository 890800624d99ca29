"""Final conditions of litmus tests: `exists (0:r1=1 /\\ [x]=2)`, read, evaluated, and printed as herd prints
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .expressions import Value, integer


class Place(NamedTuple):
    """What a final state has a value for: a register of a thread, or (`thread` is None) a location."""

    thread: int | None
    name: str

    def __str__(self) -> str:
        return f"[{self.name}]" if self.thread is None else f"{self.thread}:{self.name}"


class Equal(NamedTuple):
    """`place=value`, or `place=place`."""

    place: Place
    value: Value | Place


class Formula(NamedTuple):
    """`and`, `or`, `not`, `true` or `false` of other conditions."""

    operator: str
    operands: tuple[Proposition, ...]


Proposition = Equal | Formula


@dataclass(frozen=True, slots=True)
class Condition:
    """A quantifier (`exists`, `~exists`, `forall`) and a proposition over one final state."""

    quantifier: str
    proposition: Proposition

    def __str__(self) -> str:
        return f"{self.quantifier} ({show(self.proposition)})"


class ConditionError(Exception):
    """A condition that cannot be read; `at` is the place in the text."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def holds(proposition: Proposition, value: Callable[[Place], Value]) -> bool:
    """Whether the proposition holds in a final state."""
    if isinstance(proposition, Equal):
        right = proposition.value
        return value(proposition.place) == (value(right) if isinstance(right, Place) else right)
    results = (holds(operand, value) for operand in proposition.operands)
    if proposition.operator == "and":
        return all(results)
    if proposition.operator == "or":
        return any(results)
    return not any(results) if proposition.operator == "not" else proposition.operator == "true"


def places(proposition: Proposition) -> Iterator[Place]:
    """The places that a proposition mentions."""
    if isinstance(proposition, Equal):
        yield proposition.place
        if isinstance(proposition.value, Place):
            yield proposition.value
    else:
        for operand in proposition.operands:
            yield from places(operand)


def show(proposition: Proposition) -> str:
    """The proposition in herd's words."""
    if isinstance(proposition, Equal):
        return f"{proposition.place}={proposition.value}"
    if proposition.operator == "not":
        return f"not ({show(proposition.operands[0])})"
    if not proposition.operands:
        return proposition.operator
    word = " /\\ " if proposition.operator == "and" else " \\/ "
    weaker = "or" if proposition.operator == "and" else ""
    return word.join(
        f"({show(each)})" if isinstance(each, Formula) and each.operator == weaker else show(each)
        for each in proposition.operands
    )


TOKEN = re.compile(
    r"\s*(?:(?P<mark>/\\|\\/|=>|<>|[()~=]|\[|\])|(?P<number>-?(?:0x[0-9a-fA-F]+|\d+))(?!\w|\s*:)|"
    r"(?P<register>\d+\s*:\s*[%\w.]+)|(?P<name>&?[A-Za-z_][\w.]*))"
)


class Parser:
    """A recursive-descent parser of propositions: `=>` binds least, then `\\/`, `/\\`, `~`."""

    def __init__(self, text: str, register: Callable[[str], str]) -> None:
        self.text, self.register = text, register
        self.tokens: list[tuple[int, str, str]] = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise ConditionError(at, f"cannot read the condition at {text[at:].split()[0]!r}")
            kind = match.lastgroup or ""
            self.tokens.append((match.start(kind), kind, match[kind]))
            at = match.end()
        self.tokens.append((len(text.rstrip()), "end", "the end"))

    def parse(self) -> Proposition:
        proposition = self.implication()
        if self.tokens[0][1] != "end":
            raise self.unexpected("the end of the condition")
        return proposition

    def unexpected(self, wanted: str) -> ConditionError:
        at, _, text = self.tokens[0]
        return ConditionError(at, f"found {text} in the condition, expected {wanted}")

    def take(self, *texts: str) -> str:
        """The next token, if it is one of the texts; else nothing."""
        if self.tokens[0][2] in texts and self.tokens[0][1] != "end":
            return self.tokens.pop(0)[2]
        return ""

    def implication(self) -> Proposition:
        left = self.disjunction()
        if self.take("=>"):
            return Formula("or", (Formula("not", (left,)), self.implication()))
        return left

    def disjunction(self) -> Proposition:
        operands = [self.conjunction()]
        while self.take("\\/"):
            operands.append(self.conjunction())
        return operands[0] if len(operands) == 1 else Formula("or", tuple(operands))

    def conjunction(self) -> Proposition:
        operands = [self.atom()]
        while self.take("/\\"):
            operands.append(self.atom())
        return operands[0] if len(operands) == 1 else Formula("and", tuple(operands))

    def atom(self) -> Proposition:
        if self.take("~", "not"):
            return Formula("not", (self.atom(),))
        if self.take("("):
            inner = self.implication()
            if not self.take(")"):
                raise self.unexpected("`)`")
            return inner
        if word := self.take("true", "false"):
            return Formula(word, ())
        place = self.place()
        relation = self.take("=", "<>")
        if not relation:
            raise self.unexpected("`=`")
        equal = Equal(place, self.value())
        return equal if relation == "=" else Formula("not", (equal,))

    def place(self) -> Place:
        bracket = self.take("[")
        _, kind, text = self.tokens[0]
        if kind == "register" and not bracket:
            self.tokens.pop(0)
            thread, _, name = text.partition(":")
            return Place(int(thread), self.register(name.strip()))
        if kind != "name" or text.startswith("&"):
            raise self.unexpected("a register such as 0:r1, or a location such as x or [x]")
        self.tokens.pop(0)
        if bracket and not self.take("]"):
            raise self.unexpected("`]`")
        return Place(None, text)

    def value(self) -> Value | Place:
        _, kind, text = self.tokens[0]
        if kind == "number":
            self.tokens.pop(0)
            return integer(text)
        if kind == "register":
            return self.place()
        if kind == "name":
            self.tokens.pop(0)
            return text.removeprefix("&")
        if text == "[":
            return self.place()
        raise self.unexpected("a number, or the name of a location")
