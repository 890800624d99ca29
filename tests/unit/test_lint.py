"""What the text of an action shows of its mistakes, and what is none."""

from __future__ import annotations

import pytest

from tests.support.comparison import model_of

SPEC = """
import datetime
import uuid
from datetime import timedelta
from typing import Annotated
from explorer import *

class At(State):
    x: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(at: At) -> None:
    when(at.x < {limit})
    at.x.next = at.x + 1

spec = Spec()
"""


@pytest.mark.parametrize(
    "limit",
    ["timedelta(seconds=3).seconds", "datetime.date(2019, 11, 24).month - 8", "uuid.UUID(int=3).int"],
)
def test_what_is_the_same_each_time_may_be_called(limit: str) -> None:
    """A constant that a module of clocks or identifiers computes is no mistake."""
    assert model_of(SPEC.format(limit=limit)) is not None
