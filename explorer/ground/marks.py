"""Marks that never meet: an `opens` that no `closes` can end, or the other way round. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from explorer.ir.errors import Place, SpecError
from explorer.ir.steps import Doubt
from explorer.language.symbolic import describe
from explorer.language.values import Value

Key = tuple[Any, ...]
Marked = tuple[str, Key, str, Place]
"""Kind and key of a mark, the name of its action and where that stands."""


def unmatched(marks: list[Marked]) -> Iterator[Doubt]:
    """A doubt for each action whose marks meet none of the other kind, in whatever instance.

    Raises SpecError where another mark begins alike, and what follows the first text differs for certain.
    """
    groups: dict[tuple[str, str], list[Marked]] = {}
    for mark in marks:
        groups.setdefault(mark[:3:2], []).append(mark)
    for (kind, action), mine in groups.items():
        other = {"opens": "closes", "closes": "opens"}.get(kind)
        others = [mark[1] for mark in marks if mark[0] == other]
        if other is None or any(_may_meet(key, k) for _, key, _, _ in mine for k in others):
            continue
        _, key, _, place = mine[0]
        shown = f"{kind}({_text(key)})"
        alike = next((k for k in others if _begin_alike(key, k)), None)
        if alike is not None:
            raise SpecError(
                "E0408",
                f"{shown} in action {action} never meets {other}({_text(alike)})",
                expected="equal keys: every argument belongs to the key",
                write=f"{other}({_text(key)})",
                place=place,
            )
        text = f"{shown} in action {action} never meets any {other}(...): no other has an equal key"
        yield Doubt("unmatched", action, text, place)


def _may_meet(a: Key, b: Key) -> bool:
    """Whether two keys can be equal in some state; of symbolic parts any value is assumed."""
    return len(a) == len(b) and all(
        isinstance(x, Value) or isinstance(y, Value) or (type(x) is type(y) and x == y) for x, y in zip(a, b)
    )


def _begin_alike(a: Key, b: Key) -> bool:
    return bool(a and b) and isinstance(a[0], str) and isinstance(b[0], str) and a[0] == b[0]


def _text(key: Key) -> str:
    return ", ".join(repr(part) if isinstance(part, str) else describe(part).strip("`") for part in key)
