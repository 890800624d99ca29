"""The native engine visits the python engine's representatives, however forms are found and wherever it takes
over.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from quotients import RICH, ROOT, model, random_symmetric, same_facts
from test_differential import bounded

from explorer.engine import auto as tiered
from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import find


def test_random_specs_without_the_compiler() -> None:
    """The native engine's text, run by the interpreter, gives the python engine's representatives on random
    symmetric specs.
    """
    code = (
        "import random\nimport numpy as np\nnp.seterr(all='ignore')\nfrom test_native_symmetry import"
        " natively\nprint(sum(natively(seed, 12 if seed % 2 else 1) for seed in range(2000, 2060)))\n"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert int(ran.stdout.split()[-1]) > 20


def natively(seed: int, direct: int) -> bool:
    """Compare the engines on a random spec, if it is symmetric; the number of renamings that are all tried is
    given.

    The native engine lists steps by its own text, however few there are.
    """
    orbits.DIRECT, native.SMALL = direct, 0
    symmetric = random_symmetric(seed)
    if symmetric is None:
        return False
    spec, found = symmetric
    limits = bounded(spec)
    same_facts(
        python.explore(spec, limits, symmetry=found),
        native.explore(spec, limits, options=native.Options(2), symmetry=found),
    )
    return True


def test_machine_code_finds_the_same_representatives() -> None:
    """The native engine's forms are the python engine's, on states of one word and of two, sorted for and all
    tried.
    """
    for constants in ({"senders": 3}, {"targets": 2}):
        spec = ground(load(ROOT / "spec" / "ipi_buggy.py"), constants)
        found = find(replace(spec, temporal=()))
        limits = Limits(max_depth=16)
        compiled = python.Compiled(spec, found)
        made = native.machine(compiled)
        expected = python.explore(spec, limits, symmetry=found)
        for options in (native.Options(1), native.Options(3)):
            space = native.explore(spec, limits, options=options, prepared=(compiled, made))
            same_facts(expected, space)


def test_machine_code_sorts_where_there_are_many_renamings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties among keys are broken alike in both engines."""
    monkeypatch.setattr(orbits, "DIRECT", 1)
    for block in ("", RICH):
        spec = model(block, CPUS=3)
        found, limits = find(spec), Limits(max_depth=5)
        assert not python.Compiled(spec, found).plan.direct or not block  # type: ignore[union-attr]
        same_facts(python.explore(spec, limits, symmetry=found), native.explore(spec, limits, symmetry=found))


def test_the_hand_over_keeps_the_symmetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that goes from the python engine to the native one in the middle stands for the same
    states.
    """
    monkeypatch.setattr(tiered, "COMPILE_FROM", 300)
    monkeypatch.setattr(tiered._Builder, "ready", lambda self, states: states >= 300)
    spec = ground(load(ROOT / "spec" / "ipi_buggy.py"), {"senders": 3})
    found, limits = find(spec), Limits(max_depth=16)
    space = tiered.explore(spec, limits, symmetry=found)
    assert space.engine == "native"
    same_facts(python.explore(spec, limits, symmetry=found), space)
