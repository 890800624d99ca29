"""The state graph of an explored space: every visited state has a number, every step that changes the state
is an edge.

Steps out of the visited states (of a bounded run, or beyond a constraint) are edges to the number of states,
which is no state: they count for what is enabled. Small graphs are lists (`build_graph.py`), large ones
arrays (`native_graph.py`). Knows nothing of fairness and of formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from explorer.codegen.python_conditions import flags
from explorer.engine.limits import Limits, available_bytes, resident_bytes
from explorer.engine.python import Compiled, run_source
from explorer.engine.space import Handle, StateSpace
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, walk
from explorer.ir.semantics import State, evaluate
from explorer.liveness.arrays import Array
from explorer.liveness.backend import Backend
from explorer.liveness.permutation_labels import PermutationTables
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.group import LargeGroup, Table

BYTES_STATE, BYTES_EDGE = 56, 6
"""Memory that the graph and the search for components take, states themselves not counted (8 for each of
their words).
"""


class Refused(Exception):
    """The graph cannot be made; the message says why, and what could be done."""


@dataclass(slots=True)
class Graph:
    """`start`, `to`, `by` are rows of edges (see `components`). A label is the number of the action instance
    times `order`, plus, in a graph of representatives (with `permutations`), the renaming that makes the
    state after the step its representative.

    `initial` are the numbers of the initial states. `states` are handles of the space, or rows of words.
    """

    space: StateSpace
    backend: Backend
    states: Any
    number: int
    initial: list[int]
    start: Array
    to: Array
    by: Array
    compiled: Compiled | None
    permutations: PermutationTables | None = None
    sorted: bool = False

    @property
    def order(self) -> int:
        """The number of renamings."""
        return self.permutations.order if self.permutations is not None else 1

    @property
    def large(self) -> bool:
        """Whether the renamings are too many for tables of all."""
        return self.permutations is not None and isinstance(self.permutations.group, LargeGroup)

    @property
    def stutter(self) -> int:
        """The label of a step that changes nothing: it stands after those of all action instances."""
        return len(self.space.model.instances) * self.order

    @property
    def labels(self) -> str:
        """The kind of array that labels need."""
        return label_kind(self.stutter)

    @property
    def edges(self) -> int:
        return int(self.start[self.number])

    def handle(self, number: int) -> Handle:
        """A state as the engines keep it."""
        if not self.backend.native:
            return self.states[number]
        from explorer.engine.native.levels import integers

        return integers(self.states[number : number + 1])[0]

    def state(self, number: int, element: int = 0) -> State:
        """The codes of a state, or of what an element of the group makes of it."""
        handle = self.handle(number)
        if self.permutations is not None:
            handle = self.permutations.renamed(element, handle)
        return self.space.decode(handle) if self.compiled is None else self.compiled.layout.unpack(handle)

    def sort(self) -> None:
        """Put every row in the order of the action instances, so that searches find the same from every
        engine.
        """
        if not self.sorted:
            self.backend.run.sort_rows(self.start, self.to, self.by, self.number)
            self.sorted = True

    def least(self, turned: Table, copies: int) -> Array:
        """For each state and copy of a formula what leaves the state as it is and makes the copy the least
        (see `PermutationTables.least`).
        """
        assert self.permutations is not None
        if not self.backend.native:
            return self.permutations.least(self.states, turned, copies)
        return _native_least(self, self.permutations, turned, copies)

    def truth(self, conditions: list[Expr]) -> list[Array]:
        """For each condition, a flag for each state: whether it holds there."""
        if self.backend.native:
            return _native_truth(self, conditions)
        if self.compiled is None:
            return [bytearray(evaluate(c, s) for s in self.states) for c in conditions]
        return [bytearray(function(self.states)) for function in _plain_flags(self, conditions)]


def _plain_flags(graph: Graph, conditions: list[Expr]) -> list[Callable[[Any], Any]]:
    """Generated Python functions: for a list of packed states, whether a condition holds in each."""
    assert graph.compiled is not None
    compiled = graph.compiled
    codes = [
        compiled.once(("flags", c), partial(flags, compiled.program, compiled.layout, c)) for c in conditions
    ]
    return [run_source(code.text, "<flags>")["flags"] for code in codes]


def label_kind(stutter: int) -> str:
    """The kind of array for labels below that of stuttering."""
    return "label" if stutter < (1 << 16) - 1 else "number"


def go_on(limits: Limits) -> None:
    """Raises Refused where a limit is reached."""
    reached = limits.reached(0)
    if reached:
        raise Refused(reached)


def afford(need: int, what: str, limits: Limits) -> None:
    """Raises Refused where there is no memory for so many bytes."""
    left = (
        limits.max_memory - resident_bytes()
        if limits.max_memory is not None
        else int(0.8 * available_bytes())
    )
    if need > left:
        raise Refused(
            f"{what} needs about {need / 2**30:.1f} GiB more, --max-memory leaves"
            f" {max(left, 0) / 2**30:.1f} GiB"
        )


def estimate(space: StateSpace, words: int) -> int:
    """Bytes that liveness will take on top of what the process has now."""
    slots = 0 if words == 1 and space.quotient is None else 1 << (3 * space.distinct // 2).bit_length()
    return (
        space.distinct * (BYTES_STATE + 8 * words)
        + 4 * slots
        + space.transitions * (BYTES_EDGE + 2 * (space.quotient is not None))
    )


def estimate_product(
    graph: Graph, places: int, limits: Limits, what: str = "the product with its automaton"
) -> None:
    """Raises Refused where a graph with so many copies of each state may not fit into memory."""
    if not graph.backend.native:
        return
    afford(graph.number * places * (BYTES_STATE + 12) + graph.edges * places * BYTES_EDGE, what, limits)
    if graph.number * places >= 1 << 31:
        raise Refused(f"{what} may have more than 2**31 nodes")


def _native_least(graph: Graph, permutations: PermutationTables, turned: Table, copies: int) -> Array:
    import numpy as np

    from explorer.codegen.native_permutations import renaming_source
    from explorer.engine.native.jit import Jit, default_directory

    plan = permutations.compiled.plan
    assert plan is not None
    code = Jit(default_directory()).module(renaming_source(plan, graph.states.shape[1]))
    least = graph.backend.array("label", graph.number * copies)
    code.least_copies(
        graph.states,
        graph.number,
        np.array(permutations.group.left, np.int64),
        np.array(permutations.tour, np.int64),
        np.array(turned, np.int64),
        copies,
        least,
    )
    return least


def _native_truth(graph: Graph, conditions: list[Expr]) -> list[Array]:
    import numpy as np

    from explorer.codegen.native_flags import flag_source
    from explorer.engine.native.jit import Jit, default_directory
    from explorer.engine.native.levels import integers

    assert graph.compiled is not None
    text = None
    if not any(at.op == "apply" for condition in conditions for at in walk(condition)):
        with suppress(BeyondWord):
            text = flag_source(graph.compiled.program, graph.compiled.layout, conditions)
    if text is None:
        return [
            np.array(flags_of(integers(graph.states)), np.uint8)
            for flags_of in _plain_flags(graph, conditions)
        ]
    function = Jit(default_directory()).module(text).flags
    out = np.zeros((len(conditions), graph.number), np.uint8)
    function(graph.states, out)
    return list(out)
