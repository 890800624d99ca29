"""What the command line says of symmetry: how much a run stands for, and why a symmetry is not used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.support.command_line import Done
from tests.support.quotients import FIRST_WAITS, HEAD


def test_a_run_reports_orbits_and_what_they_stand_for(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`distinct` and `orbits` count what was visited, `represented` what it stands for; --no-symmetry visits
    all.
    """
    file = tmp_path / "lock.py"
    file.write_text(HEAD + "\nspec = Spec()\n")
    states = json.loads(explorer("lock.py", "--json").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (2, 2, 4)
    states = json.loads(explorer("lock.py", "--json", "--no-symmetry").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (4, 4, 4)
    assert "2 states (1 initial), standing for 4 by symmetry" in explorer("lock.py").out


def test_each_format_says_which_states_it_counts(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Beside the number of visited states stands what they stand for; without symmetry one number is
    enough.
    """
    (tmp_path / "lock.py").write_text(HEAD + "\nspec = Spec()\n")
    done = explorer("lock.py", "--junit", "j.xml", "--markdown", "m.md", "--write", "html")
    assert done.code == 0
    page = (tmp_path / "out/lock/report.html").read_text()
    assert "2 states, standing for 4 by symmetry, 4 transitions" in (tmp_path / "m.md").read_text()
    assert {'<property name="states" value="2" />', '<property name="represented" value="4" />'} <= {
        line.strip() for line in (tmp_path / "j.xml").read_text().splitlines()
    }
    assert (
        "<dt>states, standing for 4 by symmetry</dt><dd>2</dd>" in page
        and "Visited states at each distance" in page
    )
    assert (
        "<dt>states that these stand for</dt><dd>4</dd>" in page
        and "count visited states and the steps that leave them" in page
    )
    assert explorer("lock.py", "--no-symmetry", "--markdown", "m.md", "--write", "html").code == 0
    page = (tmp_path / "out/lock/report.html").read_text()
    assert "\n4 states, 6 transitions" in (tmp_path / "m.md").read_text()
    assert "stand for" not in page and ">States at each distance" in page


def test_tables_count_what_the_visited_states_stand_for(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """On the screen, in Markdown and in the report alike, with a line that says so; without symmetry there is
    no such line.
    """
    said = "states: all that the visited ones stand for by symmetry"
    (tmp_path / "lock.py").write_text(HEAD + "\nspec = Spec(variants=[variant('V1', HOLDS, 'all of it')])\n")
    done = explorer("table", "lock.py")
    rows = (tmp_path / "out/lock/variants.md").read_text()
    page = (tmp_path / "out/lock/report.html").read_text()
    assert done.out.splitlines()[1].split()[:2] == ["V1", "4"] and said in done.out.splitlines()
    assert "| V1 | 4 |" in rows and said in rows.splitlines()
    assert '<td class="number">4</td>' in page and f"<p>{said}</p>" in page
    shown = explorer("table", "lock.py", "--no-symmetry").out
    assert shown.splitlines()[1].split()[:2] == ["V1", "4"] and said not in shown
    assert said not in (tmp_path / "out/lock/report.html").read_text()


def test_an_estimate_is_of_the_run_that_a_check_makes(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """It uses symmetry as a check does, and says what the visited states stand for."""
    (tmp_path / "lock.py").write_text(HEAD + "\nspec = Spec()\n")
    assert explorer("estimate", "lock.py").out.startswith(
        "lock is small: 2 states, standing for 4 by symmetry, 4 transitions, depth 1, "
    )


def test_a_broken_symmetry_is_said_and_not_used(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The screen tells what told two identities apart; the verdict is that of all states."""
    file = tmp_path / "lock.py"
    file.write_text(HEAD + FIRST_WAITS + "\nspec = Spec()\n")
    done = explorer("lock.py")
    assert done.code == 12
    assert "Cpu is not used as a symmetry: property first_waits tells A from B (lock.py:" in done.out
    assert "standing for" not in done.out
    shown = explorer("show", "lock.py").out
    assert "symmetry   Cpu is not used as a symmetry: property first_waits tells A from B" in shown
    assert "standing for 4 by symmetry" in explorer("lock.py", "--property", "owner_knows").out
