"""The python engine: runs the generated source under CPython, level by level. Starts in milliseconds.

States are packed integers; the visited set is a Python set, the levels are lists, and no predecessor is
stored: traces are found by expanding the levels again. Under a symmetry only representatives are visited.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

from explorer.codegen.python_conditions import witness
from explorer.engine.boundary import count_on
from explorer.engine.checkpoint import Checkpoint, Saved
from explorer.engine.compiled import Compiled as Compiled
from explorer.engine.compiled import run_source as run_source
from explorer.engine.limits import Limits, Observer, Prefix, Progress, ignore
from explorer.engine.space import Edge, StateSpace
from explorer.engine.space_builder import SpaceBuilder
from explorer.ir.expressions import Expr, Failure
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry

CHUNK, LEAST, WORK = 4096, 16, 16_384
"""States that are expanded between two looks at the clock: at most, at least, and so many that there are
about WORK successors.
"""

REPRESENTATIVE = 8
"""Transitions that take as long as finding the representative of one successor."""


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    symmetry: Symmetry | None = None,
    checkpoint: Checkpoint | None = None,
) -> StateSpace:
    """Visit every reachable state with generated code; one of each orbit where a symmetry is given."""
    started = time.monotonic()
    compiled = Compiled(model, symmetry)
    return Search(compiled, limits or Limits(), observer, started, checkpoint=checkpoint).run()


class Flagged:
    """Judges states by the generated functions and notes what fails in a state space; shared by the compiled
    engines.
    """

    def __init__(self, compiled: Compiled, space: SpaceBuilder):
        self.compiled, self.space = compiled, space
        program = compiled.program
        self.fallible = (
            any(r.checks or any(t.checks for t in r.guard) for r in program.rules)
            or any(j.checks for j in (*program.invariants, *program.constraints, program.terminal))
            or any(p.kind == "step" for p in compiled.model.properties)
        )

    @cached_property
    def _expansion(self) -> tuple[Any, Any]:
        """The code that expands states, and its function: made when the first state is looked at."""
        code, functions = self.compiled.code("expand")
        return code, functions["expand"]

    @cached_property
    def _judgements(self) -> tuple[Any, Any]:
        """The code that judges states, and its functions."""
        return self.compiled.code("judgements")

    def watched(self, depth: int) -> list[bool]:
        """For each invariant, whether it could still fail first at this level, or in another part of it."""

        def open_(name: str) -> bool:
            known = self.space.violations.get(name)
            return known is None or known.level == depth

        return [
            open_(j.name) or (bool(j.checks) and open_("evaluation"))
            for j in self.compiled.program.invariants
        ]

    def wanted(self, depth: int) -> bool:
        """Whether expanding a flagged state of a level could still show something new."""
        names = ["deadlock", *(p.name for p in self.compiled.model.properties if p.kind == "step")] + [
            "evaluation"
        ] * self.fallible
        return any(
            name not in self.space.violations or self.space.violations[name].level == depth for name in names
        )

    def check(self, level: list[int], depth: int) -> None:
        """The invariants on states of a new level; those that failed before are done with."""
        failed: list[tuple[int, int, int]] = []
        for i, watched in enumerate(self.watched(depth)):
            if not watched:
                continue
            violation = self._judgements[1][f"invariant_{i}"](level, failed)
            record = (
                self.space.note(self.compiled.program.invariants[i].name, "invariant", depth)
                if violation
                else None
            )
            if record:
                record.states.extend(violation)
        self.fail(failed, self._judgements[0].failures, depth)

    def inside(self, states: list[int], depth: int, cut: dict[str, int] | None = None) -> list[int]:
        """The states that no constraint keeps from being expanded, counted in `cut`; one without a value
        keeps nothing.
        """
        failed: list[tuple[int, int, int]] = []
        for i, (name, _) in enumerate(self.compiled.model.constraints):
            outside = set(self._judgements[1][f"constraint_{i}"](states, failed))
            if outside and cut is not None:
                cut[name] = cut.get(name, 0) + len(outside)
            states = [s for s in states if s not in outside] if outside else states
        self.fail(failed, self._judgements[0].failures, depth)
        return states

    def expand_all(self, states: list[int], depth: int) -> None:
        """Note what happens when states are expanded that were counted already."""
        n = len(self.compiled.model.instances)
        self.inside(states, depth)
        self.chunk(states, visited=_Everything(), fresh=[], enabled=[0] * n, changed=[0] * n, depth=depth)

    def chunk(
        self,
        states: list[int],
        visited: Any,
        fresh: list[int],
        enabled: list[int],
        changed: list[int],
        depth: int,
        bounds: tuple[int, int] = (1 << 62, 0),
    ) -> tuple[int, int]:
        """Expand states and note broken steps, failures and deadlocks; the least and most successors of a
        state.
        """
        dead: list[int] = []
        failed: list[tuple[int, int, int]] = []
        broken: list[tuple[int, Edge]] = []
        expand = self._expansion[1]
        least, most = expand(states, visited, fresh, enabled, changed, dead, failed, broken, *bounds)
        for number, edge in broken:
            record = self.space.note(self._expansion[0].step_names[number], "step", depth)
            if record:
                record.edges.append(edge)
        self.fail(failed, self._expansion[0].failures, depth)
        if dead:
            stuck = {s for s, _, _ in failed}
            unknown: list[tuple[int, int, int]] = []
            ends = self._judgements[1]["terminal"]([s for s in dead if s not in stuck], unknown)
            self.fail(unknown, self._judgements[0].failures, depth)
            record = self.space.note("deadlock", "deadlock", depth) if ends else None
            if record:
                record.states.extend(ends)
        return least, most

    def fail(self, failed: list[tuple[int, int, int]], failures: list[Failure], depth: int) -> None:
        for state, instance, number in failed:
            self.space.note_failure(depth, state, instance, failures[number])


class _Everything:
    """A visited set that has every state."""

    def __contains__(self, state: int) -> bool:
        return True

    def add(self, state: int) -> None:
        raise AssertionError(state)


def witness_function(compiled: Compiled, condition: Expr) -> Any:
    """A function that says whether a condition holds in any of some states."""
    code = compiled.once(
        ("witness", condition), lambda: witness(compiled.program, compiled.layout, condition)
    )
    return run_source(code.text, f"<witness of {compiled.model.name}>")["witness"]


class Search:
    """One exploration; `step` does one level, so that another engine can take over in between."""

    def __init__(
        self,
        compiled: Compiled,
        limits: Limits,
        observer: Observer,
        started: float,
        *,
        checkpoint: Checkpoint | None = None,
    ):
        self.compiled, self.limits, self.observer, self.started = compiled, limits, observer, started
        self.checkpoint = checkpoint
        for part in ("expand", "judgements"):
            compiled.code(part)
        self.space = SpaceBuilder(
            compiled=compiled,
            engine="python",
            started=started,
            decode=compiled.layout.unpack,
            edges=compiled.edges,
            before=compiled.before,
            somewhere=self.somewhere,
            bits=compiled.layout.cell_bits,
            phases={"compile": time.monotonic() - started},
            notes=[*compiled.notes],
        )
        self.flagged = Flagged(compiled, self.space)
        self.level = compiled.initial()
        self.sizes: list[int] = []
        compiled.seen.clear()
        self.visited = set(self.level)
        saved = checkpoint.begin(compiled, "exact") if checkpoint is not None else None
        if saved is not None:
            self._go_on(saved)
        limits.searching()

    def _go_on(self, saved: Saved) -> None:
        """Begin where an earlier search has ended."""
        count_on(self.space, saved.counts)
        self.started = self.space.started = time.monotonic() - saved.counts["seconds"]
        self.visited, self.sizes = set(), saved.sizes[:-1]
        for number in range(len(saved.sizes)):
            self.level = saved.integers(number)
            self.visited.update(self.level)
            self.space.levels.append(self.level)
        self.space.levels.pop()

    def run(self) -> StateSpace:
        while self.level and not self.space.stopped:
            self.step()
        return self.result()

    def result(self) -> StateSpace:
        """The space, when the search is over."""
        if self.checkpoint is not None and not self.space.stopped:
            self.checkpoint.boundary(self.space, [])
        return self.space.space()

    def step(self) -> None:
        """Check and expand one level."""
        depth = len(self.space.levels)
        if self.checkpoint is not None:
            self.checkpoint.boundary(self.space, self.level)
        self.space.levels.append(self.level)
        self.sizes.append(len(self.level))
        begun = time.monotonic()
        self.space.orbits_sum += self.compiled.orbits(self.level)
        self._check(self.level, depth)
        checked = time.monotonic()
        self.space.stopped = self.space.stopped or self.limits.ended(self.space.violations)
        self.level = [] if self.space.stopped else self.expand(self.level, depth)
        phases = self.space.phases
        phases["properties"] = phases.get("properties", 0.0) + checked - begun
        phases["successors"] = phases.get("successors", 0.0) + time.monotonic() - checked
        self.space.report(self.observer, depth, len(self.visited), len(self.level), self.sizes)

    def somewhere(self, condition: Expr) -> bool:
        result = witness_function(self.compiled, condition)
        return any(result(level) for level in self.space.levels)

    def size(self) -> int:
        """States of the next chunk, from the cost of those before; it depends on no clock, so that equal
        bounds stop equally.
        """
        if not self.space.expanded:
            return LEAST
        return max(LEAST, min(CHUNK, int(WORK / max(self.cost(), 1))))

    def cost(self) -> float:
        """What a state has cost so far, in transitions: guards that fail count too, and the representative of
        each successor.
        """
        space = self.space
        taken = sum(space.enabled) / max(space.expanded, 1)
        return taken * (REPRESENTATIVE if self.compiled.quotient else 1) + len(space.enabled) / 16

    def expand(self, level: list[int], depth: int) -> list[int]:
        """Expand a level chunk by chunk, stopping at limits; the next level."""
        space, limits = self.space, self.limits
        fresh: list[int] = []
        if limits.max_depth is not None and depth >= limits.max_depth:
            space.stopped = f"--max-depth {limits.max_depth} reached"
            return fresh
        start = 0
        while start < len(level):
            size = self.size()
            space.stopped = limits.reached(len(self.visited))
            if space.stopped:
                break
            chunk = self.flagged.inside(level[start : start + size], depth, space.cut)
            space.least, space.most = self.flagged.chunk(
                chunk,
                visited=self.visited,
                fresh=fresh,
                enabled=space.enabled,
                changed=space.changed,
                depth=depth,
                bounds=(space.least, space.most),
            )
            space.expanded += len(chunk)
            start += size
            self.observer(
                Progress(
                    depth,
                    len(self.visited),
                    len(fresh),
                    time.monotonic() - self.started,
                    Prefix(self.sizes),
                )
            )
        space.stopped = space.stopped or limits.ended(space.violations)
        if space.stopped and fresh:
            space.levels.append(fresh)
            space.orbits_sum += self.compiled.orbits(fresh)
            self._check(fresh, depth + 1)
        return fresh

    def _check(self, level: list[int], depth: int) -> None:
        """The invariants on a level, part by part, until the time is over."""
        for at in range(0, len(level), CHUNK):
            if at and (reason := self.limits.reached(0)):
                self.space.stopped = self.space.stopped or reason
                return
            self.flagged.check(level[at : at + CHUNK], depth)
