"""Behaviours taken step by step: at a terminal, from a stored trace, and in the test that a counterexample
becomes.
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from explorer.api import check, walk
from explorer.trace.walk import Blocked
from tests.support.house import ROOT
from tests.support.slow import rest_slow

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "PYTEST_ADDOPTS": ""}
LAMP = '''
from explorer import *

LIMIT = constant("LIMIT", 2)

class Lamp(State):
    on: Var[bool] = initially(any_of(True, False))
    clicks: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action(actor="hand")
def click(lamp: Lamp):
    """click {lamp.clicks}"""
    when(lamp.clicks < LIMIT)
    lamp.on.next = ~lamp.on
    lamp.clicks.next = lamp.clicks + 1

@invariant
def few(lamp: Lamp):
    return lamp.clicks < 2

@temporal
def dark(lamp: Lamp):
    """In the end it is dark."""
    return eventually_always(~lamp.on)

spec = Spec()
'''


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def explorer(tmp_path: Path) -> Callable[..., Done]:
    (tmp_path / "lamp.py").write_text("from typing import Annotated\n" + LAMP)

    def run(*arguments: str, text: str = "") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "explorer", *arguments],
            cwd=tmp_path,
            env=ENVIRONMENT,
            input=text,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def test_a_walk_takes_undoes_and_saves(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Numbers and names take steps, u and g go back, w saves what replay takes again."""
    done = explorer("walk", "lamp.py", text="1\nclick\nu\ng 0\ns\n1\nfly\n7\nt\nw saved.itf.json\nq\n")
    assert done.code == 0
    assert done.out.count("step 1  hand: click 0") == 3 and "step 2  hand: click 1" in done.out
    assert "few is violated here" in done.out and "nothing is possible" in done.out
    assert (
        "clicks = 0" in done.out
        and "'fly' is no command here; ? lists them" in done.out
        and "'7' is no command here" in done.out
    )
    saved = json.loads((tmp_path / "saved.itf.json").read_text())
    assert [state["#meta"]["instance"] for state in saved["states"]] == ["", "click"]
    again = explorer("replay", "saved.itf.json")
    assert again.code == 0 and "1 step replayed in lamp" in again.out


def test_a_walk_at_a_pseudo_terminal(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """With a terminal there is a prompt and colour, and the end of input ends the walk."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", "walk", "lamp.py"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TERM": "xterm"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    os.write(leader, b"1\n?\nq\n")
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert process.wait(30) == 0
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", shown).decode()
    assert "> " in text and "step 1  hand: click 0" in text and "undo" in text


@pytest.mark.parametrize("name", ["few", "dark", "deadlock"])
def test_a_stored_counterexample_fits_its_spec_and_no_other(
    explorer: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    """replay takes every step again, and where the spec has changed names the first step that no longer fits,
    and its guard.
    """
    explorer("lamp.py", "--write", "itf,test", "--out", "found")
    file = f"found/{name}.itf.json"
    done = explorer("replay", file)
    assert (done.code, done.out.splitlines()[-1]) == (0, f"{name} is violated")
    lamp = tmp_path / "lamp.py"
    lamp.write_text(lamp.read_text().replace("lamp.clicks < LIMIT", "lamp.clicks < 1"))
    done = explorer("replay", file)
    assert done.code == 1 and "was made from another spec: its digest is" in done.out
    length = len(json.loads((tmp_path / file).read_text())["states"]) - 1
    if length >= 2:
        assert re.search(
            r"step 2 no longer fits: click waits for clicks < 1: clicks = 1  \(\S*lamp.py:\d+\)", done.out
        )
    else:
        assert f"all {length} steps still fit, though" in done.out


def test_files_that_are_no_traces_are_refused(explorer: Callable[..., Done]) -> None:
    """One sentence and exit code 2."""
    for file, what in (
        ("lamp.py", "not a trace in the Informal Trace Format"),
        ("nothing.itf.json", "No such file or directory"),
    ):
        done = explorer("replay", file)
        assert (
            done.code == 2
            and done.err
            == f"explorer: replay {file}: {what}; write: python -m explorer SPEC --write itf, to make one\n"
        )


@pytest.mark.parametrize("name", rest_slow(["few", "dark", "deadlock"]))
def test_a_counterexample_becomes_a_test_that_passes_and_can_fail(
    explorer: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    """--emit-test writes a pytest function; with the bug mended it fails and says why."""
    explorer("lamp.py", "--emit-test", "--out", "found")
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"found/{name}_test.py"]
    done = subprocess.run(test, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    lamp = tmp_path / "lamp.py"
    repaired = (
        lamp.read_text()
        .replace("when(lamp.clicks < LIMIT)", "when((lamp.clicks < LIMIT) & lamp.on)")
        .replace("initially(any_of(True, False))", "initially(False)")
    )
    lamp.write_text(
        repaired.replace(
            "spec = Spec()", "@terminal\ndef end(lamp: Lamp):\n    return ~lamp.on\nspec = Spec()"
        )
    )
    done = subprocess.run(test, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout


def test_a_blocked_step_names_its_guard(tmp_path: Path) -> None:
    """The message has the step, the conjunct, its values and the line."""
    path = tmp_path / "lamp.py"
    path.write_text("from typing import Annotated\n" + LAMP)
    steps = walk(path, LIMIT=1)
    steps.take("click")
    with pytest.raises(Blocked, match="step 2: click waits for clicks < 1: clicks = 1") as blocked:
        steps.take("click")
    assert blocked.value.place is not None and blocked.value.place.line == 14
    with pytest.raises(Blocked, match=r"there is no clack; did you mean click\?"):
        steps.take("clack")


def test_a_counterexample_replays_from_python() -> None:
    """`verdict.trace.replay()` executes every step again and gives the states."""
    found = check(ROOT / "spec" / "ipi_buggy.py", property="no_lost_ipi")
    assert found.trace is not None
    assert len(found.trace.replay()) == len(found.trace) + 1 == 22


def stored(tmp_path: Path, name: str, **change: object) -> dict[str, object]:
    """The stored trace of a property, with some entries replaced."""
    file = tmp_path / "found" / f"{name}.itf.json"
    found: dict[str, object] = json.loads(file.read_text()) | change
    file.write_text(json.dumps(found))
    return found


def test_a_loop_that_does_not_close_is_one_sentence(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Exit code 1 where the trace cannot go on as it says, 2 where its loop is no state of it."""
    lamp = tmp_path / "lamp.py"
    lamp.write_text(lamp.read_text().replace('@action(actor="hand")', '@action(actor="hand", fair=WEAK)'))
    explorer("lamp.py", "--write", "itf", "--out", "found")
    whole = stored(tmp_path, "dark")
    assert isinstance(whole["states"], list) and len(whole["states"]) == 3 and whole["loop"] == 2
    stored(tmp_path, "dark", loop=0)
    done = explorer("replay", "found/dark.itf.json")
    assert (
        done.code == 1
        and done.out.splitlines()[-1]
        == "the trace does not go on for ever as it says: the cycle does not close"
    )
    for change in ({"loop": 3}, {"loop": "x"}, {"loop": -1}, {"states": []}):
        stored(tmp_path, "dark", **{**whole, **change})
        done = explorer("replay", "found/dark.itf.json")
        assert done.code == 2 and "not a trace in the Informal Trace Format" in done.err


def test_a_replayed_lasso_says_how_it_goes_on(explorer: Callable[..., Done]) -> None:
    """The story has the stuttering or the cycle, and why the property is broken, as the first one had."""
    explorer("lamp.py", "--write", "itf", "--out", "found")
    done = explorer("replay", "found/dark.itf.json")
    assert (
        done.code == 0 and "it stutters for ever" in done.out and "dark: In the end it is dark." in done.out
    )


def test_another_spec_in_which_all_steps_fit_may_be_mended(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """The exit code is 1, but whether the property is still broken is said."""
    explorer("lamp.py", "--write", "itf", "--out", "found")
    lamp = tmp_path / "lamp.py"
    text = lamp.read_text()
    for change, last in (
        (("clicks < 2", "clicks < 3"), "few is not violated at the end: the trace says it is"),
        (('"LIMIT", 2', '"LIMIT", 3'), "few is violated"),
        (("def few", "def fewer"), "few is no property any more"),
    ):
        lamp.write_text(text.replace(*change).replace("lamp.clicks + 1", "1 + lamp.clicks"))
        done = explorer("replay", "found/few.itf.json")
        assert (
            done.code == 1
            and "all 2 steps still fit, though" in done.out
            and done.out.splitlines()[-1] == last
        )


def test_a_stored_trace_is_replayed_from_anywhere(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The spec is looked for above the trace too, and where it is nowhere the message says how to name it."""
    explorer("lamp.py", "--write", "itf,test", "--out", "found")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-m", "explorer", "replay", str(tmp_path / "found" / "few.itf.json")]
    assert subprocess.run(command, cwd=elsewhere, env=ENVIRONMENT, capture_output=True).returncode == 0
    test = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(tmp_path / "found" / "few_test.py"),
    ]
    done = subprocess.run(test, cwd=elsewhere, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    (tmp_path / "lamp.py").rename(elsewhere / "light.py")
    missing = explorer("replay", "found/few.itf.json")
    assert missing.code == 2 and missing.err == (
        "explorer: replay found/few.itf.json: its spec lamp.py is neither here nor above the trace; "
        "write: python -m explorer replay found/few.itf.json SPEC\n"
    )
    assert "2 steps replayed in light" in explorer("replay", "found/few.itf.json", "elsewhere/light.py").out


DOORS = """
from typing import Annotated
from explorer import *

Door = Annotated[int, Range(1, 3)]

class House(State):
    open: Map[Door, bool] = initially(False)

@action
def enter(house: House, door: Door):
    when(~house.open[door])
    when(door != 3)
    house.open[door].next = True

@action
def back(house: House):
    when(house.open[1])
    house.open[1].next = False

spec = Spec()
"""


def test_the_name_of_an_action_is_enough_where_there_is_no_choice(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """One possible instance is taken, several are listed, none says what it waits for; words are commands
    unless an action has the name.
    """
    (tmp_path / "doors.py").write_text(DOORS)
    done = explorer(
        "walk", "doors.py", text="enter\nback\nenter(door=1)\nenter\nenter\nback\nundo 2\nhelp\nquit\n1\n"
    )
    assert done.code == 0
    assert "step 1: enter is possible as enter(door=1), enter(door=2); write one of them" in done.out
    assert "step 1: back waits for open[1]\n" in done.out
    assert "step 2  enter(2)" in done.out and "step 3: enter(door=1) waits for " in done.out
    assert (
        "step 3  back" in done.out
        and done.out.count("step 1  enter(1)") == 2
        and done.out.count("take this action") == 1
    )
    assert "is no command" not in done.out and "step 2" not in done.out.partition("take this action")[2]
