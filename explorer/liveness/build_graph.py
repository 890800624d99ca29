"""The state graph of a space, by lists or by machine code: whichever is sooner done."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from itertools import accumulate

from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.liveness.backend import Plain, backend_source, graph_source
from explorer.liveness.graph import Graph, afford, go_on
from explorer.liveness.permutation_labels import permutation_tables
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.group import LARGEST

NATIVE_FROM, COMPILE_FROM = 100_000, 1_000_000
"""Transitions from which machine code is worth the time to load it (0.5 s), and that to compile it (3 to
8 s), whatever engine has found them. Lists take 5 microseconds for each.
"""

LISTED_STATE, LISTED_EDGE = 300, 100
"""Memory that lists take."""


def build(space: StateSpace, limits: Limits) -> Graph:
    """The graph of a space. Raises Refused where memory does not suffice or a bound is reached."""
    if _pays(space):
        from explorer.liveness.native_graph import native_graph

        with suppress(BeyondWord):
            return native_graph(space, limits)
    if space.transitions >= COMPILE_FROM:
        plan = None if space.engine == "reference" else space.compiled.plan
        order = 1 if plan is None else plan.order
        why = (
            f" under {order:,} renamings (more than {LARGEST:,}: no machine code)" if order > LARGEST else ""
        )
        afford(LISTED_STATE * space.distinct + LISTED_EDGE * space.transitions, f"liveness{why}", limits)
    return _listed(space, limits)


def _listed(space: StateSpace, limits: Limits) -> Graph:
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
        go_on(limits)
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
    return [native_source(program, layout).edges, graph_source(), backend_source(), *renaming]
