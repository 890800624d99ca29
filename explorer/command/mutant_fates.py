"""What becomes of each mutant of a spec: equivalent to the original, noticed by a property, or survived.

Every mutant is first compared with the original on the original's states, then explored until a property
fails. The work is shared by processes that know the spec by its path. Knows nothing of how a mutant is made
or a table is drawn.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import field

from explorer.engine.limits import Limits, ignore
from explorer.engine.python import Compiled, Search
from explorer.engine.reference import step
from explorer.engine.space import StateSpace
from explorer.ground.dead_views import with_dead_views, without_dead_views
from explorer.ground.ground import ground
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State
from explorer.ir.steps import Fairness
from explorer.liveness import check as liveness
from explorer.program.mutants import Mutant, mutants, mutated
from explorer.render.text.mutation_table import MutantRecord, NoticedRecord
from explorer.run.constants import bindings, single
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.verdict.expectation import UNDETERMINED, VIOLATED
from explorer.verdict.verdict import Verdict, judge

NOTICED, SURVIVED, EQUIVALENT = "noticed", "survived", "equivalent"

Ways = dict[object, list[tuple[int, State]]]
"""For each group of instances that are fair together: the numbers of states, and where it leads from them."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a process must know to make every mutant again: the spec, constants as with -D, and the bounds of
    each exploration.
    """

    path: str
    define: tuple[str, ...]
    max_states: int | None
    timeout: float | None
    max_memory: int
    strict: bool

    def limits(self) -> Limits:
        return Limits(self.max_states, None, self.timeout, self.max_memory)


@dataclass(slots=True)
class Row:
    """One mutant and what became of it. `by` are the properties that fail first, with the steps of their
    shortest stories; `reason` says why nothing is known, or why the author expects it to survive; `findings`
    are those the original has not, such as an action that is never taken: with `strict` they count as
    noticed."""

    kind: str
    action: str
    place: str
    text: str
    helper: str
    status: str = UNDETERMINED
    by: list[NoticedRecord] = field(default_factory=list)
    reason: str = ""
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def record(self) -> MutantRecord:
        return {
            "kind": self.kind,
            "action": self.action,
            "place": self.place,
            "text": self.text,
            "helper": self.helper,
            "status": self.status,
            "by": self.by,
            "reason": self.reason,
            "findings": self.findings,
            "seconds": self.seconds,
        }


class Original:
    """The spec without a mutation: its states, what it shows, and its mutants. Equal in every process."""

    def __init__(self, task: Task):
        self.task = task
        self.spec = load(task.path)
        self.model = ground(self.spec, single(bindings(self.spec, list(task.define))), task.path)
        self.space = _explored(self.model, task.limits())
        self.verdict = _judged(self.space, task.limits())
        self.written = without_dead_views(self.model)
        self.mutants: list[Mutant] = mutants(self.written)

    def states(self) -> Iterator[State]:
        return (self.space.decode(handle) for level in self.space.levels for handle in level)

    def row(self, number: int) -> Row:
        """What becomes of one mutant."""
        mutant = self.mutants[number]
        row = Row(mutant.kind, mutant.action, str(mutant.place), mutant.text, mutant.helper)
        started = time.monotonic()
        try:
            self._decide(mutant, row)
        except SpecError as error:
            row.reason = f"{error.code}: {error.found}"
        row.seconds = round(time.monotonic() - started, 3)
        return row

    def _decide(self, mutant: Mutant, row: Row) -> None:
        if same_steps(self.written, mutant, self.states()):
            row.status = EQUIVALENT
            return
        space = _explored(with_dead_views(mutated(self.written, mutant)), self.task.limits())
        row.by = [
            {"property": v.name, "steps": v.level + (v.kind == "step")} for v in space.violations.values()
        ]
        if not row.by:
            verdict = _judged(space, self.task.limits())
            row.by = [
                {"property": p.name, "steps": p.trace_length}
                for p in verdict.properties
                if p.verdict == VIOLATED
            ]
            doubt = next(
                (f"{p.name}: {p.reason}" for p in verdict.properties if p.verdict == UNDETERMINED), ""
            )
            known = {(f.kind, f.subject) for f in self.verdict.findings}
            row.findings = [
                f"{f.kind} {f.subject}"
                for f in verdict.findings
                if f.severe and (f.kind, f.subject) not in known
            ]
            row.by += [{"property": name, "steps": None} for name in row.findings if self.task.strict]
            row.reason = "" if row.by else space.stopped or doubt
        row.status = NOTICED if row.by else UNDETERMINED if row.reason else SURVIVED


def _explored(model: Model, limits: Limits) -> StateSpace:
    """The state space up to the level where the first property fails."""
    search = Search(Compiled(model), limits, ignore, time.monotonic())
    while search.level and not search.space.stopped and not search.space.violations:
        search.step()
    return search.space.space()


def _judged(space: StateSpace, limits: Limits) -> Verdict:
    """The verdict on a space, temporal properties included where no other one fails."""
    return judge(space, answers={} if space.violations else liveness.check(space, limits))


def same_steps(model: Model, mutant: Mutant, states: Iterable[State]) -> bool:
    """Whether in all these states the mutant's action leads where the original one does: with all reachable
    states, whether both have the same states and steps. Where properties are temporal, what is fair must be
    the same, too."""
    original = [i for i in model.instances if i.action.name == mutant.action]
    fair = original[0].action.fair is not Fairness.NONE and bool(model.temporal)
    ways: tuple[Ways, Ways] = ({}, {})
    for number, state in enumerate(states):
        try:
            before, after = (
                [(i, step(i, state)) for i in instances] for instances in (original, mutant.instances)
            )
        except EvaluationError:
            return False
        if {s for _, s in before} - {None} != {s for _, s in after} - {None}:
            return False
        for behaviours, steps in zip(ways, (before, after) if fair else ()):
            for instance, target in steps:
                if target is not None:
                    behaviours.setdefault(_group(instance), []).append((number, target))
    return {tuple(w) for w in ways[0].values()} == {tuple(w) for w in ways[1].values()}


def _group(instance: Instance) -> object:
    """What is fair together with this instance: those with equal values of the parameters in `per`."""
    per = instance.action.per
    return instance.number if per is None else tuple(dict(instance.arguments)[name] for name in per)


# All of them.

_original: Original | None = None
"""In a working process: the spec it works on."""


def _begin(task: Task) -> None:
    global _original
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _original = Original(task)


def _work(number: int) -> Row:
    assert _original is not None
    return _original.row(number)


def rows(original: Original, workers: int, tell: Callable[[int, int], None]) -> list[Row]:
    """The rows of all mutants, in order; `tell` hears after each how many are done, of how many."""
    numbers = range(len(original.mutants))
    result: list[Row] = []

    def collect(results: Iterable[Row]) -> list[Row]:
        for row in results:
            result.append(row)
            tell(len(result), len(numbers))
        return result

    workers = min(workers, len(numbers))
    if workers <= 1:
        return collect(map(original.row, numbers))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (original.task,)) as pool:
        try:
            return collect(pool.map(_work, numbers))
        except BrokenProcessPool:
            raise UsageError(
                "a process ended before its work was done, perhaps for want of memory; write: --workers 1"
            ) from None
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
