"""From a formula to a behaviour on which it fails: common shapes on the state graph, all others in a product with an automaton.

A shape is: reach a state where `switch` holds, stay where `inside` holds for ever, and see `again` again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from explorer.engine.graph import Graph, Refused, estimate_product
from explorer.engine.limits import Limits
from explorer.language import expressions as ex
from explorer.language.expressions import Expr
from explorer.language.temporal import Ltl, negation
from explorer.trace.lasso import STUTTER

from .arena import Arena, FairTables, fairness, plain
from .automaton import automaton
from .cycle import cycle


@dataclass(frozen=True, slots=True)
class Shape:
    """A behaviour that breaks a formula: from an initial state (`free`: after any steps) where `switch` holds, for ever `inside`."""

    free: bool
    switch: Expr
    inside: Expr
    again: Expr = ex.TRUE


@dataclass(frozen=True, slots=True)
class Found:
    """A violating behaviour as numbers: an initial state, instances to the cycle, instances around it; no cycle: it stutters."""

    formula: Ltl
    initial: int
    stem: tuple[int, ...]
    cycle: tuple[int, ...]

    @property
    def length(self) -> int:
        return len(self.stem) + len(self.cycle)


@dataclass(slots=True)
class Search:
    """A graph with its fairness, and what several formulas share."""

    graph: Graph
    limits: Limits
    fair: FairTables
    shared: dict[str, Any] = field(default_factory=dict)
    unbreakable: bool = True
    """Whether no formula so far had any behaviour that could break it, fair or not."""


def prepare(graph: Graph, limits: Limits) -> Search:
    return Search(graph, limits, fairness(graph))


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


def shape(f: Ltl) -> Shape | None:
    """The shape of what breaks a formula; None where it has none of those."""
    if f.op == "state":
        return Shape(False, _not(f), ex.TRUE)
    inner = f.args[0]
    if f.op == "eventually" and inner.op == "state":
        return Shape(False, ex.TRUE, _not(inner))
    if f.op == "eventually" and inner.op == "always" and inner.args[0].op == "state":
        return Shape(True, ex.TRUE, ex.TRUE, _not(inner.args[0]))
    if f.op != "always":
        return None
    if inner.op == "state":
        return Shape(True, _not(inner), ex.TRUE)
    if inner.op == "eventually" and inner.args[0].op == "state":
        return Shape(True, ex.TRUE, _not(inner.args[0]))
    if inner.op == "or":
        rest = [a for a in inner.args if a.op != "state"]
        if len(rest) == 1 and rest[0].op == "eventually" and rest[0].args[0].op == "state":
            premise = ex.both(*(_not(a) for a in inner.args if a.op == "state"))
            return Shape(True, premise, _not(rest[0].args[0]))
    return None


def _not(f: Ltl) -> Expr:
    return negation(f).condition


def violation(search: Search, formula: Ltl) -> Found | None:
    """A fair behaviour on which a formula fails, short, and the same from every engine; None where there is none.

    Raises Refused where memory does not suffice or a bound is reached, automaton.TooLarge for a formula beyond reason.
    """
    found = [at for part in conjuncts(formula) if (at := _violation(search, part)) is not None]
    return min(found, key=lambda f: f.length, default=None)


def _violation(search: Search, f: Ltl) -> Found | None:
    reached = search.limits.reached(0)
    if reached:
        raise Refused(reached)
    known = shape(f)
    return _by_shape(search, f, known) if known is not None else _by_product(search, f)


def _by_shape(search: Search, f: Ltl, s: Shape) -> Found | None:
    graph, kit = search.graph, search.graph.kit
    n = graph.number
    switch, inside, again = graph.truth([s.switch, s.inside, s.again])
    arena = plain(graph, search.fair, again, 1, search.shared)
    both, queue = kit.array("flag", n), arena.array("number", "nodes")
    if not kit.run.both(inside, again, n, both):
        return None
    kit.run.both(switch, inside, n, both)
    if not s.free:
        first = kit.array("flag", n)
        kit.run.mark(kit.made("number", graph.initial), len(graph.initial), first)
        kit.run.both(both, first, n, both)
    count = kit.run.gather(both, n, queue)
    if not count:
        return None
    search.unbreakable = False
    alive = kit.array("flag", n)
    if s.free and s.switch is ex.TRUE:
        alive = both
    else:
        kit.run.flood(graph.start, graph.to, inside, n, queue, count, alive)
    calm = kit.array("flag", n)
    kit.run.both(alive, again, n, calm)
    calms = kit.run.both(calm, search.fair.quiet, n, calm)
    arena.calm = calm
    if not arena.settle(alive) and not calms:
        return None
    return _lasso(search, f, arena, _in_order(graph, None if s.free else switch), s.free, switch, inside)


def _in_order(graph: Graph, allowed: Any) -> list[int]:
    """The initial states in the order of their codes, those that are allowed."""
    return sorted((v for v in graph.initial if allowed is None or allowed[v]), key=graph.state)


def _lasso(search: Search, f: Ltl, arena: Arena, sources: list[int], free: bool, switch: Any, inside: Any) -> Found:
    """Of a stuttering behaviour and one that goes round in a component the shorter, both by a shortest stem."""
    kit, n = arena.graph.kit, arena.number
    if arena.number == arena.graph.number:
        arena.graph.sort()
    parent, edge, distance = (kit.array("number", 2 * n) for _ in range(3))
    found = kit.array("whole", 2)
    kit.run.stems(arena.start, arena.to, n, kit.made("number", sources), len(sources), free, switch, inside, arena.fill, arena.calm,
                  kit.array("number", 2 * n), parent, edge, distance, found)
    options = []
    if found[1] >= 0:
        initial, stem, _ = _path(arena, parent, edge, int(found[1]))
        options.append(_found(arena, f, initial, stem, []))
    if found[0] >= 0 and not (options and distance[found[0]] > options[0].length):
        initial, stem, entry = _path(arena, parent, edge, int(found[0]))
        way, turn = cycle(arena, entry)
        options.append(_found(arena, f, initial, stem + [label for label, _ in way], [label for label, _ in turn]))
    return min(options, key=lambda option: option.length)


def _path(arena: Arena, parent: Any, edge: Any, at: int) -> tuple[int, list[int], int]:
    """The state where a path begins, the labels along it, and the node where it ends."""
    n, end, labels = arena.number, at % arena.number, []
    while int(parent[at]) != at:
        before = int(parent[at])
        if at != before + n:  # else it is the switch, which takes no step
            labels.append(int(arena.by[edge[at]]))
        at = before
    return arena.state(at % n), labels[::-1], end


def _found(arena: Arena, f: Ltl, initial: int, stem: list[int], turn: list[int]) -> Found:
    still = arena.graph.stutter
    return Found(f, initial, *(tuple(STUTTER if label == still else label for label in path) for path in (stem, turn)))


def _by_product(search: Search, f: Ltl) -> Found | None:
    """Behaviours of the graph that the automaton of the negated formula accepts."""
    graph, kit = search.graph, search.graph.kit
    made = automaton(Ltl("not", (f,)))
    size = len(made.must)
    if not size:
        return None
    estimate_product(graph, size, search.limits)
    graph.sort()
    letter = kit.array("whole", graph.number)
    for bit, flags in enumerate(graph.truth(list(made.atoms)) if made.atoms else []):
        kit.run.spell(flags, graph.number, 1 << bit, letter)
    next_start = [0]
    for follow in made.next:
        next_start.append(next_start[-1] + len(follow))
    tables = [kit.made("whole", list(v)) for v in (made.must, made.never, next_start, [p for f in made.next for p in f], made.initial)]
    sources = _in_order(graph, None)
    room = graph.number * size
    ids, states, places = (kit.array("number", room) for _ in range(3))
    fixed = (graph.start, graph.to, graph.by, graph.number, letter, *tables, len(sources), kit.made("number", sources),
             graph.stutter, ids, states, places)
    nothing = kit.array("number", 1)
    labels = kit.array("label", 1)
    nodes, edges, starts = map(int, kit.run.product(*fixed, nothing, nothing, labels, 0))
    if not nodes:
        return None
    start, to, by = kit.array("number", nodes + 1), kit.array("number", edges), kit.array("label", edges)
    kit.run.product(*fixed, start, to, by, nodes)
    search.unbreakable = False
    marks = kit.array("whole", nodes)
    kit.run.look_up(places, kit.made("whole", list(made.marks)), nodes, marks)
    arena = Arena(graph, search.fair, nodes, start, to, by, states, marks, made.demands)
    still = Arena(graph, search.fair, nodes, *_stuttering(arena), states, marks, made.demands)
    calms = still.settle(kit.ones(nodes))
    arena.calm = still.fill
    if not arena.settle(kit.ones(nodes)) and not calms:
        return None
    everywhere = kit.ones(nodes)
    return _lasso(search, f, arena, list(range(starts)), False, everywhere, everywhere)


def _stuttering(arena: Arena) -> tuple[Any, Any, Any]:
    kit, n = arena.graph.kit, arena.number
    edges = len(arena.to)
    start, to, by = kit.array("number", n + 1), kit.array("number", edges), kit.array("label", edges)
    kit.run.only(arena.start, arena.to, arena.by, n, arena.graph.stutter, start, to, by)
    return start, to, by
