"""Whether a run found what a spec declares. Knows nothing of exit codes."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.engine.space import StateSpace
from explorer.ir.data import dataclass
from explorer.ir.expectation import Expectation
from explorer.verdict.record import PropertyRecord

HOLDS, VIOLATED, UNDETERMINED = "holds", "violated", "undetermined"


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

    def record(self) -> PropertyRecord:
        return {
            "name": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "reason": self.reason,
            "trace_length": self.trace_length,
            "place": self.place,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a run went: the `known` constraints and those that cut, the limit that ended it (""; its
    sentence), the depth up to which every state was left, the distinct states. `reason` is what properties
    that only these bounds leave open give as theirs.
    """

    known: tuple[str, ...]
    constraints: tuple[str, ...]
    limit: str
    depth: int
    states: int
    reason: str

    def allowed_by(self, expectation: Expectation) -> bool:
        """Whether an expectation declares these bounds, or nearer ones."""
        return set(self.constraints) <= set(expectation.within) and self._limit_allowed(expectation)

    def _limit_allowed(self, expectation: Expectation) -> bool:
        if self.limit.startswith("--max-depth"):
            return expectation.max_depth is not None and self.depth >= expectation.max_depth
        if self.limit.startswith("--max-states"):
            return expectation.max_states is not None and self.states >= expectation.max_states
        return not self.limit


NO_BOUNDS = Bounds(known=(), constraints=(), limit="", depth=0, states=0, reason="")


def bounds_of(space: StateSpace, reason: str) -> Bounds:
    known = tuple(name for name, _ in space.model.constraints)
    return Bounds(
        known=known,
        constraints=tuple(space.cut),
        limit=space.stopped or "",
        depth=space.depth,
        states=space.distinct,
        reason=reason,
    )


def wanted(expectation: Expectation | None, name: str) -> tuple[str, int | None]:
    """The verdict that a property must have, and the steps of its story where they are declared; without an
    expectation everything must hold.
    """
    if expectation is None or name not in expectation.violated:
        return HOLDS, None
    return VIOLATED, expectation.steps if name == expectation.property else None


def as_expected(expectation: Expectation | None, prop: PropertyVerdict, bounds: Bounds) -> bool:
    """Whether a property has the verdict that it must have."""
    verdict, steps = wanted(expectation, prop.name)
    if prop.verdict == verdict:
        return steps is None or prop.trace_length == steps
    return (
        expectation is not None
        and verdict == HOLDS
        and prop.verdict == UNDETERMINED
        and bool(bounds.reason)
        and prop.reason == bounds.reason
        and bounds.allowed_by(expectation)
    )


def as_found(properties: Sequence[PropertyVerdict]) -> str:
    """How a spec declares what was found, as Python; "" where something is undetermined."""
    if any(p.verdict == UNDETERMINED for p in properties):
        return ""
    broken = [p for p in properties if p.verdict == VIOLATED]
    if not broken:
        return "HOLDS"
    steps = "" if broken[0].trace_length is None else f", steps={broken[0].trace_length}"
    others = ", ".join(f'"{p.name}"' for p in broken[1:])
    also = f", also=({others}{',' * (len(broken) == 2)})" if others else ""
    return f'violates("{broken[0].name}"{steps}{also})'


def differences(
    expectation: Expectation, properties: Sequence[PropertyVerdict], left_out: Sequence[str], bounds: Bounds
) -> tuple[str, ...]:
    """What was found otherwise than declared, a sentence for each property that was checked."""
    sentences = []
    for p in properties:
        if as_expected(expectation, p, bounds):
            continue
        verdict, steps = wanted(expectation, p.name)
        within = f" within {expectation.bounds}" if expectation.bounds and verdict == HOLDS else ""
        reason = f" ({p.reason})" if p.reason else ""
        actual = _in_steps(p.verdict, p.trace_length)
        sentences.append(f"{p.name}: expected {_in_steps(verdict, steps)}{within}, found {actual}{reason}")
    unknown = [name for name in expectation.within if name not in bounds.known]
    sentences += [f"{name}: expected as a bound, but there is no such constraint" for name in unknown]
    absent = {*expectation.violated} - {p.name for p in properties} - {*left_out}
    return (
        *sentences,
        *(f"{name}: expected violated, but there is no such property" for name in sorted(absent)),
    )


def _in_steps(verdict: str, steps: int | None) -> str:
    return verdict if steps is None else f"{verdict} in {steps} step{'' if steps == 1 else 's'}"
