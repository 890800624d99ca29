"""What a graph of representatives keeps of single identities: which renaming each step ends with, and what
that makes of things.

A real state is a representative seen through a renaming. Knows nothing of fairness and of
formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from explorer.engine.python import Compiled
from explorer.ir.data import dataclass
from explorer.liveness.backend import Backend
from explorer.symmetry.find import Transposition
from explorer.symmetry.group import LARGEST, SMALL, AnyGroup, LargeGroup, Table, group


@dataclass(slots=True)
class PermutationTables:
    """The group of renamings of a compiled program with a plan, its tables as a backend's arrays, those of a
    large group as they are. `instances` has for element p and action instance i at p * count + i what p makes
    of i; `exchanges` are those of the plan, `tour` leads through all elements of a small group."""

    compiled: Compiled
    group: AnyGroup
    exchanges: list[Transposition]
    instances: Table
    products: Table
    inverse: Table
    tour: list[int]
    tied: Callable[[int], list[int]] | None = None
    """For a large group: the exchanges among which those lie that leave a representative as it is."""

    @property
    def order(self) -> int:
        return self.group.order

    def instance(self, element: int, number: int) -> int:
        """What an element makes of an action instance."""
        return self.instances[element * len(self.compiled.model.instances) + number]

    def renaming(self) -> Callable[..., tuple[int, int]]:
        """What gives the representative of a packed state, and the element that makes it."""
        return self.compiled.renaming(self.group.left, large=isinstance(self.group, LargeGroup))

    def acting(self, backend: Backend, kind: str, images: Sequence[Sequence[int]], size: int) -> Table:
        """What elements make of things (see `Group.acting`); a small group's table is the backend's array."""
        if isinstance(self.group, LargeGroup):
            return self.group.acting(images, size)
        return backend.of(kind, self.group.acting(images, size))

    def least(self, states: Sequence[int], turned: Table, copies: int) -> list[int]:
        """For each packed state and each copy of a formula the element that leaves the state as it is and
        makes the copy the least (`turned[p * copies + k]`: what element p makes of copy k)."""
        quotient, order, result = self.compiled.quotient, self.order, [0] * (len(states) * copies)
        assert quotient is not None
        for n, size in enumerate(map(quotient.orbit, states)):
            if size != order:
                result[n * copies : (n + 1) * copies] = self._least(states[n], turned, copies)
        return result

    def _least(self, state: int, turned: Table, copies: int) -> list[int]:
        """The same for a state that some elements leave as it is."""
        result, best = [0] * copies, list(range(copies))
        if self.tied is not None:
            return self._least_of_orbits(self._stabiliser(state), turned, copies)
        swaps, at, element = self.compiled.exchanges(), state, 0
        for exchange in self.tour:
            at, element = swaps[exchange](at), self.group.left[exchange][element]
            if at == state:
                for k in range(copies):
                    if turned[element * copies + k] < best[k]:
                        best[k], result[k] = turned[element * copies + k], element
        return result

    def _stabiliser(self, state: int) -> set[int]:
        """Elements that generate those that leave a representative as it is (Schreier's lemma, on what
        exchanges of the tied make of it).
        """
        assert self.tied is not None
        ties, swaps, group = self.tied(state), self.compiled.exchanges(), self.group
        result, by, todo = set(), {state: 0}, [state]
        while todo:
            at = todo.pop()
            for exchange in ties:
                other, element = swaps[exchange](at), group.left[exchange][by[at]]
                if other not in by:
                    by[other] = element
                    todo.append(other)
                else:
                    result.add(group.products[group.inverse[by[other]] * self.order + element])
        return result - {0}

    def _least_of_orbits(self, generators: set[int], turned: Table, copies: int) -> list[int]:
        """For each copy of a formula an element that makes it the least of those that the generators make of
        it.
        """
        result, seen, inverse, products = [0] * copies, set[int](), self.group.inverse, self.group.products
        for least in range(copies):  # the first that is met of an orbit is its least
            by, todo = {least: 0}, [] if least in seen else [least]
            while todo:
                at = todo.pop()
                for element in generators:
                    other = turned[element * copies + at]
                    if other not in by:
                        by[other] = products[element * self.order + by[at]]
                        result[other] = inverse[by[other]]
                        todo.append(other)
            seen.update(by)
        return result

    def renamed(self, element: int, state: int) -> int:
        """What an element makes of a packed state."""
        swaps = self.compiled.exchanges()
        for exchange in self.group.word(element):
            state = swaps[exchange](state)
        return state


def permutation_tables(compiled: Compiled, backend: Backend) -> PermutationTables | None:
    """The permutations of a program; None where it has no plan."""
    plan, quotient = compiled.plan, compiled.quotient
    if plan is None or quotient is None:
        return None
    result = group(plan.sizes, LARGEST if backend.native else SMALL)
    exchanges = [quotient.symmetry.exchanges[plan.classes[swap.scalarset], swap.first] for swap in plan.swaps]
    instances = result.acting([exchange.instances for exchange in exchanges], len(compiled.model.instances))
    if isinstance(result, LargeGroup):
        return PermutationTables(
            compiled,
            group=result,
            exchanges=exchanges,
            instances=instances,
            products=result.products,
            inverse=result.inverse,
            tour=[],
            tied=compiled.tied(),
        )
    return PermutationTables(
        compiled=compiled,
        group=result,
        exchanges=exchanges,
        instances=instances,
        products=backend.of("label", result.products),
        inverse=backend.of("label", result.inverse),
        tour=plan.tour(range(len(plan.sizes))),
    )
