"""COUNTERS counters modulo MODULUS that show their value as a thermometer does too: mark i is passed where
the value is above i.

The states and steps of `counters.py` in COUNTERS * MODULUS more bits: what a state of many words costs.
"""

from typing import Annotated

from explorer import HOLDS, Map, Range, Scalarset, Spec, State, action, constant, initially, invariant, when

MODULUS = constant("MODULUS", 10)
Mark = Annotated[int, Range(0, MODULUS - 1)]


class Counter(Scalarset):
    size = constant("COUNTERS", 4)


class Counters(State):
    value: Map[Counter, Mark] = initially(0)
    above: Map[Counter, Map[Mark, bool]] = initially(False)


@action
def count(counters: Counters, counter: Counter) -> None:
    """{counter} counts"""
    now = counters.value[counter]
    when(now < MODULUS - 1)
    counters.above[counter][now].next = True
    now.next = now + 1


@action
def wrap(counters: Counters, counter: Counter) -> None:
    """{counter} begins again"""
    when(counters.value[counter] == MODULUS - 1)
    counters.value[counter].next = 0
    for mark in range(MODULUS - 1):
        counters.above[counter][mark].next = False


@invariant
def lowest_mark(counters: Counters, counter: Counter):
    """The lowest mark is passed exactly where the value is not 0."""
    return counters.above[counter][0] == (counters.value[counter] != 0)


spec = Spec(expect=HOLDS)
