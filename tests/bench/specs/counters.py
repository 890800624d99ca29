"""COUNTERS counters modulo MODULUS: exactly MODULUS ** COUNTERS states, and COUNTERS steps from each of
them. Each has room for SPARE more values, which nobody takes: how wide a state is.
"""

from typing import Annotated

from explorer import HOLDS, Map, Range, Scalarset, Spec, State, action, constant, initially, ite

MODULUS = constant("MODULUS", 10)
SPARE = constant("SPARE", 0)


class Counter(Scalarset):
    size = constant("COUNTERS", 4)


class Counters(State):
    value: Map[Counter, Annotated[int, Range(0, MODULUS - 1 + SPARE)]] = initially(0)


@action
def count(counters: Counters, counter: Counter) -> None:
    """{counter} counts"""
    now = counters.value[counter]
    now.next = ite(now == MODULUS - 1, 0, now + 1)


spec = Spec(expect=HOLDS)
