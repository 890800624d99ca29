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


MARKS = "b: Map[Annotated[int, Range(0, 20)], Annotated[int, Range(0, 4)]] = initially(0)"


def marked(text: str) -> str:
    """The same with 21 cells more, three of which have what their counter has modulo 5: states of several
    words that are stored as one.
    """
    size = int(text.split(") % ")[1].split("\n")[0])
    return (
        text.replace("initially(0)\n", f"initially(0)\n    {MARKS}\n", 1)
        .replace(f"% {size}\n", f"% {size}\n    c.b[i].next = (c.a[i] + 1) % {size} % 5\n", 1)
        .replace("c.a[0].next = 0\n", "c.a[0].next = 0\n    c.b[0].next = 0\n", 1)
    )
