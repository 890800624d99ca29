"""The verdict: what a run has shown of each property. Computed here and nowhere else; formats only show it.

Knows nothing of how states are stored or results are rendered.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from explorer.engine.limits import Limits, Stopped, peak_bytes
from explorer.engine.space import StateSpace, Violation
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.model import Model
from explorer.trace.trace import Trace
from explorer.verdict import exit_codes
from explorer.verdict.coverage import Coverage, Guard, coverage, guards
from explorer.verdict.expectation import (
    HOLDS,
    NO_BOUNDS,
    UNDETERMINED,
    VIOLATED,
    Bounds,
    PropertyVerdict,
    bounds_of,
    differences,
)
from explorer.verdict.record import StatesRecord, Value, VerdictRecord, first_to_tell
from explorer.verdict.vacuity import Finding, findings

if TYPE_CHECKING:
    from explorer.liveness.check import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Everything that a run learned. `record()` is what verdict.json holds.

    `not_checked`: properties that the run was told to leave out; `expectation_met` then goes as far as what
    was checked. `differs`: a sentence for each property whose verdict is not the declared one. `guards`: None
    where they were not counted. `exit_code` is what the run ends with, which says under `expect` whether the
    expectation is met; under `strict` severe findings fail.
    """

    spec: str
    file: str
    digest: str
    constants: dict[str, Any]
    bound: dict[str, Any]
    engine: str
    storage: str
    workers: int
    verdict: str
    exit_code: int
    stopped: str | None
    seconds: float
    states_per_second: float
    peak_memory_bytes: int
    properties: tuple[PropertyVerdict, ...]
    states: StatesRecord
    omission_probability: float
    fingerprint_bits: int
    coverage: tuple[Coverage, ...]
    findings: tuple[Finding, ...]
    traces: Mapping[str, Trace]
    expected: str | None = None
    expectation_met: bool | None = None
    not_checked: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    guards: tuple[Guard, ...] | None = None
    expect: bool = False
    strict: bool = False
    bounds: Bounds = NO_BOUNDS

    @property
    def severe(self) -> bool:
        """Whether a finding fails under --strict."""
        return any(f.severe for f in self.findings)

    @property
    def main_trace(self) -> Trace | None:
        """The counterexample to tell first (`record.first_to_tell`); None without one."""
        return first_to_tell(self.traces, self.expected)

    @property
    def main_stories(self) -> list[Trace]:
        """Every counterexample of the property whose counterexample is told first."""
        main = self.main_trace
        return [t for t in self.traces.values() if main is not None and t.property == main.property]

    def without(self, findings: Collection[Finding]) -> Verdict:
        """The verdict without some of its findings, and with the exit code that it has then."""
        left = tuple(f for f in self.findings if f not in findings)
        code = exit_codes.of_run(
            violated={p.kind for p in self.properties if p.verdict == VIOLATED},
            undetermined=self.verdict == UNDETERMINED,
            interrupted=self.exit_code == exit_codes.INTERRUPTED,
            vacuous=self.strict and any(f.severe for f in left),
            expect=self.expect,
            met=self.expectation_met is True,
        )
        return replace(self, findings=left, exit_code=code)

    def record(self) -> VerdictRecord:
        """What formats are made from."""
        return {
            "spec": self.spec,
            "file": self.file,
            "digest": self.digest,
            "constants": {name: plain(value) for name, value in self.constants.items()},
            "bound": {name: plain(value) for name, value in self.bound.items()},
            "engine": self.engine,
            "storage": self.storage,
            "workers": self.workers,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "stopped": self.stopped,
            "seconds": self.seconds,
            "states_per_second": self.states_per_second,
            "peak_memory_bytes": self.peak_memory_bytes,
            "properties": [p.record() for p in self.properties],
            "states": self.states,
            "omission_probability": self.omission_probability,
            "fingerprint_bits": self.fingerprint_bits,
            "coverage": [row.record() for row in self.coverage],
            "findings": [finding.record() for finding in self.findings],
            "traces": self.traces,
            "expected": self.expected,
            "expectation_met": self.expectation_met,
            "not_checked": self.not_checked,
            "differs": self.differs,
            "guards": None if self.guards is None else [guard.record() for guard in self.guards],
            "expect": self.expect,
            "strict": self.strict,
        }


def plain(value: Any) -> Value:
    """A constant's value as a record has it."""
    result: Value = value.name.lower() if isinstance(value, enum.Enum) else value
    return result


def judge(
    space: StateSpace,
    *,
    only: tuple[str, ...] = (),
    expect: bool = False,
    strict: bool = False,
    answers: Mapping[str, Answer] = {},
    counts: list[list[tuple[int, int]]] | None = None,
    limits: Limits | None = None,
    traces: Mapping[str, Trace] = {},
    stories: int = 1,
) -> Verdict:
    """The verdict on an exploration. `only` names the properties that count (all if empty); `expect` lets the
    exit code say whether the declared expectation is met, `strict` makes severe findings fail; `counts` are
    those of the guards (`engine/guards.py`). No property holds better than it was checked: a bound, a
    constraint that cut, or an expression without a value makes it undetermined; so is a temporal property
    without one of the `answers` of `liveness.check`. Where one of the `limits` is reached meanwhile, what is
    violated is so without its story, and a finding says what was not looked for. `traces` are those that are
    known already; with several `stories` of each property those that are different are told too.
    """
    model, limits, unfinished = space.model, limits or Limits(), list[str]()
    stated = [p for p in _stated(model) if not only or p[0] in only]
    known = {name: traces[name] for name, *_ in stated if name in traces and name in space.violations}
    known |= _traces(space, [p[0] for p in stated if p[0] not in known], limits, unfinished)
    shown = known | {name: answer.trace for name, answer in answers.items() if answer.trace}
    more, few = _others(space, shown, stories, limits, unfinished)
    properties = tuple(_property(p, space, shown, _unanswered(p, answers) or _doubt(space)) for p in stated)
    unbreakable = [name for name, answer in answers.items() if answer.unbreakable]
    rows, result = _exercised(space, unbreakable, limits, unfinished)
    interrupted = [space.stopped or "", *(a.doubt for a in answers.values()), *unfinished]
    expectation, bounds = model.expect, bounds_of(space, _doubt(space))
    left_out = tuple(p[0] for p in _stated(model) if only and p[0] not in only)
    differs = differences(expectation, properties, left_out, bounds) if expectation else ()
    undetermined = any(p.verdict == UNDETERMINED for p in properties) or not properties
    violated = {p.kind for p in properties if p.verdict == VIOLATED}
    return Verdict(
        spec=model.name,
        file=str(Place(model.file, 0)).rpartition(":")[0],
        digest=model.digest,
        constants=model.constants,
        bound=model.bound,
        engine=space.engine,
        storage=space.storage,
        workers=space.workers,
        verdict=VIOLATED if violated else UNDETERMINED if undetermined else HOLDS,
        exit_code=exit_codes.of_run(
            violated=violated,
            undetermined=undetermined or bool(unfinished and (strict or limits.interrupted)),
            interrupted=limits.interrupted or any(why.startswith("interrupted") for why in interrupted),
            vacuous=strict and any(f.severe for f in result),
            expect=expect,
            met=expectation is not None and not differs,
        ),
        stopped=space.stopped,
        seconds=round(space.seconds, 4),
        states_per_second=round(space.distinct / space.seconds) if space.seconds else 0,
        peak_memory_bytes=peak_bytes(),
        properties=properties,
        states=_counts(space),
        omission_probability=space.omission,
        coverage=tuple(rows),
        findings=(*result, *few),
        traces={t.key: t for p in stated if p[0] in shown for t in (shown[p[0]], *more.get(p[0], ()))},
        fingerprint_bits=space.fingerprint,
        expected=str(expectation) if expectation else None,
        expectation_met=not differs if expectation else None,
        not_checked=left_out,
        differs=differs,
        guards=None if counts is None else tuple(guards(model, counts)),
        expect=expect,
        strict=strict,
        bounds=bounds,
    )


def story_of(space: StateSpace, violation: Violation, limits: Limits) -> Trace:
    """The counterexample of a violation. Raises Stopped where a limit is reached meanwhile."""
    from explorer.trace.tell import tell

    return limits.during("stories", partial(tell, space, violation))


def _traces(space: StateSpace, names: list[str], limits: Limits, unfinished: list[str]) -> dict[str, Trace]:
    """The counterexamples by property; what is not told for want of time is noted in `unfinished`."""
    result = {}
    for name, violation in space.violations.items():
        if name not in names:
            continue
        try:
            result[name] = story_of(space, violation, limits)
        except Stopped as stop:
            limits.conclude(stop.reason)
            unfinished.append(f"the counterexample of {name} was not told: {stop}")
    return result


_ONE_LASSO = "several are looked for where a state or a step fails, not of what goes on for ever"


def _others(
    space: StateSpace, first: Mapping[str, Trace], wanted: int, limits: Limits, unfinished: list[str]
) -> tuple[dict[str, list[Trace]], list[Finding]]:
    """Other stories of each property that has one, until there are as many as wanted; and why there are
    fewer.
    """
    result: dict[str, list[Trace]] = {}
    few: list[Finding] = []
    for name, trace in first.items() if wanted > 1 else ():
        if trace.loop is not None:
            few.append(Finding("stories", name, f"one story of {name}: {_ONE_LASSO}", "", False))
            continue
        from explorer.trace.stories import others

        result[name] = []
        find = partial(others, space, space.violations[name], trace, wanted=wanted, found=result[name])
        try:
            why = limits.during("stories", find)
        except Stopped as stop:
            limits.conclude(stop.reason)
            unfinished.append(f"other stories of {name} were not all looked for: {stop}")
            continue
        if why:
            told = f"{1 + len(result[name])} of {wanted} stories of {name}"
            few.append(Finding("stories", name, f"{told}: {why}", "", False))
    return result, few


def _exercised(
    space: StateSpace, unbreakable: list[str], limits: Limits, unfinished: list[str]
) -> tuple[list[Coverage], list[Finding]]:
    """Coverage and findings; without what takes a look at all states where there is no time for it."""

    def look() -> tuple[list[Coverage], list[Finding]]:
        rows = coverage(space)
        return rows, findings(space, rows, unbreakable)

    try:
        rows, result = limits.during("vacuity", look)
    except Stopped as stop:
        limits.conclude(stop.reason)
        unfinished.append(f"what the verdict may hide was not looked for: {stop}")
        rows = coverage(space, nearest=False)
        result = findings(space, rows, complete=False)
    return rows, result + [Finding("engine", space.engine, note, "", False) for note in unfinished]


def _stated(model: Model) -> list[tuple[str, str, str, str]]:
    """Name, kind, place and text of every property, those that every spec has included."""
    first = str(model.actions[0].place) if model.actions else model.file
    return [(p.name, p.kind, str(p.place), p.text) for p in model.stated] + [
        (
            "deadlock",
            "deadlock",
            first,
            "some action is possible in every state that no @terminal condition accepts",
        ),
        ("evaluation", "evaluation", first, "every expression has a value and stays in its domain"),
    ]


def _doubt(space: StateSpace) -> str:
    """Why a property that was not seen to fail cannot be said to hold; "" where it can."""
    if space.stopped:
        return space.stopped
    if space.cut:
        return "bounded by " + ", ".join(
            f"constraint {name} ({n} state{'' if n == 1 else 's'} not left)" for name, n in space.cut.items()
        )
    cut = ", ".join(filter(None, (family.type.cut for family in space.model.families)))
    if cut:
        return f"bounded by {cut}"
    if not space.initial:
        return "there is no initial state"
    return _omission(space)


def _omission(space: StateSpace) -> str:
    """Why fingerprints leave too much to chance; "" where they do not."""
    if space.omission <= space.max_omission:
        return ""
    remedy = "--storage exact" if space.fingerprint >= 64 else "--fingerprint 64, or --storage exact"
    return (
        f"fingerprints of {space.fingerprint} bits may have left a state out (probability at most"
        f" {space.omission:.1e}, accepted {space.max_omission:.1e}); write: {remedy}"
    )


def _unanswered(stated: tuple[str, str, str, str], answers: Mapping[str, Answer]) -> str:
    """Why a temporal property has no answer; "" for others."""
    name, kind, _, _ = stated
    if kind != "temporal":
        return ""
    return answers[name].doubt if name in answers else "temporal properties were not checked"


def _property(
    stated: tuple[str, str, str, str], space: StateSpace, traces: dict[str, Trace], doubt: str
) -> PropertyVerdict:
    name, kind, place, text = stated
    if name in traces:
        return PropertyVerdict(
            name=name,
            kind=kind,
            verdict=VIOLATED,
            reason="",
            trace_length=traces[name].broken_after(),
            place=place,
            text=text,
        )
    if name in space.violations:  # there was no time to tell its story
        steps = space.violations[name].level + (kind == "step")
        return PropertyVerdict(
            name=name, kind=kind, verdict=VIOLATED, reason="", trace_length=steps, place=place, text=text
        )
    if "evaluation" in space.violations:
        doubt = doubt or "an expression has no value in some reachable state"
    return PropertyVerdict(
        name=name,
        kind=kind,
        verdict=UNDETERMINED if doubt else HOLDS,
        reason=doubt,
        trace_length=None,
        place=place,
        text=text,
    )


def _counts(space: StateSpace) -> StatesRecord:
    mean = space.transitions / space.expanded if space.expanded else 0.0
    return {
        "initial": space.initial,
        "distinct": space.distinct,
        "within": space.distinct - sum(space.cut.values()),
        "beyond": dict(space.cut),
        "generated": space.generated,
        "transitions": space.transitions,
        "depth": space.depth,
        "levels": [len(level) for level in space.levels],
        "out_degree": {"min": space.least, "mean": round(mean, 3), "max": space.most},
        "orbits": space.distinct,
        "represented": space.represented,
        "bits": space.bits,
    }
