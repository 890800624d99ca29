"""What is asked of a space after its search, answered by machine code where that pays: the steps of states,
the way to some, and whether a condition holds anywhere. Knows nothing of the search itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, Protocol, TypeVar

import numpy as np

from explorer.codegen.native_functions import native_source, witness_source
from explorer.codegen.native_ways import ways_source
from explorer.codegen.python_conditions import reads_next
from explorer.engine.lanes import Costs, Lanes
from explorer.engine.native.arrays import Steps, WordRows
from explorer.engine.native.candidates import ArrayCandidates
from explorer.engine.native.into import StepsInto
from explorer.engine.native.jit import Jit, default_directory, into_source, undo_source
from explorer.engine.native.levels import NativeLevel, TableLevel, integers, words_of
from explorer.engine.native.machine import Machine
from explorer.engine.native.undo import Undo
from explorer.engine.native.ways import MOST_LANES, ArrayCosts, before
from explorer.engine.python import Compiled, run_source, witness_function
from explorer.engine.space import Edge
from explorer.engine.space_builder import SpaceBuilder
from explorer.ir.expressions import Expr
from explorer.program.machine_word import BeyondWord

T = TypeVar("T")

OWN = ("ways", "edges")
"""Functions that are made for one program; the others serve all."""
ASKED = 1 << 15
"""States of a visited set that is asked for candidates, in place of a level that is collected from it."""

SMALL = 1 << 18
"""States from which compiled code pays without a doubt."""

FEW, LEAST, WORTH = 32, 4, 2.0
"""States whose steps Python lists faster than machine code is loaded and called, and than it is called;
seconds that it may take for all such questions before machine code is compiled for them.
"""
LOADED, ONCE = 256, 0.2
"""States of a level from which the code that lists steps by that of the search is loaded, in 10 ms; seconds
that Python may take before it is compiled, for all specs.
"""
QUICK, EACH, SLOW = 4, 8, 16
"""How many candidates cost as much as a state that machine code expands, as one that it expands alone, and as
one that Python does or machine code under a symmetry.
"""


class Visited(Protocol):
    """The states that a condition is looked for in."""

    levels: Any

    @property
    def distinct(self) -> int: ...


class Questions:
    """Answers about the states of one program."""

    def __init__(self, compiled: Compiled, machine: Machine):
        self.compiled, self.machine, self.words = compiled, machine, compiled.layout.words
        self.texts: dict[str, str] = {}
        self.cached: dict[str, bool] = {}
        self.modules: dict[str, Any] = {}
        self.listed, self.listing = 0, 0.0
        """States whose steps Python has listed, and the seconds it took."""

    def builder(self, options: Any, started: float, workers: int = 1) -> SpaceBuilder:
        """The counters of a search by machine code, which has these answers; `options` as in
        `native.search.Options`.
        """
        layout = self.compiled.layout
        space = SpaceBuilder(
            compiled=self.compiled,
            engine="native",
            started=started,
            decode=layout.unpack,
            edges=self.edges,
            before=lambda level, later, lanes: self.before(level, later, lanes, space.walked is not None),
            somewhere=lambda condition: self.somewhere(space, condition),
            bits=layout.cell_bits,
            workers=workers,
            storage=options.storage,
            max_omission=options.max_omission,
            notes=[*self.compiled.notes, *self.machine.notes],
        )
        return space

    def edges(self, states: Iterable[int], targets: Any) -> list[Edge]:
        """The steps that leave some states, into the targets where some are given."""
        size = len(states) if isinstance(states, (NativeLevel, TableLevel, list, tuple, set)) else 0
        if targets is not None or size < FEW or not self._at_hand("edges", size):
            return self._listed(size, lambda: self.compiled.edges(states, targets))
        rows = (
            states.words()
            if isinstance(states, (NativeLevel, TableLevel))
            else words_of(list(states), self.words)
        )
        return self._edges(rows)

    def before(self, level: Any, later: Costs, lanes: Lanes, walked: bool = False) -> Costs:
        """The costs of the states of a level from which a step leads to one that has a cost. A state may be
        its own successor only where levels were `walked`.
        """
        if lanes.number > MOST_LANES:
            known = dict(later.items())
            rows = self._before(level, words_of([*known], self.words), SLOW)
            return self._listed(len(rows), lambda: self.compiled.costs_of(integers(rows), known, lanes))
        costs = ArrayCosts.of(later, self.words)
        name = "ways" if walked else self._lister(len(level))
        quick = name in self.modules and self.compiled.plan is None
        most = SLOW if not quick else QUICK if name == "ways" else EACH
        rows = self._before(level, costs.states, most)
        size = len(rows)
        few = FEW if name not in self.modules else LEAST
        if size < few or name == "python" or not self._at_hand(name, size):
            known = dict(costs.items())
            return self._listed(size, lambda: self.compiled.costs_of(integers(rows), known, lanes))
        function, rows = getattr(self.modules[name], name), np.ascontiguousarray(rows)
        if name == "into":
            into = self.into
            assert into is not None
            return self._listed(size, lambda: into.before(function, rows, costs, lanes))
        rules = self.machine.rules, self.machine.numbers
        with self.machine.running():
            return before(function, rows, costs, lanes, rules)

    def _before(self, level: Any, later: WordRows, most: int) -> WordRows:
        """The candidates of a level for steps into `later`."""
        if isinstance(level, TableLevel):
            found = self._asked(level, later)
            if found is not None:
                return found
        rows = level.words() if isinstance(level, (NativeLevel, TableLevel)) else words_of(level, self.words)
        return self.candidates.among(rows, later, most)

    def _asked(self, level: TableLevel, later: WordRows) -> WordRows | None:
        """The same, of a visited set that is asked; None where the level is to be collected. Machine code
        that helps there, too, is loaded.
        """
        states, undo = level.together(), self.undo
        if states < ASKED or undo is None or not self._at_hand("undo", states):
            return None
        kernels, symmetric = self.modules["undo"], self.compiled.plan is not None
        if not symmetric and not undo.alone:
            return undo.before(kernels, level, later)
        self.candidates.quicken(kernels, partial(undo.listed, kernels))
        if symmetric and self._cached("ways") and self._at_hand("ways", 0):
            self.candidates.by_orbit(self.modules["ways"])
        return None

    def _lister(self, size: int) -> str:
        """What is to list the steps from a level of so many states: Python if they are few, else what takes
        the code of the search, unless `ways`, which is quicker and made for the program, is at hand or pays.
        """
        if self.into is None or self.listing >= WORTH:
            return "ways"
        if size < LOADED and not self.modules:
            return "python"
        if self._cached("ways"):
            return "ways"
        self._at_hand("into", 0)
        return "into"

    @cached_property
    def into(self) -> StepsInto | None:
        """What lists steps by the code of the search, where it can. Under a symmetry that code does not tell
        what becomes of a lane; it does not leave the states that a constraint cuts.
        """
        compiled = self.compiled
        if compiled.plan is not None or compiled.model.constraints:
            return None
        steps = StepsInto(self.machine, compiled.layout)
        return steps if steps.possible else None

    @cached_property
    def undo(self) -> Undo | None:
        """What undoes rules, where that is possible."""
        origins = self.compiled.candidates.origins
        return None if origins is None else Undo(origins, self.words)

    @cached_property
    def candidates(self) -> ArrayCandidates:
        compiled = self.compiled
        return ArrayCandidates(compiled.candidates.origins, self.words, compiled.plan)

    def _listed(self, size: int, work: Callable[[], T]) -> T:
        """What Python says of the steps of so many states; note how long that takes."""
        begun = time.monotonic()
        result = work()
        self.listed, self.listing = self.listed + size, self.listing + time.monotonic() - begun
        return result

    def _at_hand(self, name: str, size: int) -> bool:
        """Whether machine code looks at the steps of so many states: it is at hand, or Python takes too
        long.
        """
        if name in self.modules:
            return True
        cached = self._cached(name)
        forecast = self.listing
        if self.listed:
            forecast += size * self.listing / self.listed
        worth = WORTH if name in OWN else min(ONCE, WORTH)
        if forecast < worth and size < SMALL and not cached:
            return False
        self.modules[name] = Jit(default_directory()).module(self.texts[name])
        return True

    def _cached(self, name: str) -> bool:
        """Whether machine code lay on disk when it was first asked for."""
        program, layout, plan = self.compiled.program, self.compiled.layout, self.compiled.plan
        if name not in self.texts:
            if name == "edges":
                self.texts[name] = native_source(program, layout, plan).edges
            elif name == "ways":
                self.texts[name] = ways_source(program, layout, plan)
            else:
                self.texts[name] = into_source() if name == "into" else undo_source()
            self.cached[name] = Jit(default_directory()).ready(self.texts[name])
        return self.cached[name]

    def _edges(self, rows: Any) -> list[Edge]:
        room = 1 << 16
        room += 2 * len(self.machine.numbers)
        steps, numbers = Steps.empty(room, self.words), self.machine.numbers
        result, at = list[Edge](), 0
        while at < len(rows):
            steps.length[0] = 0
            with self.machine.running():
                at = self.modules["edges"].edges(rows, (at, len(rows)), steps, self.machine.rules)
            n = int(steps.length[0])
            sources, ends = integers(rows[steps.origins[:n]]), integers(steps.successors[:n])
            result += zip(sources, [numbers[rank] for rank in steps.rules[:n]], ends)
        return result

    def somewhere(self, space: Visited, condition: Expr) -> bool:
        """Whether a condition holds in any visited state, or on any step."""
        text = None
        if space.distinct >= SMALL and not reads_next(condition):
            with suppress(BeyondWord):
                text = witness_source(self.compiled.program, self.compiled.layout, condition)
        if text is None:
            result = witness_function(self.compiled, condition)
            return any(result(level) for level in space.levels)
        witness = run_source(text, "<witness>")["witness"]
        if self.machine.functions is not None:
            self.machine.functions.know([condition])
        with self.machine.running():
            return any(
                witness(
                    level.words()
                    if isinstance(level, (NativeLevel, TableLevel))
                    else words_of(list(level), self.words)
                )
                for level in space.levels
            )
