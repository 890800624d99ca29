"""Three counters that go round: a small space whose steps lead back far, with a constraint and properties."""

from __future__ import annotations

TEXT = """
from typing import Annotated
from explorer import *
Place = Annotated[int, Range(0, SIZE - 1)]
class C(State):
    a: Map[Annotated[int, Range(0, 2)], Place] = initially(0)
@action
def up(c: C, i: Annotated[int, Range(0, 2)]) -> None:
    c.a[i].next = (c.a[i] + 1) % SIZE
@action
def reset(c: C) -> None:
    when((c.a[0] == c.a[1]) & (c.a[1] == c.a[2]))
    c.a[0].next = 0
@constraint
def near(c: C) -> Value[bool]:
    return (c.a[0] < FIRST) | (c.a[1] < SIZE - SECOND)
@invariant
def fine(c: C) -> Value[bool]:
    return c.a[0] + c.a[1] + c.a[2] < SUM
@step_invariant
def slow(c: C) -> Value[bool]:
    return implies(c.a[1] == 7, c.a[2].next < SIZE - 1)
spec = Spec()
"""


def ring(size: int, first: int, second: int, most: int) -> str:
    """The spec of counters below `size`: none is expanded with the first from `first` on and the second among
    its `second` last values; their sum stays below `most`.
    """
    numbers = {
        "SIZE - 1": size - 1,
        "SIZE - SECOND": size - second,
        "SIZE": size,
        "FIRST": first,
        "SUM": most,
    }
    text = TEXT
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    return text
