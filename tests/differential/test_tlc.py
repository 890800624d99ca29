"""TLC as a judge. What it printed of one spec is kept in tlc_runs.json, so that it is read everywhere; where
the environment's TLA2TOOLS has the path of a tla2tools.jar, TLC itself is asked.

`TLA2TOOLS=… python -m tests.differential.test_tlc` writes tlc_runs.json anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest

from explorer.command.main import main
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.judge import tlc
from explorer.judge.answers import Story, length, replayed
from explorer.judge.compare import Judged, judge, table
from explorer.judge.tools import Workplace
from explorer.run.load import load
from tests.support.house import SPECS
from tests.support.judged import judged
from tests.support.judged_specs import LARGE, PASSING, STARTS, in_two_memories

JAR = os.environ.get("TLA2TOOLS")
asks_tlc = pytest.mark.skipif(not JAR, reason="TLA2TOOLS names no tla2tools.jar")
RUNS = Path(__file__).with_name("tlc_runs.json")

TASKS = """
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class Tasks(State):
    turn: Var[Cpu | None] = initially(None)
    done: Map[Cpu, bool] = initially(False)
    awake: Set[Cpu] = initially(set())
    rounds: Var[Annotated[int, Range(0, 3)]] = initially(any_of(0, 1))

@action(fair=WEAK)
def take(s: Tasks, cpu: Cpu) -> None:
    when(s.turn.is_none | (s.rounds == 2))
    s.turn.next = cpu

@action(fair=WEAK)
def wake(s: Tasks) -> None:
    when(~s.turn.is_none)
    when(~s.done[s.turn.value])
    s.awake.next = s.awake.add(s.turn.value)
    s.done[s.turn.value].next = True

@action(fair=STRONG)
def sleep(s: Tasks, cpu: Cpu) -> None:
    when(s.awake.contains(cpu))
    when(s.rounds != 1)
    s.awake.next = s.awake.remove(cpu)

@action
def count_round(s: Tasks) -> None:
    when(~s.turn.is_none)
    when(s.done[s.turn.value] & (s.rounds < 3))
    s.rounds.next = s.rounds + 1
    s.turn.next = None

@action
def halve(s: Tasks) -> None:
    when(s.rounds == 2)
    s.rounds.next = 2 // (s.rounds - s.awake.size)

@invariant
def one(s: Tasks) -> Value[bool]:
    return s.awake.size <= 1

@step_invariant
def grows(s: Tasks) -> Value[bool]:
    return (s.rounds.next > s.rounds) | (s.rounds != 1) | s.awake.empty

@temporal
def sleeps(s: Tasks) -> Formula:
    return always_eventually(s.awake.empty)

@temporal
def somebody_is_done(s: Tasks) -> Formula:
    return eventually(some(s.done[cpu] for cpu in Cpu))

spec = Spec()
"""


ALONE = """
from typing import Annotated
from explorer import *

class S(State):
    turn: Var[Annotated[int, Range(-1, 0)]] = initially(-1)

@action
def go_on(s: S) -> None:
    s.turn.next = -1 - s.turn

@invariant
def one(s: S) -> Value[bool]:
    return s.turn > 0

spec = Spec()
"""

COUNTED = """@!@!@STARTMSG 2193:0 @!@!@
@!@!@ENDMSG 2193 @!@!@
@!@!@STARTMSG 2199:0 @!@!@
3 states generated, 2 distinct states found, 0 states left on queue.
@!@!@ENDMSG 2199 @!@!@
@!@!@STARTMSG 2194:0 @!@!@
The depth of the complete state graph search is 2.
@!@!@ENDMSG 2194 @!@!@
"""


def model_of(directory: Path, text: str = TASKS) -> Model:
    (directory / "tasks.py").write_text(text)
    return ground(load(directory / "tasks.py"), file=str(directory / "tasks.py"))


def asked(directory: Path) -> str:
    """The definitions that the configuration of a run asks for."""
    lines = (directory / "asked.cfg").read_text().splitlines()[2:]
    return " ".join(line.split()[1] for line in lines)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What TLC prints is what it printed once, by what it was asked."""
    runs: dict[str, str] = json.loads(RUNS.read_text())

    def timed(place: Workplace, command: Sequence[str], fails: bool = False) -> tuple[str, float]:
        assert command[0] == "java" and "tlc2.TLC" in command
        return runs[asked(place.directory)], 0.5

    monkeypatch.setattr(Workplace, "timed", timed)
    monkeypatch.setattr(tlc, "need", lambda *programs: None)
    return runs


def test_what_tlc_prints_is_an_answer(tmp_path: Path, recorded: dict[str, str]) -> None:
    """Counts, verdicts and lengths are ours; each story, that of a temporal property too, is a behaviour here
    that breaks its property.
    """
    found = judge(model_of(tmp_path), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
    assert found.agreed, list(table(found))
    mine, other = found.answers
    assert (other.states, other.transitions, other.depth) == (77, 179, 9)
    assert {*other.violated} == {"one", "grows", "deadlock", "evaluation", "sleeps"} == {*mine.violated}
    assert {n: length(s) for n, s in other.stories.items() if n != "sleeps"} == {
        n: steps for n, steps in mine.violated.items() if n != "sleeps"
    }
    assert other.stories["sleeps"].loop is not None
    assert other.temporal == ("sleeps", "somebody_is_done") and mine.temporal == ("sleeps",)
    assert other.orbits == mine.orbits == 42
    assert len(recorded) == 11


def test_another_number_of_orbits_is_a_difference(tmp_path: Path, recorded: dict[str, str]) -> None:
    """TLC renames identities by rules of its own: where it counts other orbits, that is told."""
    recorded["Orbit"] = COUNTED
    found = judge(model_of(tmp_path), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
    assert found.differences == ("orbits: 42, TLC has 2",)


def test_a_memory_is_judged_by_rules_of_its_own(tmp_path: Path, recorded: dict[str, str]) -> None:
    """The storage that is written in TLA+ has as many states of POWER's memory as ours, and as few steps to
    the stale load; the initial state of its story is told by what the memory holds.
    """
    found = judge(model_of(tmp_path, PASSING), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
    assert found.agreed and {*found.answers[1].violated} == {"no_stale_data"}, list(table(found))


def test_an_initial_state_is_recognised(tmp_path: Path, recorded: dict[str, str]) -> None:
    """Sets and arrays of TLC are read: the stories begin in the initial state that they begin in."""
    found = judge(model_of(tmp_path), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
    first = {name: story.initial for name, story in found.answers[1].stories.items()}
    assert {*first.values()} == {0, 1}, first


def test_a_story_of_tlc_that_is_none_is_a_difference(tmp_path: Path) -> None:
    """A lasso must break its temporal property, and its cycle must close."""
    model = model_of(tmp_path)
    initial = tuple(model.initial_states())
    number = {instance.name: instance.number for instance in model.instances}
    steps = (number["take(cpu=A)"], number["wake"])
    assert replayed(model, initial, "sleeps", Story(1, steps, loop=2)) == ""
    told = replayed(model, initial, "sleeps", Story(1, steps[:1], loop=1))
    assert told == "sleeps is not violated by what goes on as after step 1"
    assert "cycle" in replayed(model, initial, "sleeps", Story(1, steps, loop=0))


def test_what_fails_at_once_is_told_without_a_trace(tmp_path: Path, recorded: dict[str, str]) -> None:
    """An invariant that fails in an initial state, and one that is FALSE whatever the state: the story of no
    step.
    """
    said = "@!@!@STARTMSG {0}:1 @!@!@\n{1}\n@!@!@ENDMSG {0} @!@!@\n"
    recorded["TypeOK no_deadlock"] = COUNTED
    for number, told in (
        (2107, "Invariant one is violated by the initial state:\nturn = -1"),
        (2230, "The invariant of one is equal to FALSE"),
    ):
        recorded["TypeOK one no_deadlock"] = said.format(number, told)
        found = judge(model_of(tmp_path, ALONE), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
        assert found.agreed and found.answers[1].violated == {"one": 0}, list(table(found))


@pytest.mark.parametrize(
    "printed, why",
    [
        ("Error: Could not find or load main class tlc2.TLC", "TLC does not run: Error: Could not find"),
        (
            "@!@!@STARTMSG 1000:1 @!@!@\nTLC threw an unexpected exception.\n@!@!@ENDMSG 1000 @!@!@",
            "TLC gives up: TLC threw an unexpected exception.",
        ),
        (
            "@!@!@STARTMSG 2110:1 @!@!@\nInvariant other is violated.\n@!@!@ENDMSG 2110 @!@!@",
            "TLC gives up: Invariant other is violated.",
        ),
    ],
)
def test_what_is_no_answer_is_none(
    printed: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where TLC fails, or names what it was not asked, it has no answer, and the reason is told."""
    monkeypatch.setattr(Workplace, "timed", lambda *rest, **named: (printed, 0.5))
    monkeypatch.setattr(tlc, "need", lambda *programs: None)
    found = judge(model_of(tmp_path), ("TLC",), 10_000, 100, Path("tla2tools.jar"))
    assert not found.agreed and why in found.silent["TLC"]


def test_numbers_that_tlc_does_not_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLC has 32 bits: what comes to more, be it on the way, is not asked."""
    monkeypatch.setattr(tlc, "need", lambda *programs: None)
    found = judge(model_of(tmp_path, LARGE), ("TLC",), 100, 100, Path("tla2tools.jar"))
    assert found.refused["TLC"] == "tasks: numbers of 32 bits, and TLC has 31"


@pytest.mark.parametrize(
    "content, why",
    [
        (None, "no such file"),
        (b"no zip", "it cannot be read as a jar"),
        ({}, "it has no tlc2.TLC"),
    ],
)
def test_a_path_that_is_no_tla2tools_is_one_message(
    content: bytes | dict[str, str] | None, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is given is looked at before any work: exit code 2, and what to write."""
    spec, jar = tmp_path / "tasks.py", tmp_path / "tla2tools.jar"
    spec.write_text(TASKS)
    if isinstance(content, bytes):
        jar.write_bytes(content)
    elif content is not None:
        ZipFile(jar, "w").close()
    assert main(["judge", str(spec), "--tla2tools", str(jar)]) == 2
    assert (
        capsys.readouterr().err
        == f"explorer: --tla2tools {jar}: {why}; write: the path of TLC's tla2tools.jar\n"
    )


def test_tlc_is_asked_only_with_its_jar_and_a_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--by tlc without a path, and a path without Java, say what to write."""
    (tmp_path / "tasks.py").write_text(TASKS)
    assert main(["judge", str(tmp_path / "tasks.py"), "--by", "tlc"]) == 2
    assert "TLC is a jar; write: --tla2tools PATH" in capsys.readouterr().err
    with ZipFile(tmp_path / "tla2tools.jar", "w") as jar:
        jar.writestr("tlc2/TLC.class", "")
    monkeypatch.setattr("explorer.judge.tlc.installed", lambda: False)
    path = str(tmp_path / "tla2tools.jar")
    assert main(["judge", str(tmp_path / "tasks.py"), "--by", "tlc", "--tla2tools", path]) == 2
    assert "java is not installed; write: apt install default-jre-headless" in capsys.readouterr().err


@asks_tlc
@pytest.mark.parametrize("seed", [*range(6), 222])
def test_tlc_judges_random_specs(seed: int) -> None:
    """Random specs have the same counts, verdicts and lengths before TLC."""
    outcome, lines = judged(seed, ("TLC",), Path(str(JAR)))
    assert outcome in ("agreed", "no spec", "too large", "refused"), lines


QUEUED = """
from dataclasses import dataclass
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 3

class Colour(Scalarset):
    size = 2

@dataclass(frozen=True)
class Job:
    by: Cpu
    colour: Colour | None

class Work(State):
    jobs: Annotated[Queue[Job], Capacity(2)] = initially([])
    running: Map[Colour, Job | None] = initially(None)
    last: Map[Cpu, Colour | None] = initially(None)
    seen: Map[Cpu, Set[Colour]] = initially(set())

@action
def submit(s: Work, cpu: Cpu, colour: Colour) -> None:
    when(s.jobs.length < 2)
    s.jobs.next = s.jobs.push(record(Job, by=cpu, colour=colour))
    s.last[cpu].next = colour
    s.seen[cpu].next = s.seen[cpu].add(colour)

@action
def run(s: Work, colour: Colour) -> None:
    when(~s.jobs.empty)
    when(s.running[colour].is_none)
    s.running[colour].next = s.jobs.head
    s.jobs.next = s.jobs.pop()

@action
def done(s: Work, colour: Colour) -> None:
    when(~s.running[colour].is_none)
    s.running[colour].next = None

@terminal
def idle(s: Work) -> Value[bool]:
    return s.jobs.empty

spec = Spec()
"""


@asks_tlc
def test_tlc_counts_orbits_of_queues_and_records(tmp_path: Path) -> None:
    """Two scalarsets, one as key and as value, in records of queues and in records that may be absent."""
    found = judge(model_of(tmp_path, QUEUED), ("TLC",), 100_000, 600, Path(str(JAR)))
    assert found.agreed, list(table(found))
    assert found.answers[1].orbits == found.answers[0].orbits is not None


@asks_tlc
def test_tlc_judges_two_memories(tmp_path: Path) -> None:
    """Two storages of different sizes stand in one module."""
    found = judge(model_of(tmp_path, in_two_memories()), ("TLC",), 10_000, 600, Path(str(JAR)))
    assert found.agreed and "no_stale_data" in found.answers[1].violated, list(table(found))


@asks_tlc
def test_tlc_chooses_among_many_initial_states(tmp_path: Path) -> None:
    """Products of values, in an array too, are as many initial states as there are."""
    found = judge(model_of(tmp_path, STARTS), ("TLC",), 10_000, 600, Path(str(JAR)))
    assert found.agreed, list(table(found))
    assert {*found.answers[1].stories} == {"rare", "at_once", "slowly", "deadlock"}


SHIPPED = [p for folder in (".", "examples", "gallery") for p in sorted((SPECS / folder).glob("*.py"))]


ONE_SENDER = {"ipi_buggy", "ipi_fixed", "ipi_healing"}
"""Specs that TLC is asked of with one sender: it has 700 states a minute of a memory, and of all 6,770 of
`ipi_buggy` no answer in half an hour.
"""

LEFT_OUT = ("memory", "numbers of", "as a set", "as a number")
"""What the reasons of a refusal name."""


@asks_tlc
@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_tlc_judges_every_shipped_spec(path: Path) -> None:
    """No difference without a reason, and nothing but large numbers, sets as numbers and size is left out."""
    model = ground(load(path), {"senders": 1} if path.stem in ONE_SENDER else {}, str(path))
    found: Judged = judge(model, ("TLC",), 60_000, 3_600, Path(str(JAR)))
    assert not found.differences and not found.silent, list(table(found))
    assert all(any(word in why for word in LEFT_OUT) for why in found.refused.values()), found.refused


def _record(jar: Path) -> None:
    runs: dict[str, str] = {}
    timed = Workplace.timed

    def kept(place: Workplace, command: Sequence[str], fails: bool = False) -> tuple[str, float]:
        text, seconds = timed(place, command, fails)
        runs[asked(place.directory)] = text[text.index("@!@!@STARTMSG 2189") :]
        return text, seconds

    Workplace.timed = kept  # type: ignore[method-assign]
    with TemporaryDirectory() as directory:
        for text in (TASKS, PASSING):
            judge(model_of(Path(directory), text), ("TLC",), 10_000, 600, jar)
    RUNS.write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    _record(Path(str(JAR or sys.exit("TLA2TOOLS names no tla2tools.jar"))))
