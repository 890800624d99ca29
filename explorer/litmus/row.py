"""The events of all threads in one row, and what a state of the machine says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from explorer.memory.architecture import Barrier
from explorer.memory.state import Memory, State

from .dependencies import waits
from .expressions import Expression, ReadOf, Value, ValueProblem, constant, evaluate, is_constant, reads
from .paths import Event, Kind, Path
from .program import LitmusError


class Run(NamedTuple):
    """A state of the machine. The events of all threads are numbered in one row; bit k stands for event k.

    Entries of the memory hold (writer, value): the number of the write, or `~location` for the initial value.
    """

    memory: State
    issued: int
    committed: int
    read: tuple[tuple[int, Value] | None, ...]
    """For each event that is an issued read: the writer that it read from, and the value."""
    retired: tuple[tuple[int, ...], ...]
    """For each location the writers of retired entries, oldest first: with the live ones, the coherence
    order.
    """


class Setting(NamedTuple):
    """What all combinations of paths of a test share."""

    file: str
    memory: Memory
    names: Sequence[str]
    """The locations."""
    initial: Sequence[Value]
    in_order: bool
    """Each event waits for all before it (x86-TSO, PSO, sequential consistency)."""
    commits_reads: bool
    """The commit of a read is a moment of its own (POWER)."""
    sizes: dict[int, int]
    """The size of the accesses to each location, as far as it is known."""


class Row:
    """One path of each thread."""

    def __init__(self, setting: Setting, paths: Sequence[Path]) -> None:
        self.setting, self.memory = setting, setting.memory
        self.events: list[Event] = [event for path in paths for event in path.events]
        self.thread = [number for number, path in enumerate(paths) for _ in path.events]
        self.base = [self.thread.index(n) if n in self.thread else 0 for n in range(len(paths))]
        self.mine = [
            sum(1 << k for k, n in enumerate(self.thread) if n == number) for number in range(len(paths))
        ]
        self.reads = self.bits(lambda event: event.kind == Kind.READ)
        self.writes = self.bits(lambda event: event.kind == Kind.WRITE)
        self.light = self.bits(lambda event: event.fence not in (None, Barrier.SYNC))
        self.everything = (1 << len(self.events)) - 1
        self.waits = [
            tuple(bits << base for bits in each)
            for path, base in zip(paths, self.base, strict=True)
            for each in waits(path.events, setting.in_order, setting.commits_reads)
        ]
        self.assumptions = [
            (sum(1 << self.number(each) for each in set(reads(condition))), condition, outcome, number)
            for number, path in enumerate(paths)
            for condition, outcome in path.assumptions
        ]
        self.index = {name: k for k, name in enumerate(setting.names)}
        self.states = 0
        self.normal: dict[object, tuple[State, tuple[tuple[int, ...], ...]]] = {}
        self.known: list[int | None] = [None] * len(self.events)
        self.fixed = [constant(each.address) if is_constant(each.address) else None for each in self.events]

    def bits(self, test: Callable[[Event], bool]) -> int:
        """The events for which the test is true."""
        return sum(1 << number for number, event in enumerate(self.events) if test(event))

    def number(self, read: ReadOf) -> int:
        """The number of a read in the row of all events."""
        return self.base[read.thread] + read.event

    def value(self, run: Run, expression: Expression) -> Value:
        """The value of an expression whose reads are all issued."""

        def read(which: ReadOf) -> Value:
            source = run.read[self.number(which)]
            assert source is not None
            return source[1]

        return evaluate(expression, read)

    def location(self, run: Run, number: int) -> int | None:
        """The location of an access; None while its address is not known."""
        known = self.known[number]
        if known is not None:
            return known
        address = self.fixed[number]
        if address is None:
            event = self.events[number]
            if any(run.read[self.number(each)] is None for each in reads(event.address)):
                return None
            try:
                address = self.value(run, event.address)
            except ValueProblem as problem:
                self.no_location(run, number, str(problem))
                return None
        location = self.index.get(address) if isinstance(address, str) else None
        if location is None:
            there = f"it has {', '.join(self.setting.names)}; a register that is never set is 0"
            self.no_location(run, number, f"the address {address} is no location of the test ({there})")
            return None
        size = self.events[number].size
        if self.setting.sizes.setdefault(location, size) != size:
            message = (
                f"{self.setting.names[location]} is accessed with {size} bytes here and with "
                f"{self.setting.sizes[location]} elsewhere; mixed sizes are not modelled"
            )
            raise LitmusError(self.setting.file, self.events[number].line, message)
        if self.fixed[number] is not None:
            self.known[number] = location
        return location

    def no_location(self, run: Run, number: int, message: str) -> None:
        """An error, unless the path rests on assumptions that are still open and may prove wrong."""
        thread = self.thread[number]
        if all(not needed & ~run.issued for needed, _, _, each in self.assumptions if each == thread):
            raise LitmusError(self.setting.file, self.events[number].line, message)

    def later_reads(self, run: Run, number: int, location: int) -> Iterator[int]:
        """What the issued reads of the location after the event, up to the next write to it, read from."""
        for later in range(number + 1, len(self.events)):
            if self.thread[later] != self.thread[number]:
                return
            if self.events[later].kind == Kind.FENCE or self.location(run, later) != location:
                continue
            if self.events[later].kind == Kind.WRITE:
                return
            source = run.read[later]
            if source is not None:
                yield source[0]

    def own_write(self, run: Run, number: int, location: int) -> int | None:
        """The last write before the event, in its thread, that is known to be to the location."""
        for earlier in range(number - 1, self.base[self.thread[number]] - 1, -1):
            if self.events[earlier].kind == Kind.WRITE and self.location(run, earlier) == location:
                return earlier
        return None

    def locked_write(self, number: int) -> int | None:
        """In program order: the write that is one step with the read of a locked instruction."""
        following = number + 1
        if not self.setting.in_order or following not in range(len(self.events)):
            return None
        pair = self.events[following].pair
        return following if pair is not None and self.base[self.thread[number]] + pair == number else None

    def age_of(self, run: Run, location: int, writer: int) -> int | None:
        """The age of the entry of a writer, if it is still live."""
        writers = [entry.value[0] for entry in run.memory.entries[location]]  # type: ignore[index]
        return writers.index(writer) if writer in writers else None
