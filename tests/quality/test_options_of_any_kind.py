"""Whatever stands in place of an option of the language ends in a verdict or in a message."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import explorer
from explorer.command.main import main
from explorer.verdict import exit_codes

SPEC = """\
from typing import Annotated
import enum
from explorer import *
class At(enum.Enum):
    IDLE, BUSY = range(2)
class Cpu(Scalarset):
    size = {size}
    names = {names}
class S(State):
    n: Var[Annotated[int, Range({low}, 3)]] = initially({init}, quiet={quiet})
    at: Map[Cpu, At] = initially(At.IDLE)
@action({action})
def up(s: S, cpu: Cpu):
    when(s.n < 3)
    s.n.next = s.n + 1
    s.at[cpu].next = At.BUSY
@process({process})
def p(s: S, cpu: Cpu):
    yield step({step})
    if (yield branch(s.n > 2)):
        outcome({outcome})
    s.n.next = 1
@invariant
def small(s: S):
    return s.n < 2
spec = Spec({spec})
"""
GOOD = {
    "size": "2",
    "names": '("a", "b")',
    "low": "0",
    "init": "0",
    "quiet": "False",
    "action": 'actor="cpu"',
    "process": 'actor="cpu"',
    "step": '"one"',
    "outcome": '"other"',
    "spec": "",
}
FUNCTIONS = {
    "action": explorer.action,
    "process": explorer.process,
    "step": explorer.step,
    "outcome": explorer.outcome,
}
CALLS = [
    "expect={}",
    "expect=violates({})",
    "expect=violates('small', steps={})",
    "expect=violates('small', also={})",
    "expect=holds_within(max_depth={})",
    "variants={}",
    "variants=[{}]",
    "variants=[variant({}, HOLDS, 'x')]",
    "variants=[variant('a', {}, 'x')]",
    "variants=[variant('a', HOLDS, {})]",
    "survivors={}",
    "deadlock={}",
    "name={}",
]
VALUES = ["3", "None", '"x"', "[]", "True", "'\\n'"]


def cases() -> Iterator[dict[str, str]]:
    """Each option of each function of the language with each value."""
    for value in VALUES:
        yield from ({name: value} for name in ("size", "names", "low", "init", "quiet"))
        for name, function in FUNCTIONS.items():
            for option in inspect.signature(function).parameters:
                if option not in ("function", "text"):
                    rest = GOOD[name] if not GOOD[name].startswith(f"{option}=") else ""
                    yield {name: ", ".join(filter(None, [rest, f"{option}={value}"]))}
            if name in ("step", "outcome"):
                yield {name: value}
        yield from ({"spec": call.format(value)} for call in CALLS)


@pytest.mark.parametrize("command", [[], ["table"]], ids=["check", "table"])
def test_no_option_of_another_kind_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Every case ends with a documented exit code, and a message names the line."""
    monkeypatch.chdir(tmp_path)
    tried = 0
    for changed in cases():
        if command and "variants" not in changed.get("spec", ""):
            continue
        (tmp_path / "odd.py").write_text(SPEC.format(**{**GOOD, **changed}))
        code = main([*command, "odd.py", "--engine", "python"])
        _, err = capsys.readouterr()
        assert code in {*exit_codes.GRAVEST, exit_codes.USAGE} - {exit_codes.INTERNAL}, (changed, err)
        assert (code == exit_codes.MALFORMED) == err.startswith("odd.py:"), (changed, err)
        tried += 1
    assert tried > (25 if command else 200)
