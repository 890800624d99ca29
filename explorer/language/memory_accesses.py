"""What CPUs do to a shared memory: loads, stores, exchanges and barriers, as calls in actions.

What a load may see, and where a store may come in the coherence order, are choices of the step: each
possibility is an action instance of its own. Several accesses in one action happen in their order, as one
step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller, class_place
from explorer.ir.expressions import Expr, Failure
from explorer.ir.steps import Condition, Write
from explorer.ir.types import ScalarType
from explorer.language.collections import Set
from explorer.language.constants import value_of
from explorer.language.lifting import index_of, lift
from explorer.language.memory_models import BOUND, MODEL, MemoryModel
from explorer.language.memory_wiring import ALWAYS, WIRING, Operand, Wiring
from explorer.language.shared import SharedLocation
from explorer.language.state import State
from explorer.language.symbolic import computed, shown
from explorer.language.tracing import Trace, current
from explorer.language.values import Value
from explorer.language.where import unconditional
from explorer.memory.architecture import Barrier
from explorer.memory.numbered import BEYOND_BOUND, DECLARED_DEAD, NumberedMemory
from explorer.memory.operations import PLAIN, Ordering

E = TypeVar("E")
T = TypeVar("T")

LOADS = ("load", "reserve")
"""Operations that make no store live."""


class Accesses(State, base=True):
    """What CPUs do to the locations of a memory. `Memory` adds the names that the Linux kernel has for it."""

    _cpus = None
    _idle = None
    _bound = None
    _model = MODEL
    _only = tuple(MemoryModel)

    def __init_subclass__(
        cls,
        cpus: Any = None,
        model: Any = None,
        only: tuple[MemoryModel, ...] = (),
        idle: Any = None,
        bound: Any = None,
        base: bool = False,
    ) -> None:
        super().__init_subclass__(base=base)
        cls._namespace = sys._getframe(1).f_globals
        cls._model = cls._model if model is None else model
        cls._only = only or cls._only
        cls._idle = cls._idle if idle is None else idle
        cls._bound = cls._bound if bound is None else bound
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

    # What a CPU does. What a set holds is a set.

    @overload
    def load(
        self,
        cpu: Any,
        location: Set[E],
        *,
        after: int | Iterable[int] = (),
        save: int | None = None,
        acquire: bool = False,
    ) -> Set[E]: ...

    @overload
    def load(
        self,
        cpu: Any,
        location: Value[T],
        *,
        after: int | Iterable[int] = (),
        save: int | None = None,
        acquire: bool = False,
    ) -> Value[T]: ...

    def load(
        self,
        cpu: Any,
        location: Any,
        *,
        after: int | Iterable[int] = (),
        save: int | None = None,
        acquire: bool = False,
    ) -> Any:
        """What the CPU reads: the newest store of the location or, where nothing orders the load, an older
        one.

        `save` keeps the load under a number, and a load `after` that number depends on it (its address comes
        from there). `acquire`: later loads come later (a branch and isync behind it, or a load-acquire).
        """
        trace = current("memory.load(...)")
        place = self._place(location)
        if trace.kind == "label":
            return self._value(trace, place, 0)
        self._acting(trace, "load")
        who = self._cpu(cpu)
        how = Ordering((after,) if isinstance(after, int) else tuple(after), save, acquire)
        self._uses(who, place, loads=True, how=how)
        age = self._pick(trace, f"{place.text} older by", "oldest_load", (who, place), (how,))
        value = self._value(trace, place, age)
        self._step(trace, "load", (who, place), (age, how))
        return value

    def store(self, cpu: Any, location: Value[T], value: T | Value[T], *, release: bool = False) -> None:
        """The CPU stores a value. `release`: nothing before it in program order comes after it."""
        trace = self._acting(current("memory.store(...)"), "store")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, stores=True)
        age = self._pick(trace, f"{place.text} behind", "oldest_place", (who, place), (release,))
        self._step(trace, "store", (who, place, self._code(place, value)), (age, release))

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
        age = self._pick(trace, f"{place.text} older by", "oldest_exchange", (who, place), (how, release))
        old = self._value(trace, place, age)
        self._step(trace, "exchange", (who, place, self._code(place, value)), (age, how, release))
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
        now, old = self._now(trace), self._value(trace, place, age)
        stored = self._made("exchange", now, (who, place, self._code(place, value)), (age, how, release))
        failed = self._made("load", now, (who, place), (age, PLAIN))
        equal = ex.equal(old._expr, self._code(place, expected))
        self._proceed(trace, ex.choose(equal, stored, failed), place)
        if kinds := tuple(behind):
            passed = self._wiring.operation("barriers_where", (self._wiring.cpu, None), (kinds,))
            self._proceed(trace, ex.apply(passed, self._now(trace), who, equal), None)
        return old

    @overload
    def reserve(self, cpu: Any, location: Set[E]) -> Set[E]: ...

    @overload
    def reserve(self, cpu: Any, location: Value[T]) -> Value[T]: ...

    def reserve(self, cpu: Any, location: Any) -> Any:
        """A load that takes a reservation (lwarx, LDXR)."""
        trace = self._acting(current("memory.reserve(...)"), "reserve")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, loads=True)
        age = self._pick(trace, f"{place.text} older by", "oldest_load", (who, place), (PLAIN,))
        value = self._value(trace, place, age)
        self._step(trace, "reserve", (who, place), (age, PLAIN))
        return value

    def conditional(self, cpu: Any, location: Value[T], value: T | Value[T]) -> bool:
        """A store that succeeds only while the reservation holds (stwcx., STXR); it may always fail. Both
        outcomes are steps of their own.
        """
        trace = self._acting(current("memory.conditional(...)"), "conditional")
        place, who = self._place(location), self._cpu(cpu)
        self._uses(who, place, stores=True)
        if trace.pick(f"{place.text} not stored", 2):
            self._step(trace, "fail", (who,))
            return False
        self._step(trace, "conditional", (who, place, self._code(place, value)))
        return True

    def barrier(self, cpu: Any, kind: Barrier, after: Iterable[int] = ()) -> None:
        """A barrier; ISYNC orders the loads saved under the numbers in `after`."""
        trace = self._acting(current("memory.barrier(...)"), "barrier")
        if kind is Barrier.EIEIO:
            self._storage.eieio = True
        self._step(trace, "barrier", (self._cpu(cpu),), (kind, tuple(after)))

    def done(self, cpu: Any, loads: Iterable[Value[Any]] = (), stores: bool = False) -> None:
        """A promise that makes states fewer: until its next sync or lwsync, or its own next store or exchange
        there, the CPU loads none of these locations and, with `stores`, stores nothing. Breaking it is an
        evaluation error.
        """
        trace, who = self._acting(current("memory.done(...)"), "done"), self._cpu(cpu)
        for location in loads:
            self._step(trace, "no_load", (who, self._place(location)))
        if stores:
            self._step(trace, "no_store", (who,))

    # How it is done.

    @property
    def _wiring(self) -> Wiring:
        wiring: Wiring = vars(self)[WIRING]
        return wiring

    @property
    def _limit(self) -> str:
        """What bounds the stores that are live."""
        own = self._storage.bound < value_of(BOUND)
        return f"the bound of class {type(self).__name__}" if own else "memory_bound"

    @property
    def _storage(self) -> NumberedMemory:
        return self._wiring.storage

    def _acting(self, trace: Trace, name: str) -> Trace:
        if not trace.may_write:
            raise SpecError(
                "E0704",
                f"memory.{name}(...) in {trace.decorator} {trace.subject}",
                expected="accesses in actions only",
                write="memory.newest(location) for what everybody will see in the end",
            )
        return trace

    def _pick(
        self,
        trace: Trace,
        text: str,
        limit: str = "",
        operands: tuple[Expr | Operand, ...] = (),
        static: tuple[Any, ...] = (),
    ) -> int:
        """An age that an access may take. Where the question `limit` says that there is none of that age, the
        rest of the step need not be looked at.
        """
        age = trace.pick(text, 1 if self._storage.architecture.immediate else self._storage.bound)
        if age and limit:
            kinds, args = self._taken_apart(operands)
            oldest = ex.apply(self._wiring.question(limit, kinds, static), self._now(trace), *args)
            trace.conditions.append(Condition(ex.at_most(ex.const(age), oldest), caller()))
        return age

    def _taken_apart(self, operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Expr, ...]]:
        """The types of operands and their expressions: a CPU, then perhaps a location and a code for it."""
        who, *rest = operands
        kinds: list[Any] = [self._wiring.cpu]
        args: list[Expr] = [who]
        if rest:
            place, *codes = rest
            kinds += [self._wiring.location, *[place.type] * len(codes)]
            args += [place.index, *codes]
        return tuple(kinds), tuple(args)

    def _cpu(self, cpu: Any) -> Expr:
        return index_of(cpu, self._wiring.type.domain, "a CPU of the memory")

    def _place(self, location: Any) -> Operand:
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
        return Operand(ex.plus(index, family.first), numbers, location._type, str(path))

    def _code(self, place: Operand, value: Any) -> Expr:
        code: Expr = lift(place.type, value, f"a value of {place.text}")._expr
        return code

    def _uses(
        self,
        cpu: Expr,
        place: Operand,
        loads: bool = False,
        stores: bool = False,
        how: Ordering | None = None,
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

    def _value(self, trace: Trace, place: Operand, age: int, primed: bool = False) -> Value[Any]:
        """What a location holds in its store of this age."""
        function = self._wiring.value(place.type, age)
        expr = ex.apply(function, self._now(trace, primed), place.index)
        return computed(place.type, expr)  # type: ignore[no-any-return]

    def _made(
        self, name: str, now: Expr, operands: tuple[Expr | Operand, ...], static: tuple[Any, ...] = ()
    ) -> Expr:
        """What an operation makes of a memory."""
        kinds, args = self._taken_apart(operands)
        return ex.apply(self._wiring.operation(name, kinds, static), now, *args)

    def _step(
        self, trace: Trace, name: str, operands: tuple[Expr | Operand, ...], static: tuple[Any, ...] = ()
    ) -> None:
        """An operation is part of the step."""
        result = self._made(name, self._now(trace), operands, static)
        if name in ALWAYS:
            self._proceed(trace, result, None)
        else:
            assert isinstance(operands[1], Operand)
            self._proceed(trace, result, operands[1], loads=name in LOADS)

    def _proceed(self, trace: Trace, result: Expr, place: Operand | None, loads: bool = False) -> None:
        """The memory becomes `result`, which an operation at `place` may make impossible; what `loads` only
        makes no store live.
        """
        unconditional(trace, "an access of a memory")
        where, line = self._wiring, caller()
        if place is not None:
            ok: Expr = ex.at_most(ex.const(0), result)
            broken = f"an access to `{place.text}` by a CPU that has promised memory.done(...)"
            failures = {DECLARED_DEAD: broken}
            if not loads:
                failures[BEYOND_BOUND] = (
                    f"more than {self._storage.bound} stores of `{place.text}` are live: {self._limit} is too"
                    " small; write: a greater one, or -D beyond_bound=settle"
                )
            for code, failure in failures.items():
                ok = ex.require(ex.negate(ex.equal(result, ex.const(code))), ok, Failure(failure, line))
            trace.conditions.append(Condition(ok, line))
        write = Write(where.family, ex.const(0), result, line)
        trace.writes[:] = [w for w in trace.writes if w.family is not where.family] + [write]
