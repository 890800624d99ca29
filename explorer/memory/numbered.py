"""The states of one memory by number, made as they are met, and what is done to them as functions of numbers.

An exploration keeps a number in place of the intricate state, and each result is computed once and
remembered: the memory becomes an automaton that is built while it is walked. Two states have one number
exactly if they are equal in normal form. Knows nothing of the explorer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import product
from typing import Any

from .architecture import Architecture, Barrier
from .normal_form import NOTHING_DEAD, Dead, normal_form
from .operations import (
    Ordering,
    conditional,
    exchange,
    exchangeable,
    has_place,
    load,
    loadable,
    places,
    release_need,
    reserve,
    settle_oldest,
    store,
    unreserved,
    unsettled,
)
from .parts import Parts
from .plain import again, plain
from .renaming import Exchange
from .state import BoundError, Memory, State

IMPOSSIBLE, BEYOND_BOUND, DECLARED_DEAD = -1, -2, -3
"""What an operation gives in place of a memory: it cannot happen here; more stores are live than the bound
allows; the program said that it would not do this.
"""
LOWEST, HIGHEST = DECLARED_DEAD, (1 << 24) - 1
"""The least and the greatest result of an operation."""

_FENCES = (Barrier.SYNC, Barrier.LWSYNC)


class MemoryFull(MemoryError):
    """More states of the memory than numbers: the verdict is undetermined."""


class NumberedMemory:
    """A memory whose states are numbers. The first numbers are the initial states, one for each choice of
    values.

    `use` is told every access that the program may make, before the first operation: what no CPU ever does is
    what makes states equal. Every operation takes and gives integers; a memory below 0 stays what it is.
    """

    def __init__(
        self,
        architecture: Architecture,
        cpus: int,
        initial: tuple[tuple[int, ...], ...],
        bound: int,
        settle: bool = False,
        idle: frozenset[int] = frozenset(),
    ) -> None:
        """`initial`: for each location the codes that it may hold at first; `idle`: the CPUs that load
        nothing before their first barrier.
        """
        self.architecture, self.cpus, self.initial = architecture, cpus, initial
        self.bound, self.settle, self.settled, self.idle = bound, settle, False, idle
        self.locations = len(initial)
        self.loads: set[tuple[int, int]] = set()
        self.stores: set[tuple[int, int]] = set()
        self.slots, self.acquires, self.eieio = 0, False, False
        self._states: list[tuple[int, int, Dead]] = []
        self._numbers: dict[tuple[int, int, Dead], int] = {}
        self.ask: Callable[[int, list[Any]], Iterable[list[Any]]] | None = None
        """Where the numbers are those of many processes: what gives a state one, and tells all states from a
        number on (None: there are no others).
        """
        self._memory: Memory | None = None
        self._parts: Parts
        self._last: tuple[int, State]
        """The state that was asked for last: one is asked several things."""
        self._never = self._idle = Dead()
        self._known: dict[Dead, Dead] = {}

    @property
    def first_numbers(self) -> int:
        """How many initial states there are."""
        count = 1
        for codes in self.initial:
            count *= len(codes)
        return count

    @property
    def memory(self) -> Memory:
        """The constant part; from the first use on no further access may become known."""
        if self._memory is None:
            self._begin()
        assert self._memory is not None
        return self._memory

    def state(self, number: int) -> State:
        """The state of a number."""
        if self._memory is None:
            self._begin()
        last = self._last
        if number != last[0]:
            e, v, _ = self._states[number]
            self._last = last = number, self._parts.state(e, v)
        return last[1]

    def declared(self, number: int) -> Dead:
        """What the program will not use any more, as it was declared until the state of a number."""
        if self._memory is None:
            self._begin()
        return self._states[number][2]

    def _begin(self) -> None:
        accesses = self.loads | self.stores
        users = tuple(
            frozenset(cpu for cpu, location in accesses if location == x) for x in range(self.locations)
        )
        self._memory = Memory(
            self.architecture,
            self.cpus,
            self.locations,
            self.slots,
            acquires=self.acquires,
            eieio=self.eieio,
            users=users,
            bound=self.bound,
        )
        self._parts, self._last = Parts(self._memory), (-1, self._memory.initial([0] * self.locations))
        pairs = frozenset(product(range(self.cpus), range(self.locations)))
        self._never = Dead(
            floors=pairs - self.loads,
            fences=frozenset(range(self.cpus)) - {cpu for cpu, _ in self.stores},
        )
        early = self.architecture.early_loads
        self._idle = Dead(floors=frozenset((cpu, x) for cpu, x in self.loads if cpu in self.idle and early))
        self.beginning(NOTHING_DEAD)

    def beginning(self, unused: Dead) -> list[int]:
        """The numbers of the initial states, one for each choice of values, where this will not be used."""
        memory, early = self.memory, self.architecture.early_loads
        floors = self._idle.floors | (unused.floors & self.loads if early else frozenset())
        declared = Dead(floors, unused.fences, unused.finished)
        return [
            self._number(*self._parts.of(normal_form(memory, memory.initial(values), self._never)), declared)
            for values in product(*self.initial)
        ]

    def _number(self, e: int, v: int, declared: Dead) -> int:
        key = e, v, declared
        number = self._numbers.get(key)
        if number is None and self.ask is not None:
            known = len(self._states)
            self.learn(self.ask(known, plain(self._parts.state(e, v), declared)), known)
            number = self._numbers[key]
        return self._append(key) if number is None else number

    def _append(self, key: tuple[int, int, Dead]) -> int:
        number = len(self._states)
        if number > HIGHEST:
            raise MemoryFull(f"more than {HIGHEST + 1} states of the memory")
        self._states.append(key)
        self._numbers[key] = number
        return number

    @property
    def known(self) -> int:
        """How many states have a number."""
        return len(self._states)

    def told(self, first: int) -> Iterator[list[Any]]:
        """The states from a number on, as plain data."""
        return (plain(self.state(m), self.declared(m)) for m in range(first, len(self._states)))

    def learn(self, states: Iterable[list[Any]], first: int = 0) -> None:
        """Give states the numbers that they have elsewhere: all that were told there from a number on. Raises
        ValueError where a number is another state's here.
        """
        if self._memory is None:
            self._begin()
        for number, data in enumerate(states, first):
            state, declared = again(data)
            key = *self._parts.of(state), declared
            if self._numbers.get(key, len(self._states)) != number:
                raise ValueError(f"state {number} of the memory has another number here")
            if number == len(self._states):
                self._append(key)

    def is_reduced(self, state: State, number: int) -> bool:
        """Whether the number is that of the state's normal form, with what is declared there."""
        try:
            everything = self._everything(self.declared(number))
            return normal_form(self.memory, state, everything) == self.state(number)
        except BoundError:
            return False

    def _everything(self, declared: Dead) -> Dead:
        known = self._known.get(declared)
        if known is None:
            known = self._known[declared] = Dead(
                floors=declared.floors | self._never.floors,
                fences=declared.fences | self._never.fences,
                finished=declared.finished,
            )
        return known

    def _finish(self, e: int, v: int, declared: Dead) -> int:
        """The number of the normal form of two parts."""
        everything = self._everything(declared)
        try:
            e, v = self._parts.normal_form(e, v, everything)
        except BoundError:
            if not self.settle:
                return BEYOND_BOUND
            self.settled = True
            state = self._parts.state(e, v)
            e, v = self._parts.of(normal_form(replace(self.memory, settle=True), state, everything))
        return self._number(e, v, declared)

    # Operations: each takes numbers and gives a number.

    def step(self, m: int, make: Callable[[State, Dead], tuple[State, Dead] | int]) -> int:
        """One operation on the state of a number."""
        if m < 0:
            return m
        result = make(self.state(m), self.declared(m))
        if isinstance(result, int):
            return result
        state, declared = result
        after = (*self._parts.of(state, self._states[m][0]), declared)
        return m if after == self._states[m] else self._finish(*after)

    def declare(self, m: int, make: Callable[[Dead], Dead]) -> int:
        """More is declared of the state of a number."""
        if m < 0:
            return m
        declared = self.declared(m)
        after = make(declared)
        return m if after == declared else self._finish(*self._states[m][:2], after)

    def value(self, m: int, location: int, age: int) -> int:
        """The code that the store of this age has; that of the oldest where it is too old."""
        if m < 0:
            return 0
        entries = self.state(m).entries[location]
        value = entries[min(age, len(entries) - 1)].value
        assert isinstance(value, int)
        return value

    def oldest_load(self, m: int, cpu: int, location: int, how: Ordering) -> int:
        """The greatest age that a load may take."""
        return -1 if m < 0 else loadable(self.memory, self.state(m), cpu, location, how.after)[-1]

    def oldest_place(self, m: int, cpu: int, location: int, release: bool) -> int:
        """The greatest age that a store may have."""
        if m < 0:
            return -1
        state = self.state(m)
        if not state.propagated[cpu][location]:
            return 0
        need = release_need(self.memory, state, cpu) if release else None
        return places(self.memory, state, cpu, location, need)[-1]

    def oldest_exchange(self, m: int, cpu: int, location: int, how: Ordering, release: bool) -> int:
        """The greatest age that an exchange may take; -1 where there is none."""
        if m < 0:
            return -1
        return max(
            exchangeable(self.memory, self.state(m), cpu, location, how=how, release=release), default=-1
        )

    def load(self, m: int, cpu: int, location: int, age: int, how: Ordering) -> int:
        """The CPU reads the store of that age."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if (cpu, location) in dead.floors or cpu in dead.finished:
                return DECLARED_DEAD
            if age not in loadable(self.memory, state, cpu, location, how.after):
                return IMPOSSIBLE
            return load(self.memory, state, cpu, location, age=age, how=how), dead

        return self.step(m, make)

    def store(self, m: int, cpu: int, location: int, value: int, age: int, release: bool) -> int:
        """The CPU stores a code, coherence-before the `age` newest stores."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if cpu in dead.fences or cpu in dead.finished:
                return DECLARED_DEAD
            need = release_need(self.memory, state, cpu) if release else None
            if not has_place(self.memory, state, cpu, location, age=age, need=need):
                return IMPOSSIBLE
            after = store(self.memory, state, cpu, location, value=value, age=age, need=need)
            return after, _stored(dead, cpu, location)

        return self.step(m, make)

    def exchange(
        self, m: int, cpu: int, location: int, value: int, age: int, how: Ordering, release: bool
    ) -> int:
        """The CPU reads the store of that age and stores directly after it."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if cpu in dead.fences or cpu in dead.finished:
                return DECLARED_DEAD
            try:
                after = exchange(
                    self.memory, state, cpu, location, value=value, age=age, how=how, release=release
                )
            except ValueError:
                return IMPOSSIBLE
            return after, _stored(dead, cpu, location)

        return self.step(m, make)

    def reserve(self, m: int, cpu: int, location: int, age: int, how: Ordering) -> int:
        """A load that takes a reservation."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if (cpu, location) in dead.floors or cpu in dead.finished:
                return DECLARED_DEAD
            if age not in loadable(self.memory, state, cpu, location, how.after):
                return IMPOSSIBLE
            return reserve(self.memory, state, cpu, location, age=age, how=how), dead

        return self.step(m, make)

    def conditional(self, m: int, cpu: int, location: int, value: int) -> int:
        """A conditional store that succeeds."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if cpu in dead.fences or cpu in dead.finished:
                return DECLARED_DEAD
            after = conditional(self.memory, state, cpu, location, value)
            return IMPOSSIBLE if after is None else (after, _stored(dead, cpu, location))

        return self.step(m, make)

    def fail(self, m: int, cpu: int) -> int:
        """A conditional store that fails: the reservation is gone."""
        return self.step(m, lambda state, dead: (unreserved(state, cpu), dead))

    def barrier(self, m: int, cpu: int, kind: Barrier, slots: tuple[int, ...]) -> int:
        """A barrier; it ends what was declared until then."""

        if m < 0:
            return m
        declared = self.declared(m)
        e, v, _ = self._states[m]
        after = e, self._parts.barrier(e, v, cpu, kind, slots), _ended(declared, cpu, kind)
        return m if after == self._states[m] else self._finish(*after)

    def barriers_where(self, m: int, cpu: int, passed: int, kinds: tuple[Barrier, ...]) -> int:
        """Barriers in their order, where they are passed."""
        for kind in kinds if passed else ():
            m = self.barrier(m, cpu, kind, ())
        return m

    def no_load(self, m: int, cpu: int, location: int) -> int:
        """The CPU does not load this location before its next barrier that orders it, or its own next store
        to it. (An exchange is such a store: it misses nothing that has reached its CPU.) Without early loads
        it makes no difference, and smp_mb need be no barrier.
        """

        def make(dead: Dead) -> Dead:
            pair = {(cpu, location)} & self.loads if self.architecture.early_loads else set()
            return dead._replace(floors=dead.floors | pair)

        return self.declare(m, make)

    def no_store(self, m: int, cpu: int) -> int:
        """The CPU stores nothing before its next barrier that orders it."""
        return self.declare(m, lambda dead: dead._replace(fences=dead.fences | {cpu}))

    def unused(self, m: int, cpu: int, locations: int, stores: bool, steps: bool) -> int:
        """What the CPU's program order says that it will not use any more: its views of a set of locations
        (bit x), as in `no_load`; what its next store needs, as in `no_store`, where `stores`; and, where
        `steps`, it does nothing at all any more.
        """
        early = self.architecture.early_loads
        pairs = {(cpu, x) for x in range(self.locations) if early and locations >> x & 1} & self.loads

        def make(dead: Dead) -> Dead:
            fences = dead.fences | {cpu} if stores else dead.fences
            return Dead(dead.floors | pairs, fences, dead.finished | {cpu} if steps else dead.finished)

        return self.declare(m, make)

    def spread(self, m: int, location: int) -> int:
        """The oldest store that somebody may still miss reaches everybody."""

        def make(state: State, dead: Dead) -> tuple[State, Dead] | int:
            if not unsettled(state, location):
                return IMPOSSIBLE
            return settle_oldest(self.memory, state, location), dead

        return self.step(m, make)

    def under_way(self, m: int, location: int) -> int:
        """Whether somebody may still miss a store of the location."""
        return int(m >= 0 and unsettled(self.state(m), location))

    def may_read(self, m: int, cpu: int, location: int, code: int) -> int:
        """Whether a plain load of the CPU could give this code."""
        if m < 0:
            return 0
        state = self.state(m)
        ages = loadable(self.memory, state, cpu, location)
        return int(any(state.entries[location][age].value == code for age in ages))

    # Who is who.

    def alike(self, exchange: Exchange) -> bool:
        """Whether the program may make the same accesses with CPUs and locations exchanged."""
        idle = frozenset(exchange.cpus[cpu] for cpu in self.idle)
        same = exchange.pairs(self.loads) == self.loads and exchange.pairs(self.stores) == self.stores
        return same and idle == self.idle

    def renamed(self, m: int, exchange: Exchange) -> int:
        """The memory with CPUs, locations and codes exchanged, where the program is `alike`."""
        return self.step(m, lambda state, dead: (exchange.renamed(state), exchange.dead(dead)))

    def texts(self, number: int, cpus: tuple[str, ...], values: Value) -> list[str]:
        """Each location for people: its newest value, and older ones with the CPUs that may still read
        them.
        """
        state = self.state(number)
        return [self._text(state, x, cpus, partial(values, x)) for x in range(self.locations)]

    def _text(
        self, state: State, location: int, cpus: tuple[str, ...], value: Callable[[object], str]
    ) -> str:
        newest, *older = state.entries[location]
        still: dict[str, None] = {}
        for age, entry in enumerate(older, 1):
            readers = [
                cpu
                for cpu in range(len(cpus))
                if state.floor[cpu][location] >= age and (cpu, location) in self.loads
            ]
            late = [cpus[cpu] for cpu in readers if state.propagated[cpu][location] >= age]
            early = [cpus[cpu] for cpu in readers if state.propagated[cpu][location] < age]
            if entry.value != newest.value:
                if late:
                    still[f"{value(entry.value)} for {' '.join(late)}"] = None
                if early:
                    still[f"{value(entry.value)} for early loads of {' '.join(early)}"] = None
        held = [name for name, kept in zip(cpus, state.reserved, strict=True) if kept[0] == location]
        more = [f"still {text}" for text in still] + [f"reserved by {' '.join(held)}"] * bool(held)
        return value(newest.value) + (f" ({'; '.join(more)})" if more else "")


@lru_cache
def _ended(declared: Dead, cpu: int, kind: Barrier) -> Dead:
    """What stays declared behind a barrier."""
    if kind not in (*_FENCES, Barrier.DMB_LD, Barrier.CONTEXT):
        return declared
    fences = declared.fences - {cpu} if kind in _FENCES else declared.fences
    return Dead(frozenset(p for p in declared.floors if p[0] != cpu), fences, declared.finished)


@lru_cache
def _stored(declared: Dead, cpu: int, location: int) -> Dead:
    """What stays declared behind a store: later loads of the location take this store or newer ones."""
    return declared._replace(floors=declared.floors - {(cpu, location)})


Value = Callable[[int, object], str]
"""The text of a code at a location."""
