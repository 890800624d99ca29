"""What litmus tests gave: in herd's words, as a table, as JSON and as JUnit. Pure functions of judgements."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .expected import Expectation
from .judge import FinalState, Judgement
from .paths import UNROLL

KINDS = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}
"""What herd prints after the name of a test, for each quantifier."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judgement, what was expected of it (None: nothing was), and the seconds that it took."""

    judgement: Judgement
    expectation: Expectation | None
    seconds: float
    unroll: int = UNROLL

    @property
    def difference(self) -> str:
        """How the judgement differs from what was expected; empty where it agrees."""
        return self.expectation.difference(self.judgement) if self.expectation else ""


def state_line(judgement: Judgement, final: FinalState) -> str:
    """A final state as herd prints it: `0:r1=1; [x]=2;`."""
    return " ".join(f"{place}={value};" for place, value in zip(judgement.test.observed, final, strict=True))


def states(judgement: Judgement) -> list[str]:
    """All final states, in order."""
    return sorted(state_line(judgement, final) for final in judgement.executions)


def observation(judgement: Judgement) -> str:
    """`Sometimes 3 9`: how many executions satisfy the proposition of the condition, and how many do not."""
    yes, no = judgement.satisfying, judgement.others
    word = "Never" if not yes else "Sometimes" if no else "Always"
    return f"{word} {yes} {no}"


def herd(outcome: Outcome) -> str:
    """What herd prints for the test, and below it what herd would not say."""
    judgement = outcome.judgement
    test, quantifier = judgement.test, judgement.test.condition.quantifier
    yes, no = judgement.satisfying, judgement.others
    positive, negative = (no, yes) if quantifier == "~exists" else (yes, no)
    lines = [
        f"Test {test.name} {KINDS[quantifier]}",
        f"States {len(judgement.executions)}",
        *states(judgement),
        "Ok" if judgement.validated else "No",
        "Witnesses",
        f"Positive: {positive} Negative: {negative}",
        f"Condition {test.condition}",
        f"Observation {test.name} {observation(judgement)}",
        f"Time {test.name} {outcome.seconds:.2f}",
        *notes(outcome),
    ]
    if outcome.expectation is not None:
        difference = outcome.difference
        lines.append(f"Expected: differs: {difference}" if difference else "Expected: agrees")
    return "\n".join(lines) + "\n"


def notes(outcome: Outcome) -> list[str]:
    """What a reader of the verdict must know."""
    judgement, lines = outcome.judgement, []
    if judgement.cut:
        lines.append(f"Note: loops turn at most {outcome.unroll} times; the rest is left out (--unroll N)")
    if judgement.test.architecture == "C":
        lines.append(f"Note: {mapping_note(judgement.model)}")
    return lines


def mapping_note(model: str) -> str:
    """What a verdict on a C test means."""
    return (
        f"this is what the kernel's macros do on {model} hardware, not the Linux-kernel memory model (LKMM): "
        "LKMM may allow more"
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """One line for each test, and the sum."""
    rows = [_row(outcome) for outcome in outcomes]
    head = ["test", "model", "verdict", "states", "observation", "expected"]
    if not any(outcome.expectation for outcome in outcomes):
        head, rows = head[:-1], [row[:-1] for row in rows]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in [head, *rows]
    ]
    if any(outcome.judgement.test.architecture == "C" for outcome in outcomes):
        models = sorted({o.judgement.model for o in outcomes if o.judgement.test.architecture == "C"})
        lines += ["", *(f"C tests: {mapping_note(model)}" for model in models)]
    if any(outcome.judgement.cut for outcome in outcomes):
        lines += ["", "*: loops turn a few times only; executions with more turns are left out (--unroll N)"]
    return "\n".join([*lines, "", summary(outcomes)])


def _row(outcome: Outcome) -> list[str]:
    judgement = outcome.judgement
    return [
        judgement.test.name + ("*" if judgement.cut else ""),
        judgement.model,
        "Allowed" if judgement.allowed else "Forbidden",
        str(len(judgement.executions)),
        observation(judgement),
        outcome.difference or ("agrees" if outcome.expectation else ""),
    ]


def summary(outcomes: Sequence[Outcome]) -> str:
    """The last line: how many tests, verdicts, agreements, seconds."""
    allowed = sum(outcome.judgement.allowed for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    text = f"{len(outcomes)} tests: {allowed} Allowed, {len(outcomes) - allowed} Forbidden, {seconds:.1f} s"
    expected = [outcome for outcome in outcomes if outcome.expectation]
    if expected:
        agreeing = sum(not outcome.difference for outcome in expected)
        text += f"; {agreeing} of {len(expected)} agree with what was expected, in verdict and final states"
    return text


def to_json(outcomes: Sequence[Outcome]) -> str:
    """A list with one object for each test."""
    return json.dumps([_record(outcome) for outcome in outcomes], indent=2, ensure_ascii=False)


def _record(outcome: Outcome) -> dict[str, Any]:
    judgement = outcome.judgement
    test = judgement.test
    record: dict[str, Any] = {
        "file": test.file,
        "name": test.name,
        "architecture": test.architecture,
        "model": judgement.model,
        "verdict": "Allowed" if judgement.allowed else "Forbidden",
        "condition": str(test.condition),
        "validated": judgement.validated,
        "observation": observation(judgement),
        "final_states": [
            {"state": {str(p): v for p, v in zip(test.observed, final)}, "executions": count}
            for final, count in sorted(
                judgement.executions.items(), key=lambda item: state_line(judgement, item[0])
            )
        ],
        "bounded": judgement.cut,
        "machine_states": judgement.states,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.expectation is not None:
        record["agrees"] = not outcome.difference
        record["difference"] = outcome.difference
    return record


def junit(outcomes: Sequence[Outcome], errors: Sequence[tuple[str, str]]) -> str:
    """A suite with a case for each test; `errors`: (file, message) of the files that could not be run."""
    suite = ElementTree.Element("testsuite", name="litmus")
    failures = 0
    for outcome in outcomes:
        test = outcome.judgement.test
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"litmus.{test.architecture}", name=test.name, file=test.file
        )
        case.set("time", f"{outcome.seconds:.3f}")
        if outcome.difference:
            failures += 1
            ElementTree.SubElement(case, "failure", message=outcome.difference).text = herd(outcome)
    for file, message in errors:
        case = ElementTree.SubElement(suite, "testcase", classname="litmus", name=file, file=file)
        ElementTree.SubElement(case, "error", message=message)
    suite.set("tests", str(len(outcomes) + len(errors)))
    suite.set("failures", str(failures))
    suite.set("errors", str(len(errors)))
    suite.set("time", f"{sum(outcome.seconds for outcome in outcomes):.3f}")
    root = ElementTree.Element("testsuites", name="interrupt-explorer")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
