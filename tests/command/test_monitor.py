"""`export --to rv`: the automaton has the events that some behaviour shows of a CPU, and rvgen reads it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.conform.conform import Question, conform
from explorer.conform.generate import Wishes, generate
from explorer.conform.mapping import read_mapping
from tests.support.conform import LOCK, MAPPING, lock

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


@pytest.mark.skipif("KERNEL_TREE" not in os.environ, reason="no kernel tree is given")
def test_rvgen_reads_it(here: Path) -> None:
    """The kernel's own reader finds the same states, events and steps. KERNEL_TREE names the tree."""
    file = Path(os.environ["KERNEL_TREE"]) / "tools/verification/rvgen/rvgen/automata.py"
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
