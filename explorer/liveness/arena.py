"""Where a violating behaviour is looked for: a graph, what is fair in it, and what must happen again and
again.

An arena is a state graph, or its product with an automaton. Knows nothing of formulas.
"""

from __future__ import annotations

from dataclasses import field

from explorer.ir.data import dataclass
from explorer.ir.model import FairGroup
from explorer.ir.steps import Fairness
from explorer.liveness.arrays import Around, Array, Components, Demands, Edges, Renamings, Tally, Walk
from explorer.liveness.copies import FormulaView
from explorer.liveness.graph import Graph
from explorer.symmetry.group import Computed, Table

DEAD = (1 << 32) - 1
"""The rank of a node that is not looked at any more."""


@dataclass(slots=True)
class FairTables:
    """The groups as tables: `group[by]` is that of an edge's label (-1: none), `strong[g]` says which kind;
    `quiet` are the states where nothing fair is enabled. `image[p * len(groups) + g]` is what renaming p
    makes of group g (empty without renamings)."""

    groups: list[FairGroup]
    group: Table
    strong: Array
    quiet: Array
    image: Table


def fairness(graph: Graph) -> FairTables:
    """The fairness of a graph; its last label is that of stuttering."""
    backend, groups = graph.backend, graph.space.model.fair_groups
    of = {number: g for g, members in enumerate(groups) for number in members.instances}
    group = _group_of(graph, of)
    quiet = backend.array("flag", graph.number)
    backend.run.quiet(graph.start, graph.by, group, graph.number, quiet)
    strong = backend.of("flag", [g.fair is Fairness.STRONG for g in groups])
    return FairTables(groups, group, strong, quiet, _images(graph, groups, of))


def _group_of(graph: Graph, of: dict[int, int]) -> Table:
    """The group of a label, -1 for none."""
    if graph.large:
        return Computed(lambda label: of.get(label // graph.order, -1))
    return graph.backend.of(
        "whole", [*(of.get(label // graph.order, -1) for label in range(graph.stutter)), -1]
    )


def _images(graph: Graph, groups: list[FairGroup], of: dict[int, int]) -> Table:
    """What renamings make of groups. One that is never enabled is left alone: nobody looks at it."""
    permutations = graph.permutations
    if permutations is None:
        return graph.backend.array("label", 0)
    dropped = permutations.compiled.program.dropped
    alive = [next((number for number in group.instances if number not in dropped), None) for group in groups]
    images = [
        [g if number is None else of[exchange.instances[number]] for g, number in enumerate(alive)]
        for exchange in permutations.exchanges
    ]
    return permutations.acting(graph.backend, "label", images, len(groups))


@dataclass(slots=True)
class Arena:
    """`base[v]` is the state of node v (empty: v itself); `marks[v]` are the bits of `demands` that it meets;
    `stutterable` are nodes to stutter in for ever. In a product with an automaton `places[v]` is where that
    is, and `below[v]` the node of the graph."""

    graph: Graph
    fair: FairTables
    number: int
    start: Array
    to: Array
    by: Array
    base: Array
    marks: Array
    demands: int
    places: Array | None = None
    below: Array | None = None
    fair_nodes: Array = field(default_factory=list)
    rank: Array = field(default_factory=list)
    stutterable: Array = field(default_factory=list)
    scratch: dict[str, Array] = field(default_factory=dict)

    def state(self, v: int) -> int:
        """The state of a node."""
        return int(self.base[v]) if len(self.base) else v

    def place(self, v: int) -> int:
        """Where the automaton is in a node; 0 where there is none."""
        return int(self.places[v]) if self.places is not None else 0

    def node(self, v: int) -> int:
        """The node of the graph, as the formula sees it, that a node stands on."""
        return int(self.below[v]) if self.below is not None else v

    def meets(self, v: int) -> int:
        """The demands that a node meets."""
        return int(self.marks[v]) & self.demands

    def array(self, kind: str, name: str, size: int = 0) -> Array:
        """An array for one purpose, made once."""
        if name not in self.scratch:
            self.scratch[name] = self.graph.backend.array(kind, size or self.number)
        return self.scratch[name]

    def decompose(self, alive: Array) -> int:
        """Find the fair components among the alive nodes: `fair_nodes[v]` is up where a fair cycle through v
        fills v's component.

        Returns how many nodes that are.
        """
        backend, n = self.graph.backend, self.number
        self.fair_nodes, self.rank = backend.array("flag", n), self.array("number", "rank", n + 1)
        nodes, order, last = (
            self.array(kind, name)
            for kind, name in (("number", "nodes"), ("number", "order"), ("flag", "last"))
        )
        parts = Components(order, last, self.rank, self.fair_nodes, DEAD)
        edges = Edges(self.start, self.to, self.by)
        walk = Walk(*(self.array("number", name) for name in ("stack", "path", "cursor")))
        backend.run.begin(alive, n, self.rank, DEAD)
        count, name = backend.run.gather(alive, n, nodes), DEAD - 1
        while count:
            done, name = backend.run.components(edges, nodes, count, name, parts, walk)
            self._judge(edges, parts, done)
            count = backend.run.pending(order, done, self.rank, nodes)
        return int(backend.run.gather(self.fair_nodes, n, nodes))

    def _judge(self, edges: Edges, parts: Components, count: int) -> None:
        """Say which of the components of the first `count` nodes in their order are fair."""
        graph, backend, fair, groups = self.graph, self.graph.backend, self.fair, len(self.fair.groups)
        demands = Demands(
            graph.start, graph.by, self.base, fair.group, fair.strong, marks=self.marks, all_of=self.demands
        )

        def per_group() -> Array:
            return backend.array("whole", groups + 1)

        tally = Tally(per_group(), per_group(), per_group(), per_group())
        permutations = graph.permutations
        if permutations is None:
            backend.run.judge(edges, demands, parts, count, tally)
            return
        renamings = Renamings(
            permutations.order, permutations.products, permutations.inverse, fair.image, groups
        )
        through, queue = self.array("label", "through"), self.array("number", "queue")
        met = Computed(lambda p: 0) if graph.large else backend.array("whole", permutations.order)
        around = Around(through, queue, per_group(), per_group(), met)
        backend.run.judge_symmetric(edges, demands, parts, count, tally, renamings, around)

    def same(self, a: int, b: int) -> bool:
        """Whether two nodes lie in one fair component."""
        return bool(self.fair_nodes[a] and self.fair_nodes[b]) and int(self.rank[a]) == int(self.rank[b])

    def row(self, v: int) -> list[tuple[int, int]]:
        """The edges of a node inside of the arena, as (label, target), in order."""
        a, b = int(self.start[v]), int(self.start[v + 1])
        return [(int(self.by[e]), int(self.to[e])) for e in range(a, b) if self.to[e] < self.number]

    def enabled(self, v: int) -> dict[int, list[int]]:
        """For each fair group that is enabled in a node's state, the states its steps lead to."""
        graph, b = self.graph, self.state(v)
        result: dict[int, list[int]] = {}
        for e in range(int(graph.start[b]), int(graph.start[b + 1])):
            g = int(self.fair.group[graph.by[e]])
            if g >= 0:
                result.setdefault(g, []).append(int(graph.to[e]))
        return result


def plain(
    seen: FormulaView, fair: FairTables, marks: Array, demands: int, shared: dict[str, dict[str, Array]]
) -> Arena:
    """The state graph itself, as a formula sees it. `shared` keeps the arrays for the next one."""
    scratch = shared.setdefault(f"scratch {seen.number}", {})
    return Arena(
        seen.graph,
        fair,
        number=seen.number,
        start=seen.start,
        to=seen.to,
        by=seen.by,
        base=seen.base,
        marks=marks,
        demands=demands,
        scratch=scratch,
    )
