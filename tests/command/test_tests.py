"""`tests SPEC --cover WHAT`: few behaviours that cover a spec, and each file that is made of them works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from explorer.command.main import main
from explorer.engine.reference import explore, step, successors
from explorer.ir.semantics import evaluate
from explorer.trace.cover import KINDS, cover
from explorer.trace.step_builder import StepBuilder, state_texts
from tests.support.conform import LOCK, lock
from tests.support.house import DOCS, SPECS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lock.py").write_text(LOCK)
    return tmp_path


class Adapter:
    """The lock itself, by the reference; `broken` forgets that the lock was given back."""

    def __init__(self, folder: Path, broken: bool = False):
        self.model, _ = lock(folder)
        self.broken = broken
        self.instances = {instance.name: instance for instance in self.model.instances}

    def begin(self, initial: Mapping[str, str]) -> None:
        self.now = next(s for s in self.model.initial_states() if state_texts(self.model, s) == dict(initial))

    def instance(self, actor: str, action: str, parameters: Mapping[str, str]) -> Any:
        found = self.instances[f"{action}({', '.join(f'{k}={v}' for k, v in parameters.items())})"]
        assert StepBuilder(self.model).actor(found) == actor
        return found

    def step(self, actor: str, action: str, parameters: Mapping[str, str]) -> None:
        after = step(self.instance(actor, action, parameters), self.now)
        assert after is not None
        if not (self.broken and action == "give"):
            self.now = after

    def state(self) -> dict[str, str]:
        return {"taken": state_texts(self.model, self.now)["taken"]}

    def refuses(self, actor: str, action: str, parameters: Mapping[str, str]) -> bool:
        return step(self.instance(actor, action, parameters), self.now) is None


def functions(file: Path) -> list[Any]:
    space: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    return [function for name, function in space.items() if name.startswith("test_")]


@pytest.mark.parametrize("what", KINDS)
def test_the_functions_drive_an_adapter(here: Path, what: str) -> None:
    """They pass with the right one, and fail with one that does something else."""
    assert main(["tests", "lock.py", "--cover", what]) == 0
    found = functions(here / "out/lock/tests/test_lock.py")
    for function in found:
        function(Adapter(here))
    with pytest.raises(AssertionError, match="seen and expected differ"):
        for function in found:
            function(Adapter(here, broken=True))


def test_every_transition_is_covered(tmp_path: Path) -> None:
    """All that the reference finds, by behaviours of at most as many steps as asked for."""
    model, _ = lock(tmp_path)
    every = {edge for level in explore(model).levels for state in level for edge in successors(model, state)}
    for most in (8, 50):
        covering = cover(model, "transitions", most_steps=most, max_states=1000)
        taken = {
            (before, instance.number, after)
            for tour in covering.tours
            for before, instance, after in zip(tour.states, tour.taken, tour.states[1:])
        }
        assert taken == every and covering.goals == len(every) and not covering.missing
        assert max(len(tour.taken) for tour in covering.tours) <= most
    assert len(covering.tours) == 1


def test_every_guard_is_covered(tmp_path: Path) -> None:
    """Each condition that is in some state the first that fails of its action, in such a state."""
    model, _ = lock(tmp_path)
    covering = cover(model, "guards", most_steps=50, max_states=1000)
    shown = set()
    for tour in covering.tours:
        for refusal in tour.refusals:
            wait, state = refusal.wait, tour.states[refusal.after]
            conditions = wait.instance.guard
            assert [bool(evaluate(c.expr, state)) for c in conditions[: wait.number + 1]] == [
                *[True] * wait.number,
                False,
            ]
            shown.add((wait.instance.action.name, wait.number))
    assert shown == {("look", 0), ("look", 1), ("take", 0), ("give", 0)}
    assert covering.goals == len(shown) + 3


def test_the_traces_are_replayed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each behaviour is one of the spec; those of an earlier run are gone."""
    assert main(["tests", "lock.py", "--cover", "transitions", "--steps", "5", "--out", "made"]) == 0
    files = list((here / "made").glob("*.itf.json"))
    assert len(files) > 3
    assert main(["tests", "lock.py", "--cover", "actions", "--out", "made"]) == 0
    assert [path.name for path in (here / "made").glob("*.itf.json")] == ["behaviour_1.itf.json"]
    assert main(["replay", "made/behaviour_1.itf.json"]) == 0
    assert "3 steps replayed in lock" in capsys.readouterr().out
    stored = json.loads((here / "made/behaviour_1.itf.json").read_text())
    assert [state["#meta"]["action"] for state in stored["states"]] == ["", "look", "take", "give"]


@pytest.mark.parametrize("what", KINDS)
def test_the_adapter_of_the_page_passes(here: Path, what: str) -> None:
    """docs/tests.md has one for the ticket lock, that of Python lists."""
    block = re.search(r"^```python\n(.*?)^```$", (DOCS / "tests.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    space: dict[str, Any] = {}
    exec(block[1], space)
    ticket_lock = str(SPECS / "examples/ticket_lock.py")
    assert main(["tests", ticket_lock, "--cover", what]) == 0
    for function in functions(here / "out/ticket_lock/tests/test_ticket_lock.py"):
        function(space["Adapter"]())


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_schedule_is_c(here: Path) -> None:
    """A program that walks it prints the instances in the order of the behaviours."""
    assert main(["tests", "lock.py", "--cover", "transitions", "--steps", "5"]) == 0
    (here / "walk.c").write_text(
        '#include <stdio.h>\n#include "out/lock/tests/schedule.h"\nint main(void) {\n'
        "for (unsigned b = 0; b < sizeof explorer_behaviours / sizeof *explorer_behaviours; b++)\n"
        "for (unsigned i = 0; i < explorer_behaviours[b].length; i++)\n"
        'printf("%d %d\\n", explorer_behaviours[b].steps[i].thread, explorer_behaviours[b].steps[i].call);\n'
        "return EXPLORER_THREADS; }\n"
    )
    subprocess.run(["cc", "-Wall", "-Werror", "-o", "walk", "walk.c"], cwd=here, check=True)
    done = subprocess.run([here / "walk"], capture_output=True, text=True)
    stored = [
        json.loads((here / f"out/lock/tests/behaviour_{n}.itf.json").read_text())["states"][1:]
        for n in range(1, 1 + len(list(here.glob("out/lock/tests/*.itf.json"))))
    ]
    steps = [state["#meta"] for states in stored for state in states]
    calls = list(dict.fromkeys(meta["instance"] for meta in steps))
    actors = list(dict.fromkeys(meta["actor"] for meta in steps))
    wanted = [f"{actors.index(meta['actor'])} {calls.index(meta['instance'])}" for meta in steps]
    assert (done.returncode, done.stdout.splitlines()) == (2, wanted)


def test_limits_and_what_never_happens(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit is undetermined; what no state shows is named."""
    assert main(["tests", "lock.py", "--max-states", "2"]) == 20
    out = capsys.readouterr().out
    assert "undetermined: --max-states 2 reached; what other states have is not covered" in out
    assert "  not seen: give never happens (lock.py:29)" in out
    (here / "lock.py").write_text(
        LOCK.replace("at[cpu] == At.INSIDE)\n    lock.taken", "taken & ~lock.taken)\n    lock.taken")
    )
    assert main(["tests", "lock.py"]) == 0
    assert "  cannot be covered: give never happens (lock.py:29)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "no spec file; write: python -m explorer tests spec/ipi_fixed.py"),
        (
            ("lock.py", "--cover", "action"),
            "argument --cover: invalid choice: 'action'; did you mean 'actions'?",
        ),
        (("still.py",), "tests still.py: nothing happens in it, and there is nothing to cover"),
    ],
)
def test_wrong_usage(
    here: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line."""
    (here / "still.py").write_text(
        "from explorer import *\n\nclass S(State):\n    n: Var[bool] = initially(False)\n\n@action\n"
        "def never(s: S) -> None:\n    when(s.n)\n    s.n.next = False\n\nspec = Spec()\n"
    )
    assert main(["tests", *arguments]) == 2
    assert capsys.readouterr().err == f"explorer: {message}\n"


def test_a_folder_of_the_name_is_no_spec(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a folder is called `tests`, the command is meant."""
    (here / "tests").mkdir()
    assert main(["tests", "lock.py"]) == 0
    assert "3 actions are covered by 1 behaviour" in capsys.readouterr().out
