"""A component of representatives as the real states that are seen from one of them: what `cycle` asks of an
arena, of real states.

A real state is a representative with the renaming that makes it; it is followed along the edges of the
representatives, whose labels tell how to go on. What is fair to one identity is so told from what is fair to
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from explorer.liveness.arena import Arena
from explorer.liveness.copies import FormulaView
from explorer.liveness.permutation_labels import PermutationTables

Real = tuple[Any, int]
"""A real state, as the engines keep it, and the place of the automaton."""

Stem = tuple[int, int, list[int], tuple[int, int]]
"""The state of the graph where a path begins and what makes its real initial state of it, the action
instances along it (the arena's stutter for none), and the node and the element at its end."""


class RealStates:
    """Real states that were met so far, each with a node and the element of the group that makes it of that
    node's state.
    """

    def __init__(self, arena: Arena, seen: FormulaView, permutations: PermutationTables):
        self.arena, self.seen, self.permutations = arena, seen, permutations
        self.fair, self.demands, self.order = arena.fair, arena.demands, permutations.order
        self.at: dict[Real, tuple[int, int]] = {}
        self._states: dict[tuple[int, int], Any] = {}

    def first(
        self, sources: list[int], most: int, free: bool, switch: Any, may: Callable[[int, bool, int], bool]
    ) -> Stem | None:
        """Of the shortest ways, on which nodes `may` be passed before or after the switch at a distance, the
        first in the order of the initial states' codes and of action instances: each node that may be passed
        leads on to an end, so the first step that may be taken is always the right one. None where conditions
        that mean the same are written in two ways, so that a real state is several nodes.
        """
        at = next(
            (
                (node, element, after)
                for node, element in self._initial(sources)
                for after in (False, True)
                if (free or after) and may(node, after, 1) and (not after or not free or switch[node])
            ),
            None,
        )
        if at is None:
            return None
        (node, element, after), labels = at, []
        begun = self.arena.state(node), element
        for distance in range(2, most + 1):
            step = next(
                (
                    (label, w, turned)
                    for label, w in self.row(self.met(node, element))
                    for turned in (False, True)
                    if (turned or not after)
                    and (after or not turned or switch[self.at[w][0]])
                    and may(self.at[w][0], turned, distance)
                ),
                None,
            )
            if step is None:
                return None
            label, real, after = step
            labels.append(label)
            node, element = self.at[real]
        return *begun, labels, (node, element)

    def _initial(self, sources: list[int]) -> Iterator[tuple[int, int]]:
        """The sources that are real initial states, with what makes these of them, in the order of their
        codes.
        """
        graph = self.arena.graph
        number = {graph.handle(v): v for v in graph.initial}
        standing: dict[int, list[int]] = {}
        for source in sources:
            standing.setdefault(self.arena.node(source), []).append(source)
        named, pack = (
            self.permutations.renaming(),
            self.permutations.compiled.layout.pack,
        )
        for state in sorted(graph.space.model.initial_states()):
            form, element = named(pack(state))
            node, element = self.seen.settled(number[form], element)
            for source in standing.get(node, ()):
                yield source, int(self.permutations.inverse[element])

    def along(self, first: int, edges: list[int]) -> Stem:
        """The path of edges as one of real states on which the formula itself is meant."""
        count = self.seen.copies
        copy = self.arena.node(first) % count
        element = begin = int(self.permutations.inverse[self.seen.makers[copy]])
        labels, node = [], first
        for e in edges:
            label, node, element = self.step(int(self.arena.by[e]), int(self.arena.to[e]), element)
            labels.append(label)
        return self.arena.state(first), begin, labels, (node, element)

    def step(self, label: int, node: int, element: int) -> tuple[int, int, int]:
        """An edge of a node as seen through an element: the instance, the node, and the element there."""
        instance, renaming = divmod(label, self.order)
        if label == self.arena.graph.stutter:
            return label, node, element
        return self.permutations.instance(element, instance), node, self.after(element, renaming)

    def after(self, element: int, renaming: int) -> int:
        """What makes the real state after a step that ends with a renaming."""
        return int(
            self.permutations.products[element * self.order + int(self.permutations.inverse[renaming])]
        )

    def met(self, node: int, element: int) -> Real:
        """The real state that an element makes of a node's state; known from now on."""
        real = self.handle(self.arena.state(node), element), self.arena.place(node)
        self.at.setdefault(real, (node, element))
        return real

    def handle(self, number: int, element: int) -> Any:
        """What an element makes of a state of the graph."""
        if (number, element) not in self._states:
            self._states[number, element] = self.permutations.renamed(
                element, self.arena.graph.handle(number)
            )
        return self._states[number, element]

    # What `cycle` asks.

    def state(self, real: Real) -> Any:
        return real[0]

    def meets(self, real: Real) -> int:
        return self.arena.meets(self.at[real][0])

    def same(self, a: Real, b: Real) -> bool:
        return self.arena.same(self.at[a][0], self.at[b][0])

    def row(self, real: Real) -> list[tuple[int, Real]]:
        """The steps of a real state inside of the arena, as (label, target), in the order of the instances,
        stuttering first.
        """
        node, element = self.at[real]
        result = []
        for label, w in self.arena.row(node):
            label, w, following = self.step(label, w, element)
            result.append((label, self.met(w, following)))
        return sorted(result, key=lambda step: -1 if step[0] == self.arena.graph.stutter else step[0])

    def enabled(self, real: Real) -> dict[int, list[Any]]:
        """For each fair group that is enabled in a real state, the states its steps lead to, as far as they
        were visited.
        """
        graph, (node, element) = self.arena.graph, self.at[real]
        b = self.arena.state(node)
        result: dict[int, list[int]] = {}
        for e in range(int(graph.start[b]), int(graph.start[b + 1])):
            label, w = int(graph.by[e]), int(graph.to[e])
            g = int(self.fair.group[label])
            if g >= 0:
                targets = result.setdefault(int(self.fair.image[element * len(self.fair.groups) + g]), [])
                if w < graph.number:
                    targets.append(self.handle(w, self.after(element, label % self.order)))
        return result
