"""Logs of simulated behaviours, for tests: written through the mapping that reads them. The behaviour is
random, and so is what the log hides of it: boxes that overlap, clocks that differ, lost events.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Mapping
from typing import Any

from explorer.conform.behaviours import Behaviours
from explorer.conform.mapping import FIELD, NEXT, ON, EventMap, Row
from explorer.conform.records import Record, loss
from explorer.ir.data import dataclass
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State
from explorer.render.text.terminal import counted
from explorer.run.options import UsageError
from explorer.trace.step_builder import state_texts

BETWEEN = 1000
"""Nanoseconds from one step to the next, about."""

SPREAD = 4
"""A wide box reaches over the time of so many steps on both sides, at most."""

BURST = 4
"""Lines that are lost together, at most."""

START = 10**9
"""The time at which a log begins, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How many events; which share of boxes is wide, and of events lost (0 to 1). Equal seeds give equal
    logs.
    """

    events: int = 1000
    seed: int = 0
    overlap: float = 0.0
    lose: float = 0.0


def generate(model: Model, mapping: EventMap, wishes: Wishes) -> Iterator[Record]:
    """The records of a log, by time. UsageError where a row cannot be written: a parameter that is made of
    several fields, or a value of which no field follows.
    """
    dice = random.Random(wishes.seed)
    for k, row in enumerate(mapping.rows):
        if any(row.name == other.name and row.match == other.match for other in mapping.rows[:k]):
            raise UsageError(
                f"conform --generate: {row.place}: a second row of {row.name}: one step is not both"
            )
    writers = [_Writer(mapping, row) for row in mapping.rows]
    cpus = _Cpus(dice, wishes, mapping.skew)
    written = time = 0
    for instance, before, after in _behaviour(model, dice):
        time += dice.randint(BETWEEN // 2, BETWEEN * 3 // 2)
        yield from cpus.ready(time)
        events = [e for w in writers for e in w.events(instance, (before, after), model)]
        if events:
            cpus.add(time, *dice.choice(events))
            written += 1
            if written == wishes.events:
                break
    yield from cpus.ready(None)
    if written < wishes.events:
        raise UsageError(
            f"conform --generate {wishes.events}: the behaviour ended after {counted(written, 'event')};"
            " write: fewer events, or a spec whose behaviours go on"
        )


@dataclass(slots=True)
class _Event:
    """An event with its box, by the true clock; `step` is when its step was."""

    step: int
    start: int
    end: int
    row: Row
    fields: dict[str, str]


class _Cpus:
    """The events of every CPU, whose boxes do not overlap on one CPU, and which of them are lost."""

    def __init__(self, dice: random.Random, wishes: Wishes, skew: int):
        self.dice, self.wishes, self.skew = dice, wishes, skew
        self.waiting: dict[str, _Event] = {}
        self.ended: dict[str, int] = {}
        self.offset: dict[str, int] = {}
        self.losing: dict[str, list[int]] = {}
        """Of a CPU that loses events how many more it loses, and how many it has lost."""
        self.ahead: list[tuple[int, int, Record]] = []
        self.written = 0

    def add(self, time: int, row: Row, fields: dict[str, str]) -> None:
        cpu, dice = fields.pop(ON), self.dice
        start = end = time
        if row.exit:
            reach = BETWEEN * SPREAD if dice.random() < self.wishes.overlap else BETWEEN // 8
            start, end = time - dice.randint(1, reach), time + dice.randint(1, reach)
        before = self.waiting.pop(cpu, None)
        if before is not None:
            before.end = min(before.end, (before.step + time) // 2)
            self.write(cpu, before)
        start = max(start, self.ended.get(cpu, 0) + 1)
        self.waiting[cpu] = _Event(time, start, end, row, fields)

    def ready(self, time: int | None) -> Iterator[Record]:
        """What is certain where nothing happens any more before a time, or at all."""
        for cpu, event in list(self.waiting.items()):
            if time is None or event.end < time:
                self.write(cpu, self.waiting.pop(cpu))
        if time is None:
            for cpu, (_, lost) in self.losing.items():
                self.put(loss(0, self.latest(), cpu, lost))
        horizon = None if time is None else time + START - 3 * SPREAD * BETWEEN - self.skew
        while self.ahead and (horizon is None or self.ahead[0][0] < horizon):
            yield heapq.heappop(self.ahead)[2]

    def write(self, cpu: str, event: _Event) -> None:
        self.ended[cpu] = event.end
        offset = self.offset.setdefault(cpu, self.dice.randint(-self.skew // 2, self.skew // 2))
        start, end = START + event.start + offset, START + event.end + offset
        pieces = [Record(0, start, cpu, event.row.name, event.fields)]
        if event.row.exit not in ("", NEXT):
            key = {name: event.fields[name] for name in event.row.key}
            pieces.append(Record(0, max(end, start + 1), cpu, event.row.exit, key))
        for piece in pieces:
            self.lose_or_put(cpu, piece)

    def lose_or_put(self, cpu: str, piece: Record) -> None:
        """A loss of events is told in front of the next one of its CPU."""
        losing = self.losing.get(cpu)
        if losing is None and self.dice.random() < self.wishes.lose:
            losing = self.losing[cpu] = [self.dice.randint(1, BURST), 0]
        if losing is not None and losing[0]:
            losing[0] -= 1
            losing[1] += 1
            return
        if losing is not None:
            del self.losing[cpu]
            self.put(loss(0, piece.time, cpu, losing[1]))
        self.put(piece)

    def put(self, record: Record) -> None:
        assert record.time is not None
        self.written += 1
        heapq.heappush(self.ahead, (record.time, self.written, record))

    def latest(self) -> int:
        return max((time for time, _, _ in self.ahead), default=START)


def _behaviour(model: Model, dice: random.Random) -> Iterator[tuple[Instance, State, State]]:
    """A random behaviour, until it has no more steps."""
    behaviours = Behaviours(model, (), None)
    node = dice.choice(sorted(behaviours.initial()))
    while True:
        steps = behaviours.steps(node & behaviours.mask)
        if not steps:
            return
        number, target = dice.choice(steps)
        yield model.instances[number], behaviours.state(node), behaviours.state(target)
        node = target


class _Writer:
    """Writes steps as events of a row: the templates of the mapping, read backwards."""

    def __init__(self, mapping: EventMap, row: Row):
        self.mapping, self.row = mapping, row
        self.known: dict[int, Mapping[str, str] | None] = {}

    def events(
        self, instance: Instance, step: tuple[State, State], model: Model
    ) -> list[tuple[Row, dict[str, str]]]:
        if instance.number not in self.known:
            possible = self.mapping.may_show(self.row, instance)
            self.known[instance.number] = self.of_parameters(instance) if possible else None
        known = self.known[instance.number]
        if known is None:
            return []
        fields = {**{name: texts[0] for name, texts in self.row.match.items()}, **known}
        for values, state in ((self.row.before, step[0]), (self.row.after, step[1])):
            texts: Any = state_texts(model, state) if values else {}
            for name, templates in values.items():
                place = self.mapping.filled(name, fields)
                if place is None or place not in texts:
                    raise self.cannot(name)
                if len(templates) > 1:
                    raise self.cannot(name)
                fields |= self.backwards(templates[0], texts[place])
        return [(self.row, fields)]

    def of_parameters(self, instance: Instance) -> Mapping[str, str]:
        fields: dict[str, str] = {}
        for name, template in self.row.parameters.items():
            fields |= self.backwards(template, instance.parameters[name])
        return {ON: "0", **fields}

    def backwards(self, template: str, text: str) -> dict[str, str]:
        """The field whose value makes this text of a template."""
        names = FIELD.findall(template)
        if not names:
            return {}
        if len(set(names)) > 1:
            raise self.cannot(template)
        head, _, tail = FIELD.split(template)[:3]
        value = text[len(head) : len(text) - len(tail)] if tail else text[len(head) :]
        known = self.mapping.named(names[0])
        if known is not None:
            value = next((theirs for theirs, ours in known.items() if ours == value), "")
        if not value:
            raise self.cannot(template)
        return {names[0]: value}

    def cannot(self, template: str) -> UsageError:
        return UsageError(
            f"conform --generate: {self.row.place}: no field follows from a step for {template!r}; write: a"
            " parameter or value of one field"
        )
