"""Reads the functions of a C litmus test: a small part of C, compiled at once for an architecture.

A parameter `int *x` is the address of the location x. Other variables are registers. A plain access `*x`
counts as READ_ONCE or WRITE_ONCE. Loops are allowed; the runner turns them a few times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..expressions import Expression, Operation, Register, integer
from ..program import LitmusError, Thread
from .macros import Emitter, MacroError, expand

TOKEN = re.compile(
    r"\s*(?P<token>[A-Za-z_]\w*|0x[0-9a-fA-F]+|\d+|"
    r"==|!=|<=|>=|&&|\|\||<<|>>|\+\+|--|[-+*/%&|^~!<>=?:;,(){}])"
)
FUNCTION = re.compile(r"\s*(?:static\s+)?(?:void\s+)?(?P<name>P\d+)\s*\((?P<parameters>[^)]*)\)\s*\{")
TYPES = frozenset(
    "int long short char unsigned signed void volatile const atomic_t intptr_t uintptr_t".split()
    + [f"{sign}{bits}" for sign in "us" for bits in (8, 16, 32, 64)]
    + [f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
BINARY = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
"""The binary operators of C, those that bind least first."""
OBJECTS = frozenset(["READ_ONCE", "WRITE_ONCE", "smp_store_mb", "rcu_dereference", "rcu_assign_pointer"])
"""Macros that take an object, `*x`, where the others take its address, `x`."""

Error = Callable[[int, str], LitmusError]
"""Given a place in the text and a message."""


class Token(NamedTuple):
    """A token and where it stands."""

    text: str
    at: int


def read_functions(text: str, start: int, end: int, error: Error, model: str) -> list[Thread]:
    """The threads P0, P1, … in the text between `start` and `end`, compiled for a memory model."""
    threads: list[Thread] = []
    at = start
    while text[at:end].strip():
        match = FUNCTION.match(text, at, end)
        if match is None or match["name"] != f"P{len(threads)}":
            place = at + len(text[at:end]) - len(text[at:end].lstrip())
            raise error(place, f"expected a function: P{len(threads)}(int *x, int *y) {{ ... }}")
        tokens, at = _tokens(text, match.end(), end, error)
        threads.append(_Function(match["parameters"], tokens, text, error, model).thread())
    if not threads:
        raise error(start, "no program; write P0(int *x) { WRITE_ONCE(*x, 1); }")
    return threads


def _tokens(text: str, start: int, end: int, error: Error) -> tuple[list[Token], int]:
    """The tokens of a function's body, and where it ends."""
    tokens, at, depth = [], start, 1
    while depth:
        match = TOKEN.match(text, at, end)
        if match is None:
            rest = text[at:end].split()
            raise error(
                at, f"cannot read {rest[0]!r}" if rest else "the function does not end: a } is missing"
            )
        tokens.append(Token(match["token"], match.start("token")))
        depth += {"{": 1, "}": -1}.get(match["token"], 0)
        at = match.end()
    return tokens, at


class _Function:
    """A recursive-descent parser that emits instructions as it goes."""

    def __init__(self, parameters: str, tokens: list[Token], text: str, error: Error, model: str) -> None:
        self.tokens, self.text, self.error = tokens, text, error
        self.next = 0
        self.to = Emitter(model)
        self.addresses = set(re.findall(r"(\w+)\s*(?:,|$)", parameters.strip()))

    def thread(self) -> Thread:
        while self.peek() != "}":
            self.statement()
        return Thread(tuple(self.to.instructions), self.to.labels)

    def peek(self, ahead: int = 0) -> str:
        at = self.next + ahead
        return self.tokens[at].text if at < len(self.tokens) else ""

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next += 1
        self.to.line = self.text.count("\n", 0, token.at) + 1
        return token

    def expect(self, text: str) -> None:
        if self.peek() != text:
            raise self.unexpected(f"`{text}`")
        self.take()

    def unexpected(self, wanted: str) -> LitmusError:
        token = self.tokens[min(self.next, len(self.tokens) - 1)]
        return self.error(token.at, f"found `{token.text}`, expected {wanted}")

    def statement(self) -> None:
        word = self.peek()
        if word == "{":
            self.block()
        elif word == ";":
            self.take()
        elif word == "if":
            self.conditional()
        elif word == "while":
            self.loop()
        elif word == "do":
            self.loop_once()
        elif word in TYPES or word == "struct":
            self.declaration()
        else:
            self.assignment()
            self.expect(";")

    def block(self) -> None:
        self.expect("{")
        while self.peek() != "}":
            self.statement()
        self.expect("}")

    def parenthesised(self) -> Expression:
        self.expect("(")
        value = self.expression()
        self.expect(")")
        return value

    def conditional(self) -> None:
        self.take()
        otherwise, end = self.to.new_label(), self.to.new_label()
        self.to.jump(otherwise, Operation("!", (self.parenthesised(),)))
        self.statement()
        if self.peek() == "else":
            self.take()
            self.to.jump(end)
            self.to.place(otherwise)
            self.statement()
        else:
            self.to.place(otherwise)
        self.to.place(end)

    def loop(self) -> None:
        self.take()
        start, end = self.to.new_label(), self.to.new_label()
        self.to.place(start)
        self.to.jump(end, Operation("!", (self.parenthesised(),)))
        self.statement()
        self.to.jump(start)
        self.to.place(end)

    def loop_once(self) -> None:
        self.take()
        start = self.to.new_label()
        self.to.place(start)
        self.statement()
        self.expect("while")
        self.to.jump(start, self.parenthesised())
        self.expect(";")

    def declaration(self) -> None:
        while self.peek() in TYPES or self.peek() == "struct":
            if self.take().text == "struct":
                self.take()
        while True:
            while self.peek() == "*":
                self.take()
            if self.peek(1) == "=":
                self.assignment()
            else:
                self.name()
            if self.peek() != ",":
                break
            self.take()
        self.expect(";")

    def name(self) -> str:
        if not re.match(r"[A-Za-z_]", self.peek()):
            raise self.unexpected("a name")
        return self.take().text

    def assignment(self) -> None:
        """`r0 = e`, `*x = e`, or an expression for its effect."""
        if self.peek(1) == "=" and self.peek() != "*":
            name = self.name()
            self.take()
            self.to.assign(name, self.expression())
        elif self.peek() == "*":
            self.take()
            address = self.unary()
            self.expect("=")
            self.to.store(address, self.expression())
        else:
            self.expression(discarded=True)

    def expression(self, discarded: bool = False) -> Expression:
        if discarded and self.peek(1) == "(" and re.match(r"[A-Za-z_]", self.peek()):
            self.call()
            return 0
        condition = self.binary(0)
        if self.peek() != "?":
            return condition
        token, before = self.take(), len(self.to.instructions)
        yes = self.expression()
        self.expect(":")
        no = self.expression()
        if len(self.to.instructions) > before:
            raise self.error(token.at, "an access right of ?; load it into a variable first")
        return Operation("?:", (condition, yes, no))

    def binary(self, level: int) -> Expression:
        if level == len(BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in BINARY[level]:
            token = self.take()
            before = len(self.to.instructions)
            right = self.binary(level + 1)
            if token.text in ("&&", "||") and len(self.to.instructions) > before:
                raise self.error(token.at, f"an access right of {token.text}; load it into a variable first")
            left = Operation(token.text, (left, right))
        return left

    def unary(self) -> Expression:
        word = self.peek()
        if word in ("!", "~"):
            self.take()
            return Operation(word, (self.unary(),))
        if word == "-":
            self.take()
            return Operation("-", (0, self.unary()))
        if word == "*":
            self.take()
            return self.to.load(self.unary())
        if word == "&":
            self.take()
            return self.name()
        if word == "(":
            if self.peek(1) in TYPES:
                self.take()
                while self.peek() in TYPES or self.peek() == "*":
                    self.take()
                self.expect(")")
                return self.unary()
            return self.parenthesised()
        if re.match(r"\d", word):
            return integer(self.take().text)
        if self.peek(1) == "(":
            value = self.call()
            if value is None:
                raise self.unexpected("a macro with a value")
            return value
        name = self.name()
        return name if name in self.addresses else Register(name)

    def call(self) -> Expression | None:
        token = self.take()
        self.expect("(")
        arguments: list[Expression] = []
        while self.peek() != ")":
            arguments.append(self.argument(token.text in OBJECTS and not arguments))
            if self.peek() != ")":
                self.expect(",")
        self.take()
        try:
            return expand(self.to, token.text, arguments)
        except MacroError as problem:
            raise self.error(token.at, str(problem)) from None

    def argument(self, is_object: bool) -> Expression:
        """Of the object `*x` the address is taken."""
        if is_object and self.peek() == "*":
            self.take()
            return self.unary()
        return self.expression()
