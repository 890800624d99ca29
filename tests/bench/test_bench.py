"""The benchmark works: its table is produced, and all engines and peers count alike. No test here asserts a
time.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.engine import reference
from tests.bench import peers
from tests.bench.child import model_of
from tests.support.house import ROOT

CORNERS = str(ROOT / "tests" / "bench" / "specs" / "corners.py")


@pytest.fixture(scope="module")
def table() -> dict[str, list[str]]:
    """The cells of the quick benchmark's table, by measure."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return {
        cells[0]: cells[1:] for cells in ([c.strip() for c in line.strip("|").split("|")] for line in lines)
    }


@pytest.mark.slow
def test_the_table_has_a_line_for_every_demand(table: dict[str, list[str]]) -> None:
    """The quick benchmark prints each measure with its figure and what is asked of it."""
    for measure in (
        "distinct states/s, one worker",
        "transitions/s, one worker",
        "two workers over one",
        "against the python engine",
        "against SPIN",
        "against Rumur",
        "cost per state, IPI, 10^8 over 10^6",
        "bytes/state, exact, IPI",
        "bytes/state, compact, IPI",
        "first compile added to a run",
        "cached start, process start to first level",
        "python engine, distinct states/s",
        "throughput that properties cost",
        "compile time, 20 action instances",
        "states for each orbit, senders=2",
        "cost per transition, senders=2",
        "safety and liveness without symmetry over with, senders=2",
        "against SPIN, peterson PROCESSES=4",
        "levels/s, one state a level, python",
        "levels/s, one state a level, native",
    ):
        assert re.match(r"-?[\d,.]+", table[measure][0]) or table[measure][3] == "skipped", measure


@pytest.mark.slow
def test_engines_and_peers_find_the_same_states(table: dict[str, list[str]]) -> None:
    """Every engine and every peer that is installed counts the same states."""
    found = {who: table[f"states, {who}"] for who in ("native engine", "python engine", "SPIN", "Rumur")}
    assert {cells[0] for cells in found.values() if cells[3] != "skipped"} == {"5,444"}
    for tool, who in (("spin", "SPIN"), ("rumur", "Rumur")):
        assert (found[who][3] == "skipped") == (not shutil.which(tool)), found[who]


@pytest.mark.skipif(not shutil.which("spin"), reason="SPIN is not installed")
def test_spin_counts_choices_swaps_and_computed_indices_like_the_reference(tmp_path: Path) -> None:
    """The Promela that the exporter writes has the reference's states."""
    model = model_of(CORNERS, {})
    expected, (found,) = reference.explore(model), peers.spin(model, tmp_path, 1000)
    assert (found.states, found.transitions) == (expected.distinct, expected.transitions)


@pytest.mark.skipif(not shutil.which("rumur"), reason="Rumur is not installed")
def test_rumur_counts_choices_swaps_and_computed_indices_like_the_reference(tmp_path: Path) -> None:
    """The Murphi that the exporter writes has the reference's states."""
    model = model_of(CORNERS, {})
    expected, (found,) = reference.explore(model), peers.rumur(model, tmp_path)
    assert (found.states, found.transitions) == (expected.distinct, expected.transitions)
