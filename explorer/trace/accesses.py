"""What the steps of a counterexample do to a memory: its accesses in their order, and which store each load
read.

A memory in normal form forgets who stored what. So the steps are taken once more on a memory that is never
reduced and whose stores carry their numbers. Where such a load or store has a choice, the one is taken that
leads, reduced, to the state of the counterexample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from explorer.engine.space import StateSpace, Violation
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State, evaluate
from explorer.language.memory_wiring import MemoryType, made_by
from explorer.memory import operations
from explorer.memory.architecture import Barrier
from explorer.memory.numbered import NumberedMemory
from explorer.memory.operations import Ordering
from explorer.memory.state import Memory
from explorer.memory.state import State as Live
from explorer.trace.shortest import shortest

INITIAL = -1
"""In place of the number of a store: what the location held at first."""


LONGEST = 500
"""So many steps are looked at: a memory that is never reduced grows with each."""


class Operation(NamedTuple):
    """What one call does: an operation of the storage, its operands, what is no expression, and the code
    that it reads.
    """

    name: str
    operands: tuple[int, ...]
    static: tuple[Any, ...]
    code: int | None


class Access(NamedTuple):
    """One operation of a step. `reads` and `stores` are numbers of stores (`INITIAL`: none), or None where it
    does not read or store; stores are numbered in their order from 0. `missed` is the newest store of the
    location that the load did not see. `before`: the load was satisfied before this step, which made a newer
    store reach its CPU.
    """

    step: int
    cpu: int
    location: int | None
    reads: int | None = None
    stores: int | None = None
    barrier: Barrier | None = None
    how: Ordering = operations.PLAIN
    release: bool = False
    missed: int | None = None
    before: int | None = None
    code: int | None = None
    """What it stores."""
    again: bool = False
    """Whether it stores what the newest store of the location holds already."""


class Reached(NamedTuple):
    """This step makes a store reach a CPU. It is not `seen` where another one, that came over it, reaches
    the CPU in its place. A load of the CPU that was satisfied early may still miss it.
    """

    step: int
    cpu: int
    store: int
    seen: bool


class Accesses(NamedTuple):
    """All accesses of a counterexample, for each location the numbers of its stores, the newest first, and
    when each store has reached the other CPUs.
    """

    of_steps: tuple[Access, ...]
    orders: tuple[tuple[int, ...], ...]
    reached: tuple[Reached, ...]

    def comes_before(self, access: Access, store: Access) -> bool:
        """Whether an access to a location comes before a store there in coherence order: a load that reads
        something older, a store that is older.
        """
        number = access.stores if access.reads is None else access.reads
        assert access.location is not None and number is not None and store.stores is not None
        order = self.orders[access.location]
        return order.index(number) > order.index(store.stores)


class Untold(Exception):
    """The accesses cannot be told; the text says why."""


def of_violation(space: StateSpace, violation: Violation, family: Family) -> tuple[Accesses, int]:
    """The accesses to a memory on the shortest way to a violation, and its steps. Raises Untold."""
    path = shortest(space, violation)
    instances = [space.model.instances[number] for _, number, _ in path.edges]
    states = [space.decode(handle) for handle in (path.initial, *(target for _, _, target in path.edges))]
    return accesses(family, instances, states), len(instances)


def accesses(family: Family, instances: Sequence[Instance | None], states: Sequence[State]) -> Accesses:
    """The accesses to the memory of this family, of steps from state to state. Raises Untold."""
    assert isinstance(family.type, MemoryType)
    storage = family.type.storage
    tracked = Tracked(storage, states[0][family.first])
    todo = [
        ([] if instance is None else list(operations_of(family, instance, before)), after[family.first])
        for instance, before, after in zip(instances, states, states[1:])
    ]
    found = tracked.walk(todo)
    if found is None:
        raise Untold("the steps lead to no such memory if it is not reduced")
    return found


def of_memories(
    model: Model, instances: Sequence[Instance | None], states: Sequence[State]
) -> list[tuple[Family, Accesses]]:
    """The accesses to each memory, but for those that cannot be told: none where there are more than LONGEST
    steps. None is a step that changes nothing.
    """
    result = []
    for family in model.families if len(instances) <= LONGEST else ():
        if isinstance(family.type, MemoryType):
            try:
                result.append((family, accesses(family, instances, states)))
            except Untold:
                continue
    return result


def operations_of(family: Family, instance: Instance, before: State) -> Iterator[Operation]:
    """The operations that a step makes on the memory, in their order."""
    for write in instance.writes:
        if write.family is family:
            yield from _chain(write.expr, before)


def _chain(expr: Expr, before: State) -> Iterator[Operation]:
    if expr.op == "ite":
        yield from _chain(expr.args[1 if evaluate(expr.args[0], before) else 2], before)
    elif expr.op == "require":
        yield from _chain(expr.args[1], before)
    elif expr.op == "apply":
        yield from _chain(expr.args[0], before)
        name, static = made_by(expr.value)
        now, *operands = (evaluate(a, before) for a in expr.args)
        storage: NumberedMemory = expr.value.operands[0].storage
        code = storage.value(now, operands[1], static[0]) if name in ("load", "exchange") else None
        yield Operation(name, tuple(operands), static, code)


class Tracked:
    """A memory that is never reduced. Its entries hold (code, number of the store)."""

    def __init__(self, storage: NumberedMemory, first: int) -> None:
        self.storage, self.memory = storage, storage.memory
        values = [(storage.value(first, x, 0), INITIAL) for x in range(storage.locations)]
        self.first = self.memory.initial(values)

    def walk(self, todo: list[tuple[list[Operation], int]]) -> Accesses | None:
        """The accesses on the way through the numbers of reduced memories; None where there is no way."""
        stack = [((self.first,), 0, ())]  # type: list[tuple[tuple[Live, ...], int, tuple[Access, ...]]]
        while stack:
            lives, stores, told = stack.pop()
            live, step = lives[-1], len(lives) - 1
            if step == len(todo):
                orders = tuple(tuple(_numbers(live, x)) for x in range(self.memory.locations))
                reached = tuple(one for access in told for one in _reached(access, lives))
                return Accesses(tuple(_dated(access, lives) for access in told), orders, reached)
            chain, target = todo[step]
            ways = [(live, stores, told)]
            for operation in chain:
                ways = [
                    (
                        after,
                        count + (access is not None and access.stores is not None),
                        said if access is None else (*said, access),
                    )
                    for at, count, said in ways
                    for after, access in self.ways(at, operation, step + 1, count)
                ]
            stack += [
                ((*lives, after), count, said)
                for after, count, said in reversed(ways)
                if self.storage.is_reduced(_codes(after), target)
            ]
        return None

    def ways(
        self, live: Live, operation: Operation, step: int, number: int
    ) -> Iterator[tuple[Live, Access | None]]:
        """What an operation may make of the memory: each with the access that it was."""
        name, operands, static, code = operation
        memory: Memory = self.memory
        if name in ("no_load", "no_store", "unused"):
            yield live, None
            return
        if name == "spread":
            yield operations.settle_oldest(memory, live, operands[0]), None
            return
        cpu = operands[0]
        if name == "barrier":
            kind, slots = static
            yield operations.barrier(memory, live, cpu, kind, slots), Access(step, cpu, None, barrier=kind)
        elif name == "load":
            for after, access in self.loads(live, cpu, operands[1], static[1], step):
                if _code(live, operands[1], access.reads) == code:
                    yield after, access
        elif name == "store":
            _, location, stored = operands
            need = operations.release_need(memory, live, cpu) if static[1] else None
            for age in operations.places(memory, live, cpu, location, need):
                after = operations.store(
                    memory, live, cpu, location, value=(stored, number), age=age, need=need
                )
                again = age == 0 and _value(live, location)[0] == stored
                yield (
                    after,
                    Access(
                        step,
                        cpu,
                        location,
                        stores=number,
                        release=static[1],
                        code=stored,
                        again=again,
                    ),
                )
        elif name == "exchange":
            _, location, stored = operands
            how, release = static[1:]
            for age in operations.exchangeable(memory, live, cpu, location, how=how, release=release):
                after = operations.exchange(
                    memory, live, cpu, location, value=(stored, number), age=age, how=how, release=release
                )
                read: Any = live.entries[location][age].value
                missed = _numbers(live, location)[0] if age else None
                access = Access(
                    step,
                    cpu,
                    location,
                    reads=read[1],
                    stores=number,
                    how=how,
                    release=release,
                    missed=missed,
                    code=stored,
                )
                if read[0] == code:
                    yield after, access
        else:
            raise Untold(f"memory.{name}(...) is not told")

    def loads(
        self, live: Live, cpu: int, location: int, how: Ordering, step: int
    ) -> Iterator[tuple[Live, Access]]:
        for age in operations.loadable(self.memory, live, cpu, location, how.after):
            read: Any = live.entries[location][age].value
            after = operations.load(self.memory, live, cpu, location, age=age, how=how)
            missed = _numbers(live, location)[0] if age else None
            yield after, Access(step, cpu, location, read[1], how=how, missed=missed)


def _value(live: Live, location: int) -> tuple[int, int]:
    """What a location holds: the code and the number of its newest store."""
    value: Any = live.entries[location][0].value
    code, number = value
    return code, number


def _numbers(live: Live, location: int) -> list[int]:
    """The numbers of the stores of a location, the newest first."""
    values: list[Any] = [entry.value for entry in live.entries[location]]
    return [number for _, number in values]


def _dated(access: Access, lives: Sequence[Live]) -> Access:
    """The access with the step that had made a newer store reach the CPU of a load."""
    if access.missed is None or access.location is None or access.stores is not None:
        return access
    for step, live in enumerate(lives[: access.step]):
        numbers = _numbers(live, access.location)
        if access.reads in numbers:
            age = live.propagated[access.cpu][access.location]
            if age < numbers.index(access.reads):
                return access._replace(before=step)
    return access


def _reached(access: Access, lives: Sequence[Live]) -> Iterator[Reached]:
    """When a store has reached each other CPU."""
    if access.stores is None or access.location is None:
        return
    for cpu in range(len(lives[0].propagated)):
        for step in range(access.step, len(lives)) if cpu != access.cpu else ():
            age = lives[step].propagated[cpu][access.location]
            own = _numbers(lives[step], access.location).index(access.stores)
            if age <= own:
                yield Reached(step, cpu, access.stores, seen=age == own)
                break


def _code(live: Live, location: int, store: int | None) -> int:
    """The code of a store that is live."""
    values: list[Any] = [entry.value for entry in live.entries[location]]
    code: int = next(code for code, number in values if number == store)
    return code


def _codes(live: Live) -> Live:
    """The memory with codes alone in its entries."""
    return live._replace(
        entries=tuple(
            tuple(e._replace(value=e.value[0]) for e in several)  # type: ignore[index]
            for several in live.entries
        )
    )
