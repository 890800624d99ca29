"""Shared memory as an architecture has it, for any spec: `class Ram(Memory, cpus=Cpu): flag: Var[bool] =
...`.

The variables of such a class are the *locations*. CPUs access them through the component: `ram.store(cpu,
ram.flag, True)`, `ram.load(cpu, ram.flag)`, `ram.smp_mb(cpu)`. The constant `memory` says which architecture
it is. What a load may see, and where a store may come in the coherence order, are choices of the step: each
possibility is an action instance of its own. docs/memory.md says what is modelled.

In the state the memory is one cell: the number of its state (explorer/memory/numbered.py). Several accesses
in one action happen in their order, as one step.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any, TypeVar

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError, caller, class_place
from explorer.ir.expressions import Expr, Failure, Family, Function
from explorer.ir.places import Variable
from explorer.ir.steps import Condition, Write
from explorer.ir.types import ScalarType, Type
from explorer.language.constants import constant, value_of
from explorer.language.lifting import index_of, lift
from explorer.language.shared import SharedLocation
from explorer.language.state import State
from explorer.language.symbolic import BOOL, computed, shown
from explorer.language.tracing import Trace, current
from explorer.language.values import Value
from explorer.language.where import unconditional
from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.kernel import KERNEL, KernelMapping
from explorer.memory.numbered import (
    BEYOND_BOUND,
    DECLARED_DEAD,
    HIGHEST,
    LOWEST,
    NumberedMemory,
    remembered,
)
from explorer.memory.operations import Ordering

T = TypeVar("T")


class MemoryModel(enum.Enum):
    """SC: Lamport 1979. TSO: x86 (Owens, Sarkar, Sewell 2009). PSO: SPARC V8. ARM: Armv8, multi-copy atomic.
    POWER: Power ISA 3.0, as `ppc.cat` has it (Alglave, Maranget, Tautschnig 2014).
    """

    SC = "sc"
    TSO = "tso"
    PSO = "pso"
    ARM = "arm"
    POWER = "power"


class Beyond(enum.Enum):
    """What happens where more stores of a location are live than `memory_bound`: an evaluation error, or the
    oldest reaches everybody, which leaves behaviour out.
    """

    ERROR = "error"
    SETTLE = "settle"


MODEL = constant("memory", MemoryModel.POWER)
BOUND = constant("memory_bound", 5)
"""The most stores of one location that somebody may still miss, and the one before them."""
BEYOND = constant("beyond_bound", Beyond.ERROR)


WIRING = "wiring of the memory"
"""Where a memory component keeps its wiring: no name that an author could use."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryType(ScalarType):
    """The number of a memory's state; its text says what each location holds and who may still see older
    stores.
    """

    storage: NumberedMemory
    cpus: tuple[str, ...]
    locations: tuple[str, ...]
    types: tuple[ScalarType, ...]
    name: str
    low: int = 0
    high: int = HIGHEST

    @property
    def settings(self) -> str:
        """What makes memories with the same locations differ."""
        storage = self.storage
        return (
            f"{storage.architecture.name} {storage.cpus} {storage.initial} {storage.bound} {storage.settle}"
        )

    @property
    def cut(self) -> str:
        return f"beyond_bound=settle ({self.name})" if self.storage.settled else ""

    def encode(self, value: Any) -> int | None:
        return value if isinstance(value, int) and self.low <= value <= self.high else None

    def decode(self, code: int) -> Any:
        return self.text(code)

    def values(self) -> tuple[Any, ...]:
        return Type.values(self)

    def text(self, value: Any) -> str:
        return self.storage.text(value, self.cpus, self.locations, lambda x, code: self.types[x].text(code))


@dataclass(slots=True)
class Wiring:
    """What connects a memory component to the state: its cell, its locations, and the functions made so
    far.
    """

    family: Family
    type: MemoryType
    cpus: Type
    variables: tuple[Variable, ...]
    functions: dict[Any, Function] = field(default_factory=dict)

    @property
    def storage(self) -> NumberedMemory:
        return self.type.storage

    def function(
        self, name: str, static: tuple[Any, ...], call: Callable[..., int], low: int, high: int
    ) -> Function:
        """The function of one operation; `static` are its arguments that are no expressions."""
        key = (name, static)
        if key not in self.functions:
            inner = ", ".join(map(str, static))
            self.functions[key] = Function(
                f"{self.type.name}.{name}" + (f"[{inner}]" if inner else ""), low, high, remembered(call)
            )
        return self.functions[key]


@dataclass(frozen=True, slots=True)
class _Place:
    """A location as an operand: its number as an expression, the numbers that it may have, its type and
    text.
    """

    index: Expr
    numbers: range
    type: ScalarType
    text: str


class Memory(State, base=True):
    """A memory of some CPUs: `class Ram(Memory, cpus=Cpu): flag: Var[bool] = initially(False)`.

    `cpus` is the domain of the CPUs. Every variable is a location, a map of variables one location for each
    key. A location holds a scalar: bool, an enum, a Range, `T | None`, a Set. `model` is a constant of one's
    own in place of `memory`; with `only` the memory is there under these models alone, and its calls are not
    made under others. Variables that it inherits from a State with `base=True` are plain ones.
    """

    _cpus = None
    _model = MODEL
    _only = tuple(MemoryModel)

    def __init_subclass__(
        cls, cpus: Any = None, model: Any = None, only: tuple[MemoryModel, ...] = (), base: bool = False
    ) -> None:
        super().__init_subclass__(base=base)
        cls._namespace = sys._getframe(1).f_globals
        cls._model = cls._model if model is None else model
        cls._only = only or cls._only
        if cpus is not None:
            cls._cpus = cpus
        if not base and cls._cpus is None:
            raise SpecError(
                "E0703",
                f"memory {cls.__name__} without CPUs",
                expected="the domain of those that load and store",
                write=f"class {cls.__name__}(Memory, cpus=Cpu): ...",
                place=class_place(cls),
            )

    # What a CPU does.

    def load(
        self,
        cpu: Any,
        location: Value[T],
        *,
        after: int | Iterable[int] = (),
        save: int | None = None,
        acquire: bool = False,
    ) -> Value[T]:
        """What the CPU reads: the newest store of the location or, where nothing orders the load, an older
        one.

        `save` keeps the load under a number, and a load `after` that number depends on it (its address comes
        from there). `acquire`: later loads come later (a branch and isync behind it, or a load-acquire).
        """
        trace = current("memory.load(...)")
        place = self._place(location)
        if trace.kind == "label":
            return self._value(trace, place, self._cpu(cpu), 0)
        self._acting(trace, "load")
        who = self._cpu(cpu)
        how = Ordering((after,) if isinstance(after, int) else tuple(after), save, acquire)
        self._uses(who, place, loads=True, how=how)
        age = self._pick(trace, f"{place.text} older by")
        self._possible(trace, age, "oldest_load", (how,), self._storage.oldest_load, who, place)
        value = self._value(trace, place, who, age)
        self._step("load", (age, how), self._storage.load, (who, place.index), place, trace)
        return value

    def store(self, cpu: Any, location: Value[T], value: T | Value[T], *, release: bool = False) -> None:
        """The CPU stores a value. `release`: nothing before it in program order comes after it."""
        trace = self._acting(current("memory.store(...)"), "store")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, stores=True)
        age = self._pick(trace, f"{place.text} behind")
        self._possible(trace, age, "oldest_place", (release,), self._storage.oldest_place, who, place)
        code = self._code(place, value)
        self._step("store", (age, release), self._storage.store, (who, place.index, code), place, trace)

    def exchange(
        self,
        cpu: Any,
        location: Value[T],
        value: T | Value[T],
        *,
        acquire: bool = False,
        release: bool = False,
    ) -> Value[T]:
        """The CPU replaces the value at once and gets the old one; no store ever comes between the two."""
        trace = self._acting(current("memory.exchange(...)"), "exchange")
        place, who = self._place(location), self._cpu(cpu)
        how = Ordering(acquire=acquire)
        self._uses(who, place, loads=True, stores=True, how=how)
        age = self._pick(trace, f"{place.text} older by")
        oldest = self._storage.oldest_exchange
        self._possible(trace, age, "oldest_exchange", (how, release), oldest, who, place)
        old = self._value(trace, place, who, age)
        code = self._code(place, value)
        static = (age, how, release)
        self._step("exchange", static, self._storage.exchange, (who, place.index, code), place, trace)
        return old

    def compare_exchange(
        self,
        cpu: Any,
        location: Value[T],
        expected: T | Value[T],
        value: T | Value[T],
        *,
        before: Iterable[Barrier] = (),
        behind: Iterable[Barrier] = (),
        acquire: bool = False,
        release: bool = False,
    ) -> Value[T]:
        """The CPU stores the value where it reads what it expects; what it read. The barriers `behind` are
        passed only where it stores; `before` always are.
        """
        trace = self._acting(current("memory.compare_exchange(...)"), "compare_exchange")
        place, who = self._place(location), self._cpu(cpu)
        for kind in before:
            self.barrier(cpu, kind)
        how = Ordering(acquire=acquire)
        self._uses(who, place, loads=True, stores=True, how=how)
        age = self._pick(trace, f"{place.text} older by")
        now = self._now(trace)
        old = self._value(trace, place, who, age)
        stored = self._apply(
            "exchange",
            (age, how, release),
            self._storage.exchange,
            now,
            who,
            place.index,
            self._code(place, value),
        )
        for kind in behind:
            stored = self._apply("barrier", (kind, ()), self._storage.barrier, stored, who)
        failed = self._apply("load", (age, Ordering()), self._storage.load, now, who, place.index)
        equal = ex.equal(old._expr, self._code(place, expected))
        self._proceed(trace, ex.choose(equal, stored, failed), place)
        return old

    def reserve(self, cpu: Any, location: Value[T]) -> Value[T]:
        """A load that takes a reservation (lwarx, LDXR)."""
        trace = self._acting(current("memory.reserve(...)"), "reserve")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, loads=True)
        age = self._pick(trace, f"{place.text} older by")
        self._possible(trace, age, "oldest_load", (Ordering(),), self._storage.oldest_load, who, place)
        value = self._value(trace, place, who, age)
        self._step("reserve", (age, Ordering()), self._storage.reserve, (who, place.index), place, trace)
        return value

    def conditional(self, cpu: Any, location: Value[T], value: T | Value[T]) -> bool:
        """A store that succeeds only while the reservation holds (stwcx., STXR); it may always fail. Both
        outcomes are steps of their own.
        """
        trace = self._acting(current("memory.conditional(...)"), "conditional")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, stores=True)
        if trace.pick(f"{place.text} not stored", 2):
            self._step("fail", (), self._storage.fail, (who,), place, trace)
            return False
        code = self._code(place, value)
        self._step("conditional", (), self._storage.conditional, (who, place.index, code), place, trace)
        return True

    def barrier(self, cpu: Any, kind: Barrier, after: Iterable[int] = ()) -> None:
        """A barrier; ISYNC orders the loads saved under the numbers in `after`."""
        trace = self._acting(current("memory.barrier(...)"), "barrier")
        if kind is Barrier.EIEIO:
            self._storage.eieio = True
        static = (kind, tuple(after))
        self._step("barrier", static, self._storage.barrier, (self._cpu(cpu),), None, trace)

    def done(self, cpu: Any, loads: Iterable[Value[Any]] = (), stores: bool = False) -> None:
        """A promise that makes states fewer: until its next sync or lwsync the CPU loads none of these
        locations and, with `stores`, stores nothing. Breaking it is an evaluation error.
        """
        trace = self._acting(current("memory.done(...)"), "done")
        numbers = tuple(x for location in loads for x in self._place(location).numbers)
        static = (numbers, bool(stores))
        self._step("declare", static, self._storage.declare, (self._cpu(cpu),), None, trace)

    # The Linux kernel's names: each is what the architecture makes of it.

    def READ_ONCE(self, cpu: Any, location: Value[T]) -> Value[T]:
        """A plain load."""
        return self.load(cpu, location)

    def WRITE_ONCE(self, cpu: Any, location: Value[T], value: T | Value[T]) -> None:
        """A plain store."""
        self.store(cpu, location, value)

    def smp_mb(self, cpu: Any) -> None:
        """A full barrier."""
        self._barriers(cpu, self._kernel.smp_mb)

    def smp_wmb(self, cpu: Any) -> None:
        """Stores before it come before stores behind it."""
        self._barriers(cpu, self._kernel.smp_wmb)

    def smp_rmb(self, cpu: Any) -> None:
        """Loads before it come before loads behind it."""
        self._barriers(cpu, self._kernel.smp_rmb)

    def smp_store_release(self, cpu: Any, location: Value[T], value: T | Value[T]) -> None:
        """What comes before it in program order comes before it."""
        self._barriers(cpu, self._kernel.before_release)
        self.store(cpu, location, value, release=self._kernel.marked)

    def smp_load_acquire(self, cpu: Any, location: Value[T]) -> Value[T]:
        """What comes behind it in program order comes behind it."""
        value = self.load(cpu, location, acquire=self._kernel.marked)
        self._barriers(cpu, self._kernel.after_acquire)
        return value

    def smp_mb__before_atomic(self, cpu: Any) -> None:
        """A full barrier in front of an atomic operation."""
        self._barriers(cpu, self._kernel.before_atomic)

    def smp_mb__after_atomic(self, cpu: Any) -> None:
        """A full barrier behind an atomic operation."""
        self._barriers(cpu, self._kernel.before_atomic)

    def xchg(self, cpu: Any, location: Value[T], value: T | Value[T]) -> Value[T]:
        """A fully ordered exchange."""
        self._barriers(cpu, self._kernel.before_full)
        old = self.exchange(cpu, location, value, release=self._kernel.marked)
        self._barriers(cpu, self._kernel.after_full)
        return old

    def xchg_relaxed(self, cpu: Any, location: Value[T], value: T | Value[T]) -> Value[T]:
        """An exchange that orders nothing, where the architecture has such a one."""
        if self._kernel.locked:
            return self.xchg(cpu, location, value)
        return self.exchange(cpu, location, value)

    def cmpxchg(self, cpu: Any, location: Value[T], expected: T | Value[T], value: T | Value[T]) -> Value[T]:
        """A compare-exchange, fully ordered where it stores."""
        kernel = self._kernel
        old = self.compare_exchange(
            cpu,
            location,
            expected,
            value,
            before=kernel.before_full,
            behind=() if kernel.locked else kernel.after_full,
            release=kernel.marked,
        )
        if kernel.locked:
            self._barriers(cpu, kernel.after_full)
        return old

    # What a property asks.

    def newest(self, location: Value[T]) -> Value[T]:
        """The value that everybody will see in the end, if nobody stores any more."""
        trace = current("memory.newest(...)")
        return self._value(trace, self._place(location), None, 0)

    def newest_after(self, location: Value[T]) -> Value[T]:
        """In a step invariant: `newest` behind the step."""
        trace = current("memory.newest_after(...)")
        if not trace.may_prime:
            raise SpecError(
                "E0705",
                f"memory.newest_after(...) in {trace.decorator} {trace.subject}",
                expected="one state",
                write="memory.newest(...), or @step_invariant",
            )
        return self._value(trace, self._place(location), None, 0, primed=True)

    def under_way(self, location: Value[Any]) -> Value[bool]:
        """Whether somebody may still miss a store of the location."""
        trace, place = current("memory.under_way(...)"), self._place(location)
        function = self._wiring.function("under_way", (), self._storage.unsettled, 0, 1)
        return Value(BOOL, ex.apply(function, self._now(trace), place.index))

    def settled(self) -> Value[bool]:
        """Whether all stores have reached everybody."""
        now = self._now(current("memory.settled()"))
        function = self._wiring.function("under_way", (), self._storage.unsettled, 0, 1)
        every = (ex.negate(ex.apply(function, now, ex.const(x))) for x in range(self._storage.locations))
        return Value(BOOL, ex.both(*every))

    # How it is done.

    @property
    def _wiring(self) -> Wiring:
        wiring: Wiring = vars(self)[WIRING]
        return wiring

    @property
    def _storage(self) -> NumberedMemory:
        return self._wiring.storage

    @property
    def _kernel(self) -> KernelMapping:
        return KERNEL[self._storage.architecture.name]

    def _barriers(self, cpu: Any, kinds: Iterable[Barrier]) -> None:
        for kind in kinds:
            self.barrier(cpu, kind)

    def _acting(self, trace: Trace, name: str) -> Trace:
        if not trace.may_write:
            raise SpecError(
                "E0704",
                f"memory.{name}(...) in {trace.decorator} {trace.subject}",
                expected="accesses in actions only",
                write="memory.newest(location) for what everybody will see in the end",
            )
        return trace

    def _pick(self, trace: Trace, text: str) -> int:
        return trace.pick(text, 1 if self._storage.architecture.immediate else self._storage.bound)

    def _possible(
        self,
        trace: Trace,
        age: int,
        name: str,
        static: tuple[Any, ...],
        method: Callable[..., int],
        who: Expr,
        place: _Place,
    ) -> None:
        """Where there is no entry of that age to be had, the rest need not be looked at."""
        if age == 0:
            return
        function = self._wiring.function(name, static, lambda *given: method(*given, *static), -1, HIGHEST)
        oldest = ex.apply(function, self._now(trace), who, place.index)
        trace.conditions.append(Condition(ex.at_most(ex.const(age), oldest), caller()))

    def _cpu(self, cpu: Any) -> Expr:
        return index_of(cpu, self._wiring.cpus, "a CPU of the memory")

    def _place(self, location: Any) -> _Place:
        path = location._path if isinstance(location, Value) else None
        if path is None or path.variable not in self._wiring.variables:
            known = ", ".join(variable.name for variable in self._wiring.variables)
            raise SpecError(
                "E0706",
                f"{shown(location)} as a location of the memory",
                expected=f"one of {known}",
                write=f"memory.{self._wiring.variables[0].name}",
            )
        if not isinstance(location, SharedLocation):
            raise SpecError(
                "E0706",
                f"`{path}` as a location of the memory, which is several",
                expected="one location",
                write=f"memory.{path}[key]",
            )
        family, index = path.cell()
        numbers = (
            range(family.first + index.value, family.first + index.value + 1)
            if ex.is_const(index)
            else range(family.first, family.first + family.size)
        )
        assert isinstance(location._type, ScalarType)
        return _Place(ex.plus(index, family.first), numbers, location._type, str(path))

    def _code(self, place: _Place, value: Any) -> Expr:
        code: Expr = lift(place.type, value, f"a value of {place.text}")._expr
        return code

    def _uses(
        self, cpu: Expr, place: _Place, loads: bool = False, stores: bool = False, how: Ordering | None = None
    ) -> None:
        """Tell the storage of accesses that may happen."""
        storage = self._storage
        cpus = (cpu.value,) if ex.is_const(cpu) else range(storage.cpus)
        pairs = {(c, x) for c in cpus for x in place.numbers}
        if loads:
            storage.loads |= pairs
        if stores:
            storage.stores |= pairs
        if how is not None and (how.acquire or how.after or how.save is not None):
            storage.acquires = True
            storage.slots = max([storage.slots, *(slot + 1 for slot in (*how.after, how.save or 0))])

    def _now(self, trace: Trace, primed: bool = False) -> Expr:
        """The memory as the step has made it so far."""
        family = self._wiring.family
        for write in trace.writes:
            if write.family is family:
                return write.expr
        return ex.cell(family, ex.const(0), primed)

    def _value(
        self, trace: Trace, place: _Place, cpu: Expr | None, age: int, primed: bool = False
    ) -> Value[Any]:
        low, high = place.type.low, place.type.high
        function = self._wiring.function("value", (age, low, high), self._oldest(age), low, high)
        expr = ex.apply(function, self._now(trace, primed), place.index)
        return computed(place.type, expr)  # type: ignore[no-any-return]

    def _oldest(self, age: int) -> Callable[[int, int], int]:
        return lambda m, x: self._storage.value(m, x, age)

    def _apply(
        self, name: str, static: tuple[Any, ...], method: Callable[..., int], now: Expr, *args: Expr
    ) -> Expr:
        function = self._wiring.function(
            name, static, lambda *given: method(*given, *static), LOWEST, HIGHEST
        )
        return ex.apply(function, now, *args)

    def _step(
        self,
        name: str,
        static: tuple[Any, ...],
        method: Callable[..., int],
        args: tuple[Expr, ...],
        place: _Place | None,
        trace: Trace,
    ) -> None:
        self._proceed(trace, self._apply(name, static, method, self._now(trace), *args), place)

    def _proceed(self, trace: Trace, result: Expr, place: _Place | None) -> None:
        """The memory becomes `result`, where that is possible."""
        unconditional(trace, "an access of a memory")
        where, line = self._wiring, caller()
        ok: Expr = ex.at_most(ex.const(0), result)
        text = place.text if place is not None else "a location"
        if place is not None:
            failure = (
                f"more than {self._storage.bound} stores of `{text}` are live: memory_bound is too small"
            )
            ok = ex.require(ex.negate(ex.equal(result, ex.const(BEYOND_BOUND))), ok, Failure(failure, line))
            failure = f"an access to `{text}` by a CPU that has promised memory.done(...)"
            ok = ex.require(ex.negate(ex.equal(result, ex.const(DECLARED_DEAD))), ok, Failure(failure, line))
        trace.conditions.append(Condition(ok, line))
        write = Write(where.family, ex.const(0), result, line)
        trace.writes[:] = [w for w in trace.writes if w.family is not where.family] + [write]


def exists(cls: type[Memory]) -> bool:
    """Whether the memory is there under the memory model that is bound."""
    return cls._only == tuple(MemoryModel) or value_of(cls._model) in cls._only


def is_location(cls: type[Memory], name: str) -> bool:
    """Whether a variable is a location: those that a memory inherits from another kind of state are not."""
    owner = next(base for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))
    return issubclass(owner, Memory)


def storage_of(cls: type[Memory], cpus: Type, initial: tuple[tuple[int, ...], ...]) -> NumberedMemory:
    """The storage of a memory component under the active binding of constants."""
    model, bound, beyond = value_of(cls._model), value_of(BOUND), value_of(BEYOND)
    if not 2 <= bound <= 64:
        raise SpecError(
            "E0707",
            f"memory_bound is {bound}",
            expected="2 to 64 stores",
            write="memory_bound=5",
            place=class_place(cls),
        )
    return NumberedMemory(
        ARCHITECTURES[model.value], len(cpus.values()), initial, bound, beyond is Beyond.SETTLE
    )


def spread(wiring: Wiring, location: int) -> tuple[Condition, Write]:
    """Guard and effect of the step that temporal properties count on: the oldest store of a location that
    somebody may still miss reaches everybody.
    """
    storage, line = wiring.storage, wiring.family.place
    function = wiring.function("spread", (), storage.spread, LOWEST, HIGHEST)
    result = ex.apply(function, ex.cell(wiring.family, ex.const(0)), ex.const(location))
    return Condition(ex.at_most(ex.const(0), result), line), Write(wiring.family, ex.const(0), result, line)
