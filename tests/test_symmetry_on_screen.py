"""What the command line says of symmetry: how much a run stands for, and why a symmetry is not used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from command_line import Done
from quotients import FIRST_WAITS, HEAD


def test_a_run_reports_orbits_and_what_they_stand_for(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`distinct` and `orbits` count what was visited, `represented` what it stands for; --no-symmetry visits all."""
    file = tmp_path / "lock.py"
    file.write_text(HEAD + "\nspec = Spec()\n")
    states = json.loads(explorer("lock.py", "--json").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (2, 2, 4)
    states = json.loads(explorer("lock.py", "--json", "--no-symmetry").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (4, 4, 4)
    assert "2 states (1 initial), standing for 4 by symmetry" in explorer("lock.py").out


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
