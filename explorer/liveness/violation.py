"""From a formula to a behaviour on which it fails: common shapes on the state graph, all others in a product
with an automaton.

A shape is: reach a state where `switch` holds, stay where `inside` holds for ever, and see `again` again and
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Any

from explorer.engine.limits import Limits
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl, negation
from explorer.liveness.arena import Arena, FairTables, fairness, plain
from explorer.liveness.arrays import Array
from explorer.liveness.automaton import automaton, literal
from explorer.liveness.copies import FormulaView, view, worded
from explorer.liveness.graph import Graph, Refused, estimate_product

if TYPE_CHECKING:
    from explorer.liveness.find_lasso import NumberedLasso


@dataclass(frozen=True, slots=True)
class LassoShape:
    """A behaviour that breaks a formula: from an initial state (`free`: after any steps) where `switch`
    holds, for ever `inside`.
    """

    free: bool
    switch: Expr
    inside: Expr
    again: Expr = ex.TRUE


@dataclass(slots=True)
class LassoSearch:
    """A graph with its fairness, and what several formulas share."""

    graph: Graph
    limits: Limits
    fair: FairTables
    shared: dict[str, Any] = field(default_factory=dict)
    unbreakable: bool = True
    """Whether no formula so far had any behaviour that could break it, fair or not."""
    covered: set[Ltl] = field(default_factory=set)
    """Formulas that need no look: renamings of such as were found to hold."""


def prepare(graph: Graph, limits: Limits) -> LassoSearch:
    return LassoSearch(graph, limits, fairness(graph))


def conjuncts(f: Ltl) -> Iterator[Ltl]:
    """The formulas that must hold together: of `a & b`, and of always(a & b), the parts."""
    if f.op == "and":
        for part in f.args:
            yield from conjuncts(part)
    elif f.op == "always" and f.args[0].op in ("and", "always"):
        inner = f.args[0]
        for part in inner.args if inner.op == "and" else [inner.args[0]]:
            yield from conjuncts(Ltl("always", (part,)))
    else:
        yield f


def shape(f: Ltl) -> LassoShape | None:
    """The shape of what breaks a formula; None where it has none of those."""
    if f.op == "state":
        return LassoShape(False, _not(f), ex.TRUE)
    inner = f.args[0]
    if f.op == "eventually" and inner.op == "state":
        return LassoShape(False, ex.TRUE, _not(inner))
    if f.op == "eventually" and inner.op == "always" and inner.args[0].op == "state":
        return LassoShape(True, ex.TRUE, ex.TRUE, _not(inner.args[0]))
    if f.op != "always":
        return None
    if inner.op == "state":
        return LassoShape(True, _not(inner), ex.TRUE)
    if inner.op == "eventually" and inner.args[0].op == "state":
        return LassoShape(True, ex.TRUE, _not(inner.args[0]))
    if inner.op == "or":
        rest = [a for a in inner.args if a.op != "state"]
        if len(rest) == 1 and rest[0].op == "eventually" and rest[0].args[0].op == "state":
            premise = ex.both(*(_not(a) for a in inner.args if a.op == "state"))
            return LassoShape(True, premise, _not(rest[0].args[0]))
    return None


def _not(f: Ltl) -> Expr:
    return negation(f).condition


def violation(search: LassoSearch, formula: Ltl) -> NumberedLasso | None:
    """A fair behaviour on which a formula fails, short, and the same from every engine; None where there is
    none.

    Raises Refused where memory does not suffice or a bound is reached, automaton.TooLarge for a formula
    beyond reason.
    """
    result = [at for part in conjuncts(formula) if (at := _violation(search, part)) is not None]
    return min(result, key=lambda f: f.length, default=None)


def _violation(search: LassoSearch, f: Ltl) -> NumberedLasso | None:
    reached = search.limits.reached(0)
    if reached:
        raise Refused(reached)
    if worded(search.graph, f) in search.covered:
        return None
    seen = view(search.graph, f, search.limits, search.shared)
    result = _by_shape(search, seen) if shape(f) is not None else _by_product(search, seen)
    if result is None:
        search.covered.update(seen.formulas)
    return result


def _by_shape(search: LassoSearch, seen: FormulaView) -> NumberedLasso | None:
    backend, n = search.graph.backend, seen.number
    shapes = [s for s in map(shape, seen.formulas) if s is not None]
    switch, inside, again = seen.truth(
        [[s.switch for s in shapes], [s.inside for s in shapes], [s.again for s in shapes]]
    )
    arena = plain(seen, search.fair, again, 1, search.shared)
    both, queue = backend.array("flag", n), arena.array("number", "nodes")
    everywhere = shapes[0].again is ex.TRUE
    if not everywhere and not backend.run.both(inside, again, n, both):
        return None
    backend.run.both(switch, inside, n, both)
    free = shapes[0].free
    if not free:
        first, initial = backend.array("flag", n), seen.initial()
        backend.run.mark(backend.of("number", initial), len(initial), first)
        backend.run.both(both, first, n, both)
    count = backend.run.gather(both, n, queue)
    if not count:
        return None
    search.unbreakable = False
    alive = backend.array("flag", n)
    if free and shapes[0].switch is ex.TRUE:
        alive = both
    else:
        backend.run.flood(seen.start, seen.to, inside, n, queue, count, alive)
    stutterable = backend.array("flag", n)
    stutterable_count = backend.run.both(alive, seen.of_states(search.fair.quiet), n, stutterable)
    if not everywhere:
        stutterable_count = backend.run.both(stutterable, again, n, stutterable)
    arena.stutterable = stutterable
    if not arena.decompose(alive) and not stutterable_count:
        return None
    from explorer.liveness.find_lasso import lasso

    return lasso(
        arena,
        seen,
        sources=[v for v in seen.initial() if free or switch[v]],
        free=free,
        switch=switch,
        inside=inside,
    )


def _by_product(search: LassoSearch, seen: FormulaView) -> NumberedLasso | None:
    """Behaviours of the graph that the automaton of the negated formula accepts."""
    graph, backend = search.graph, search.graph.backend
    buchi = automaton(Ltl("not", (seen.formulas[0],)))
    size = len(buchi.must)
    if not size or buchi.empty:
        return None
    estimate_product(graph, size * seen.copies, search.limits)
    graph.sort()
    letter = backend.array("whole", seen.number)
    for bit, flags in enumerate(
        seen.truth([_copies(atom, seen.formulas) for atom in buchi.atoms]) if buchi.atoms else []
    ):
        backend.run.spell(flags, seen.number, 1 << bit, letter)
    next_start = [0]
    for follow in buchi.next:
        next_start.append(next_start[-1] + len(follow))
    tables = [
        backend.of("whole", list(v))
        for v in (buchi.must, buchi.never, next_start, [p for f in buchi.next for p in f], buchi.initial)
    ]
    sources = seen.initial()
    room = seen.number * size
    ids, nodes_of, places = (backend.array("number", room) for _ in range(3))
    fixed = (
        seen.start,
        seen.to,
        seen.by,
        seen.number,
        letter,
        *tables,
        len(sources),
        backend.of("number", sources),
        graph.stutter,
        ids,
        nodes_of,
        places,
    )
    nothing = backend.array("number", 1)
    labels = backend.array(graph.labels, 1)
    nodes, edges, starts = map(int, backend.run.product(*fixed, nothing, nothing, labels, 0))
    if not nodes:
        return None
    start, to, by = (
        backend.array("number", nodes + 1),
        backend.array("number", edges),
        backend.array(graph.labels, edges),
    )
    backend.run.product(*fixed, start, to, by, nodes)
    search.unbreakable = False
    marks, states = backend.array("whole", nodes), nodes_of
    backend.run.look_up(places, backend.of("whole", list(buchi.marks)), nodes, marks)
    if len(seen.base):
        states = backend.array("number", nodes)
        backend.run.look_up(nodes_of, seen.base, nodes, states)
    arena = Arena(
        graph,
        search.fair,
        number=nodes,
        start=start,
        to=to,
        by=by,
        base=states,
        marks=marks,
        demands=buchi.demands,
        places=places,
        below=nodes_of,
    )
    still = Arena(graph, search.fair, nodes, *_stuttering(arena), states, marks, buchi.demands)
    stutterable_count = still.decompose(backend.ones(nodes))
    arena.stutterable = still.fair_nodes
    if not arena.decompose(backend.ones(nodes)) and not stutterable_count:
        return None
    from explorer.liveness.find_lasso import lasso

    everywhere = backend.ones(nodes)
    return lasso(arena, seen, sources=list(range(starts)), free=False, switch=everywhere, inside=everywhere)


def _copies(atom: Expr, formulas: list[Ltl]) -> list[Expr]:
    """What an atom of the first formula is in each of them."""
    place, wanted = next(
        (i, wanted)
        for i, c in enumerate(_conditions(formulas[0]))
        for result, wanted in [literal(c)]
        if result is atom
    )
    result = [_conditions(f)[place] for f in formulas]
    return result if wanted else [ex.negate(c) for c in result]


def _conditions(formula: Ltl) -> list[Expr]:
    """The conditions in a formula, from left to right."""
    return [formula.condition] if formula.op == "state" else [c for a in formula.args for c in _conditions(a)]


def _stuttering(arena: Arena) -> tuple[Array, Array, Array]:
    backend, n = arena.graph.backend, arena.number
    edges = len(arena.to)
    start, to, by = (
        backend.array("number", n + 1),
        backend.array("number", edges),
        backend.array(arena.graph.labels, edges),
    )
    backend.run.only(arena.start, arena.to, arena.by, n, arena.graph.stutter, start, to, by)
    return start, to, by
