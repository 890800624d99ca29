"""A store of a memory comes to each reader on its own: the picture has an arrow for each."""

from __future__ import annotations

import enum

import pytest

from explorer import (
    Map,
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
    step,
    when,
)
from explorer.render.picture.sequence import Diagram
from explorer.render.text.commit import commit
from explorer.render.text.text import story as text_of
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
def test_an_arrow_ends_where_its_reader_is_reached(memory: MemoryModel) -> None:
    """A is reached in its load, B in its second one; where all have what one has, B is reached with A, and
    its first load was early.
    """
    trace = story(memory, "nobody_is_late")
    ends = {a.reader: trace.steps[a.step or 0].label for a in trace.arrivals}
    power = memory == MemoryModel.POWER
    assert ends == {"A": "reads word", "B": "reads word once more" if power else "reads word"}
    assert all(a.seen and trace.steps[a.store].label == "word = 1" for a in trace.arrivals)
    picture = str(Diagram(trace).svg(0))
    text = text_of(trace)
    if power:
        assert picture.count('class="deferred"') == 1 and "word = True: reaches B in step 4" in picture
        assert "has not reached B" in picture and "word = True reaches B" in picture
        assert "->  B: reads word once more" in text
    else:
        assert 'class="deferred"' not in picture and "--" not in text
        early = "word was read early, before `reads word` of A"
        assert early in picture and early in text and [s.remarks for s in trace.steps].count((early,)) == 1


def test_a_store_that_a_reader_never_sees_has_an_open_arrow() -> None:
    """The story ends before B has seen what A saw."""
    trace = story(MemoryModel.POWER, "never_seen")
    assert [(a.reader, a.step is None) for a in trace.arrivals] == [("A", False), ("B", True)]
    assert "has not reached B at the end" in str(Diagram(trace).svg(0))
    assert "// STORE STILL DEFERRED" in text_of(trace)


def test_what_is_at_once_has_no_arrow() -> None:
    """Under sequential consistency every store is seen where it is made."""
    found = check(Spec(Ram, Seen, writes, first, second, nobody_is_late), memory=MemoryModel.SC)
    assert not found.verdict.traces


class Flag(Memory, cpus=Cpu):
    up: Var[bool] = initially(False)


class Looked(State):
    raised: Map[Cpu, bool] = initially(False)
    down: Var[bool] = initially(False)


@process(actor="W")
def raises_it(flag: Flag, looked: Looked) -> Steps:
    yield step("up = 1", atomic=True)
    flag.store(Cpu.W, flag.up, True)
    looked.raised[Cpu.W].next = True


@process(actor="A")
def raises_it_too(flag: Flag, looked: Looked) -> Steps:
    yield step("up = 1, too", atomic=True)
    flag.store(Cpu.A, flag.up, True)
    looked.raised[Cpu.A].next = True


@process(actor="B")
def takes_it_down(flag: Flag, looked: Looked) -> Steps:
    yield "waits for up"
    when(flag.load(Cpu.B, flag.up))
    yield step("up = 0", atomic=True)
    when(looked.raised[Cpu.W] & looked.raised[Cpu.A])
    flag.store(Cpu.B, flag.up, False)
    yield step("looks", atomic=True)
    looked.down.next = ~flag.load(Cpu.B, flag.up)


@invariant
def stays_up(looked: Looked) -> Value[bool]:
    return ~looked.down


@pytest.mark.parametrize("memory", [MemoryModel.SC, MemoryModel.POWER])
def test_a_store_that_changes_nothing_is_told(memory: MemoryModel) -> None:
    """The second store of a value has a remark. Where B may have missed it, B's own store makes it lost."""
    parts = (Flag, Looked, raises_it, raises_it_too, takes_it_down, stays_up)
    trace = check(Spec(*parts), memory=memory).verdict.traces["stays_up"]
    assert [s.remarks for s in trace.steps if s.remarks] == [("up: True again",)]
    lost = "// DEFERRED STORE IS LOST: B NEVER SEES IT"
    assert (lost in text_of(trace)) == (lost in commit(trace)) == (memory == MemoryModel.POWER)
    assert "-> " not in text_of(trace)


@process
def writes_unnamed(ram: Ram) -> Steps:
    yield "word = 1"
    ram.store(Cpu.W, ram.word, True)


@process
def reads_unnamed(ram: Ram, seen: Seen) -> Steps:
    yield "reads word"
    seen.late.next = ram.newest(ram.word) & ~ram.load(Cpu.A, ram.word)


def test_steps_of_nobody_are_named_by_their_labels_alone() -> None:
    """Where steps have no actor, no sentence of a story ends in an empty name."""
    parts = (Ram, Seen, writes_unnamed, reads_unnamed, never_seen)
    trace = check(Spec(*parts), memory=MemoryModel.POWER).verdict.traces["never_seen"]
    text = text_of(trace)
    assert "reads word as it was at first: `word = 1` has not reached A" in text
