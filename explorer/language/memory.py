"""Shared memory as an architecture has it, for any spec: `class Ram(Memory, cpus=Cpu): flag: Var[bool] =
...`.

The variables of such a class are the *locations*. CPUs access them through the component: `ram.store(cpu,
ram.flag, True)`, `ram.load(cpu, ram.flag)`, `ram.smp_mb(cpu)`. The constant `memory` says which architecture
it is. docs/memory.md says what is modelled.

The accesses stand in `memory_accesses.py`, how the memory stands in the state in `memory_wiring.py`. Here are
the Linux kernel's names for accesses, and what properties ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, class_place
from explorer.ir.expressions import Expr
from explorer.ir.types import Type
from explorer.language.annotations import resolve
from explorer.language.collections import Set
from explorer.language.constants import value_of
from explorer.language.memory_accesses import Accesses
from explorer.language.memory_models import BEYOND, BOUND, Beyond, MemoryModel
from explorer.language.symbolic import BOOL
from explorer.language.tracing import current
from explorer.language.values import Value
from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.kernel import KERNEL, KernelMapping
from explorer.memory.numbered import NumberedMemory

E = TypeVar("E")
T = TypeVar("T")


class Memory(Accesses, base=True):
    """A memory of some CPUs: `class Ram(Memory, cpus=Cpu): flag: Var[bool] = initially(False)`.

    `cpus` is the domain of the CPUs. Every variable is a location, a map of variables one location for each
    key. A location holds a scalar: bool, an enum, a Range, `T | None`, a Set. `model` is a constant of one's
    own in place of `memory`; with `only` the memory is there under these models alone, and its calls are not
    made under others. CPUs of the domain `idle` load nothing before their first barrier, as if they had
    promised `done`. `bound` is the number of stores of a location that are ever live, where that is less than
    the constant memory_bound: fewer choices to look at, and an error where it is too small. Both may be
    functions that give the domain or the number, or None, under the constants. Variables that it inherits
    from a State with `base=True` are plain ones.
    """

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

    @overload
    def newest(self, location: Set[E]) -> Set[E]: ...

    @overload
    def newest(self, location: Value[T]) -> Value[T]: ...

    def newest(self, location: Any) -> Any:
        """The value that everybody will see in the end, if nobody stores any more."""
        trace = current("memory.newest(...)")
        return self._value(trace, self._place(location), 0)

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
        return self._value(trace, self._place(location), 0, primed=True)

    def under_way(self, location: Value[Any]) -> Value[bool]:
        """Whether somebody may still miss a store of the location."""
        trace, place = current("memory.under_way(...)"), self._place(location)
        return Value(BOOL, self._under_way(self._now(trace), place.index))

    def settled(self) -> Value[bool]:
        """Whether all stores have reached everybody."""
        now = self._now(current("memory.settled()"))
        every = (ex.negate(self._under_way(now, ex.const(x))) for x in range(self._storage.locations))
        return Value(BOOL, ex.both(*every))

    def may_read(self, cpu: Any, location: Value[T], value: T | Value[T]) -> Value[bool]:
        """Whether a plain load of the CPU could still give the value: it is the newest one, or nothing makes
        sure that the CPU has seen what came behind it.
        """
        now, place = self._now(current("memory.may_read(...)")), self._place(location)
        kinds = (self._wiring.cpu, self._wiring.location, place.type)
        function = self._wiring.question("may_read", kinds, most=1)
        who, code = self._cpu(cpu), self._code(place, value)
        return Value(BOOL, ex.apply(function, now, who, place.index, code))

    def _under_way(self, now: Expr, location: Expr) -> Expr:
        function = self._wiring.question("under_way", (self._wiring.location,), most=1)
        return ex.apply(function, now, location)

    @property
    def _kernel(self) -> KernelMapping:
        return KERNEL[self._storage.architecture.name]

    def _barriers(self, cpu: Any, kinds: Iterable[Barrier]) -> None:
        for kind in kinds:
            self.barrier(cpu, kind)


def exists(cls: type[Memory]) -> bool:
    """Whether the memory is there under the memory model that is bound."""
    return cls._only == tuple(MemoryModel) or value_of(cls._model) in cls._only


def is_location(cls: type[Memory], name: str) -> bool:
    """Whether a variable is a location: those that a memory inherits from another kind of state are not."""
    owner = next(base for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))
    return issubclass(owner, Memory)


def storage_of(cls: type[Memory], cpus: Type, initial: tuple[tuple[int, ...], ...]) -> NumberedMemory:
    """The storage of a memory component under the active binding of constants."""
    model, most, beyond = value_of(cls._model), value_of(BOUND), value_of(BEYOND)
    own = _under_constants(cls._bound)
    bound = most if own is None else min(own, most)
    if not 2 <= bound <= 64:
        name = f"the bound of class {cls.__name__}" if bound < most else "memory_bound"
        raise SpecError(
            "E0707",
            f"{name} is {bound}",
            expected="2 to 64 stores",
            write="bound=5" if bound < most else "memory_bound=5",
            place=class_place(cls),
        )
    idle = _under_constants(cls._idle)
    resting = () if idle is None else resolve(idle, class_place(cls)).values()
    return NumberedMemory(
        ARCHITECTURES[model.value],
        cpus=len(cpus.values()),
        initial=initial,
        bound=bound,
        settle=beyond is Beyond.SETTLE,
        idle=frozenset(number for number, cpu in enumerate(cpus.values()) if cpu in resting),
    )


def _under_constants(given: Any) -> Any:
    """What the author gave, or what a function of the author gives."""
    return given() if isinstance(given, FunctionType) else given
