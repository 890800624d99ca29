"""A state graph as one temporal formula sees it.

On representatives a formula is followed through renamings: what it says of a real state, said of the
representative, is the formula renamed. Every representative has a copy for each formula that renamings make
of it, and a step leads from copy to copy.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.limits import Limits
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl
from explorer.liveness.arrays import Array
from explorer.liveness.graph import Graph, Refused, estimate_product
from explorer.symmetry.group import Computed, Table

MOST = 64
"""Formulas that renamings may make of one."""


@dataclass(slots=True)
class FormulaView:
    """Nodes and edges as in a graph; node v * len(formulas) + k is state v with copy k, whose formula is
    formulas[k], the first meaning what `formula` does; element makers[k] makes it of the first. `base` maps
    nodes to states (empty: a node is its state); element p leads from copy k to turned[p * len(formulas) +
    k].

    Of the copies of a state that renamings make of each other which leave it as it is, only the least counts,
    so that a real state with its formula is one node: least[node] is the element that makes it the least (0:
    it is).
    """

    graph: Graph
    formula: Ltl
    formulas: list[Ltl]
    turned: Table
    makers: list[int]
    number: int
    start: Array
    to: Array
    by: Array
    base: Array
    least: Array

    @property
    def copies(self) -> int:
        return len(self.formulas)

    def truth(self, conditions: list[list[Expr]]) -> list[Array]:
        """For each condition, given for every copy, a flag for each node: whether it holds there."""
        flags = self.graph.truth([condition for per_copy in conditions for condition in per_copy])
        if self.copies == 1:
            return flags
        backend, result = self.graph.backend, []
        for i in range(0, len(flags), self.copies):
            result.append(backend.array("flag", self.number))
            for k in range(self.copies):
                backend.run.interleave(flags[i + k], self.copies, k, result[-1])
        return result

    def of_states(self, flags: Array) -> Array:
        """Flags of states as flags of nodes."""
        if self.copies == 1:
            return flags
        result = self.graph.backend.array("flag", self.number)
        self.graph.backend.run.look_up(self.base, flags, self.number, result)
        return result

    def initial(self) -> list[int]:
        """The initial nodes, in the order of their states' codes."""
        nodes = [
            v * self.copies + k
            for v in sorted(self.graph.initial, key=self.graph.state)
            for k in range(self.copies)
        ]
        return nodes if self.copies == 1 else [node for node in nodes if not self.least[node]]

    def settled(self, state: int, element: int) -> tuple[int, int]:
        """The node where the formula itself stands in a real state, given the number of its representative
        and what makes that; and what makes the representative such that it stands so."""
        node = state * self.copies + self.turned[element * self.copies]
        if self.copies == 1 or not self.least[node]:
            return node, element
        more = int(self.least[node])
        assert self.graph.permutations is not None
        after = int(self.graph.permutations.products[more * self.graph.order + element])
        return state * self.copies + self.turned[after * self.copies], after


def view(graph: Graph, formula: Ltl, limits: Limits, shared: dict[str, Any]) -> FormulaView:
    """The graph as a formula sees it; `shared` keeps the arrays for formulas that see the same. Raises
    Refused.
    """
    backend, nothing = graph.backend, graph.backend.array("number", 0)
    formulas, images, makers = _copies(graph, formula)
    count = len(formulas)
    if count == 1:
        return FormulaView(
            graph=graph,
            formula=formula,
            formulas=formulas,
            turned=Computed(lambda at: 0),
            makers=makers,
            number=graph.number,
            start=graph.start,
            to=graph.to,
            by=graph.by,
            base=nothing,
            least=nothing,
        )
    assert graph.permutations is not None
    key = f"copies {images}"
    if key not in shared:
        for other in [name for name in shared if name.startswith("copies")]:
            del shared[other]  # they are large, and formulas that see the same follow each other
        estimate_product(graph, count, limits, "the graph with what renamings make of the formula")
        graph.sort()
        turned = graph.permutations.acting(backend, "whole", images, count)
        number, edges, least = graph.number * count, graph.edges * count, graph.least(turned, count)
        arrays = (
            backend.array("number", number + 1),
            backend.array("number", edges),
            backend.array(graph.labels, edges),
            backend.array("number", number),
        )
        backend.run.copies(
            graph.start,
            graph.to,
            graph.by,
            graph.number,
            count,
            graph.order,
            turned,
            graph.permutations.products,
            least,
            *arrays,
        )
        shared[key] = turned, makers, number, *arrays, least
    return FormulaView(graph, formula, formulas, *shared[key])


def _copies(graph: Graph, formula: Ltl) -> tuple[list[Ltl], list[list[int]], list[int]]:
    """The formulas that renamings make of one, what each exchange makes of each, and the elements that make
    them of the first.
    """
    if graph.permutations is None:
        return [formula], [], [0]
    exchanges, left = graph.permutations.exchanges, graph.permutations.group.left
    rank = {worded(graph, formula): 0}
    formulas, makers = list(rank), [0]
    images: list[list[int]] = [[] for _ in exchanges]
    for number, copy in enumerate(formulas):
        for g, exchange in enumerate(exchanges):
            image = renamed(copy, exchange.conditions)
            if image not in rank:
                rank[image] = len(formulas)
                formulas.append(image)
                makers.append(left[g][makers[number]])
                if len(formulas) > MOST:
                    raise Refused(
                        f"renamings make more than {MOST} formulas of one; write several properties, or use"
                        " --no-symmetry"
                    )
            images[g].append(rank[image])
    return formulas, images, makers


def worded(graph: Graph, formula: Ltl) -> Ltl:
    """A formula in the words that are chosen where two conditions mean the same: what exchanging twice makes
    of it.
    """
    if graph.permutations is None:
        return formula
    exchange = graph.permutations.exchanges[0].conditions
    return renamed(renamed(formula, exchange), exchange)


def renamed(formula: Ltl, conditions: dict[Expr, Expr]) -> Ltl:
    """The formula with every condition replaced."""
    if formula.op == "state":
        return Ltl("state", (), conditions[formula.condition])
    return Ltl(formula.op, tuple(renamed(a, conditions) for a in formula.args))
