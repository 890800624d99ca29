"""What a CPU will not use of a memory any more, derived from the program order of processes: liveness
(Kildall 1973) of the CPU's views, in place of the values of names.

A view of a CPU for a location is *live* at a place of a process if, from there, a load of the location may
come before anything that makes the view anew: a barrier that orders loads, or the CPU's own store to the
location. Where it is dead, what such a load could have missed is forgotten, so that states which differ
in nothing else are one. What the CPU's next store needs, and the CPU as a whole, are live or dead likewise.

Nothing is trusted. A view is derived only where one process alone uses it, and no condition asks for it.
A use of a view that is declared dead is an evaluation error (explorer/memory/numbered.py). Works on instances
alone, so that a mutant's views are those of the mutant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import Any, NamedTuple

from explorer.ground.atomicity import location_of
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Instance, Model
from explorer.ir.steps import Role, Write
from explorer.language.concrete import expressions_of
from explorer.language.memory_wiring import MemoryType, Wiring, made_by
from explorer.memory.architecture import Barrier
from explorer.memory.normal_form import Dead

View = tuple[str, int, int]
"""What may be dead: ("loads", CPU, location), ("stores", CPU, 0) or ("steps", CPU, 0), the CPU as a whole."""

ORDER_LOADS = frozenset((Barrier.SYNC, Barrier.LWSYNC, Barrier.DMB_LD, Barrier.CONTEXT))
ORDER_STORES = frozenset((Barrier.SYNC, Barrier.LWSYNC))
QUESTIONS = ("may_read", "under_way")
"""What asks for views, and no CPU does."""

PLACE = "at@"
"""How the names of variables begin that say where processes are."""

Cell = tuple[Family, int]
"""Where the place of a process stands in the state."""


class Untold(Exception):
    """An expression of a memory that is no chain of operations."""


class Operation(NamedTuple):
    """An operation of a step: its name, operands, arguments that are no expressions; not `certain` where the
    step makes it in some states only.
    """

    name: str
    operands: tuple[Expr, ...]
    static: tuple[Any, ...]
    certain: bool


class Effect(NamedTuple):
    """What a step may use of the views that were there before it, what it makes anew for certain, and what it
    may make anew: then it is declared no longer.
    """

    used: frozenset[View]
    renewed: frozenset[View]
    undeclared: frozenset[View]


@dataclass(slots=True)
class Thread:
    """One process: the place where it begins, those where others may put it, and its steps, each from a place
    to a place.
    """

    first: int
    moved: set[int] = field(default_factory=set)
    steps: list[tuple[int, int, Instance]] = field(default_factory=list)


def with_dead_views(model: Model) -> Model:
    """The model whose steps declare the views that are dead behind them."""
    if any(family.variable.startswith(PLACE) for family in model.families):
        for family in model.families:
            if _is_memory(family) and not _asked(model, family):
                try:
                    model = _of_memory(model, family)
                except Untold:
                    continue
    return model


def without_dead_views(model: Model) -> Model:
    """The model as its author wrote it."""
    for family in filter(_is_memory, model.families):
        model = _beginning(model, family, range(family.type.storage.first_numbers))
    return replace(model, instances=tuple(map(_bare, model.instances)))


def _beginning(model: Model, memory: Family, numbers: Iterable[int]) -> Model:
    """The model with other initial states of a memory."""
    known = tuple((number,) for number in numbers)
    choices = [replace(c, alternatives=known) if c.cells == (memory.first,) else c for c in model.choices]
    return replace(model, choices=tuple(choices))


def _bare(instance: Instance) -> Instance:
    writes = [replace(w, expr=_undeclared(w.expr)) for w in instance.writes]
    kept = tuple(
        w for w in writes if w.expr is not ex.cell(w.family, ex.const(0)) or not _is_memory(w.family)
    )
    return replace(instance, writes=kept)


def _undeclared(expr: Expr) -> Expr:
    while expr.op == "apply" and expr.value.operands and made_by(expr.value)[0] == "unused":
        expr = expr.args[0]
    return expr


def _is_memory(family: Family) -> bool:
    return isinstance(family.type, MemoryType)


def _asked(model: Model, memory: Family) -> bool:
    """Whether any condition asks for views."""
    exprs = [expr for p in model.properties for _, expr in p.parts]
    exprs += [c.expr for p in model.stated for c in p.premises]
    exprs += [expr for t in model.temporal for expr in t.conditions]
    exprs += [c.expr for c in (*model.terminal, *model.initial, *(c for _, c in model.constraints))]
    exprs += [expr for o in model.observations for expr in expressions_of(o.value)]
    for instance in model.instances:
        exprs += [c.expr for c in instance.guard] + [w.expr for w in instance.writes]
    return any(
        at.op == "apply"
        and at.value.operands
        and at.value.operands[0] is memory.type
        and made_by(at.value)[0] in QUESTIONS
        for expr in exprs
        for at in ex.walk(expr)
    )


def _of_memory(model: Model, memory: Family) -> Model:
    storage = memory.type.storage
    if storage.architecture.immediate:
        return model
    effects = {i.number: _effect(memory, operations(memory, i)) for i in model.instances}
    threads, others = _threads(model)
    users: dict[View, set[Cell | None]] = {}
    for cell, thread in threads.items():
        for _, _, instance in thread.steps:
            for view in effects[instance.number].used:
                users.setdefault(view, set()).add(cell)
    for instance in others:
        for view in effects[instance.number].used:
            users.setdefault(view, set()).add(None)
    wiring, changed = Wiring(memory, memory.type), {}
    at_first: set[View] = set()
    for cell, thread in threads.items():
        own = frozenset(view for view, known in users.items() if known == {cell})
        live = _live(thread, effects)
        at_first |= own - live[thread.first]
        for before, after, instance in thread.steps:
            dead = own - live[after]
            known = frozenset() if before in thread.moved else own - live[before]
            missing = dead - (known - effects[instance.number].undeclared)
            if missing:
                changed[instance.number] = _declaring(wiring, instance, missing)
    model = replace(model, instances=tuple(changed.get(i.number, i) for i in model.instances))
    unused = Dead(
        floors=frozenset((cpu, x) for kind, cpu, x in at_first if kind == "loads"),
        fences=frozenset(cpu for kind, cpu, _ in at_first if kind == "stores"),
        finished=frozenset(cpu for kind, cpu, _ in at_first if kind == "steps"),
    )
    return _beginning(model, memory, storage.beginning(unused))


def _threads(model: Model) -> tuple[dict[Cell, Thread], list[Instance]]:
    """The processes by the cells of their places, and the instances of no process, or of one without places.
    One that ends others makes these begin where it puts them.
    """
    threads: dict[Cell, Thread] = {}
    others: list[Instance] = []
    moved: list[tuple[Cell | Family, int | None]] = []
    for instance in model.instances:
        places = dict(_places(instance))
        moves = {(w.family, w.index): w.expr for w in instance.writes if w.family.variable.startswith(PLACE)}
        own = next(iter(places), None)
        if own is None:
            others.append(instance)
        else:
            there = moves.pop((own[0], ex.const(own[1])), ex.const(places[own]))
            if not ex.is_const(there):
                raise Untold
            rank = own[0].first + own[1]
            if own not in threads:
                first = next(choice for choice in model.choices if rank in choice.cells)
                threads[own] = Thread(first.alternatives[0][first.cells.index(rank)])
            threads[own].steps.append((places[own], there.value, instance))
        for (family, index), expr in moves.items():
            cell = (family, index.value) if ex.is_const(index) else family
            moved.append((cell, expr.value if ex.is_const(expr) else None))
    for cells, thread in threads.items():
        for cell, code in moved:
            if cell in (cells, cells[0]):
                thread.moved |= {code} if code is not None else {p for p, _, _ in thread.steps}
    return threads, others


def _places(instance: Instance) -> Iterator[tuple[Cell, int]]:
    """The place at which a step of a process begins."""
    for condition in instance.guard:
        expr = condition.expr
        if condition.role is Role.PLACE and expr.op == "eq":
            cell, code = expr.args
            if cell.op == "load" and cell.value[0].variable.startswith(PLACE) and ex.is_const(code):
                yield cell.value, code.value


def _live(thread: Thread, effects: dict[int, Effect]) -> dict[int, frozenset[View]]:
    """The views that are live at each place. A process that others end may go on, wherever it is, where these
    put it.
    """
    places = {place for before, after, _ in thread.steps for place in (before, after)}
    places |= {thread.first, *thread.moved}
    live: dict[int, frozenset[View]] = dict.fromkeys(places, frozenset())
    changed = True
    while changed:
        changed = False
        anew = frozenset().union(*(live[place] for place in thread.moved))
        for before, after, instance in reversed(thread.steps):
            effect = effects[instance.number]
            views = live[before] | anew | effect.used | (live[after] - effect.renewed)
            if views != live[before]:
                live[before], changed = views, True
    return live


# What a step does to a memory.


def operations(memory: Family, instance: Instance) -> list[Operation]:
    """The operations that a step makes on the memory, in their order. Raises Untold."""
    return [op for write in instance.writes if write.family is memory for op in _chain(write.expr)]


def _chain(expr: Expr) -> list[Operation]:
    if expr.op == "load":
        return []
    if expr.op == "require":
        return _chain(expr.args[1])
    if expr.op == "apply":
        name, static = made_by(expr.value)
        return [*_chain(expr.args[0]), Operation(name, expr.args[1:], static, True)]
    if expr.op == "ite":
        a, b = _chain(expr.args[1]), _chain(expr.args[2])
        common = next((n for n, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        return a[:common] + [op._replace(certain=False) for op in a[common:] + b[common:]]
    raise Untold


def _effect(memory: Family, steps: Iterable[Operation]) -> Effect:
    used: set[View] = set()
    renewed: set[View] = set()
    undeclared: set[View] = set()
    for op in steps:
        uses, renews = _views(memory.type, op)
        used |= uses - renewed
        undeclared |= renews
        renewed |= renews if op.certain and op.name != "barriers_where" else set()
    return Effect(frozenset(used), frozenset(renewed), frozenset(undeclared))


def _views(type: MemoryType, op: Operation) -> tuple[set[View], set[View]]:
    """What an operation uses, and what it makes anew."""
    storage = type.storage
    if op.name in ("spread", "no_load", "no_store", "unused"):
        return set(), set()
    who, *rest = op.operands
    cpus = {who.value} if ex.is_const(who) else set(range(storage.cpus))
    used: set[View] = {("steps", cpu, 0) for cpu in cpus}
    renewed: set[View] = set()
    if op.name in ("load", "reserve"):
        used |= {("loads", cpu, x) for cpu in cpus for x in _locations(type, rest[0])}
    elif op.name in ("store", "exchange", "conditional"):
        used |= {("stores", cpu, 0) for cpu in cpus}
        places = _locations(type, rest[0])
        renewed |= {("loads", cpu, x) for cpu in cpus for x in places if len(cpus) == len(places) == 1}
    elif op.name in ("barrier", "barriers_where"):
        kinds = op.static[:1] if op.name == "barrier" else op.static[0]
        for cpu in cpus if len(cpus) == 1 else ():
            if not ORDER_LOADS.isdisjoint(kinds):
                renewed |= {("loads", cpu, x) for x in range(storage.locations)}
            if not ORDER_STORES.isdisjoint(kinds):
                renewed.add(("stores", cpu, 0))
    elif op.name != "fail":
        raise Untold
    return used, renewed


def _locations(type: MemoryType, number: Expr) -> range:
    family, index = location_of(type, number)
    first = family.first if index is None else family.first + index
    return range(first, first + (family.size if index is None else 1))


def _declaring(wiring: Wiring, instance: Instance, dead: frozenset[View]) -> Instance:
    """The step, which declares these views dead at its end."""
    memory, zero = wiring.family, ex.const(0)
    write = next((w for w in instance.writes if w.family is memory), None)
    expr = ex.cell(memory, zero) if write is None else write.expr
    for cpu in sorted({cpu for _, cpu, _ in dead}):
        loads = sum(1 << x for kind, c, x in dead if kind == "loads" and c == cpu)
        whole = ("stores", cpu, 0) in dead, ("steps", cpu, 0) in dead
        function = wiring.operation("unused", (wiring.cpu, wiring.locations), whole)
        expr = ex.apply(function, expr, ex.const(cpu), ex.const(loads))
    if write is None:
        return replace(instance, writes=(*instance.writes, Write(memory, zero, expr, instance.action.place)))
    return replace(
        instance, writes=tuple(replace(w, expr=expr) if w is write else w for w in instance.writes)
    )
