"""The straight lines of events that a thread may take.

A branch that depends on a read forks the line, and the line assumes its outcome. So the machine can run what
stands after a branch before the branch is decided, as processors do; a line whose assumption turns out wrong
is dropped.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from explorer.memory.architecture import Barrier

from .expressions import (
    Expression,
    Operation,
    ReadOf,
    Register,
    ValueProblem,
    constant,
    depending,
    is_constant,
    picked,
    picks,
    reads,
    substitute,
)
from .program import (
    OLD,
    Assign,
    Branch,
    Exchange,
    Fence,
    Instruction,
    LitmusError,
    Load,
    Select,
    Store,
    StoreConditional,
    Thread,
)

UNROLL = 2
"""How often a backward branch is taken on one line, as in herd."""


class Kind(enum.Enum):
    """What an event does."""

    READ = "read"
    WRITE = "write"
    FENCE = "fence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a line. `control`: the indices of the reads that the branches before it depend on."""

    kind: Kind
    line: int
    address: Expression = 0
    value: Expression = 0
    size: int = 0
    fence: Barrier | None = None
    control: frozenset[int] = frozenset()
    control_isync: frozenset[int] = frozenset()
    """The part of `picked` that stood before an isync before this event."""
    addresses_isync: frozenset[int] = frozenset()
    """The reads that addresses before an isync before this event come from, or that picked them."""
    picked: frozenset[int] = frozenset()
    """`control`, and the reads that decided which value those conditions have (Arm's pick dependencies)."""
    decided: Expression = 0
    """What else decided that it happens: of a compare-and-swap."""
    silent: bool = False
    acquire: bool = False
    weakly: bool = False
    release: bool = False
    pair: int | None = None
    """Of the write of an atomic pair: the index of its read."""
    locked: bool = False
    """Of both events of a pair in one instruction, and of a barrier that is part of it: the pair does not
    wait for it.
    """


class Assumption(NamedTuple):
    """What the line takes for true: whether the condition is not 0."""

    condition: Expression
    outcome: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A line of events, what it assumes, and what the registers hold at its end."""

    events: tuple[Event, ...]
    assumptions: tuple[Assumption, ...]
    registers: dict[str, Expression]


@dataclass(slots=True)
class _Line:
    """A path under construction."""

    at: int = 0
    events: list[Event] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    registers: dict[str, Expression] = field(default_factory=dict)
    control: frozenset[int] = frozenset()
    control_isync: frozenset[int] = frozenset()
    addresses: frozenset[int] = frozenset()
    addresses_isync: frozenset[int] = frozenset()
    picked: frozenset[int] = frozenset()
    reserved: int | None = None
    backward: dict[int, int] = field(default_factory=dict)

    def copy(self) -> _Line:
        return replace(
            self,
            events=list(self.events),
            assumptions=list(self.assumptions),
            registers=dict(self.registers),
            backward=dict(self.backward),
        )


class Paths(NamedTuple):
    """All paths of a thread; `cut`: some were left out because they take a backward branch too often."""

    paths: list[Path]
    cut: bool


def paths(file: str, number: int, thread: Thread, unroll: int = UNROLL) -> Paths:
    """The paths of thread `number`."""
    done, cut = [], False
    start = _Line(registers=dict(thread.registers))
    stack = [start]
    while stack:
        line = stack.pop()
        if line.at >= len(thread.instructions):
            done.append(Path(tuple(line.events), tuple(line.assumptions), line.registers))
            continue
        instruction = thread.instructions[line.at]
        try:
            for following in _Step(number, thread, instruction).after(line):
                if max(following.backward.values(), default=0) > unroll:
                    cut = True
                else:
                    stack.append(following)
        except ValueProblem as problem:
            raise LitmusError(file, instruction.line, str(problem)) from None
    return Paths(done, cut)


class _Step(NamedTuple):
    """One instruction of one thread, taken by lines."""

    number: int
    thread: Thread
    instruction: Instruction

    def after(self, line: _Line) -> Iterator[_Line]:
        """The lines after the instruction; `line` itself is used up."""
        line.at += 1
        instruction = self.instruction
        if isinstance(instruction, Assign):
            line.registers[instruction.register] = self.value(line, instruction.value)
            yield line
        elif isinstance(instruction, Select):
            yield from self.select(line, instruction)
        elif isinstance(instruction, Load):
            index = self.read(line, instruction.address, instruction.size, instruction)
            line.registers[instruction.register] = ReadOf(self.number, index)
            line.reserved = index if instruction.exclusive else line.reserved
            yield line
        elif isinstance(instruction, Store):
            self.write(line, instruction.value, instruction.address, instruction, instruction.release)
            yield line
        elif isinstance(instruction, StoreConditional):
            yield from self.conditional(line, instruction)
        elif isinstance(instruction, Exchange):
            yield from self.exchange(line, instruction)
        elif isinstance(instruction, Fence):
            self.fence(line, instruction)
            yield line
        elif isinstance(instruction, Branch):
            yield from self.branch(line, instruction)
        else:
            raise AssertionError(instruction)

    def value(self, line: _Line, expression: Expression) -> Expression:
        return substitute(expression, lambda name: line.registers.get(name, 0))

    def event(self, line: _Line, event: Event) -> int:
        line.events.append(
            replace(
                event,
                control=line.control,
                picked=line.picked,
                control_isync=line.control_isync,
                addresses_isync=line.addresses_isync,
            )
        )
        line.addresses |= {each.event for each in picks(event.address)}
        return len(line.events) - 1

    def read(self, line: _Line, address: Expression, size: int, instruction: Load | Exchange) -> int:
        return self.event(
            line,
            Event(
                kind=Kind.READ,
                line=instruction.line,
                address=self.value(line, address),
                size=size,
                acquire=instruction.acquire,
                silent=instruction.silent,
                weakly=isinstance(instruction, Load) and instruction.weakly,
                locked=isinstance(instruction, Exchange),
            ),
        )

    def write(
        self,
        line: _Line,
        value: Expression,
        address: Expression,
        instruction: Store | StoreConditional | Exchange,
        release: bool,
        pair: int | None = None,
        decided: Expression = 0,
    ) -> None:
        self.event(
            line,
            Event(
                decided=decided,
                kind=Kind.WRITE,
                line=instruction.line,
                value=self.value(line, value),
                address=self.value(line, address),
                size=instruction.size,
                release=release,
                pair=pair,
                locked=isinstance(instruction, Exchange),
            ),
        )

    def conditional(self, line: _Line, instruction: StoreConditional) -> Iterator[_Line]:
        """On POWER the status depends on the value stored and on both addresses, but not on what the load
        that took the reservation returned.
        """
        pair, line.reserved = line.reserved, None
        stored, address = self.value(line, instruction.value), self.value(line, instruction.address)
        causes = (stored, address, 0 if pair is None else line.events[pair].address)
        status = causes if instruction.tells else ()
        if instruction.may_fail or pair is None:
            failed = line.copy()
            failed.registers[instruction.status] = depending(1, status)
            yield failed
        if pair is not None:
            self.write(
                line, stored, address=address, instruction=instruction, release=instruction.release, pair=pair
            )
            same = Operation("==", (line.events[pair].address, address))
            line.assumptions.append(Assumption(same, True))
            line.registers[instruction.status] = depending(0, status)
            yield line

    def exchange(self, line: _Line, instruction: Exchange) -> Iterator[_Line]:
        if instruction.expected is None:
            yield self.exchanged(line, instruction)
            return
        register, expected = instruction.register, self.value(line, instruction.expected)
        failed = line.copy()
        index = self.read(failed, instruction.address, instruction.size, instruction)
        failed.registers[register] = ReadOf(self.number, index)
        failed.assumptions.append(Assumption(self.same(failed, ReadOf(self.number, index), expected), False))
        yield failed
        if instruction.expected == Register(register):  # CAS that succeeds: the register may keep what it has
            kept = self.exchanged(line.copy(), instruction)
            kept.registers[register] = picked(expected, kept.registers[register])
            yield kept
            if next(picks(expected), None) is None:
                return  # what follows depends on less
        yield self.exchanged(line, instruction)

    def exchanged(self, line: _Line, instruction: Exchange) -> _Line:
        """On Arm an acquire and release in one (SWPAL) also orders what is before it before what is after
        it.
        """
        if instruction.acquire and instruction.release:
            self.event(line, Event(kind=Kind.FENCE, line=instruction.line, fence=Barrier.SYNC, locked=True))
        index = self.read(line, instruction.address, instruction.size, instruction)
        old, before = ReadOf(self.number, index), line.registers.get(OLD, 0)
        decided: Expression = 0
        if instruction.expected is not None:
            decided = self.same(line, old, instruction.expected)
            line.assumptions.append(Assumption(decided, True))
        line.registers[OLD] = old
        address = self.value(line, instruction.address)
        self.write(
            line,
            instruction.value,
            address=address,
            instruction=instruction,
            release=instruction.release,
            pair=index,
            decided=decided,
        )
        line.registers[OLD] = before
        line.registers[instruction.register] = old
        return line

    def same(self, line: _Line, old: ReadOf, expected: Expression) -> Expression:
        return Operation("==", (old, self.value(line, expected)))

    def fence(self, line: _Line, instruction: Fence) -> None:
        if instruction.kind == Barrier.ISYNC:
            line.control_isync, line.addresses_isync = line.picked, line.addresses
        else:
            self.event(line, Event(kind=Kind.FENCE, line=instruction.line, fence=instruction.kind))

    def branch(self, line: _Line, instruction: Branch) -> Iterator[_Line]:
        here, target = line.at - 1, self.thread.labels[instruction.target]
        if instruction.condition is None:
            yield self.jump(line, here, target)
            return
        condition = self.value(line, instruction.condition)
        causes = frozenset(each.event for each in reads(condition))
        line.control |= causes
        line.picked |= {each.event for each in picks(condition)}
        if not causes:
            yield self.jump(line, here, target) if constant(condition) else line
        elif target == line.at:
            yield line
        else:
            taken = line.copy()
            taken.assumptions.append(Assumption(condition, True))
            line.assumptions.append(Assumption(condition, False))
            yield line
            yield self.jump(taken, here, target)

    def select(self, line: _Line, instruction: Select) -> Iterator[_Line]:
        condition = self.value(line, instruction.condition)
        outcomes = [bool(constant(condition))] if is_constant(condition) else [True, False]
        for outcome in outcomes:
            chosen = line.copy()
            if len(outcomes) > 1:
                chosen.assumptions.append(Assumption(condition, outcome))
            value = self.value(line, instruction.value if outcome else instruction.otherwise)
            chosen.registers[instruction.register] = picked(value, condition)
            yield chosen

    def jump(self, line: _Line, here: int, target: int) -> _Line:
        line.at = target
        if target <= here:
            line.backward[here] = line.backward.get(here, 0) + 1
        return line
