"""The line of progress has an estimate from smaller instances, which another process explores meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from explorer.command.beside import FROM, Beside, Job
from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.house import ROOT

PETERSON = ROOT / "spec" / "examples" / "peterson.py"
STATES = 409_308
"""Of five processes, without symmetry."""


def begun() -> list[int]:
    """The first levels of five processes, a tenth of the states."""
    space = python.explore(ground(load(PETERSON), {"PROCESSES": 5}), Limits(max_states=STATES // 10))
    return [len(level) for level in space.levels[:-1]]


def test_levels_that_only_grow_get_an_estimate() -> None:
    """Nothing is begun in the first seconds; then the other process gives what is near the truth."""
    levels, beside = begun(), Beside(Job.of(str(PETERSON), {"PROCESSES": 5}, symmetric=False))
    try:
        assert beside.forecast(levels, FROM / 2) is None and beside.process is None
        assert beside.forecast(levels, FROM) is None and beside.process is not None
        assert beside.process.wait(120) == 0
        found = beside.forecast(levels, 2 * FROM)
        assert found is not None and found.most is not None
        assert STATES / 3 < found.states < 3 * STATES and found.least < STATES < found.most
        assert beside.forecast(levels, 3 * FROM) is found
    finally:
        beside.stop()


def test_a_spec_that_cannot_be_read_again_has_what_its_levels_say(tmp_path: Path) -> None:
    """The file is gone meanwhile: no estimate, no error."""
    beside = Beside(Job.of(str(tmp_path / "gone.py"), {}, symmetric=True))
    try:
        assert beside.forecast([1, 2, 4, 8], FROM) is None and beside.process is not None
        assert beside.process.wait(120) != 0
        assert beside.forecast([1, 2, 4, 8], FROM) is None and beside.instances == []
    finally:
        beside.stop()


def test_the_other_process_ends_with_the_search() -> None:
    """A search that is over kills it."""
    beside = Beside(Job.of(str(PETERSON), {"PROCESSES": 7}, symmetric=False))
    beside.forecast([1, 2, 4, 8], FROM)
    process = beside.process
    assert process is not None
    beside.stop()
    assert process.poll() is not None and beside.process is None
    assert beside.forecast([1, 2, 4, 8], FROM) is None and beside.process is None


def test_runs_without_a_job_have_what_their_levels_say() -> None:
    """Random walks, and rows of a table."""
    beside = Beside(None)
    assert beside.forecast([1, 2, 4, 8], 2 * FROM) is None and beside.process is None


def test_an_interrupted_beginning_leaves_no_open_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the other process is begun: what was opened for it is closed."""

    def interrupted(*given: object, **more: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen", interrupted)
    beside = Beside(Job.of(str(PETERSON), {"PROCESSES": 7}, symmetric=False))
    with pytest.raises(KeyboardInterrupt):
        beside.forecast([1, 2, 4, 8], FROM)
    file = beside.file
    beside.stop()
    assert file.closed and beside.process is None
