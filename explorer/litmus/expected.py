"""A file of expected verdicts: tab-separated; its head line names `file`, `verdict` and `final_states`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .judge import Judgement
from .program import LitmusError, unreadable

COLUMNS = ("file", "verdict", "final_states")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a test should give. `states`: the final states, each the set of its `place=value`."""

    verdict: str
    states: frozenset[frozenset[str]]

    def difference(self, judgement: Judgement) -> str:
        """How the judgement differs; empty where it does not."""
        verdict = "Allowed" if judgement.allowed else "Forbidden"
        if verdict != self.verdict:
            return f"expected {self.verdict}"
        observed = frozenset(
            frozenset(f"{p}={v}" for p, v in zip(judgement.test.observed, final))
            for final in judgement.executions
        )
        missing, extra = len(self.states - observed), len(observed - self.states)
        parts = [f"{missing} final states missing"] * bool(missing) + [f"{extra} too many"] * bool(extra)
        return ", ".join(parts)


def read_expected(path: Path) -> dict[str, Expectation]:
    """The expectations by file name, as the column `file` has it. Raises LitmusError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, delimiter="\t")
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise LitmusError(
                    str(path), 1, f"no column {missing[0]}; expected a head line: {', '.join(COLUMNS)}"
                )
            expected = {}
            for row in rows:
                if row["verdict"] not in ("Allowed", "Forbidden"):
                    message = f"found the verdict {row['verdict']!r}, expected Allowed or Forbidden"
                    raise LitmusError(str(path), rows.line_num, message)
                states = (row["final_states"] or "").split("||")
                expected[row["file"]] = Expectation(row["verdict"], frozenset(map(_state, states)))
            return expected
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(path, problem) from None


def _state(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(";") if part.strip())


def expectation_for(expected: dict[str, Expectation], path: Path) -> Expectation | None:
    """The row whose `file` is the longest end of the path."""
    parts = path.parts
    for start in range(len(parts)):
        row = expected.get("/".join(parts[start:]))
        if row is not None:
            return row
    return None
