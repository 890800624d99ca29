"""`conform` against a judge that tries every order of the events of small logs, and on large ones of its own
making.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from explorer.conform.behaviours import Bounds
from explorer.conform.conform import Answer, Question, conform
from explorer.conform.generate import Wishes, generate
from explorer.conform.mapping import read_mapping
from explorer.conform.records import written
from explorer.conform.search import Unexplained
from explorer.ir.model import Model
from tests.support.conform import MAPPING, events_of, lock, unexplained

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
