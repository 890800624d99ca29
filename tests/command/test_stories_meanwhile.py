"""A story is told when the level of its end is done, and the search goes on below it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from explorer.command import main as cli
from explorer.engine import auto, python, reference
from explorer.engine.limits import Limits, Progress
from explorer.engine.native import search as native
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.run import run as running
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.trace.tell import tell
from tests.support.command_line import SPECS
from tests.support.house import SPECS as FOLDER

LONG = SPECS["bad"].replace('constant("LAST", 3)', 'constant("LAST", 9)')
ENGINES: list[Callable[..., StateSpace]] = [
    reference.explore,
    python.explore,
    native.explore,
    partial(native.explore, options=native.Options(workers=2)),
    auto.explore,
]


@pytest.mark.parametrize("engine", ENGINES, ids=["reference", "python", "native", "two workers", "auto"])
def test_what_is_told_meanwhile_is_what_is_told_at_the_end(
    engine: Callable[..., StateSpace], tmp_path: Path
) -> None:
    """Each property that fails above the last level is heard of once, when the search has not ended, and its
    story from the space as it is then is that of the whole space.
    """
    (tmp_path / "bad.py").write_text(LONG)
    seen: list[tuple[str, int, object]] = []

    def observe(progress: Progress) -> None:
        for name in progress.failed:
            assert progress.snapshot is not None
            space = progress.snapshot()
            seen.append((name, space.distinct, tell(space, space.violations[name])))

    space = engine(ground(load(tmp_path / "bad.py")), Limits(), observe)
    assert [name for name, _, _ in seen] == ["below", "even_below"]
    assert all(states < space.distinct for _, states, _ in seen)
    assert [trace for _, _, trace in seen] == [tell(space, space.violations[name]) for name, _, _ in seen]


def test_a_story_told_under_a_symmetry_disturbs_nothing() -> None:
    """Telling in the middle of a search of representatives leaves counts and stories as they are."""
    model = ground(load(FOLDER / "ipi_buggy.py"))
    told = {}

    def observe(progress: Progress) -> None:
        for name in progress.failed:
            assert progress.snapshot is not None
            space = progress.snapshot()
            told[name] = tell(space, space.violations[name])

    quiet = python.explore(model, symmetry=find(model))
    heard = python.explore(model, None, observe, symmetry=find(model))
    assert (quiet.distinct, quiet.enabled, quiet.orbits_sum) == (
        heard.distinct,
        heard.enabled,
        heard.orbits_sum,
    )
    assert told and told == {name: tell(quiet, quiet.violations[name]) for name in told}


@pytest.mark.parametrize("engine", ["reference", "python", "native", "auto"])
def test_the_screen_has_one_story(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A search that takes its time shows the story that a quick one shows, before what was found at all; the
    record has all of them.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(LONG)
    assert cli.main(["bad.py", "--engine", engine]) == 12
    quick, record = capsys.readouterr().out, json.loads((tmp_path / "out/bad/verdict.json").read_text())
    monkeypatch.setattr(running, "FIRST", 0.0)
    assert cli.main(["bad.py", "--engine", engine]) == 12
    slow = capsys.readouterr().out
    assert quick.count("is violated after") == slow.count("is violated after") == 1
    assert slow.index("below is violated after 2") < slow.index("bad violates below, even_below")
    again = json.loads((tmp_path / "out/bad/verdict.json").read_text())
    assert again["traces"] == record["traces"] and {*record["traces"]} == {"below", "even_below"}


def test_json_stays_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a machine reads, nothing is told meanwhile."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "FIRST", 0.0)
    (tmp_path / "bad.py").write_text(LONG)
    assert cli.main(["bad.py", "--json"]) == 12
    assert set(json.loads(capsys.readouterr().out)["traces"]) == {"below", "even_below"}
