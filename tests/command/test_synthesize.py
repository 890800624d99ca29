"""`synthesize`: what it says of each choice of barriers is what a check with these constants says, and it
claims nothing that was not explored.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from explorer import check
from explorer.command import main as cli
from explorer.run.strength import LESS, at_most, least, neighbours, weaker
from explorer.verdict import exit_codes

HEAD = """\
import enum
from explorer import *

class Fence(enum.Enum):
    NONE = "none"
    EIEIO = "eieio"
    LWSYNC = "lwsync"
    SYNC = "sync"

WRITER = constant("writer", Fence.LWSYNC)
READER = constant("reader", Fence.LWSYNC)
TWICE = constant("twice", False)
ROOM = constant("room", 7)

class Cpu(enum.Enum):
    P, C = range(2)

P, C = Cpu

class Ram(Memory, cpus=Cpu):
    data: Var[bool] = initially(False)
    flag: Var[bool] = initially(False)

    def fence(self, cpu: Cpu, kind: Fence) -> None:
        if kind != Fence.NONE:
            self.barrier(cpu, Barrier(kind.value))

class At(State):
    producer: Var[Annotated[int, Range(0, 3)]] = initially(0)
    consumer: Var[Annotated[int, Range(0, 4)]] = initially(0)

@action(fair=WEAK)
def fill(at: At, ram: Ram) -> None:
    when(at.producer == 0)
    ram.store(P, ram.data, True)
    at.producer.next = 1

@action(fair=WEAK)
def publish(at: At, ram: Ram) -> None:
    when(at.producer == 1)
    ram.fence(P, WRITER)
    ram.store(P, ram.flag, True)
    at.producer.next = 2

@action(fair=WEAK)
def look(at: At, ram: Ram) -> None:
    when(at.consumer == 0)
    when(ram.load(C, ram.flag))
    ram.fence(C, READER)
    at.consumer.next = 1

@action(fair=WEAK)
def use(at: At, ram: Ram) -> None:
    when(at.consumer == 1)
    at.consumer.next = ite(ram.load(C, ram.data), 2, 3)

@terminal
def end(at: At) -> Value[bool]:
    return (at.producer == 2) & (at.consumer >= 2)

@invariant
def nothing_stale(at: At) -> Value[bool]:
    return at.consumer != 3
"""
MESSAGE = "from typing import Annotated\n" + HEAD + "\nspec = Spec()\n"
LIVE = (
    "from typing import Annotated\n"
    + HEAD
    + """
@temporal
def it_arrives(at: At) -> Formula:
    return leads_to(at.producer == 2, at.consumer == 2)

spec = Spec()
"""
)
ROOMY = MESSAGE.replace(
    "class At(State):\n",
    "class Room(Scalarset):\n    size = ROOM * 1\n\nclass At(State):\n"
    "    room: Map[Room, bool] = initially(lambda r: WRITER != Fence.NONE)\n",
).replace('constant("room", 7)', 'constant("room", 2)')
"""The initial values depend on a barrier: each choice needs an exploration of its own."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "message.py"
    file.write_text(MESSAGE)
    return file


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    code = cli.main(["synthesize", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def record(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


BARRIERS = "--barriers=writer,reader"


def test_the_least_barriers_of_message_passing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the architectures ask for: nothing, a barrier at the writer, one on either side."""
    code, found = record(capsys, path, BARRIERS, "--memory", "sc,tso,pso,arm,power")
    assert code == exit_codes.OK
    enough = {run["memory"]: [e["choice"] for e in run["enough"]] for run in found["runs"]}
    none = {"writer": "none", "reader": "none"}
    assert enough == {
        "sc": [none],
        "tso": [none],
        "pso": [{"writer": "eieio", "reader": "none"}],
        "arm": [{"writer": "eieio", "reader": "lwsync"}],
        "power": [{"writer": "eieio", "reader": "lwsync"}],
    }
    assert all(run["decided"] and run["together"] for run in found["runs"])


@pytest.mark.parametrize("memory", ["tso", "power"])
@pytest.mark.parametrize("text", [MESSAGE, LIVE])
def test_every_choice_ends_as_its_own_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], memory: str, text: str
) -> None:
    """A choice holds, or fails with the same properties first and in as many steps, as checked alone."""
    file = tmp_path / "message.py"
    file.write_text(text)
    _, found = record(capsys, file, BARRIERS, "--memory", memory)
    for choice in found["runs"][0]["choices"]:
        verdict = check(str(file), **choice["choice"], memory=memory).verdict
        failing = {p.name: p.trace_length for p in verdict.properties if p.verdict == "violated"}
        if not choice["temporal"]:
            failing.pop("it_arrives", None)
        assert (choice["status"] == "violated") == bool(failing), choice
        if failing:
            first = min(length for length in failing.values() if length is not None)
            assert choice["steps"] == first
            assert {name for name, length in failing.items() if length == first} == {*choice["by"]}


def test_a_state_that_depends_on_a_barrier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then each choice is explored on its own, and the answer is the same."""
    file = tmp_path / "roomy.py"
    file.write_text(ROOMY)
    code, found = record(capsys, file, BARRIERS, "--memory", "power")
    (run_,) = found["runs"]
    assert code == exit_codes.OK and not run_["together"]
    assert [e["choice"] for e in run_["enough"]] == [{"writer": "eieio", "reader": "lwsync"}]


STEP = """
from explorer import *
EXTRA = constant("extra", {first})
class S(State):
    x: Var[bool] = initially(False)
@process(actor="a")
def a(s: S) -> Steps:
    yield "one"
    s.x.next = True
    if EXTRA:
        yield "two"
        s.x.next = False
@invariant
def clear(s: S) -> Value[bool]:
    return implies(at(a, None), ~s.x)
spec = Spec()
"""


@pytest.mark.parametrize("first", ["True", "False"])
def test_a_process_whose_steps_depend_on_a_barrier(
    first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its places are those of one choice, so each choice is explored on its own."""
    file = tmp_path / "step.py"
    file.write_text(STEP.format(first=first))
    code, found = record(capsys, file, "--barriers", "extra")
    (run_,) = found["runs"]
    assert code == exit_codes.OK and not run_["together"]
    assert [e["choice"] for e in run_["enough"]] == [{"extra": True}]


def test_what_was_not_explored_is_not_claimed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound leaves undetermined what had not failed before it, and the exit code says so."""
    code, found = record(capsys, path, BARRIERS, "--memory", "power", "--max-states", "40")
    (run_,) = found["runs"]
    assert code == exit_codes.UNDETERMINED
    assert not run_["enough"] and not run_["decided"]
    assert {c["status"] for c in run_["choices"]} == {"undetermined"}
    assert all("--max-states 40" in c["reason"] for c in run_["choices"])


def test_a_bound_of_the_memory_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A choice whose states have no value is neither enough nor too little."""
    text = path.read_text().replace("at.producer.next = 1", "at.producer.next = 0 if TWICE else 1")
    text = text.replace("ram.data, True)", "ram.data, ~ram.newest(ram.data))")
    path.write_text(text.replace("spec = Spec()", "spec = Spec(memory_bound=2)"))
    code, found = record(capsys, path, BARRIERS, "--memory", "pso", "-D", "twice=true")
    (run_,) = found["runs"]
    assert code == exit_codes.UNDETERMINED and not run_["decided"]
    assert "memory_bound is too small" in next(iter(run_["undetermined"]))


def test_none_is_enough(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the strongest barriers do not help, that is the answer, with its story's length."""
    path.write_text(path.read_text().replace("at.consumer != 3", "at.consumer != 2"))
    code, out, _ = run(capsys, path, BARRIERS, "--memory", "power")
    assert code == exit_codes.SAFETY
    assert "  no choice is enough\n    writer=sync, reader=sync: nothing_stale violated after 4 steps" in out


def test_what_the_screen_says(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The least sets with their cost, what less would break, what is needed, and what the spec has."""
    code, out, err = run(capsys, path, BARRIERS, "--memory", "tso,power")
    lines = [line.rstrip() for line in out.splitlines()]
    assert code == exit_codes.OK and not err
    assert lines[1:5] == [
        "  enough    no barrier at all",
        "  redundant writer",
        "  redundant reader",
        "  the spec  writer=lwsync, reader=lwsync: holds",
    ]
    assert lines[7:14] == [
        "  enough    writer=eieio (light), reader=lwsync (light)",
        "    less    writer=none, reader=lwsync: nothing_stale violated after 4 steps",
        "    less    writer=eieio, reader=eieio: nothing_stale violated after 4 steps",
        "  needed    writer: eieio at least; without it, with all others: nothing_stale after 4 steps",
        "  needed    reader: lwsync at least; without it, with all others: nothing_stale after 4 steps",
        "  the spec  writer=lwsync, reader=lwsync: holds",
        "",
    ]
    assert lines[-2:] == ["  tso      power", "  nothing  writer=eieio + reader=lwsync"]


def test_kinds(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --kinds only these are tried, and none."""
    _, found = record(capsys, path, BARRIERS, "--memory", "power", "--kinds", "sync")
    assert found["barriers"] == {"writer": ["none", "sync"], "reader": ["none", "sync"]}
    assert [e["choice"] for e in found["runs"][0]["enough"]] == [{"writer": "sync", "reader": "sync"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--barriers", "writr"],
            "explorer: --barriers writr: no such constant; did you mean 'writer'?",
        ),
        (
            ["--barriers", "room"],
            "explorer: --barriers room: 7 is no kind of barrier; write: a constant whose values are members"
            " of an enum, or true and false",
        ),
        (
            ["--barriers", "memory"],
            f"explorer: --barriers memory: sc is no kind of barrier (there are {', '.join(LESS)}); write:"
            " -D memory=sc,tso,pso,arm,power for a run with each",
        ),
        (
            ["--barriers", "writer", "--memory", "vax"],
            "explorer: --memory vax: 'vax' is not one of sc, tso, pso, arm, power",
        ),
        (
            ["--barriers", "writer", "--memory", "sc", "-D", "memory=tso"],
            "explorer: --memory: the constant is given with -D too; write: one of the two",
        ),
        (
            ["--barriers", "writer", "-D", "writer=sync"],
            "explorer: --barriers writer: is chosen, and given a value too; write: one of the two",
        ),
        (
            ["--barriers", "writer", "--kinds", "sinc"],
            "explorer: --kinds sinc: no such kind; did you mean 'sync'?",
        ),
        (
            ["--barriers", "writer", "--property", "fresh"],
            "explorer: --property fresh: no such property; known: deadlock, evaluation, nothing_stale",
        ),
        (
            [],
            "explorer: no barrier; write: python -m explorer synthesize spec/ipi_fixed.py --barriers"
            " set_barrier,clear_barrier",
        ),
    ],
)
def test_errors(path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """Each wrong option is one sentence that says what to write, and exit code 2."""
    code, _, err = run(capsys, path, *arguments)
    assert (code, err.rstrip()) == (exit_codes.USAGE, message)


def test_kinds_are_ordered() -> None:
    """none < eieio < lwsync < sync, an order over all kinds; acquire and release are not compared."""
    for a, b, c in itertools.product(LESS, repeat=3):
        assert at_most(a, a)
        assert not (at_most(a, b) and at_most(b, a)) or a == b
        assert not (at_most(a, b) and at_most(b, c)) or at_most(a, c)
    assert weaker(("none", "sync"), ("eieio", "sync")) and weaker(("lwsync",), ("sync",))
    assert not weaker(("acquire",), ("release",)) and not weaker(("sync",), ("sync",))


def test_least_and_neighbours() -> None:
    """The least of those wanted, and what stands directly below a choice."""
    every = list(itertools.product(("none", "lwsync", "sync"), repeat=2))
    assert least(every, lambda c: "sync" in c) == [("none", "sync"), ("sync", "none")]
    assert neighbours(("lwsync", "sync"), every) == [("none", "sync"), ("lwsync", "lwsync")]
