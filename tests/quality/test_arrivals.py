"""A store of a memory comes to each reader on its own: the picture has an arrow for each."""

from __future__ import annotations

import enum

import pytest

from explorer import (
    Memory,
    MemoryModel,
    Spec,
    State,
    Steps,
    Value,
    Var,
    check,
    initially,
    invariant,
    process,
)
from explorer.render.picture.sequence import Diagram
from explorer.trace.trace import Trace


class Cpu(enum.Enum):
    W, A, B = range(3)


class Ram(Memory, cpus=Cpu):
    word: Var[bool] = initially(False)


class Seen(State):
    a: Var[bool] = initially(False)
    b: Var[bool] = initially(False)
    late: Var[bool] = initially(False)


@process(actor="W")
def writes(ram: Ram) -> Steps:
    yield "word = 1"
    ram.store(Cpu.W, ram.word, True)


@process(actor="A")
def first(ram: Ram, seen: Seen) -> Steps:
    yield "reads word"
    seen.a.next = ram.load(Cpu.A, ram.word)


@process(actor="B")
def second(ram: Ram, seen: Seen) -> Steps:
    yield "reads word, too"
    seen.late.next = seen.a & ~ram.load(Cpu.B, ram.word)
    yield "reads word once more"
    seen.b.next = ram.load(Cpu.B, ram.word)


@invariant
def nobody_is_late(seen: Seen) -> Value[bool]:
    return ~(seen.late & seen.b)


@invariant
def never_seen(seen: Seen) -> Value[bool]:
    return ~seen.late


def story(memory: MemoryModel, name: str) -> Trace:
    found = check(Spec(Ram, Seen, writes, first, second, nobody_is_late, never_seen), memory=memory)
    return found.verdict.traces[name]


@pytest.mark.parametrize("memory", [MemoryModel.POWER, MemoryModel.ARM])
def test_an_arrow_ends_where_its_reader_first_sees_the_store(memory: MemoryModel) -> None:
    """A sees it in its load, B in its second one; where all have what one has, B's first load was early."""
    trace = story(memory, "nobody_is_late")
    ends = {a.reader: trace.steps[a.step or 0].label for a in trace.arrivals}
    assert ends == {"A": "reads word", "B": "reads word once more"}
    assert all(a.seen and trace.steps[a.store].label == "word = 1" for a in trace.arrivals)
    picture = str(Diagram(trace).svg(0))
    assert picture.count('class="deferred"') == 1 and "Ram.word = True: first seen by B in step 4" in picture
    assert "not yet seen by B" in picture and "B first sees word = True" in picture


def test_a_store_that_a_reader_never_sees_has_an_open_arrow() -> None:
    """The story ends before B has seen what A saw."""
    trace = story(MemoryModel.POWER, "never_seen")
    assert [(a.reader, a.step is None) for a in trace.arrivals] == [("A", False), ("B", True)]
    assert "not seen by B at the end" in str(Diagram(trace).svg(0))


def test_what_is_at_once_has_no_arrow() -> None:
    """Under sequential consistency every store is seen where it is made."""
    found = check(Spec(Ram, Seen, writes, first, second, nobody_is_late), memory=MemoryModel.SC)
    assert not found.verdict.traces
