"""What is printed does not depend on how fast a machine is: one story, the verdict's first one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import explorer.run.run
from explorer.command.main import main

SPEC = """
from explorer import *

class Counter(State):
    n: Var[Annotated[int, Range(0, 9)]] = initially(0)

@action
def count(counter: Counter) -> None:
    counter.n.next = (counter.n + 1) % 10

@invariant
def below_five(counter: Counter) -> Value[bool]:
    return counter.n < 5

@invariant
def below_three(counter: Counter) -> Value[bool]:
    return counter.n < 3

{more}
spec = Spec({expect})
"""

TEMPORAL = """
@temporal
def never_comes_to_two(counter: Counter) -> Formula:
    return ~eventually(counter.n == 2)
"""


def printed(capsys: pytest.CaptureFixture[str], path: Path) -> str:
    main([str(path), f"--out={path.parent / 'out'}"])
    return re.sub(r"[\d.]+ s \([^)]*\)", "", capsys.readouterr().out)


@pytest.mark.parametrize("more", ["", TEMPORAL])
@pytest.mark.parametrize("expect", ["", "expect=HOLDS", "expect=violates('below_five', steps=5)"])
def test_a_slow_machine_prints_the_same_story(
    more: str,
    expect: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if each level took seconds, so that stories are told while the search goes on."""
    path = tmp_path / "counter.py"
    path.write_text(SPEC.format(more=more, expect=expect))
    fast = printed(capsys, path)
    monkeypatch.setattr(explorer.run.run, "FIRST", 0.0)
    told: list[str] = []
    tell = explorer.run.run._Stories._tell
    monkeypatch.setattr(
        explorer.run.run._Stories, "_tell", lambda self, name, at: (told.append(name), tell(self, name, at))
    )
    slow = printed(capsys, path)
    assert slow == fast and len(told) >= 2
    assert fast.count("  CPU\n") == 1
