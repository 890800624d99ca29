"""What a graph of representatives keeps of single identities: which renaming each step ends with, and what
that makes of things.

A real state is a representative seen through a renaming. Knows nothing of fairness and of
formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.engine.python import Compiled
from explorer.ir.data import dataclass
from explorer.liveness.arrays import Array
from explorer.liveness.backend import Backend
from explorer.symmetry.find import Transposition
from explorer.symmetry.group import Group, group


@dataclass(slots=True)
class PermutationTables:
    """The group of renamings of a compiled program with a plan, its tables as a backend's arrays. `instances`
    has for element p and action instance i at p * count + i what p makes of i; `exchanges` are those of the
    plan, `tour` leads through all elements."""

    compiled: Compiled
    group: Group
    exchanges: list[Transposition]
    instances: Sequence[int]
    products: Array
    inverse: Array
    tour: list[int]

    @property
    def order(self) -> int:
        return self.group.order

    def instance(self, element: int, number: int) -> int:
        """What an element makes of an action instance."""
        return self.instances[element * (len(self.instances) // self.order) + number]

    def least(self, state: int, turned: Sequence[int], copies: int) -> list[int]:
        """For each copy of a formula the element that leaves a packed state as it is and makes the copy the
        least (`turned[p * copies + k]`: what element p makes of copy k)."""
        plan, quotient = self.compiled.plan, self.compiled.quotient
        assert plan is not None and quotient is not None
        result, best = [0] * copies, list(range(copies))
        if quotient.orbit(state) == self.order:
            return result
        swaps, at, element = self.compiled.exchanges(), state, 0
        for exchange in self.tour:
            at, element = swaps[exchange](at), self.group.left[exchange][element]
            if at == state:
                for k in range(copies):
                    if turned[element * copies + k] < best[k]:
                        best[k], result[k] = turned[element * copies + k], element
        return result

    def renamed(self, element: int, state: int) -> int:
        """What an element makes of a packed state."""
        word = []
        while element:
            exchange, element = self.group.words[element]
            word.append(exchange)
        swaps = self.compiled.exchanges()
        for exchange in reversed(word):
            state = swaps[exchange](state)
        return state


def permutation_tables(compiled: Compiled, backend: Backend) -> PermutationTables | None:
    """The permutations of a program; None where it has no plan."""
    plan, quotient = compiled.plan, compiled.quotient
    if plan is None or quotient is None:
        return None
    result = group(plan.sizes)
    exchanges = [quotient.symmetry.exchanges[plan.classes[swap.scalarset], swap.first] for swap in plan.swaps]
    instances = result.acting([exchange.instances for exchange in exchanges], len(compiled.model.instances))
    return PermutationTables(
        compiled=compiled,
        group=result,
        exchanges=exchanges,
        instances=instances,
        products=backend.of("label", result.products),
        inverse=backend.of("label", result.inverse),
        tour=plan.tour(range(len(plan.sizes))),
    )
