"""One run of a process up to a place, and through one step from there. Knows nothing of which places there
are.

A generator cannot be copied, so it runs again from its start: the steps behind on *stale* places, which
leave nothing behind, the step in question on the state. A stale value that turns up in it was read in an
earlier step.
"""

from __future__ import annotations

import gc
import inspect
import linecache
from collections.abc import Callable
from types import FrameType, GeneratorType
from typing import Any

from explorer.ground.live_locals import live_after, name_assigned, one_of_copies
from explorer.ground.local_values import Mentions, normal
from explorer.ground.signatures import crash
from explorer.ground.traced import (
    STALE,
    Codes,
    Node,
    Open,
    Position,
    Register,
    StepTrace,
    Surroundings,
    Way,
)
from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family
from explorer.ir.steps import Condition
from explorer.language.concrete import expressions_of
from explorer.language.declarations import Declaration
from explorer.language.memory_wiring import MemoryType
from explorer.language.process import Decision, Step, forgotten
from explorer.language.symbolic import bare
from explorer.language.tracing import Impossible, Trace, tracing
from explorer.language.values import Value

MOST_DECISIONS = 64


class Replay:
    """One run. `counts` says how often each register is written on the way: only its last value is still
    there.
    """

    def __init__(self, d: Declaration, around: Surroundings, way: Way, counts: dict[Register, int]):
        self.d, self.around, self.way, self.counts = d, around, way, counts
        self.generator: Any = None
        self.live = False
        self.taken = 0
        self.seen: dict[Register, int] = {}
        self.chosen: dict[Register, Any] = {}

    # The steps behind.

    def arrive(self) -> Step | None:
        """Run the steps behind; the beginning of the next one, None where the process returns without a
        step.
        """
        self._show(stale=True)
        with tracing(Trace("process", self.d.name)) as trace:
            self.generator = self._call(lambda: self.d.function(**self.around.arguments))
            reply: Any = None
            labels = 0
            while True:
                yielded = self._resume(reply, trace)
                if yielded is None:
                    return None
                if isinstance(yielded, Step):
                    if labels == 0:
                        self._check_preamble(trace)
                    labels += 1
                    if labels > self.way.steps:
                        return yielded
                    reply = None
                    trace.asked = self.way.picks[labels - 1]
                    for left in (trace.writes, trace.conditions, trace.marks, trace.picked, trace.outcomes):
                        left.clear()
                    continue
                if labels == 0:
                    raise self._no_step(f"{yielded.kind}(...)", yielded.place)
                assert self.taken < len(self.way.outcomes) or yielded.kind == "keep"
                reply = self._behind(yielded)

    def _check_preamble(self, trace: Trace) -> None:
        """Before the first step nothing happens."""
        for misplaced, what in (
            (trace.writes, "an assignment"),
            (trace.conditions, "when(...)"),
            (trace.marks, "a mark"),
            ([outcome.step for outcome in trace.outcomes], "outcome(...)"),
        ):
            if misplaced:
                raise self._no_step(what, getattr(misplaced[0], "place", self.d.place))

    def _no_step(self, what: str, place: Place) -> SpecError:
        return SpecError(
            "E0802",
            f"{what} before the first step of process {self.d.name}",
            expected="a step that it belongs to",
            write='yield "what the step does" above it',
            place=place,
        )

    def _behind(self, decision: Decision) -> Any:
        register = self._register(decision)
        if decision.kind == "keep":
            self.seen[register] = self.seen.get(register, 0) + 1
            last = self.seen[register] == self.counts.get(register)
            return self.around.read(register, last)
        outcome = self._outcome()
        if decision.kind == "choose" and not decision.is_way:
            self.chosen[register] = outcome
        return outcome

    def _outcome(self) -> Any:
        self.taken += 1
        return self.way.outcomes[self.taken - 1]

    # The place.

    def chain(self) -> list[GeneratorType[Any, Any, Any]]:
        """The active generators, the innermost last."""
        generators = [self.generator]
        while isinstance(generators[-1].gi_yieldfrom, GeneratorType):
            generators.append(generators[-1].gi_yieldfrom)
        return generators

    def _codes(self) -> Codes:
        return tuple(generator.gi_code for generator in self.chain())

    def _register(self, decision: Decision) -> Register:
        inner = self.chain()[-1]
        name = name_assigned(inner.gi_code, frame_of(inner).f_lasti) or f"line{frame_of(inner).f_lineno}"
        return Register(decision.kind, self._codes(), name)

    def node(self, alive: frozenset[Register]) -> Node:
        """The place that `arrive` came to. No other choices than `alive` can be in use there."""
        chain = self.chain()
        mentions = Mentions(self.around.registers, self.around.locations)
        locals: list[tuple[tuple[int, str], Any]] = []
        names: set[tuple[Codes, str]] = set()
        for depth, generator in enumerate(chain):
            frame = frame_of(generator)
            local, place = dict(frame.f_locals), Place(generator.gi_code.co_filename, frame.f_lineno)
            for name in sorted(live_after(generator.gi_code, frame.f_lasti) & set(local)):
                names.add((self._codes()[: depth + 1], name))
                value = normal(local[name], mentions, name, place)
                if value is not None:
                    locals.append(((depth, name), value))
            inside = [o for o in gc.get_referents(generator) if hasattr(o, "__next__") and o not in chain]
            locals += [
                ((depth, f"iterator {i}"), normal(o, mentions, "a loop", place)) for i, o in enumerate(inside)
            ]
        position = Position(
            tuple((g.gi_code, one_of_copies(g.gi_code, frame_of(g).f_lasti)) for g in chain),
            Place(chain[-1].gi_code.co_filename, frame_of(chain[-1]).f_lineno),
        )
        kept = frozenset(register for register in self.seen if register in mentions.registers)
        chosen = []
        for register, value in self.chosen.items():
            if register not in alive:
                continue
            if (register.codes, register.name) not in names and not mentions.has(value):
                self.around.dead.add((position.stack, register))
            elif (position.stack, register) not in self.around.dead:
                chosen.append((register, value))
        return Node(position, tuple(locals), kept, tuple(chosen))

    # The step.

    def walk(self, begin: Step, asked: tuple[int, ...] = ()) -> StepTrace | Open:
        """Take the step that `arrive` came to: what it leaves behind, or the first decision that is open.

        `asked` are the choices that a memory makes in it.
        """
        self._show(stale=False)
        self.live = True
        frame = frame_of(self.chain()[-1])
        with tracing(Trace("process", self.d.name, asked=asked)) as trace:
            step_trace = StepTrace(
                step=begin,
                codes=self._codes(),
                frame=frame,
                local=dict(frame.f_locals),
                trace=trace,
                way=self.way,
                counts=dict(self.counts),
            )
            reply: Any = None
            decisions = 0
            while True:
                yielded = self._resume(reply, trace)
                if yielded is None or isinstance(yielded, Step):
                    step_trace.ends = yielded is None
                    step_trace.way = self.way.stepping(pick.chosen for pick in trace.picked)
                    self._check_fresh(step_trace)
                    return step_trace
                decisions += 1
                if decisions > MOST_DECISIONS:
                    raise self._endless(yielded.place)
                if yielded.kind != "keep" and self.taken == len(self.way.outcomes):
                    return Open(yielded, self.way)
                reply = self._decide(yielded, step_trace)

    def _decide(self, decision: Decision, step_trace: StepTrace) -> Any:
        register = self._register(decision)
        if decision.kind == "keep":
            value = step_trace.kept[register] = self.around.kept(register, decision)
            step_trace.counts[register] = step_trace.counts.get(register, 0) + 1
            if register.codes == step_trace.codes:
                step_trace.local[register.name] = value
            return value
        outcome = self._outcome()
        if decision.kind == "choose":
            if not decision.is_way:
                step_trace.chosen[register] = self.chosen[register] = outcome
                step_trace.choices[register] = decision
            if register.codes == step_trace.codes:
                step_trace.local[register.name] = outcome
            step_trace.decided.append((register.name, outcome))
        else:
            test: Expr = decision.value._expr
            step_trace.trace.conditions.append(
                Condition(test if outcome else ex.negate(test), decision.place)
            )
            step_trace.decided.append((f"line{decision.place.line}", outcome))
        return outcome

    def _endless(self, place: Place) -> SpecError:
        return SpecError(
            "E0807",
            f"more than {MOST_DECISIONS} decisions in one step of process {self.d.name}",
            expected="a step that ends: a loop takes one step a turn, or more",
            write='yield "what the turn does" inside the loop',
            place=place,
        )

    def _check_fresh(self, step_trace: StepTrace) -> None:
        """Every value in the step was read in it."""
        trace = step_trace.trace
        parts: list[tuple[Place, Expr]] = [(c.place, c.expr) for c in trace.conditions]
        parts += [(w.place, e) for w in trace.writes for e in (w.index, w.expr)]
        parts += [(step_trace.step.place, e) for v in step_trace.kept.values() for e in expressions_of(v)]
        parts += [(step_trace.step.place, e) for m in trace.marks for v in m.key for e in expressions_of(v)]
        for write in trace.writes:
            if write.family.number == STALE:
                raise self.stale(write.place, ex.cell(write.family, write.index))
        for place, expr in parts:
            self.check_expression(expr, place)

    def check_expression(self, expr: Expr, place: Place) -> None:
        for at in ex.walk(expr):
            family = at.value[0] if at.op in ("load", "next") else at.value if at.op == "loadat" else None
            if isinstance(family, Family) and family.number == STALE:
                raise self.stale(place, at)

    def stale(self, place: Place, at: Expr) -> SpecError:
        shown = show(at)
        bare = shown.rpartition(".")[2].partition("[")[0]
        family = ex.family_of(at)
        found = f"`{shown}` as it was"
        write = f"{bare} = yield keep(...) in the earlier step, or read it again"
        if family is not None and isinstance(family.type, MemoryType):
            found, write = f"what was loaded from {shown}", "value = yield keep(...), around the load"
        return SpecError(
            "E0804",
            f"{found} in an earlier step of process {self.d.name}",
            expected="a value that is read in this step, or was kept",
            write=write,
            place=place,
        )

    # The author's code.

    def _show(self, stale: bool) -> None:
        for component, fresh, gone in self.around.components:
            vars(component).update(gone if stale else fresh)

    def _call(self, run: Callable[[], Any]) -> Any:
        try:
            return run()
        except SpecError:
            raise
        except RecursionError:
            raise SpecError(
                "E0603",
                f"recursion without end while tracing {self.d.name}",
                expected="procedures that return while being traced",
                write="a loop, with a step in each turn",
                place=self.d.place,
            ) from None
        except (Exception, SystemExit) as error:
            raise crash(error, f"tracing {self.d.name}", self.d.place) from error

    def _resume(self, reply: Any, trace: Trace) -> Any:
        """Up to the next `yield`: a Step, a Decision, or None where the process returned."""
        before = len(trace.decisions)
        try:
            yielded = self._call(lambda: self._send(reply))
        except SpecError as error:
            unasked = [d for d in trace.decisions[before:] if not d.yielded]
            if unasked and error.code in ("E0222", "E0225", "E0226"):
                raise forgotten(unasked[0]) from None
            raise
        if isinstance(yielded, Decision):
            yielded.yielded = True
        unasked = [d for d in trace.decisions[before:] if not d.yielded]
        if unasked:
            raise forgotten(unasked[0])
        if yielded is None or isinstance(yielded, Decision):
            return yielded
        return self._step(None if yielded is _BARE else yielded)

    def _send(self, reply: Any) -> Any:
        try:
            yielded = self.generator.send(reply)
        except StopIteration:
            return None
        except Impossible:
            if not self.live:
                raise self._no_step("when(...)", self.d.place) from None
            return None
        return _BARE if yielded is None else yielded

    def _step(self, yielded: Any) -> Step:
        inner = self.chain()[-1]
        place = Place(inner.gi_code.co_filename, frame_of(inner).f_lineno)
        text = yielded.text if isinstance(yielded, Step) else yielded
        if not isinstance(text, str) or not text.strip():
            written = "`yield` alone" if yielded is None else f"`yield {bare(yielded)}`"
            write = 'yield "what the step does", or yield branch(...), choose(...), keep(...)'
            if isinstance(yielded, Value):
                write = f"yield keep({bare(yielded)}), or yield branch({bare(yielded)})"
            if inspect.isgenerator(yielded):
                written, write = f"`yield {yielded.__name__}(...)`", f"yield from {yielded.__name__}(...)"
            if "yield when(" in linecache.getline(place.file, place.line):
                written, write = "`yield when(...)`", "when(...) alone: the step waits for its condition"
            raise SpecError(
                "E0801",
                f"{written} in process {self.d.name}",
                expected="the text of the step that begins here, or a decision",
                write=write,
                place=place,
            )
        if isinstance(yielded, Step):
            return yielded
        return Step(
            text=text, name="", fair=None, actor=None, source=None, defensive=False, atomic=False, place=place
        )


_BARE = object()


def frame_of(generator: GeneratorType[Any, Any, Any]) -> FrameType:
    """The frame of a generator that has not returned."""
    assert generator.gi_frame is not None
    return generator.gi_frame
