"""--first ends a search at the first violation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer import check
from explorer.run.load import load
from tests.support.command_line import Done

ENGINES = [("reference",), ("python",), ("native",), ("native", "--workers", "2"), ("auto",)]


@pytest.mark.parametrize("engine", ENGINES, ids=" ".join)
def test_the_search_ends_with_the_shortest_story(
    explorer: Callable[..., Done], engine: tuple[str, ...]
) -> None:
    """`below` fails after two steps, `even_below` would after three: it stays undetermined, and the states
    behind are not visited, whatever the engine.
    """
    whole = json.loads(explorer("bad.py", "--json").out)
    found = json.loads(explorer("bad.py", "--first", "--json", "--engine", *engine).out)
    lengths = {p["name"]: (p["verdict"], p["trace_length"]) for p in found["properties"]}
    assert lengths["below"] == ("violated", 2)
    assert lengths["even_below"] == lengths["deadlock"] == ("undetermined", None)
    assert found["stopped"] == "--first: below failed"
    assert found["exit_code"] == whole["exit_code"] == 12
    assert found["states"]["distinct"] < whole["states"]["distinct"]
    assert found["traces"]["below"]["steps"] == whole["traces"]["below"]["steps"]


def test_only_what_was_asked_for_ends_it(explorer: Callable[..., Done]) -> None:
    """Another property that fails earlier does not end the search."""
    found = json.loads(explorer("bad.py", "--first", "--property", "even_below", "--json").out)
    assert [(p["name"], p["trace_length"]) for p in found["properties"]] == [("even_below", 3)]
    assert found["stopped"] == "--first: even_below failed"


def test_where_nothing_fails_everything_holds(explorer: Callable[..., Done]) -> None:
    """Then a search that would end at the first violation is a complete one."""
    found = json.loads(explorer("good.py", "--first", "--json").out)
    assert (found["verdict"], found["stopped"]) == ("holds", None)


@pytest.mark.parametrize("engine", ["reference", "python", "native"])
def test_a_deadlock_ends_it_too(explorer: Callable[..., Done], engine: str) -> None:
    """What every spec promises counts as well."""
    found = json.loads(explorer("stuck.py", "--first", "--json", "--engine", engine).out)
    assert found["stopped"] == "--first: deadlock failed"
    assert [p["name"] for p in found["properties"] if p["verdict"] == "violated"] == ["deadlock"]


def test_the_library_takes_it(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """As `first=True`."""
    verdict = check(load(tmp_path / "bad.py"), first=True)
    assert verdict.record["stopped"] == "--first: below failed"


def test_random_walks_do_not(explorer: Callable[..., Done]) -> None:
    """They look for violations only, and say how many there are."""
    done = explorer("simulate", "bad.py", "--first")
    assert done.code == 2 and "--first" in done.err
