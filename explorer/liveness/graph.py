"""The state graph of an explored space: every visited state has a number, every step that changes the state
is an edge.

Steps out of the visited states (of a bounded run, or beyond a constraint) are edges to the number of states,
which is no state: they count for what is enabled. Small graphs are lists made by the engine's own functions,
large ones arrays made by machine code. Knows nothing of fairness and of formulas.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import Any

from explorer.codegen.python_conditions import flags
from explorer.engine.limits import Limits, available_bytes, resident_bytes
from explorer.engine.python import Compiled, run_source
from explorer.engine.space import Handle, StateSpace
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, walk
from explorer.ir.semantics import State, evaluate
from explorer.liveness.arrays import Array
from explorer.liveness.backend import Backend, Native, Plain, backend_source
from explorer.liveness.permutation_labels import PermutationTables, permutation_tables
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.group import LARGEST, LargeGroup, Table

NATIVE_FROM, COMPILE_FROM = 100_000, 1_000_000
"""Transitions from which machine code is worth the time to load it (0.5 s), and that to compile it (3 to
8 s), whatever engine has found them. Lists take 5 microseconds for each.
"""

ROOM = 1 << 13
"""Steps that are listed at once: few enough to stay near the processor."""

BYTES_STATE, BYTES_EDGE = 56, 6
LISTED_STATE, LISTED_EDGE = 300, 100
"""Memory that the graph and the search for components take, states themselves not counted (8 for each of
their words); and all that lists take.
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
        return _labels(self.stutter)

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


def _labels(stutter: int) -> str:
    return "label" if stutter < (1 << 16) - 1 else "number"


def build(space: StateSpace, limits: Limits) -> Graph:
    """The graph of a space. Raises Refused where memory does not suffice or a bound is reached."""
    if _pays(space):
        with suppress(BeyondWord):
            return _native(space, limits)
    if space.transitions >= COMPILE_FROM:
        plan = None if space.engine == "reference" else space.compiled.plan
        order = 1 if plan is None else plan.order
        why = (
            f" under {order:,} renamings (more than {LARGEST:,}: no machine code)" if order > LARGEST else ""
        )
        _afford(LISTED_STATE * space.distinct + LISTED_EDGE * space.transitions, f"liveness{why}", limits)
    states = [state for level in space.levels for state in level]
    numbers = {state: i for i, state in enumerate(states)}
    compiled = None if space.engine == "reference" else space.compiled
    permutations = permutation_tables(compiled, Plain()) if compiled is not None else None
    size = permutations.order if permutations is not None else 1
    renaming = permutations.renaming() if permutations is not None else None
    leaving, to, by = [0] * len(states), [], []
    for level in space.levels:
        for source, instance, target in space.edges(level, None):
            if source != target:
                leaving[numbers[source]] += 1
                end, element = numbers.get(target), 0
                if end is None:
                    if renaming is not None:  # a state that was visited is its own representative
                        target, element = renaming(target)
                    end = numbers.get(target, len(states))
                to.append(end)
                by.append(instance * size + element)
        _go_on(limits)
    return Graph(
        space=space,
        backend=Plain(),
        states=states,
        number=len(states),
        initial=list(range(space.initial)),
        start=[0, *accumulate(leaving)],
        to=to,
        by=by,
        compiled=compiled,
        permutations=permutations,
    )


def _go_on(limits: Limits) -> None:
    reached = limits.reached(0)
    if reached:
        raise Refused(reached)


def _afford(need: int, what: str, limits: Limits) -> None:
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
    _afford(graph.number * places * (BYTES_STATE + 12) + graph.edges * places * BYTES_EDGE, what, limits)
    if graph.number * places >= 1 << 31:
        raise Refused(f"{what} may have more than 2**31 nodes")


def _pays(space: StateSpace) -> bool:
    """Whether machine code is sooner done than lists are; a group without tables of all needs lists."""
    if space.engine == "reference" or importlib.util.find_spec("numba") is None:
        return False
    if space.compiled.plan is not None and space.compiled.plan.order > LARGEST:
        return False
    if space.transitions >= COMPILE_FROM:
        return True
    if space.transitions < NATIVE_FROM:
        return False
    from explorer.engine.native.jit import Jit, default_directory

    with suppress(BeyondWord):
        return all(map(Jit(default_directory()).ready, _texts(space)))
    return False


def _texts(space: StateSpace) -> list[str]:
    """The modules of machine code that the graph of a space is made by, but for those of its conditions."""
    from explorer.codegen.native_functions import native_source
    from explorer.codegen.native_permutations import renaming_source

    program, layout, plan = space.compiled.program, space.compiled.layout, space.compiled.plan
    renaming = [] if plan is None else [renaming_source(plan, layout.words)]
    return [native_source(program, layout).edges, _kernels(), backend_source(), *renaming]


def _native(space: StateSpace, limits: Limits) -> Graph:
    import numpy as np

    from explorer.codegen.native_functions import native_source
    from explorer.codegen.native_permutations import renaming_source
    from explorer.engine.native.arrays import Steps
    from explorer.engine.native.jit import Jit, default_directory
    from explorer.engine.native.machine import functions, rule_arrays, running
    from explorer.engine.native.visited import reserve

    compiled, backend = space.compiled, Native()
    permutations = permutation_tables(compiled, backend)
    size = permutations.order if permutations is not None else 1
    words = compiled.layout.words
    _afford(estimate(space, words), "liveness", limits)
    number = space.distinct
    if number >= 1 << 31 or len(space.model.instances) * size >= (1 << 32) - 1:
        raise Refused("the state graph has more than 2**31 states or 2**32 labels")
    source = native_source(compiled.program, compiled.layout)
    jit = Jit(default_directory())
    expand, rules = jit.module(source.edges).edges, rule_arrays(source.tables, words)
    asked = functions(compiled, source.tables.columns)
    kernels = jit.module(_kernels())
    states = reserve(number * words, np.uint64)[: number * words].reshape(number, words)
    initial = _states(space, words, states)
    near = words == 1 and permutations is None  # else steps do not lead to states nearby
    slots = reserve(1 if near else 1 << (3 * number // 2).bit_length(), np.uint32)
    if not near:
        kernels.number_states(states, 0, number, slots)
    start = reserve(number + 1, np.uint32)[: number + 1]
    kind = np.uint16 if _labels(len(space.model.instances) * size) == "label" else np.uint32
    to, by = reserve(space.transitions + ROOM, np.uint32), reserve(space.transitions + ROOM, kind)
    room = ROOM + 2 * len(rules.shapes)
    steps = Steps.empty(room, words)
    targets, last = np.empty(room, np.int64), np.zeros(len(source.tables.numbers), np.int64)
    scratch = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.bool_)
    numbers, turn = np.array(source.tables.numbers, np.int64), np.zeros(room, np.int64)
    rename = (
        jit.module(renaming_source(compiled.plan, words)).rename_rows if compiled.plan is not None else None
    )
    left_by = np.array(permutations.group.left, np.int64) if permutations is not None else None
    edges, at = 0, 0
    while at < number:
        _go_on(limits)
        steps.length[0] = 0
        rows = states[at : at + ROOM]
        with running(asked):
            left = expand(rows, (0, len(rows)), steps, rules)
            count = int(steps.length[0])
            rule, target = steps.rules, steps.successors
            if rename is not None:
                rename(target, count, left_by, turn)
        if edges + count > len(to):
            to, by = np.resize(to, edges + count + len(to) // 2), np.resize(by, edges + count + len(by) // 2)
        if near:
            kernels.find_near(states, number, rule, target, count, targets, last)
        else:
            kernels.find_hashed(states, number, slots, target, count, targets, *scratch)
        edges = kernels.add_edges(
            states,
            at,
            steps.origins,
            rule,
            target,
            turn,
            size,
            count,
            targets,
            at + left,
            start,
            to,
            by,
            edges,
            numbers,
        )
        if edges >= 1 << 32:
            raise Refused("the state graph has more than 2**32 steps")
        at += left
    return Graph(
        space=space,
        backend=backend,
        states=states,
        number=number,
        initial=initial,
        start=start,
        to=to[:edges],
        by=by[:edges],
        compiled=compiled,
        permutations=permutations,
    )


def _states(space: StateSpace, words: int, states: Any) -> list[int]:
    """All states as rows of words, and which of them are initial. Those of one word are sorted: steps lead to
    states nearby.
    """
    import numpy as np

    from explorer.engine.native.levels import TableLevel, words_of

    places, first, table = np.full(len(space.levels), -1, np.int64), 0, None
    for number, level in enumerate(space.levels):
        at: Any = level
        if isinstance(at, TableLevel):
            places[number], table = first, at
        else:
            states[first : first + len(level)] = (
                at.words() if hasattr(at, "words") else words_of(list(level), words)
            )
        first += len(level)
    if table is not None:
        table.all_levels(places, states)
    if words > 1:
        return list(range(space.initial))
    initial = states[: space.initial, 0].copy()
    states[:, 0].sort()
    result: list[int] = np.searchsorted(states[:, 0], initial).tolist()
    return result


def _kernels() -> str:
    from pathlib import Path

    return Path(__file__).with_name("graph_kernels.py").read_text()


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
