"""The verdict record: its types, as verdict.json has it and every format takes it. The one source of text,
JSON and pictures.

`render/machine/verdict.schema.json` says the same to other programs; a test compares the two. Traces stay
`Trace` objects here: they become plain data where a record is written (`render/machine/json_record.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, final

from explorer.trace.trace import Trace
from explorer.verdict.exit_codes import OF_KIND

Value = str | int | bool | float | None
"""A constant's value in a record; an enum member is its name in small letters."""


class PropertyRecord(TypedDict):
    """A property: `PropertyVerdict`."""

    name: str
    kind: str
    verdict: str
    reason: str
    trace_length: int | None
    place: str
    text: str


class OutDegreeRecord(TypedDict):
    """How many steps are possible in a state."""

    min: int
    mean: float
    max: int


class StatesRecord(TypedDict):
    """The counts of the search. `within`: distinct states that no constraint kept from being left, `beyond`:
    by constraint, those that it kept. `represented`: what the visited states stand for by symmetry.
    """

    initial: int
    distinct: int
    within: int
    beyond: Mapping[str, int]
    generated: int
    transitions: int
    depth: int
    levels: Sequence[int]
    out_degree: OutDegreeRecord
    orbits: int
    represented: int
    bits: int | None


class CoverageRecord(TypedDict):
    """An action instance: `Coverage`."""

    action: str
    instance: str
    enabled: int
    taken: int
    blocked_by: str


class FindingRecord(TypedDict):
    """What makes the verdict mean less than it seems: `Finding`."""

    kind: str
    subject: str
    text: str
    place: str
    severe: bool


class GuardRecord(TypedDict):
    """A condition of an action: `Guard`."""

    action: str
    text: str
    place: str
    example: str
    evaluated: int
    stopped: int
    constant: bool


class VerdictRecord(TypedDict):
    """What `Verdict` says, which describes the keys."""

    spec: str
    file: str
    digest: str
    constants: Mapping[str, Value]
    bound: Mapping[str, Value]
    engine: str
    storage: str
    workers: int
    verdict: str
    exit_code: int
    stopped: str | None
    seconds: float
    states_per_second: float
    peak_memory_bytes: int
    properties: Sequence[PropertyRecord]
    states: StatesRecord
    omission_probability: float
    fingerprint_bits: int
    coverage: Sequence[CoverageRecord]
    findings: Sequence[FindingRecord]
    traces: Mapping[str, Trace]
    expected: str | None
    expectation_met: bool | None
    not_checked: Sequence[str]
    differs: Sequence[str]
    guards: Sequence[GuardRecord] | None
    expect: bool
    strict: bool


class ExpectsRecord(TypedDict):
    """The declared expectation: that the spec holds, or which properties are violated, and within which
    bounds.
    """

    holds: bool
    violated: Sequence[str]
    within: str


class ActionRecord(TypedDict):
    """An action: where it stands, the lines of its source, and `after` which others it may become possible
    (`program/enabling.py`).
    """

    name: str
    place: str
    source: str
    actor: str | None
    fair: str
    instances: int
    code: Sequence[str]
    after: Sequence[str]


class VariableRecord(TypedDict):
    """A variable and the name of its type; of a memory also its locations, by which states name it."""

    name: str
    type: str
    locations: Sequence[str]


class MomentRecord(TypedDict):
    """What can happen in a state of a trace, and what the other actions wait for: positions in `texts`."""

    possible: Sequence[int]
    waiting: Sequence[int]


class LeafRecord(TypedDict):
    """A part of a violated formula that makes it false, and the step since which it does."""

    text: str
    since: int


class WaitingRecord(TypedDict):
    """A moment for each state of each trace that is not too long, and the texts that moments point to."""

    texts: Sequence[str]
    traces: Mapping[str, Sequence[MomentRecord]]


class ContextRecord(TypedDict):
    """What `report_context.context` adds for a reader who has never seen the spec."""

    about: str
    expects: ExpectsRecord | None
    actions: Sequence[ActionRecord]
    variables: Sequence[VariableRecord]
    waiting: WaitingRecord
    leaves: Mapping[str, Sequence[LeafRecord]]
    sample: Trace | None


@final
class CheckedRecord(VerdictRecord, ContextRecord):
    """The record of a spec that was explored."""


class MistakeRecord(TypedDict):
    """A mistake of a spec: what `SpecError` says, its place in two."""

    code: str
    file: str
    line: int
    found: str
    expected: str
    write: str


@final
class MalformedRecord(TypedDict):
    """The record of a spec that could not be understood, or not be explored: then it has no mistakes."""

    spec: str
    file: str
    verdict: str
    exit_code: int
    error: str
    mistakes: Sequence[MistakeRecord]


Record = CheckedRecord | MalformedRecord


@final
class RowRecord(VerdictRecord):
    """A row of a table: its name and text beside what was found."""

    name: str
    text: str


class Origin(TypedDict):
    """What a reader of a trace must know of where it was found: a part of `CheckedRecord`."""

    spec: str
    file: str
    digest: str
    bound: Mapping[str, Value]
    variables: Sequence[VariableRecord]


def told(record: CheckedRecord) -> dict[str, Trace]:
    """The behaviours that a report shows: the counterexamples, or else the sample."""
    shown = record["sample"]
    return {**record["traces"], **({shown.key: shown} if shown else {})}


def first_to_tell(traces: Mapping[str, Trace], expected: str | None) -> Trace | None:
    """The counterexample to tell first: that of the property which the expectation names, else the shortest,
    of equally short ones the gravest; None without one.
    """
    kinds = [*OF_KIND]
    named = (expected or "").split(" ")[0]
    return min(
        traces.values(),
        key=lambda t: (t.property != named, t.broken_after(), kinds.index(t.kind)),
        default=None,
    )
