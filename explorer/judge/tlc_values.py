"""Values as TLC prints them, read back."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r'<<|>>|\|->|:>|@@|\.\.|[][{}(),]|-?\d+|\w+|"[^"]*"|\S')


def read_value(text: str) -> object:
    """A value: a number, a truth value, a text, a set (frozenset), a sequence (tuple), a record or a function
    (dict). Raises ValueError for what is none.
    """
    reader = _Reader(_TOKEN.findall(text))
    value = reader.value()
    if reader.tokens:
        raise ValueError(f"found {reader.tokens[-1]!r} behind a value")
    return value


def items(value: object) -> tuple[object, ...]:
    """What a sequence, or a function from 0 or 1 on, holds, in order."""
    if isinstance(value, Mapping):
        return tuple(value[key] for key in sorted(value))
    assert isinstance(value, tuple)
    return value


class _Reader:
    """The tokens that are left, the next one last."""

    def __init__(self, tokens: list[str]):
        self.tokens = tokens[::-1]

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop() if self.tokens else "the end"
        if wanted and token not in wanted:
            raise ValueError(f"found {token!r}, expected {' or '.join(wanted)}")
        return token

    def value(self) -> object:
        token = self.take()
        if token == "<<":
            return tuple(self.several(">>"))
        if token == "{":
            return frozenset(self.several("}"))
        if token in ("[", "("):
            return self.pairs(*(("|->", ",", "]") if token == "[" else (":>", "@@", ")")))
        if token in ("TRUE", "FALSE"):
            return token == "TRUE"
        if token.startswith('"'):
            return token[1:-1]
        if not token.lstrip("-").isdigit():
            raise ValueError(f"found {token!r}, expected a value")
        if self.tokens[-1:] == [".."]:
            self.take()
            return frozenset(range(int(token), int(self.take()) + 1))
        return int(token)

    def several(self, end: str) -> list[object]:
        found: list[object] = []
        while self.tokens[-1:] != [end]:
            found.append(self.value())
            if self.tokens[-1:] != [end]:
                self.take(",", end)
        self.take(end)
        return found

    def pairs(self, arrow: str, between: str, end: str) -> dict[object, object]:
        found: dict[object, object] = {}
        token = between
        while token == between:
            key = self.take()
            self.take(arrow)
            found[int(key) if key.lstrip("-").isdigit() else key] = self.value()
            token = self.take(between, end)
        return found
