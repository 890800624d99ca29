"""Compiled code is run only where it is the code of the text that is asked for."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.engine.native import jit as jit_module
from explorer.engine.native.jit import Jit

TEXT = "from numba import njit\n\n\n@njit(cache=True)\ndef answer(x):\n    return x + {number}\n"


def answer(directory: Path, number: int) -> int:
    """What a fresh process would compute for a text."""
    jit_module._loaded.clear()
    result = int(Jit(directory).module(TEXT.format(number=number)).answer(1))
    jit_module.seal_again()
    return result


def truncate(file: Path, rng: random.Random) -> None:
    file.write_bytes(file.read_bytes()[: rng.randrange(50)])


def garble(file: Path, rng: random.Random) -> None:
    file.write_bytes(rng.randbytes(500))


def remove(file: Path, rng: random.Random) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [truncate, garble, remove])
def test_any_damage_means_to_compile_anew(
    damage: Callable[[Path, random.Random], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file of the cache is cut, garbled or gone, the answer is right, and no error is raised."""
    monkeypatch.setattr(jit_module, "_loaded", {})
    assert answer(tmp_path, 1) == 2
    rng, names = random.Random(1), [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()]
    assert len(names) >= 4
    for name in names:
        if (tmp_path / name).exists():
            damage(tmp_path / name, rng)
        assert answer(tmp_path, 1) == 2


def test_a_module_of_another_text_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An undamaged module in the place of another one is not taken for it."""
    monkeypatch.setattr(jit_module, "_loaded", {})
    assert (answer(tmp_path, 1), answer(tmp_path, 2)) == (2, 3)
    one, two = (Jit(tmp_path).path(TEXT.format(number=n)) for n in (1, 2))
    shutil.rmtree(two.parent)
    shutil.copytree(one.parent, two.parent)
    (two.parent / one.name).rename(two)
    sums = two.parent / "sums"
    sums.write_text(sums.read_text().replace(one.name, two.name))
    assert answer(tmp_path, 2) == 3


def test_code_that_another_user_wrote_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compiled for this run elsewhere, which is said; what lies there stays."""
    monkeypatch.setattr(jit_module, "_loaded", {})
    assert answer(tmp_path, 1) == 2
    lies = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr(jit_module, "is_own", lambda path: tmp_path not in path.parents)
    jit_module._loaded.clear()
    jit = Jit(tmp_path)
    assert int(jit.module(TEXT.format(number=1)).answer(1)) == 2
    assert jit.directory != tmp_path and "is another user's" in jit.notes[0]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == lies


EAGER = """
import numpy as np
from numba import njit


@njit("i8(i8)", cache=True)
def answer(x):
    row = np.full(x, 7)
    row[0] = x
    return row[0] + row[-1]
"""

IN_A_PROCESS = """
import sys
from pathlib import Path
from numba import njit
from explorer.engine.native.jit import Jit

found = Jit(Path(sys.argv[1])).module(sys.argv[2]).answer(5)
tables = "numba.cpython.heapq" in sys.modules
print(found, tables, njit(lambda x: [x, found][1])(1))
"""


def test_loading_makes_no_tables_for_compiling(tmp_path: Path) -> None:
    """A second process runs the code of a first one without Numba's tables of types and operators, and can
    still compile something else.
    """
    command = [sys.executable, "-c", IN_A_PROCESS, str(tmp_path), EAGER]
    runs = [subprocess.run(command, capture_output=True, text=True, timeout=300) for _ in range(2)]
    assert [run.stderr for run in runs] == ["", ""]
    assert [run.stdout.split() for run in runs] == [["12", "True", "12"], ["12", "False", "12"]]
