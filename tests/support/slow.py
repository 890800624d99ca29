"""Which parameters of a test are tried in every run, and which only with the slow ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def rest_slow(values: Iterable[Any], first: int = 1) -> list[Any]:
    """All values (tuples for several names) as parameters; those behind the first ones are slow."""
    return [v if i < first else _slow(v) for i, v in enumerate(values)]


def slow_where(values: Iterable[Any], slow: Iterable[Any]) -> list[Any]:
    """All values as parameters; some of them are slow."""
    some = list(slow)
    return [_slow(v) if v in some else v for v in values]


def _slow(value: Any) -> Any:
    return pytest.param(*(value if type(value) is tuple else (value,)), marks=pytest.mark.slow)
