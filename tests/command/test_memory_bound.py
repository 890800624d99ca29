"""The bound of live stores, from the command line: an error that names the location, or a bounded verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.command.main import main
from explorer.verdict import exit_codes

SPEC = """\
import enum
from explorer import *

LIMIT = constant("limit", 9)

class Cpu(enum.Enum):
    ONE, TWO = range(2)

class Ram(Memory, cpus=Cpu{more}):
    beat: Var[Annotated[int, Range(0, 3)]] = initially(0)

class Seen(State):
    value: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def beat(ram: Ram) -> None:
    ram.store(Cpu.ONE, ram.beat, (ram.newest(ram.beat) + 1) % 4)

@action
def reset(ram: Ram) -> None:
    ram.store(Cpu.TWO, ram.beat, 0)

@action
def look(ram: Ram, seen: Seen) -> None:
    seen.value.next = ram.load(Cpu.TWO, ram.beat)

@invariant
def few(seen: Seen) -> Value[bool]:
    return seen.value < LIMIT

spec = Spec()
"""


def run(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str, more: str = "") -> tuple[int, Any]:
    """The exit code and what is on the screen, for two CPUs that store for ever without a barrier."""
    (folder / "beats.py").write_text(SPEC.replace("{more}", more))
    code = main([str(folder / "beats.py"), "--out", str(folder / "out"), *arguments])
    return code, " ".join(capsys.readouterr().out.split())


def test_beyond_the_bound_is_an_evaluation_error_that_names_the_location(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More stores are live than memory_bound: nothing holds, and the message says of which location."""
    code, shown = run(tmp_path, capsys, "-D", "memory_bound=3")
    assert code == exit_codes.EVALUATION
    assert "more than 3 stores of `beat` are live: memory_bound is too small" in shown
    assert "few invariant undetermined" in shown


def test_the_bound_of_a_class_is_named_where_it_is_the_smaller_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class that says too few stores is an evaluation error too; a greater memory_bound does not help."""
    code, shown = run(tmp_path, capsys, "-D", "memory_bound=4", more=", bound=2")
    assert code == exit_codes.EVALUATION
    assert "more than 2 stores of `beat` are live: the bound of class Ram is too small" in shown


def test_settling_makes_holds_a_bounded_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The oldest store reaches everybody: all that is visited is fine, and that is not *holds*."""
    code, shown = run(tmp_path, capsys, "-D", "memory_bound=3", "-D", "beyond_bound=settle")
    assert code == exit_codes.UNDETERMINED
    assert "beyond_bound=settle (Ram)" in shown and "few invariant undetermined" in shown


def test_a_violation_beyond_the_bound_is_real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found while stores settle is found."""
    code, shown = run(tmp_path, capsys, "-D", "memory_bound=3", "-D", "beyond_bound=settle", "-D", "limit=3")
    assert code == 12 and "few is violated after 4 steps" in shown
