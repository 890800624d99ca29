"""Exit codes: the only place where they exist and where it is decided which one a run, a table and a process
end with.

The numbers are TLC's where TLC has one (docs/decisions/0005-exit-codes.md). Imports nothing, so that Ctrl-C
at any moment finds its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

OK = 0
UNEXPECTED = 1
"""A declared expectation that is not met, or missing under --expect, where the verdict itself is `holds`."""
USAGE = 2
DEADLOCK, SAFETY, LIVENESS = 11, 12, 13
UNDETERMINED = 20
VACUOUS = 21
UNWRITTEN = 74
EVALUATION = 75
INTERRUPTED = 130
MALFORMED = 150
INTERNAL = 255

OF_KIND = {
    "evaluation": EVALUATION,
    "invariant": SAFETY,
    "step": SAFETY,
    "deadlock": DEADLOCK,
    "temporal": LIVENESS,
}
"""The code of a violation of each kind of property, the gravest first."""

GRAVEST = (
    *(INTERNAL, INTERRUPTED, MALFORMED, EVALUATION, SAFETY, DEADLOCK, LIVENESS),
    *(UNDETERMINED, VACUOUS, UNWRITTEN, UNEXPECTED, OK),
)
"""Of several runs the code that stands first here is the process's."""


def of_run(
    *,
    violated: Collection[str],
    undetermined: bool,
    interrupted: bool,
    vacuous: bool,
    expect: bool = False,
    met: bool = False,
) -> int:
    """What one run ends with. `violated` are the kinds of the properties that fail; `undetermined` says
    whether something is; `vacuous` whether a finding fails (--strict). Under `expect` it counts whether the
    declared expectation is `met`.
    """
    own = _of_verdict(violated, undetermined, interrupted, vacuous)
    if not expect or own == INTERRUPTED:
        return own
    if not met:
        return own or UNEXPECTED
    return VACUOUS if vacuous else OK


def _of_verdict(violated: Collection[str], undetermined: bool, interrupted: bool, vacuous: bool) -> int:
    for kind, code in OF_KIND.items():
        if kind in violated:
            return code
    if undetermined:
        return INTERRUPTED if interrupted else UNDETERMINED
    return VACUOUS if vacuous else OK


def of_table(rows: Sequence[int], finished: bool) -> int:
    """What a table ends with, whose rows end with these codes under their expectations: a row is met or not,
    whatever it found.
    """
    if not finished or INTERRUPTED in rows:
        return INTERRUPTED
    if any(code not in (OK, VACUOUS) for code in rows):
        return UNEXPECTED
    return VACUOUS if VACUOUS in rows else OK


def of_mutants(own: int | None, *, enough: bool, written: bool) -> int:
    """What `mutate` ends with: its spec's `own` code where that is violated or was cut short; else whether
    `enough` mutants were noticed, and the files were written.
    """
    if own is not None:
        return own
    return UNEXPECTED if not enough else OK if written else UNWRITTEN


def of_replay(fits: bool) -> int:
    """What `replay` ends with: whether the stored trace is one of the spec as it is now."""
    return OK if fits else UNEXPECTED


def of_conformance(verdict: str) -> int:
    """What `conform` ends with: the log fits; no behaviour fits it, or each that does breaks a property;
    undetermined.
    """
    return {"fits": OK, "no": SAFETY, "violated": SAFETY, "undetermined": UNDETERMINED}[verdict]


def of_litmus(*, wrong: bool, differs: bool, unknown: bool) -> int:
    """What `litmus` ends with: whether a file cannot be run, a test differs from what is expected of it, or
    nothing is known of one.
    """
    return MALFORMED if wrong else SAFETY if differs else UNDETERMINED if unknown else OK


def of_synthesis(*, decided: bool, enough: bool) -> int:
    """What a run of `synthesize` ends with: whether it is decided which choices are enough, and one is."""
    return UNDETERMINED if not decided else OK if enough else SAFETY


def of_judges(*, differ: bool, silent: bool) -> int:
    """What `judge` ends with for one model: whether a judge says something else, or there is no answer."""
    return UNEXPECTED if differ else UNDETERMINED if silent else OK


def worst(codes: Sequence[int]) -> int:
    """What a process ends with whose runs end with these."""
    return min(codes, key=GRAVEST.index, default=OK)
