"""One run: a model is explored by the engine that was asked for, with what symmetry it may use, and judged.
Writes nothing to disk.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from explorer.command.arguments import UsageError
from explorer.engine.limits import Limits, Observer, available_bytes
from explorer.engine.space import StateSpace
from explorer.ir.errors import nearest
from explorer.ir.model import Model
from explorer.render.formats import GRAPHS
from explorer.symmetry.find import Symmetry, find
from explorer.verdict.verdict import Verdict, judge

if TYPE_CHECKING:
    from explorer.engine.guards import Counts
    from explorer.liveness.check import Answer

LARGE = 1_000_000
"""States from which the memory that liveness needs is said before it begins."""


class Exploration:
    """How models are explored and judged, as the options of a command say. Raises UsageError where they
    contradict each other.
    """

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.limits = Limits(
            options.max_states,
            options.max_depth,
            options.timeout,
            options.max_memory or int(0.8 * available_bytes()),
        )
        alone = options.engine in ("reference", "python")
        if alone and (options.workers != 1 or options.storage != "exact"):
            what = f"--workers {options.workers}" if options.workers != 1 else f"--storage {options.storage}"
            raise UsageError(
                f"{what}: the {options.engine} engine has one worker and exact storage; write: --engine"
                " native"
            )
        most = max(16, 2 * (os.cpu_count() or 1))
        if options.workers > most:
            raise UsageError(
                f"--workers {options.workers}: at most {most} on this machine; write: --workers"
                f" {os.cpu_count() or 1}"
            )

    @property
    def only(self) -> tuple[str, ...]:
        """The properties that are asked for; all if there are none."""
        return tuple(self.options.property)

    def check_properties(self, model: Model) -> None:
        """UsageError where a property is asked for that the model does not have."""
        known = [p.name for p in model.stated] + ["deadlock", "evaluation"]
        for name in self.only:
            if name not in known:
                raise UsageError(f"--property {name}: no such property; {nearest(name, known)}")

    def judged(self, model: Model, counts: bool = True) -> tuple[StateSpace, Verdict]:
        """The space of a model and the verdict on it; with `counts` of its guards, where somebody will see
        them.
        """
        self.check_properties(model)
        self.limits.restart()
        space = self.explore(model)
        answers = self.liveness(space)
        found = self.guards(space) if counts else None
        return space, judge(space, only=self.only, strict=self.options.strict, answers=answers, counts=found)

    def explore(self, model: Model) -> StateSpace:
        from explorer.command.progress import watching

        started = time.monotonic()
        found = self.symmetry(model)
        proved = time.monotonic() - started
        with watching(model.name) as observer:
            if found is None:
                return self.engine()(model, self.limits, observer)
            space: StateSpace = self.engine()(model, self.limits, observer, symmetry=found)  # type: ignore[call-arg]
            if found.ordered and space.quotient and {*found.ordered, "evaluation"} & space.violations.keys():
                space = self.engine()(model, self.limits, observer)
        space.refused = found.refused
        space.seconds += proved
        space.phases = {"symmetry": proved, **space.phases}
        return space

    def symmetry(self, model: Model) -> Symmetry | None:
        """What symmetry a run may use; None where every single state is wanted: by the judge, in a picture,
        on walks.
        """
        options = self.options
        whole = options.graph or not GRAPHS.keys().isdisjoint((options.format, *options.write))
        if options.no_symmetry or options.engine == "reference" or options.simulate or whole:
            return None
        return find(model, self.only)

    def liveness(self, space: StateSpace) -> dict[str, Answer]:
        """Temporal properties, after safety and on its graph."""
        if not any(not self.only or p.name in self.only for p in space.model.temporal):
            return {}
        from explorer.liveness.check import check, forecast

        if space.distinct >= LARGE:
            print(forecast(space), file=sys.stderr)
        return check(space, self.limits, self.only)

    def guards(self, space: StateSpace) -> Counts | None:
        """How often each guard stopped its action, where that is cheap or asked for."""
        from explorer.engine.guards import count

        formats = (self.options.format, *self.options.write)
        return count(space, asked="html" in formats or "json" in self.options.write)

    def engine(self) -> Callable[[Model, Limits, Observer], StateSpace]:
        """The engine that was asked for. Only the large ones import what they need."""
        options = self.options
        if options.simulate:
            from explorer.engine import random_walks as walks

            compiled = options.engine != "python" and importlib.util.find_spec("numba") is not None
            return partial(
                walks.explore, options=walks.Options(options.runs, options.steps, options.seed, compiled)
            )
        if options.engine == "reference":
            from explorer.engine import reference

            return reference.explore
        if options.engine == "python":
            from explorer.engine import python

            return python.explore
        if options.engine == "native" or options.workers > 1 or options.storage != "exact":
            if importlib.util.find_spec("numba") is None:
                raise UsageError("the native engine needs Numba; write: pip install numba")
            from explorer.engine.native import search as native

            return partial(
                native.explore,
                options=native.Options(options.workers, options.storage, options.fingerprint or 40),
            )
        from explorer.engine import auto as tiered

        return tiered.explore
