"""The verdict record: the one source of text, JSON and pictures. Computed here and nowhere else; formats only
show it.

Knows nothing of how states are stored or results are rendered.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from explorer.engine.limits import peak_bytes
from explorer.engine.space import StateSpace
from explorer.ir.errors import Place
from explorer.ir.expectation import Expectation
from explorer.ir.model import Model
from explorer.trace.tell import tell
from explorer.trace.trace import Trace
from explorer.verdict.coverage import Coverage, Finding, Guard, coverage, findings, guards

if TYPE_CHECKING:
    from explorer.liveness.check import Answer

HOLDS, VIOLATED, UNDETERMINED = "holds", "violated", "undetermined"

EXIT_OK, EXIT_DEADLOCK, EXIT_SAFETY, EXIT_LIVENESS = 0, 11, 12, 13
EXIT_UNDETERMINED, EXIT_VACUOUS, EXIT_EVALUATION = 20, 21, 75
EXIT_USAGE, EXIT_UNWRITTEN, EXIT_INTERRUPTED, EXIT_MALFORMED, EXIT_INTERNAL = 2, 74, 130, 150, 255

_EXITS = {
    "evaluation": EXIT_EVALUATION,
    "invariant": EXIT_SAFETY,
    "step": EXIT_SAFETY,
    "deadlock": EXIT_DEADLOCK,
    "temporal": EXIT_LIVENESS,
}
"""In order of precedence where several properties are violated."""


@dataclass(frozen=True, slots=True)
class PropertyVerdict:
    """`reason` says why a verdict is undetermined; `trace_length` counts the steps of the shortest
    counterexample.
    """

    name: str
    kind: str
    verdict: str
    reason: str
    trace_length: int | None
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that a run learned. `record()` is what verdict.json holds.

    `not_checked`: properties that the run was told to leave out; `expectation_met` then goes as far as what
    was checked. `differs`: a sentence for each property whose verdict is not the declared one. `guards`: None
    where they were not counted.
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
    states: dict[str, Any]
    omission_probability: float
    fingerprint_bits: int
    coverage: tuple[Coverage, ...]
    findings: tuple[Finding, ...]
    traces: dict[str, Trace]
    expected: str | None = None
    expectation_met: bool | None = None
    not_checked: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    guards: tuple[Guard, ...] | None = None

    @property
    def severe(self) -> bool:
        """Whether a finding fails under --strict."""
        return any(f.severe for f in self.findings)

    @property
    def main_trace(self) -> Trace | None:
        """The counterexample to tell first: that of the property which the expectation names, else the
        gravest; None without one.
        """
        if not self.traces:
            return None
        expected = (self.expected or "").split(" ")[0]
        if expected in self.traces:
            return self.traces[expected]
        order = ["evaluation", "invariant", "step", "deadlock", "temporal"]
        return min(self.traces.values(), key=lambda t: (order.index(t.kind), t.length))

    def record(self) -> dict[str, Any]:
        found = asdict(self)
        for key in ("constants", "bound"):
            found[key] = {name: plain(value) for name, value in found[key].items()}
        return found


def plain(value: Any) -> Any:
    return value.name.lower() if isinstance(value, enum.Enum) else value


def judge(
    space: StateSpace,
    *,
    only: tuple[str, ...] = (),
    strict: bool = False,
    answers: Mapping[str, Answer] = {},
    counts: list[list[tuple[int, int]]] | None = None,
) -> Verdict:
    """The verdict on an exploration. `only` names the properties that count (all if empty); `strict` makes
    severe findings fail; `counts` are those of the guards (`engine/guards.py`). No property holds better than
    it was checked: a bound, a constraint that cut, or an expression without a value makes it undetermined; so
    is a temporal property without one of the `answers` of `liveness.check`."""
    model = space.model
    rows = tuple(coverage(space))
    found = tuple(
        findings(space, list(rows), [name for name, answer in answers.items() if answer.unbreakable])
    )
    doubt = _doubt(space)
    traces = {
        name: tell(space, violation)
        for name, violation in space.violations.items()
        if not only or name in only
    }
    traces |= {name: answer.trace for name, answer in answers.items() if answer.trace}
    properties = tuple(
        _property(p, space, traces, _unanswered(p, answers) or doubt)
        for p in _stated(model)
        if not only or p[0] in only
    )
    verdict, code = _overall(space, properties, found, strict)
    if code == EXIT_UNDETERMINED and "interrupted" in (
        space.stopped,
        *(answer.doubt for answer in answers.values()),
    ):
        code = EXIT_INTERRUPTED
    expectation = model.expect
    left_out = tuple(p[0] for p in _stated(model) if only and p[0] not in only)
    differs = _differs(expectation, properties, left_out) if expectation else ()
    return Verdict(
        model.name,
        str(Place(model.file, 0)).rpartition(":")[0],
        model.digest,
        model.constants,
        model.bound,
        space.engine,
        space.storage,
        space.workers,
        verdict,
        code,
        space.stopped,
        round(space.seconds, 4),
        round(space.distinct / space.seconds) if space.seconds else 0,
        peak_bytes(),
        properties,
        _counts(space),
        space.omission,
        space.fingerprint,
        rows,
        found,
        traces,
        str(expectation) if expectation else None,
        not differs if expectation else None,
        left_out,
        differs,
        None if counts is None else tuple(guards(model, counts)),
    )


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
        return PropertyVerdict(name, kind, VIOLATED, "", traces[name].length, place, text)
    if "evaluation" in space.violations:
        doubt = doubt or "an expression has no value in some reachable state"
    return PropertyVerdict(name, kind, UNDETERMINED if doubt else HOLDS, doubt, None, place, text)


def _overall(
    space: StateSpace, properties: tuple[PropertyVerdict, ...], found: tuple[Finding, ...], strict: bool
) -> tuple[str, int]:
    violated = {p.kind for p in properties if p.verdict == VIOLATED}
    for kind, code in _EXITS.items():
        if kind in violated:
            return VIOLATED, code
    if any(p.verdict == UNDETERMINED for p in properties) or not properties:
        return UNDETERMINED, EXIT_UNDETERMINED
    if strict and any(f.severe for f in found):
        return HOLDS, EXIT_VACUOUS
    return HOLDS, EXIT_OK


def _counts(space: StateSpace) -> dict[str, Any]:
    mean = space.transitions / space.expanded if space.expanded else 0.0
    return {
        "initial": space.initial,
        "distinct": space.distinct,
        "generated": space.generated,
        "transitions": space.transitions,
        "depth": space.depth,
        "levels": [len(level) for level in space.levels],
        "out_degree": {"min": space.least, "mean": round(mean, 3), "max": space.most},
        "orbits": space.distinct,
        "represented": space.represented,
        "bits": space.bits,
    }


def _differs(
    expectation: Expectation, properties: tuple[PropertyVerdict, ...], left_out: tuple[str, ...]
) -> tuple[str, ...]:
    """What was found otherwise than declared, a sentence for each property that was checked."""
    violated = () if expectation.holds else (expectation.property, *expectation.also)
    found = []
    for p in properties:
        steps = expectation.steps if p.name == expectation.property else None
        wanted = _in_steps(VIOLATED if p.name in violated else HOLDS, steps)
        if (_in_steps(p.verdict, p.trace_length) if steps is not None else p.verdict) != wanted:
            reason = f" ({p.reason})" if p.reason else ""
            found.append(f"{p.name}: expected {wanted}, found {_in_steps(p.verdict, p.trace_length)}{reason}")
    absent = set(violated) - {p.name for p in properties} - set(left_out)
    return (*found, *(f"{name}: expected violated, but there is no such property" for name in sorted(absent)))


def _in_steps(verdict: str, steps: int | None) -> str:
    return verdict if steps is None else f"{verdict} in {steps} step{'' if steps == 1 else 's'}"
