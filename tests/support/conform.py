"""A lock whose first step no log shows, its mapping, and a judge of small logs that tries every order of the
events.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from explorer.engine.reference import successors
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.run.load import load
from explorer.trace.step_builder import state_texts

LOCK = '''\
import enum
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class At(enum.Enum):
    IDLE, SEEN, INSIDE = range(3)

class Lock(State):
    at: Map[Cpu, At] = initially(At.IDLE)
    taken: Var[bool] = initially(False)

@action(actor="cpu")
def look(lock: Lock, cpu: Cpu) -> None:
    """sees that the lock is free"""
    when(lock.at[cpu] == At.IDLE)
    when(~lock.taken)
    lock.at[cpu].next = At.SEEN

@action(actor="cpu")
def take(lock: Lock, cpu: Cpu) -> None:
    """takes the lock"""
    when(lock.at[cpu] == At.SEEN)
    lock.taken.next = True
    lock.at[cpu].next = At.INSIDE

@action(actor="cpu")
def give(lock: Lock, cpu: Cpu) -> None:
    """gives the lock back"""
    when(lock.at[cpu] == At.INSIDE)
    lock.taken.next = False
    lock.at[cpu].next = At.IDLE

@invariant
def mutual_exclusion(lock: Lock) -> Value[bool]:
    return count(lock.at[cpu] == At.INSIDE for cpu in Cpu) <= 1

@step_invariant
def only_the_owner_gives(lock: Lock, cpu: Cpu) -> Value[bool]:
    return implies((lock.at[cpu] == At.INSIDE) & (lock.at[cpu].next == At.IDLE), lock.taken)

spec = Spec()
'''

MAPPING = """\
format = "json"

[names.cpu]
0 = "A"
1 = "B"

[[event]]
name = "take"
action = "take"
with = { cpu = "{on}" }

[[event]]
name = "give"
exit = "given"
action = "give"
with = { cpu = "{on}" }
after = { taken = "{taken}" }
"""


def lock(folder: Path, mapping: str = MAPPING) -> tuple[Model, Path]:
    """The model of the lock and the file of its mapping."""
    (folder / "lock.py").write_text(LOCK)
    (folder / "lock.toml").write_text(mapping)
    return ground(load(folder / "lock.py")), folder / "lock.toml"


class Event(NamedTuple):
    """An event of a JSON log as a person would read it; `line` is that of its beginning."""

    line: int
    cpu: str
    start: int
    end: int
    closes: int
    action: str
    taken: str | None


def events_of(log: Path) -> list[Event]:
    """The events in the order in which they begin. A box that never ends is left out."""
    found: dict[int, Event] = {}
    begun: dict[str, int] = {}
    for line, text in enumerate(log.read_text().splitlines(), 1):
        entry = json.loads(text)
        cpu, time, name = "AB"[int(entry["cpu"])], int(entry["time"]), entry["event"]
        if name == "take":
            found[line] = Event(line, cpu, time, time, line, "take", None)
        elif name == "give":
            begun[cpu] = line
            found[line] = Event(line, cpu, time, -1, -1, "give", entry["taken"])
        else:
            began = begun.pop(cpu)
            found[began] = found[began]._replace(end=time, closes=line)
    return [event for event in found.values() if event.end >= 0]


def in_order(first: Event, second: Event, skew: int) -> bool:
    """Whether the first has happened when the second does."""
    if first.cpu == second.cpu:
        return first.closes < second.line or (first.end == second.start and first.line < second.line)
    return first.end + skew < second.start


def unexplained(model: Model, events: list[Event], skew: int) -> int | None:
    """The line of the event that ends first among those that cannot have happened when they end, beside all
    that end before; None where all can. Every set of events that may have happened together is tried.
    """
    ends = sorted(events, key=lambda event: (event.end, event.closes))
    reached: dict[frozenset[int], set[State]] = {frozenset(): set(model.initial_states())}
    for size, _ in itertools.product(range(len(events)), [0]):
        for happened in [key for key in reached if len(key) == size]:
            states = _silent(model, reached[happened])
            for event in events:
                ready = all(
                    other.line in happened
                    for other in events
                    if other != event and in_order(other, event, skew)
                )
                if event.line not in happened and ready:
                    after = {t for s in states for t in _taken(model, s, event)}
                    if after:
                        reached.setdefault(happened | {event.line}, set()).update(after)
    for count, last in enumerate(ends, 1):
        must = {event.line for event in ends[:count]}
        may = {event.line for event in events if event.start <= last.end + skew or event.line in must}
        if not any(must <= happened <= may for happened in reached):
            return last.line
    return None


def _silent(model: Model, states: Iterable[State]) -> set[State]:
    seen, todo = set(states), list(states)
    while todo:
        for _, number, after in successors(model, todo.pop()):
            if model.instances[number].action.name == "look" and after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def _taken(model: Model, state: State, event: Event) -> set[State]:
    return {
        after
        for _, number, after in successors(model, state)
        if model.instances[number].name == f"{event.action}(cpu={event.cpu})"
        and event.taken in (None, state_texts(model, after)["taken"])
    }
