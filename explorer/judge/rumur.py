"""Rumur as a judge: breadth first, one thread, without symmetry. It ends at the first error, so it is asked
again without the property that fails.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace

from explorer.export.flat import Flat
from explorer.export.murphi import claim_names, deadlocks, initial_number, murphi, rule_names, says_end
from explorer.ir.data import dataclass
from explorer.judge.answers import Answer, NoAnswer, Story, length
from explorer.judge.spin import bare_of
from explorer.judge.tools import Workplace, need

OPTIONS = ("--symmetry-reduction", "off", "--threads", "1", "--colour", "off")


def judge(flat: Flat, place: Workplace) -> Answer:
    """Rumur's answer. Raises Missing and NoAnswer."""
    seconds = 0.0
    stories: dict[str, Story] = {}
    left, counts = flat, None
    while left.properties:
        compile_verifier(left, place)
        text, more = place.timed(["./model"], fails=True)
        seconds += more
        if "No error found" in text:
            counts = _counts(text, more) if left is flat and not says_end(flat) else None
            break
        name, story = _failure(left, text)
        if name in stories and story.fails == stories[name].fails:
            raise NoAnswer(f"Rumur finds {name} again: {_error(text)}")
        stories[name] = min(story, stories.get(name, story), key=length)
        if name == "evaluation" and not story.fails:  # a step without a value may end a shorter story
            left = replace(left, claims=tuple(claim for claim in left.claims if claim.name != name))
        else:
            left = without(left, stories)
    if counts is None:  # an error ends a run, and the step where a behaviour may end is counted
        compile_verifier(bare_of(flat), place)
        counts = count(place)
        seconds += counts.seconds
    return Answer(
        "Rumur",
        counts.states,
        counts.transitions,
        depth=None,
        violated={name: length(story) for name, story in stories.items()},
        seconds=seconds,
        stories=stories,
    )


def without(flat: Flat, names: Sequence[str] | dict[str, Story]) -> Flat:
    """The model without some of its properties."""
    return replace(
        flat,
        properties=tuple(name for name in flat.properties if name not in names),
        claims=tuple(claim for claim in flat.claims if claim.name not in names),
        steps=tuple(
            replace(step, claims=tuple(claim for claim in step.claims if claim.name not in names))
            for step in flat.steps
        ),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run of Rumur's verifier reports."""

    states: int
    transitions: int
    seconds: float


def count(place: Workplace) -> Counts:
    """One run of the verifier, that must find no error."""
    text, seconds = place.timed(["./model"], fails=True)
    if "No error found" not in text:
        raise NoAnswer(f"Rumur finds an error: {_error(text)}")
    return _counts(text, seconds)


def _counts(text: str, seconds: float) -> Counts:
    summary = text[text.rindex("State Space Explored") :]
    return Counts(_number(r"(\d+) states", summary), _number(r"(\d+) rules fired", summary), seconds)


def compile_verifier(
    flat: Flat, place: Workplace, options: Sequence[str] = (), flags: Sequence[str] = ("-O0",)
) -> None:
    """Write the model and compile Rumur's verifier for it."""
    need("rumur", "gcc")
    (place.directory / "model.m").write_text(murphi(flat))
    deadlock = ("--deadlock-detection", deadlocks(flat))
    place.run(["rumur", *OPTIONS, *deadlock, *options, "--output", "model.c", "model.m"])
    place.run(["gcc", "-std=c11", *flags, "-w", "-o", "model", "model.c", "-lpthread", "-latomic"])


def _failure(flat: Flat, text: str) -> tuple[str, Story]:
    """The property that fails, and its story."""
    steps = {name: step.instance.number for name, step in zip(rule_names(flat), flat.steps)}
    fired = re.findall(r"^\s*(?:Rule|Startstate) (.*) fired\.$", text, re.MULTILINE)
    error = _error(text)
    if not fired:
        raise NoAnswer(f"Rumur tells no story: {error}")
    try:
        start = initial_number(flat, fired[0])
    except ValueError as why:
        raise NoAnswer(f"Rumur begins in a state that is not the model's: {why}") from None
    names = [name.strip('"') for name in fired[1:]]
    fails = bool(names) and names[-1].endswith(" has no value")
    if fails:
        names[-1] = names[-1].removesuffix(" has no value")
    unknown = next((name for name in names if name not in steps), None)
    if unknown is not None:
        raise NoAnswer(f"Rumur tells of a rule that is not the model's: {unknown}")
    failed = _property(flat, error, fails)
    fails = fails or (
        failed == "evaluation" and "assertion failed" in error.lower()
    )  # asserted in steps only
    return failed, Story(start, tuple(steps[name] for name in names), fails)


def _property(flat: Flat, error: str, fails: bool) -> str:
    if fails:
        return "evaluation"
    if "deadlock" in error:
        return "deadlock"
    claims = dict(zip(claim_names(flat), (claim.name for claim in flat.claims)))
    known = re.search(r'(?i)invariant "?([^"]+?)"? failed', error)
    if known is not None and known[1] in claims:
        return claims[known[1]]
    known = re.search(r"(?i)assertion failed: \S+ (\w+)", error)
    if known is None or known[1] not in flat.properties:
        raise NoAnswer(f"Rumur reports what is no property: {error}")
    return known[1]


def _error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((" ".join(lines[i : i + 3]) for i, line in enumerate(lines) if "rror" in line), text[:200])


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    if match is None:
        raise NoAnswer(f"Rumur prints no {pattern!r}")
    return int(match[1])


def installed() -> bool:
    """Whether Rumur and a compiler are there."""
    return bool(shutil.which("rumur") and shutil.which("gcc"))
