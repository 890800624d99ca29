"""How barriers compare: which kind orders less than which other, and the least choices among many."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Any

LESS = {
    "none": (),
    "relaxed": (),
    "false": (),
    "true": ("false",),
    "eieio": ("none",),
    "isync": ("none",),
    "dmb.ld": ("none",),
    "context": ("none",),
    "acquire": ("none", "relaxed"),
    "release": ("none", "relaxed"),
    "smp_rmb": ("none",),
    "smp_wmb": ("none",),
    "smp_load_acquire": ("none",),
    "smp_store_release": ("none",),
    "lwsync": ("eieio", "isync", "dmb.ld", "acquire", "release", "smp_rmb", "smp_wmb"),
    "acq_rel": ("acquire", "release"),
    "ordered": ("relaxed", "acq_rel"),
    "sync": ("lwsync", "context"),
    "smp_mb": ("lwsync", "smp_rmb", "smp_wmb", "smp_load_acquire", "smp_store_release"),
}
"""Each kind of barrier, acquire, release or exchange, with kinds that order less: none < eieio < lwsync <
sync. Two that no chain connects are not compared.
"""

FULL = ("sync", "smp_mb", "ordered")
FREE = ("none", "relaxed", "false")


def kind(value: Any) -> str:
    """What a constant's value is called as a kind of barrier."""
    return str(value.value if isinstance(value, enum.Enum) else value).lower()


def cost(value: Any) -> str:
    """The cost class of a kind: "" where it costs nothing, a full barrier, a light one."""
    name = kind(value)
    return "" if name in FREE else "full" if name in FULL else "light" if name != "true" else "barrier"


def at_most(a: Any, b: Any) -> bool:
    """Whether a kind orders no more than another."""
    a, b = kind(a), kind(b)
    return bool(a == b or any(at_most(a, less) for less in LESS[b]))


def weaker(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether one choice has less than another: no kind more, and some less."""
    return a != b and all(map(at_most, a, b))


def neighbours(choice: Sequence[Any], among: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The choices with less, next below: none of the others lies between."""
    below = [other for other in among if weaker(other, choice)]
    return [other for other in below if not any(weaker(other, between) for between in below)]


def least(
    choices: Iterable[tuple[Any, ...]], wanted: Callable[[tuple[Any, ...]], bool]
) -> list[tuple[Any, ...]]:
    """The wanted choices such that no wanted one has less."""
    wanted_ones = [choice for choice in choices if wanted(choice)]
    return [choice for choice in wanted_ones if not any(weaker(other, choice) for other in wanted_ones)]
