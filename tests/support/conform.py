"""A lock whose first step no log shows, its mapping, and a judge of small logs that tries every order of the
events.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator
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
        elif name == "given":
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


class Gap(NamedTuple):
    """Lost lines of a CPU: at most `many` steps that a log would show, between its events on either side."""

    line: int
    cpu: str
    start: float
    end: float
    many: int


Key = tuple[frozenset[int], tuple[int, ...]]
"""Which events have happened, and how many steps each gap has stood for."""


def split(log: Path) -> tuple[list[Event], list[Gap]]:
    """The events and the gaps of a JSON log in which whole events were lost."""
    lines = [json.loads(text) for text in log.read_text().splitlines()]
    whole = log.with_name("whole")
    blank = json.dumps({"cpu": 0, "time": 0, "event": "none"})
    whole.write_text("".join((blank if "lost" in e else json.dumps(e)) + "\n" for e in lines))
    gaps = []
    for line, entry in enumerate(lines, 1):
        if "lost" in entry:
            own = [
                (n, int(e["time"]))
                for n, e in enumerate(lines, 1)
                if "time" in e and e["cpu"] == entry["cpu"]
            ]
            start = max((time for n, time in own if n < line), default=-math.inf)
            end = min((time for n, time in own if n > line), default=math.inf)
            gaps.append(Gap(line, "AB"[int(entry["cpu"])], start, end, entry["lost"]))
    return events_of(whole), gaps


class Losses:
    """A judge of logs with gaps, that tries every order of the events and of what the gaps stand for."""

    def __init__(self, model: Model, events: list[Event], gaps: list[Gap], skew: int):
        self.model, self.events, self.gaps, self.skew = model, events, gaps, skew

    def unexplained(self) -> int | None:
        """As the function of that name."""
        reached = self.reached()
        ends = sorted(self.events, key=lambda event: (event.end, event.closes))
        for count, last in enumerate(ends, 1):
            must = {event.line for event in ends[:count]}
            may = must | {e.line for e in self.events if e.start <= last.end + self.skew}
            begun = [gap.start <= last.end + self.skew for gap in self.gaps]
            if not any(
                must <= happened <= may and all(ok or not n for ok, n in zip(begun, used))
                for happened, used in reached
            ):
                return last.line
        return None

    def reached(self) -> dict[Key, set[State]]:
        """Every state that some order reaches, by what has happened."""
        first: Key = (frozenset(), (0,) * len(self.gaps))
        reached = {first: set(self.model.initial_states())}
        waiting = [first]
        while waiting:
            key = waiting.pop()
            for target, after in [*self.events_from(key, reached[key]), *self.gaps_from(key, reached[key])]:
                known = reached.setdefault(target, set())
                if not after <= known:
                    known |= after
                    waiting.append(target)
        return reached

    def events_from(self, key: Key, states: set[State]) -> Iterator[tuple[Key, set[State]]]:
        happened, used = key
        for event in self.events:
            earlier = [e for e in self.events if e != event and in_order(e, event, self.skew)]
            if event.line not in happened and all(e.line in happened for e in earlier):
                after = {t for s in _silent(self.model, states) for t in _taken(self.model, s, event)}
                if after:
                    yield (happened | {event.line}, used), after

    def gaps_from(self, key: Key, states: set[State]) -> Iterator[tuple[Key, set[State]]]:
        """A step of a gap: what surely came before it has happened, and nothing of what came after."""
        happened, used = key
        for n, gap in enumerate(self.gaps):
            before = [e.line for e in self.events if self.before(e, gap)]
            after = [e.line for e in self.events if self.behind(e, gap)]
            if used[n] < gap.many and happened.issuperset(before) and happened.isdisjoint(after):
                steps = {t for s in _silent(self.model, states) for t in self.unseen(s, gap.cpu)}
                if steps:
                    yield (happened, (*used[:n], used[n] + 1, *used[n + 1 :])), steps

    def before(self, event: Event, gap: Gap) -> bool:
        return event.closes < gap.line if event.cpu == gap.cpu else event.end + self.skew < gap.start

    def behind(self, event: Event, gap: Gap) -> bool:
        return event.line > gap.line if event.cpu == gap.cpu else gap.end + self.skew < event.start

    def unseen(self, state: State, cpu: str) -> set[State]:
        names = {f"take(cpu={cpu})", f"give(cpu={cpu})"}
        return {
            t for _, number, t in successors(self.model, state) if self.model.instances[number].name in names
        }
