"""The race of `spec/xive_escalation_barriers.py` on store buffers of its own: an independent judge of the
memory.

Every store goes through its CPU's buffer, in program order; it leaves in that order (tso), or before stores
to the other word unless an lwsync stands between (pso). In sc nothing else happens before it has left.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated

from explorer import (
    WEAK,
    Capacity,
    Formula,
    Map,
    Queue,
    Range,
    Spec,
    State,
    Value,
    Var,
    action,
    constant,
    eventually_always,
    every,
    implies,
    initially,
    invariant,
    ite,
    temporal,
    terminal,
    when,
)


class Barrier(enum.Enum):
    """What stands between two steps."""

    NONE = "none"
    LWSYNC = "lwsync"
    SYNC = "sync"


class Buffering(enum.Enum):
    """Store buffers: none, one queue for each thread, one for each thread and word. No load is early
    here, so arm and power are not among them.
    """

    SC = "sc"
    TSO = "tso"
    PSO = "pso"


MODEL = constant("memory", Buffering.PSO)

HANDLER_BARRIER = constant("handler_barrier", Barrier.LWSYNC)
TEARDOWN_BARRIER = constant("teardown_barrier", Barrier.SYNC)


class Thread(enum.Enum):
    """The CPU with the handler, and the one that tears down."""

    HANDLER = 0
    TEARDOWN = 1


class Word(enum.Enum):
    """What is stored to; LWSYNC stands in a buffer for the barrier."""

    ESC_ON = "xive_esc_on"
    STALE_P = "stale_p"
    LWSYNC = "lwsync"


@dataclass(frozen=True)
class Store:
    """An entry of a store buffer."""

    word: Word
    content: bool


Step = Annotated[int, Range(0, 4)]
Place = Annotated[int, Range(0, 2)]


class Race(State):
    """`at` counts the steps that a thread has taken; the words are what memory holds, `buffer` what a CPU has
    still to store there.
    """

    at: Map[Thread, Step] = initially(0, quiet=True)
    esc_on: Var[bool] = initially(True)
    stale_p: Var[bool] = initially(False)
    buffer: Map[Thread, Annotated[Queue[Store], Capacity(3)]] = initially([], quiet=True)

    def turn(self, thread: Thread, step: int) -> None:
        """The thread has taken so many steps, and takes the next."""
        when(self.at[thread] == step)
        if MODEL == Buffering.SC:
            when(self.buffer[thread].empty)
        self.at[thread].next = step + 1

    def store(self, thread: Thread, word: Word, content: bool) -> None:
        self.buffer[thread].next = self.buffer[thread].push(Store(word, content))

    def barrier(self, thread: Thread, barrier: Barrier) -> None:
        """SYNC waits until all has left; LWSYNC matters only where stores leave out of order."""
        if barrier == Barrier.SYNC:
            when(self.buffer[thread].empty)
        if barrier == Barrier.LWSYNC and MODEL == Buffering.PSO:
            self.buffer[thread].next = self.buffer[thread].push(Store(Word.LWSYNC, True))

    def finished(self, thread: Thread) -> Value[bool]:
        """Whether the thread has done everything, and all of it is visible."""
        return (self.at[thread] == (3 if thread == Thread.HANDLER else 4)) & self.buffer[thread].empty


# Fair: both go on, and store buffers empty by themselves.


@action(actor="cpu", fair=WEAK)
def clear_esc_on(race: Race) -> None:
    """xive_esc_on = false"""
    race.turn(Thread.HANDLER, 0)
    race.store(Thread.HANDLER, Word.ESC_ON, False)


@action(actor="cpu", fair=WEAK)
def handler_barrier(race: Race) -> None:
    """The handler's barrier."""
    race.turn(Thread.HANDLER, 1)
    race.barrier(Thread.HANDLER, HANDLER_BARRIER)


@action(actor="cpu", fair=WEAK)
def eoi_sets_stale_p(race: Race) -> None:
    """stale_p = true"""
    race.turn(Thread.HANDLER, 2)
    race.store(Thread.HANDLER, Word.STALE_P, True)


@action(actor="KVM", fair=WEAK)
def clear_stale_p(race: Race) -> None:
    """stale_p = false"""
    race.turn(Thread.TEARDOWN, 0)
    race.store(Thread.TEARDOWN, Word.STALE_P, False)


@action(actor="KVM", fair=WEAK)
def teardown_barrier(race: Race) -> None:
    """The teardown's barrier."""
    race.turn(Thread.TEARDOWN, 1)
    race.barrier(Thread.TEARDOWN, TEARDOWN_BARRIER)


@action(actor="KVM", fair=WEAK)
def test_esc_on(race: Race) -> None:
    """xive_esc_on == {race.esc_on}"""
    when(race.at[Thread.TEARDOWN] == 2)
    if MODEL == Buffering.SC:
        when(race.buffer[Thread.TEARDOWN].empty)
    race.at[Thread.TEARDOWN].next = ite(race.esc_on, 4, 3)


@action(actor="KVM", fair=WEAK)
def set_stale_p(race: Race) -> None:
    """stale_p = true  // the handler has run"""
    race.turn(Thread.TEARDOWN, 3)
    race.store(Thread.TEARDOWN, Word.STALE_P, True)


@action(actor="memory", fair=WEAK)
def complete(race: Race, thread: Thread, place: Place) -> None:
    """{race.buffer[thread][place].word} leaves the store buffer of {thread}"""
    buffer = race.buffer[thread]
    when(place < buffer.length)
    when(place == 0 or MODEL == Buffering.PSO)
    word, content = buffer[place].word, buffer[place].content
    when(
        every(
            (buffer[earlier].word != word) & (buffer[earlier].word != Word.LWSYNC) for earlier in range(place)
        )
    )
    when((place == 0) | (word != Word.LWSYNC))
    race.esc_on.next = ite(word == Word.ESC_ON, content, race.esc_on)
    race.stale_p.next = ite(word == Word.STALE_P, content, race.stale_p)
    buffer.next = buffer.remove_at(place)


@invariant
def stale_in_the_end(race: Race) -> Value[bool]:
    """Where both have finished, stale_p is 1."""
    return implies(every(race.finished(thread) for thread in Thread), race.stale_p)


@temporal
def stale_for_ever(race: Race) -> Formula:
    """From some moment on, stale_p is 1."""
    return eventually_always(race.stale_p)


@terminal
def both_finished(race: Race) -> Value[bool]:
    return every(race.finished(thread) for thread in Thread)


spec = Spec()
