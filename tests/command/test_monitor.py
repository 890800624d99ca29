"""`export --to rv`: the automaton has the events that some behaviour shows of a CPU, and rvgen reads it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.conform.conform import Question, conform
from explorer.conform.generate import Wishes, generate
from explorer.conform.mapping import read_mapping
from tests.support.conform import LOCK, MAPPING, lock
from tests.support.house import ROOT, SPECS
from tests.support.kernel_tree import given, rvgen, verification

ONE = MAPPING.replace('1 = "B"\n', "").replace('after = { taken = "{taken}" }\n', "")
"""The mapping where only CPU 0 is recorded."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lock.py").write_text(LOCK)
    (tmp_path / "lock.toml").write_text(MAPPING)
    return tmp_path


def export(*more: str) -> int:
    return main(["export", "lock.py", "--to", "rv", "--map", "lock.toml", "--out", "made", *more])


def automaton(file: Path) -> tuple[str, dict[tuple[str, str], str]]:
    """The initial state, and the steps by state and event, of the dialect that rvgen reads line by line."""
    text = file.read_text()
    assert text.startswith("digraph state_automaton {\n")
    initial = re.search(r'\n\t"__init_(\w+)" -> "\1";\n', text)
    assert initial is not None and f'doublecircle] "{initial[1]}"' in text
    edges = re.findall(r'^\t"(\w+)" -> "(\w+)" \[ label = "(.*)" \];$', text, re.MULTILINE)
    steps = {(start, event): end for start, end, events in edges for event in events.split("\\n")}
    assert len(steps) == sum(len(events.split("\\n")) for _, _, events in edges)
    return initial[1], steps


def accepted(found: tuple[str, dict[tuple[str, str], str]], word: list[str]) -> bool:
    at, steps = found
    return all((at := steps.get((at, event), "")) for event in word)


def test_it_accepts_what_fits(here: Path) -> None:
    """Every short sequence of events of one CPU: as `conform` judges a log with just these."""
    assert export("--cpu", "0") == 0
    found = automaton(here / "made/lock_0.dot")
    (here / "one").mkdir()
    model, file = lock(here / "one", ONE)
    mapping = read_mapping(file, model)
    verdicts = []
    for length in range(1, 6):
        for word in itertools.product(("take", "give", "given"), repeat=length):
            depth = list(itertools.accumulate({"give": 1, "given": -1}.get(event, 0) for event in word))
            if min(depth) < 0 or max(depth) > 1:
                continue  # an end without its beginning, or one event in itself
            log = here / "log"
            log.write_text(
                "".join(json.dumps({"time": t, "cpu": 0, "event": e}) + "\n" for t, e in enumerate(word))
            )
            fits = conform(model, log, mapping, Question()).verdict != "no"
            assert accepted(found, list(word)) == fits, word
            verdicts.append(fits)
    assert len(verdicts) > 60 and {True, False} == set(verdicts)


def test_no_behaviour_raises_an_alarm(here: Path) -> None:
    """The events of each CPU in generated logs are accepted."""
    model, file = lock(here)
    for cpu in "01":
        assert export("--cpu", cpu) == 0
        found = automaton(here / f"made/lock_{cpu}.dot")
        for seed in range(5):
            log = list(generate(model, read_mapping(file, model), Wishes(200, seed)))
            assert accepted(found, [record.name for record in log if record.cpu == cpu])


def test_what_is_said_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many spec states each state stands for, the trace points, the command; and what cannot be done."""
    assert export("--cpu", "1") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == ["made/lock_1.dot", "made/lock_1.txt", "5 states, 3 events"]
    assert out[-1] == "  rvgen monitor -c da -s lock_1.dot -t per_cpu"
    assert "  s0: 8" in (here / "made/lock_1.txt").read_text().splitlines()
    for arguments, message in (
        (("--cpu", "7"), "--to rv: no event of lock.toml is one of CPU 7"),
        (
            ("--cpu", "0", "--most", "2"),
            "--to rv: more than 2 states before the automaton is made small; write:",
        ),
        ((), "export --to rv: no --cpu; write: python -m explorer export spec/ipi_fixed.py --to rv --map"),
    ):
        assert export(*arguments) == 2
        assert capsys.readouterr().err.startswith(f"explorer: {message}")


CALLS = """\
import enum
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class Csd(enum.Enum):
    FREE, QUEUED, RUNNING = range(3)

class Calls(State):
    csd: Map[Cpu, Csd] = initially(Csd.FREE)

@action
def queue(calls: Calls, cpu: Cpu) -> None:
    when(calls.csd[cpu] == Csd.FREE)
    calls.csd[cpu].next = Csd.QUEUED

@action
def flush(calls: Calls) -> None:
    when(every(calls.csd[cpu] != Csd.RUNNING for cpu in Cpu))
    when(some(calls.csd[cpu] == Csd.QUEUED for cpu in Cpu))
    for cpu in Cpu:
        calls.csd[cpu].next = ite(calls.csd[cpu] == Csd.QUEUED, Csd.RUNNING, calls.csd[cpu])

@action
def run(calls: Calls, caller: Cpu) -> None:
    when(calls.csd[caller] == Csd.RUNNING)
    calls.csd[caller].next = Csd.FREE

spec = Spec()
"""

CSD = """\
format = "json"

[names.cpu]
0 = "A"
1 = "B"
42 = "target"

[names.csd]
c001 = "A"
c002 = "B"

[[event]]
name = "csd_queue_cpu"
action = "queue"
with = { cpu = "{csd}" }

[[event]]
name = "csd_function_entry"
exit = "csd_function_exit"
key = ["csd"]
match = { on = 42 }
action = "run"
with = { caller = "{csd}" }
"""


def test_an_object_is_followed_from_cpu_to_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call is queued on one CPU and run on another: the monitor of its csd has both events, and refuses
    what only other calls explain.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.py").write_text(CALLS)
    (tmp_path / "csd.toml").write_text(CSD)
    command = ["export", "calls.py", "--to", "rv", "--map", "csd.toml", "--out", "made", "--object"]
    assert main([*command, "csd=c002"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["made/calls_B.dot", "made/calls_B.txt"]
    assert out[-1] == "  rvgen monitor -c da -s calls_B.dot -t per_obj"
    found = automaton(tmp_path / "made/calls_B.dot")
    queue, entry, end = "csd_queue_cpu", "csd_function_entry_42", "csd_function_exit_42"
    assert accepted(found, [queue, entry, end] * 3) and accepted(
        found, [queue, entry, queue, end, entry, end]
    )
    assert not accepted(found, [queue, queue]) and not accepted(found, [entry, end])
    assert not accepted(found, [queue, entry, end, entry, end]) and not accepted(found, [queue, end])
    (tmp_path / "next.toml").write_text(CSD.replace('"csd_function_exit"\nkey = ["csd"]', '"next"'))
    command[5] = "next.toml"
    assert main([*command, "csd=c002"]) == 2
    assert "csd_function_entry ends with whatever is next on its CPU, which no object sees; write: exit" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--object", "csd"), "--object csd: write: a field of the mapping and its value, as --object csd=X"),
        (
            ("--object", "on=1"),
            "--object on=1: write: a field of the mapping and its value, as --object csd=X",
        ),
        (("--object", "csd=c1"), "--to rv: no event of lock.toml is one of csd = c1"),
        (
            ("--object", "csd=c1", "--cpu", "0"),
            "export --to rv: --cpu and --object: one monitor is of one of them",
        ),
    ],
)
def test_what_is_no_object_is_one_message(
    arguments: tuple[str, ...], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what to write."""
    assert export(*arguments) == 2
    assert capsys.readouterr().err == f"explorer: {message}\n"


def test_the_csd_of_the_ipi_family_has_a_monitor(tmp_path: Path) -> None:
    """The mapping that docs/conform.md shows: a call is queued, then its function begins, once."""
    small = ["memory=SC", "napping=False", "soft_masked=False", "guest=False", "locks=False"]
    constants = [word for value in small for word in ("-D", value)]
    command = ["export", str(SPECS / "ipi_fixed.py"), "--to", "rv", "--out", str(tmp_path), *constants]
    mapping = str(ROOT / "docs/conform/ipi_csd.toml")
    assert main([*command, "--map", mapping, "--object", "csd=00000000a1b2c3d4"]) == 0
    found = automaton(tmp_path / "ipi_fixed_105.dot")
    assert found == ("s0", {("s0", "csd_queue_cpu"): "s1", ("s1", "csd_function_entry"): "s2"})


@given
def test_rvgen_reads_it(here: Path) -> None:
    """The kernel's own reader finds the same states, events and steps. KERNEL_TREE names the tree."""
    file = verification() / "rvgen/rvgen/automata.py"
    spec = importlib.util.spec_from_file_location("automata", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert export("--cpu", "0") == 0
    theirs = module.Automata(str(here / "made/lock_0.dot"))
    initial, steps = automaton(here / "made/lock_0.dot")
    assert theirs.initial_state == initial
    matrix = {
        (state, event): theirs.function[n][k]
        for n, state in enumerate(theirs.states)
        for k, event in enumerate(theirs.events)
        if theirs.function[n][k] != theirs.invalid_state_str
    }
    assert matrix == steps


TABLE = """
#include <stdbool.h>
#include <stdio.h>
#include "made.h"
int main(void) {
  const struct automaton_made *a = &automaton_made;
  printf("initial %s\\n", a->state_names[a->initial_state]);
  for (int s = 0; s < state_max_made; s++)
    for (int e = 0; e < event_max_made; e++)
      if (a->function[s][e] != INVALID_STATE)
        printf("%s %s %s\\n", a->state_names[s], a->event_names[e], a->state_names[a->function[s][e]]);
}
"""
"""Prints the table of a monitor that rvgen has made."""


@given
@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
@pytest.mark.parametrize("kind, owner", [("per_cpu", ("--cpu", "0")), ("per_obj", ("--object", "cpu=1"))])
def test_rvgen_makes_a_monitor_of_it(kind: str, owner: tuple[str, str], here: Path) -> None:
    """From the spec to C: the table that rvgen writes, compiled, has our states and steps."""
    if kind == "per_obj":
        (here / "lock.toml").write_text(MAPPING.replace("{on}", "{cpu}"))
    assert export(*owner) == 0
    (file,) = (here / "made").glob("*.dot")
    told = rvgen("monitor", "-c", "da", "-s", str(file), "-t", kind, "-n", "made", where=here / "made")
    assert "Almost done" in told
    made = here / "made/made"
    initial, steps = automaton(file)
    text = (made / "made.c").read_text()
    assert all(f"static void handle_{event}(" in text for _, event in steps)
    (made / "table.c").write_text(TABLE)
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", "-o", "table", "table.c"], cwd=made, check=True)
    first, *rows = subprocess.run(
        ["./table"], cwd=made, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert first == f"initial {initial}"
    assert {(a, e): b for a, e, b in map(str.split, rows)} == steps
