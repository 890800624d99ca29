"""The python engine: runs the generated source under CPython, level by level. Starts in milliseconds.

States are packed integers; the visited set is a Python set, the levels are lists, and no predecessor is stored: traces are
found by expanding the levels again.
"""

from __future__ import annotations

import linecache
import time
from collections.abc import Iterable
from typing import Any

from explorer.compile.generate import Code, judgements, successors, witness
from explorer.compile.layout import Layout, lay_out
from explorer.compile.model import Model
from explorer.compile.program import Program, reduce
from explorer.language.expressions import Expr, Failure

from .limits import Limits, Observer, Progress, ignore
from .space import Edge, StateSpace

CHUNK = 4096


class Compiled:
    """A program with its layout and its generated functions, made when first asked for."""

    def __init__(self, model: Model):
        self.model = model
        self.program: Program = reduce(model)
        self.layout: Layout = lay_out(self.program)
        self._made: dict[str, tuple[Code, dict[str, Any]]] = {}

    def code(self, part: str) -> tuple[Code, dict[str, Any]]:
        """The generated source of a part (`expand`, `edges`, `judgements`) and its functions."""
        if part not in self._made:
            made = judgements(self.program, self.layout) if part == "judgements" else successors(self.program, self.layout, part)
            self._made[part] = (made, run_source(made.text, f"<{part} of {self.model.name}>"))
        return self._made[part]

    def edges(self, states: Iterable[int], targets: Any) -> list[Edge]:
        found: list[Edge] = self.code("edges")[1]["edges"](states, targets)
        return found


def run_source(text: str, name: str) -> dict[str, Any]:
    """The names that generated source defines; its lines appear in tracebacks."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space: dict[str, Any] = {"popcount": int.bit_count}
    exec(compile(text, name, "exec"), space)
    return space


def explore(model: Model, limits: Limits | None = None, observer: Observer = ignore) -> StateSpace:
    """Visit every reachable state with generated code."""
    started = time.monotonic()
    return _Search(Compiled(model), limits or Limits(), observer, started).run()


class _Search:
    def __init__(self, compiled: Compiled, limits: Limits, observer: Observer, started: float):
        model = compiled.model
        self.compiled, self.limits, self.observer, self.started = compiled, limits, observer, started
        n = len(model.instances)
        self.space = StateSpace(model, "python", [], compiled.layout.unpack, compiled.edges, self.somewhere, [0] * n, [0] * n,
                                least=1 << 62, bits=compiled.layout.bits)
        self.expand_code, functions = compiled.code("expand")
        self.expand = functions["expand"]
        self.judge_code, self.judge = compiled.code("judgements")
        self.visited: set[int] = set()

    def run(self) -> StateSpace:
        space, pack = self.space, self.compiled.layout.pack
        level = list(dict.fromkeys(pack(s) for s in self.compiled.model.initial_states()))
        self.visited.update(level)
        while level:
            depth = len(space.levels)
            space.levels.append(level)
            self.check(level, depth)
            level = self.leave(level, depth)
            if space.stopped:
                break
        space.least = min(space.least, space.most)
        space.seconds = time.monotonic() - self.started
        return space

    def somewhere(self, condition: Expr) -> bool:
        code = witness(self.compiled.program, self.compiled.layout, condition)
        found = run_source(code.text, f"<witness of {self.compiled.model.name}>")["witness"]
        return any(found(level) for level in self.space.levels)

    def check(self, level: list[int], depth: int) -> None:
        """The invariants on a new level; those that failed before are done with."""
        failed: list[tuple[int, int, int]] = []
        known = self.space.violations
        for i, judgement in enumerate(self.compiled.program.invariants):
            if judgement.name in known and (not judgement.checks or "evaluation" in known):
                continue
            found = self.judge[f"invariant_{i}"](level, failed)
            record = self.space.note(judgement.name, "invariant", depth) if found else None
            if record:
                record.states.extend(found)
        self.fail(failed, self.judge_code.failures, depth)

    def leave(self, level: list[int], depth: int) -> list[int]:
        """Expand a level chunk by chunk, stopping at limits; the next level."""
        space, limits = self.space, self.limits
        fresh: list[int] = []
        inside = self.inside(level)
        if limits.max_depth is not None and depth >= limits.max_depth:
            space.stopped = f"--max-depth {limits.max_depth} reached"
            return fresh
        for start in range(0, len(inside), CHUNK):
            space.stopped = limits.reached(len(self.visited))
            if space.stopped:
                break
            self.expand_chunk(inside[start:start + CHUNK], fresh, depth)
            self.observer(Progress(depth, len(self.visited), len(fresh), time.monotonic() - self.started))
        if space.stopped and fresh:
            space.levels.append(fresh)
            self.check(fresh, depth + 1)
        return fresh

    def inside(self, level: list[int]) -> list[int]:
        """The states of a level that no constraint keeps from being left."""
        for i, (name, _) in enumerate(self.compiled.model.constraints):
            outside = set(self.judge[f"constraint_{i}"](level, []))
            if outside:
                self.space.cut[name] = self.space.cut.get(name, 0) + len(outside)
                level = [s for s in level if s not in outside]
        return level

    def expand_chunk(self, chunk: list[int], fresh: list[int], depth: int) -> None:
        space = self.space
        dead: list[int] = []
        failed: list[tuple[int, int, int]] = []
        broken: list[tuple[int, Edge]] = []
        space.least, space.most = self.expand(chunk, self.visited, fresh, space.enabled, space.changed, dead, failed, broken,
                                              space.least, space.most)
        space.expanded += len(chunk)
        for number, edge in broken:
            record = space.note(self.expand_code.step_names[number], "step", depth)
            if record:
                record.edges.append(edge)
        self.fail(failed, self.expand_code.failures, depth)
        if dead:
            stuck = {s for s, _, _ in failed}
            ends = [s for s in self.judge["terminal"](dead, []) if s not in stuck]
            record = space.note("deadlock", "deadlock", depth) if ends else None
            if record:
                record.states.extend(ends)

    def fail(self, failed: list[tuple[int, int, int]], failures: list[Failure], depth: int) -> None:
        for state, instance, number in failed:
            self.space.note_failure(depth, state, instance, failures[number])
