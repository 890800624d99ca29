"""Sets of states: what an event makes of one, and which states are reached unseen. Remembers what it found,
in bounded memory. Knows nothing of logs.

A node is a packed state, and above its bits one for each property that was broken on the way to it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from explorer.conform.timeline import Kind, Shown
from explorer.engine.compiled import Compiled
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.ir.places import Variable
from explorer.ir.semantics import State
from explorer.trace.step_builder import variable_texts

Nodes = frozenset[int]

KNOWN_STATES, KNOWN_NODES = 400_000, 4_000_000
"""So many states whose successors are remembered, and so many members of remembered sets."""

BATCH = 4096
"""States whose successors are computed between two looks at the clock."""


class OutOfBounds(Exception):
    """A limit ended the search; says which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`states` bounds how many nodes may explain a log up to one event, `seconds` the time; None means no
    bound. `lost` is how many unseen steps a gap of lost events stands for, at most.
    """

    states: int | None = 1_000_000
    seconds: float | None = None
    lost: int = 8


NO_BOUNDS = Bounds()


class Behaviours:
    """The steps of a model, those of the instances in `silent` unseen: any number of them between two events,
    or at most `silent_steps`; `cut` says whether that bound ever left a state out. Properties are `judged` or
    not.
    """

    def __init__(
        self,
        model: Model,
        silent: Collection[int],
        silent_steps: int | None,
        bounds: Bounds = NO_BOUNDS,
        judged: bool = True,
    ):
        self.model, self.bounds = model, bounds
        self.silent, self.silent_steps = frozenset(silent), silent_steps
        self.compiled = Compiled(model)
        self.layout = self.compiled.layout
        self.bits = self.layout.bits
        self.mask = (1 << self.bits) - 1
        program = self.compiled.program
        self.step_names = [p.name for p in model.properties if p.kind == "step"]
        self.properties = [*(j.name for j in program.invariants), *self.step_names, "evaluation"]
        self.judged = judged
        self.cut = False
        self.started = time.monotonic()
        self._edges = self.compiled.code("edges")[1]["edges"]
        self._judge = self.compiled.code("judgements")[1]
        self._expand = self.compiled.code("expand")[1]["expand"] if self.step_names else None
        self._steps: dict[int, tuple[tuple[int, int], ...]] = {}
        self._one: dict[Nodes, Nodes] = {}
        self._after: dict[tuple[Nodes, Kind], Nodes] = {}
        self._closed: dict[Nodes, tuple[int, ...]] = {}
        self._shows: dict[tuple[int, Shown], bool] = {}
        self._weight = 0
        self._variables: dict[str, Variable] | None = None

    def initial(self) -> Nodes:
        return self.nodes(self.compiled.initial())

    def reachable(self) -> Nodes:
        """Every reachable state. Raises OutOfBounds."""
        visited: set[int] = set(self.compiled.initial())
        level = list(visited)
        while level:
            fresh: list[int] = []
            for first in range(0, len(level), BATCH):
                self.check(len(visited))
                part = level[first : first + BATCH]
                for _, _, target in self._edges(self._inside(part), None):
                    if target not in visited:
                        visited.add(target)
                        fresh.append(target)
            level = fresh
        return self.nodes(visited)

    def nodes(self, states: Iterable[int]) -> Nodes:
        """The nodes of packed states where a behaviour begins."""
        states = list(states)
        bad = self._bad(states)
        return frozenset(s | bad.get(s, 0) << self.bits for s in states)

    def one(self, nodes: Nodes) -> Nodes:
        """The one object for equal sets."""
        return self._one.setdefault(nodes, nodes)

    def state(self, node: int) -> State:
        """The state of a node, as the reference has it."""
        return self.layout.unpack(node & self.mask)

    def broken(self, node: int) -> list[str]:
        """The properties that were broken on the way to a node."""
        flags = node >> self.bits
        return list(dict.fromkeys(name for k, name in enumerate(self.properties) if flags >> k & 1))

    def check(self, states: int) -> None:
        """Raises OutOfBounds where so many states are too many, or the time is over."""
        bounds = self.bounds
        if bounds.states is not None and states > bounds.states:
            raise OutOfBounds(f"--max-states {bounds.states} reached")
        if bounds.seconds is not None and time.monotonic() - self.started > bounds.seconds:
            raise OutOfBounds(f"--timeout {bounds.seconds:g} reached")

    def after(self, nodes: Nodes, kind: Kind) -> Nodes:
        """The nodes right after an event of a kind that some behaviour has from these, unseen steps first."""
        known = self._after.get((nodes, kind))
        if known is None:
            found: set[int] = set()
            for node in self.closed(nodes):
                found.update(target for _, target in self.moves(node, kind))
            known = self.one(frozenset(found))
            self._remember(len(known))
            self._after[nodes, kind] = known
        return known

    def moves(self, node: int, kind: Kind) -> list[tuple[int | None, int]]:
        """What an event of a kind may be in a node itself: an instance and the node after it; no instance
        where only values are observed.
        """
        if kind.before and not self.shows(node, kind.before):
            return []
        if not kind.instances:
            return [(None, node)] if not kind.after or self.shows(node, kind.after) else []
        return [
            (instance, target)
            for instance, target in self.steps(node)
            if instance in kind.instances and (not kind.after or self.shows(target, kind.after))
        ]

    def closed(self, nodes: Nodes) -> tuple[int, ...]:
        """The nodes, and those that unseen steps lead to, nearest first."""
        known = self._closed.get(nodes)
        if known is None:
            seen = set(nodes)
            order = level = list(nodes)
            rounds = 0
            silent = self.silent
            while level and silent:
                self.check(len(order))
                self._meet(level)
                fresh = []
                for node in level:
                    for instance, target in self.steps(node):
                        if instance in silent and target not in seen:
                            seen.add(target)
                            fresh.append(target)
                if fresh and rounds == self.silent_steps:
                    self.cut = True
                    break
                rounds += 1
                order = order + fresh
                level = fresh
            if not silent:
                self._meet(level)
            known = self._closed[nodes] = tuple(order)
            self._remember(len(known))
        return known

    def steps(self, node: int) -> list[tuple[int, int]] | tuple[tuple[int, int], ...]:
        """The instances that can be taken in a node, and the nodes after them."""
        state, flags = node & self.mask, node & ~self.mask
        known = self._steps.get(state)
        if known is None:
            self._meet([node])
            known = self._steps[state]
        return [(i, t | flags) for i, t in known] if flags else known

    def shows(self, node: int, values: Shown) -> bool:
        """Whether each variable has one of its texts in a node."""
        state = node & self.mask
        known = self._shows.get((state, values))
        if known is None:
            codes = self.layout.unpack(state)
            known = all(self.text(codes, name) in texts for name, texts in values)
            if len(self._shows) > KNOWN_STATES:
                self._shows.clear()
            self._shows[state, values] = known
        return known

    def text(self, state: State, name: str) -> str:
        """What a variable shows."""
        if self._variables is None:
            first = next(self.model.initial_states())
            self._variables = {
                shown: variable
                for variable in self.model.variables
                for shown in variable_texts(variable, first)
            }
        return variable_texts(self._variables[name], state)[name]

    def _remember(self, members: int) -> None:
        self._weight += members + 1
        if self._weight > KNOWN_NODES:
            self._weight = 0
            for known in (self._after, self._closed, self._one):
                known.clear()

    def _meet(self, nodes: Iterable[int]) -> None:
        """Compute the successors of what is new among some nodes."""
        if len(self._steps) > KNOWN_STATES:
            self._steps.clear()
        mask, known = self.mask, self._steps
        fresh = list({node & mask for node in nodes if node & mask not in known})
        for first in range(0, len(fresh), BATCH):
            part = fresh[first : first + BATCH]
            found: dict[int, list[tuple[int, int]]] = {state: [] for state in part}
            edges = self._edges(self._inside(part), None)
            bad = self._bad({target for _, _, target in edges})
            broken = self._broken(part)
            for state, instance, target in edges:
                flags = bad.get(target, 0) | broken.get((state, instance, target), 0)
                found[state].append((instance, target | flags << self.bits))
            for state, steps in found.items():
                known[state] = tuple(steps)

    def _inside(self, states: list[int]) -> list[int]:
        """The states that constraints let be left."""
        for k in range(len(self.model.constraints)):
            outside = set(self._judge[f"constraint_{k}"](states, []))
            states = [s for s in states if s not in outside] if outside else states
        return states

    def _bad(self, states: Collection[int]) -> dict[int, int]:
        """The invariants that fail in states, as bits; those without a value there count as an evaluation
        error.
        """
        bad: dict[int, int] = {}
        if not self.judged:
            return bad
        failed: list[tuple[int, int, int]] = []
        for k in range(len(self.compiled.program.invariants)):
            for state in self._judge[f"invariant_{k}"](states, failed):
                bad[state] = bad.get(state, 0) | 1 << k
        for state, _, _ in failed:
            bad[state] = bad.get(state, 0) | 1 << len(self.properties) - 1
        return bad

    def _broken(self, states: list[int]) -> dict[tuple[int, int, int], int]:
        """The step invariants that fail on steps from states, as bits."""
        if self._expand is None or not self.judged:
            return {}
        n = len(self.model.instances)
        broken: list[tuple[int, tuple[int, int, int]]] = []
        self._expand(
            frontier=states,
            visited=set(),
            fresh=[],
            enabled=[0] * n,
            changed=[0] * n,
            dead=[],
            failed=[],
            broken=broken,
            least=0,
            most=0,
        )  # what is new, counted, stuck or without a value is of no interest here
        first = len(self.compiled.program.invariants)
        result: dict[tuple[int, int, int], int] = {}
        for number, edge in broken:
            result[edge] = result.get(edge, 0) | 1 << first + number
        return result
