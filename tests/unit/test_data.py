"""The quick dataclasses behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import field
from itertools import product
from typing import Any

import pytest

from explorer.ir import data


def plain() -> type:
    class Plain:
        number: int
        text: str = "none"
        items: list[int] = field(default_factory=list)
        line: int = field(default=0, compare=False)

    return Plain


def empty() -> type:
    class Empty:
        pass

    return Empty


def with_methods() -> type:
    class Named:
        first: int
        text: str = "b"

        def __repr__(self) -> str:
            return "named"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    return Named


def started() -> type:
    class Started:
        number: int
        text: str = ""

        def __post_init__(self) -> None:
            object.__setattr__(self, "text", self.text * 2)

    return Started


OPTIONS = [
    dict(zip(("frozen", "slots", "eq", "kw_only"), choice)) for choice in product((False, True), repeat=4)
]


def _outcome(ask: Callable[[], Any]) -> Any:
    """What a call gives, or that it is refused."""
    try:
        return ask()
    except Exception:
        return "refused"


def _behaviour(cls: Any, options: dict[str, bool]) -> list[Any]:
    """What a user of a dataclass can see of it."""
    named = [f.name for f in dataclasses.fields(cls)][:2]
    made = [
        cls(**dict(zip(named, values)))
        for values in ((1, "a"), (1, "a"), (2, "b"), (1, "c"))[: 4 if named else 1]
    ]
    first, again = made[0], copy.deepcopy(made[0])
    return [
        [(p.name, p.kind, p.annotation) for p in inspect.signature(cls).parameters.values()],
        [repr(at) for at in made],
        [(a == b, a != b) for a in made for b in made if options["eq"]],
        [_outcome(lambda at=at: hash(at) == hash(made[0])) for at in made if options["eq"]],
        first == again if options["eq"] else None,
        repr(again),
        _outcome(lambda: cls(1, 2, 3, 4, 5)),
        _outcome(lambda: repr(cls(1))),
        _outcome(lambda: dataclasses.asdict(first)),
        _outcome(lambda: repr(dataclasses.replace(first, number=5))),
        _outcome(lambda: setattr(first, "number", 3)),
        _outcome(lambda: delattr(first, "text")),
        hasattr(first, "__dict__"),
        getattr(cls, "__match_args__"),
        len({id(getattr(cls(**dict(zip(named, (1, "a")))), "items", None)) for _ in range(2)}) == 1,
    ]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(k for k, v in o.items() if v) or "none")
@pytest.mark.parametrize("make", [plain, empty, with_methods, started], ids=lambda make: str(make.__name__))
def test_as_the_standard_library(make: Callable[[], type], options: dict[str, bool]) -> None:
    """Construction, comparison, hashes, texts, copies and refusals are the same under every option."""
    theirs = _behaviour(dataclasses.dataclass(**options)(make()), options)
    ours = _behaviour(data.dataclass(**options)(make()), options)
    assert ours == theirs
