"""`conform` against a judge that tries every order of the events of small logs, and on large ones of its own
making.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from explorer.conform.behaviours import Bounds
from explorer.conform.conform import Answer, Question, conform
from explorer.conform.generate import Wishes, generate
from explorer.conform.mapping import read_mapping
from explorer.conform.records import written
from explorer.conform.search import Unexplained
from explorer.ir.model import Model
from tests.support.conform import MAPPING, Losses, events_of, lock, split, unexplained

LOGS = 40
USUAL = Question()


def made(model: Model, mapping: Path, log: Path, wishes: Wishes) -> list[str]:
    """The lines of a generated log, which are written."""
    meaning = read_mapping(mapping, model)
    lines = [written(meaning.format or "ftrace", record) for record in generate(model, meaning, wishes)]
    log.write_text("\n".join(lines) + "\n")
    return lines


def judged(model: Model, mapping: Path, log: Path, question: Question = USUAL) -> Answer:
    return conform(model, log, read_mapping(mapping, model), question)


def line_of(answer: Answer) -> int | None:
    return answer.found.box.line if isinstance(answer.found, Unexplained) else None


@pytest.mark.parametrize("skew", [0, 1500])
def test_the_first_unexplained_event_is_that_of_all_orders(tmp_path: Path, skew: int) -> None:
    """In small logs that were damaged, events overlap, and clocks differ: the same line, or none."""
    model, mapping = lock(tmp_path, f"skew = {skew}\n" + MAPPING)
    found = []
    for seed in range(LOGS):
        dice = random.Random(seed)
        lines = made(model, mapping, tmp_path / "log", Wishes(7, seed, overlap=0.6))
        at = dice.randrange(len(lines))
        entry = json.loads(lines[at])
        if dice.random() < 0.4:
            entry["cpu"] = str(1 - int(entry["cpu"]))
        elif "taken" in entry and dice.random() < 0.5:
            entry["taken"] = str(entry["taken"] == "False")
        else:
            entry["event"] = "nothing"
        lines[at] = json.dumps(entry)
        spoilt = [line for line in lines if '"nothing"' not in line]
        if not _pairs(spoilt):
            continue
        (tmp_path / "log").write_text("\n".join(spoilt) + "\n")
        wanted = unexplained(model, events_of(tmp_path / "log"), skew)
        assert line_of(judged(model, mapping, tmp_path / "log")) == wanted, seed
        found.append(wanted)
    assert len(found) > LOGS / 3 and len(set(found)) > 4 and None in found


@pytest.mark.parametrize("skew", [0, 1500])
def test_losses_are_judged_as_all_orders_of_what_was_lost(tmp_path: Path, skew: int) -> None:
    """In small logs that lost whole events, in the middle or at the end, and were damaged besides: the same
    line as a judge that tries every order of the events and of the steps of each gap, or none.
    """
    model, mapping = lock(tmp_path, f"skew = {skew}\n" + MAPPING)
    found, at_end = [], 0
    for seed in range(3 * LOGS):
        dice = random.Random(seed)
        entries = [
            json.loads(line) for line in made(model, mapping, tmp_path / "log", Wishes(7, seed, overlap=0.6))
        ]
        spoilt = _lossy(entries, dice)
        if spoilt is None:
            continue
        (tmp_path / "log").write_text("".join(json.dumps(entry) + "\n" for entry in spoilt))
        wanted = Losses(model, *split(tmp_path / "log"), skew).unexplained()
        assert line_of(judged(model, mapping, tmp_path / "log")) == wanted, seed
        found.append(wanted)
        at_end += "lost" in spoilt[-1]
    assert len(found) > LOGS and len(set(found)) > 4 and None in found and at_end > 5


def _lossy(entries: list[dict[str, Any]], dice: random.Random) -> list[dict[str, Any]] | None:
    """The lines without some that one CPU lost in a row, at the end of the log or before; then perhaps with
    one of another CPU, or one that shows something else. None where boxes are broken.
    """
    cpu = dice.choice([e["cpu"] for e in entries])
    own = [n for n, e in enumerate(entries) if e["cpu"] == cpu]
    first = dice.randrange(len(own))
    last = len(own) if dice.random() < 0.4 else min(len(own), first + dice.randint(1, 3))
    gone = own[first:last]
    at = dice.randint(gone[-1], own[last] - 1 if last < len(own) else len(entries) - 1)
    loss = {"cpu": cpu, "lost": dice.choice([1, len(gone)])}
    kept: list[dict[str, Any]] = []
    for n, entry in enumerate(entries):
        kept += [] if n in gone else [entry]
        kept += [loss] if n == at else []
    events = [e for e in kept if "time" in e]
    if not events:
        return None
    spoilt = dice.choice(events)
    if dice.random() < 0.3:
        spoilt["cpu"] = str(1 - int(spoilt["cpu"]))
    elif "taken" in spoilt and dice.random() < 0.5:
        spoilt["taken"] = str(spoilt["taken"] == "False")
    return kept if _pairs([json.dumps(e) for e in events]) else None


def _pairs(lines: list[str]) -> bool:
    """Whether each box has a beginning and an end, and none stands in another of its CPU."""
    inside: set[str] = set()
    for entry in map(json.loads, lines):
        name, cpu = entry["event"], entry["cpu"]
        if (name == "give") == (cpu in inside) and name != "take":
            return False
        inside ^= {cpu} if name != "take" else set()
    return not inside


@pytest.mark.parametrize("format", ["json", "ftrace", "perf"])
def test_what_was_generated_fits(tmp_path: Path, format: str) -> None:
    """With overlap, clocks that differ and lost events, in every format; each lost line is counted."""
    model, mapping = lock(tmp_path, 'skew = "1us"\n' + MAPPING.replace("json", format))
    for seed in range(4):
        made(model, mapping, tmp_path / "log", Wishes(400, seed, overlap=0.4, lose=0.02))
        answer = judged(model, mapping, tmp_path / "log", Question(told=None))
        assert answer.verdict in ("fits", "violated", "undetermined") and line_of(answer) is None
        counts = answer.timeline.counts
        assert counts.gaps and counts.lost and counts.overlapping > 50 and not counts.unreadable
        assert answer.behaviour is not None and answer.behaviour.whole
        told = [step.line for step in answer.behaviour.steps if step.line is not None]
        assert len(told) == len(set(told)) and counts.events - len(told) <= 2  # boxes still open at the end


@pytest.mark.parametrize("lose", [0.0, 0.002])
def test_a_planted_fault_is_found_at_its_event(tmp_path: Path, lose: float) -> None:
    """The lock is given back twice in the middle of a long log: nothing before it is doubted, whether events
    were lost or not.
    """
    model, mapping = lock(tmp_path)
    lines = made(model, mapping, tmp_path / "log", Wishes(3000, 11, lose=lose))
    at = next(n for n, line in enumerate(lines) if n > 3500 and '"given"' in line)
    again = json.loads(lines[at])
    lines[at + 1 : at + 1] = [
        json.dumps({**again, "event": "give", "taken": "False"}),
        json.dumps(again),
    ]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    answer = judged(model, mapping, tmp_path / "log")
    assert (answer.verdict, line_of(answer)) == ("no", at + 2)
    assert answer.behaviour is not None and max(s.line or 0 for s in answer.behaviour.steps) <= at


def test_equal_seeds_make_equal_logs(tmp_path: Path) -> None:
    """Other seeds make other ones."""
    model, mapping = lock(tmp_path)
    wishes = [Wishes(50, seed, overlap=0.5, lose=0.1) for seed in (1, 1, 2)]
    first, second, third = (made(model, mapping, tmp_path / "log", wish) for wish in wishes)
    assert first == second != third


def test_bounds_leave_it_open(tmp_path: Path) -> None:
    """More states than allowed, no time, or a gap that may stand for more steps: undetermined."""
    model, mapping = lock(tmp_path)
    made(model, mapping, tmp_path / "log", Wishes(200, 3))
    for bounds in (Bounds(states=1), Bounds(seconds=0.0)):
        answer = judged(model, mapping, tmp_path / "log", Question(bounds=bounds))
        assert answer.verdict == "undetermined" and line_of(answer) is None
    (tmp_path / "log").write_text(
        '{"time": 1, "cpu": 0, "event": "take"}\n'
        '{"time": 4, "cpu": 0, "lost": 9}\n'
        '{"time": 5, "cpu": 0, "event": "take"}\n'
    )
    verdicts = [
        judged(model, mapping, tmp_path / "log", Question(bounds=Bounds(lost=lost))).verdict
        for lost in (0, 1)
    ]
    assert verdicts == ["undetermined", "fits"]
