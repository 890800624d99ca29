"""The numbers of a memory's states, taken over from another process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from explorer.memory.architecture import ARCHITECTURES
from explorer.memory.numbered import NumberedMemory


def memory() -> NumberedMemory:
    made = NumberedMemory(ARCHITECTURES["power"], 2, ((0, 1), (0,)), 5)
    made.loads = made.stores = {(cpu, x) for cpu in range(2) for x in range(2)}
    return made


def told(of: NumberedMemory, first: int = 0) -> list[Any]:
    return [json.loads(json.dumps(thing)) for thing in of.told(first)]


def test_numbers_are_learnt_before_anything_is_done() -> None:
    """Another memory takes over all numbers before its first use, and then gives the same ones."""
    one, other = memory(), memory()
    stored = [one.store(0, 1, 1, 1, 0, False), one.store(1, 0, 1, 1, 0, False)]
    other.learn(told(one))
    assert told(other) == told(one)
    assert other.known == one.known == 4
    assert [other.store(0, 1, 1, 1, 0, False), other.store(1, 0, 1, 1, 0, False)] == stored


def test_what_is_met_is_asked_for() -> None:
    """A memory that is not alone has its numbers from elsewhere, with all that others have met."""
    book, one = memory(), memory()
    book.store(0, 1, 1, 1, 0, False)

    def ask(known: int, thing: Any) -> list[Any]:
        met = json.loads(json.dumps(thing))
        if met not in told(book):
            book.learn([met], book.known)
        return told(book, known)

    one.ask = ask
    assert one.store(1, 0, 1, 1, 0, False) == 3
    assert told(one) == told(book)


def test_another_number_is_no_number_of_this_memory() -> None:
    """A state that has another number here is refused."""
    one, other = memory(), memory()
    one.store(0, 1, 1, 1, 0, False)
    other.store(1, 0, 1, 1, 0, False)
    with pytest.raises(ValueError, match="state 2 of the memory has another number here"):
        other.learn(told(one))
