"""Searches that are written to a directory, a disk that fails at a chosen moment, and what every search of a
model finds.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from explorer.engine import checkpoint as module
from explorer.engine import python
from explorer.engine.checkpoint import About, Checkpoint
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry
from tests.support.house import ROOT

Engine = Callable[..., StateSpace]


def opened(
    directory: Path, model: Model, *, resume: bool, every: float = 0.0, hear: Any = lambda sentence: None
) -> Checkpoint:
    """The directory, for a search of a model."""
    about = About("1", spec=model.name, constants={}, digest=model.digest, options={})
    return Checkpoint(directory, every, about, resume=resume, hear=hear)


def written(
    directory: Path,
    model: Model,
    engine: Engine = python.explore,
    *,
    depth: int | None = None,
    every: float = 0.0,
    symmetry: Symmetry | None = None,
    hear: Any = lambda sentence: None,
) -> StateSpace:
    """What a search finds that is written to a directory, or goes on from what is there; to a depth."""
    resume = (directory / module.HEAD).exists()
    checkpoint = opened(directory, model, resume=resume, every=every, hear=hear)
    try:
        return engine(model, Limits(max_depth=depth), symmetry=symmetry, checkpoint=checkpoint)
    finally:
        checkpoint.close()


class Killed(BaseException):
    """The process ends here."""


CALLS = ("open", "pwrite", "fsync", "ftruncate", "replace", "unlink")


class Disk:
    """Stands for `os`: counts what is done to files, and ends the process at the call `last`; a write has got
    half-way then. From byte `room` on the disk is full.
    """

    def __init__(self, last: int = 1 << 60, room: int = 1 << 60):
        self.last, self.room = last, room
        self.calls: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        return (lambda *given: self._do(name, function, given)) if name in CALLS else function

    def _do(self, name: str, function: Any, given: tuple[Any, ...]) -> Any:
        if len(self.calls) >= self.last:
            if name == "pwrite":
                os.pwrite(given[0], given[1][: len(given[1]) // 2], given[2])
            raise Killed
        self.calls.append((name, given[0]))
        if name == "pwrite":
            if self.room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            done = function(given[0], given[1][: self.room], given[2])
            self.room -= done
            return done
        return function(*given)


@contextmanager
def disk(disk: Disk) -> Iterator[Disk]:
    """In the block, checkpoints are written to this disk."""
    with patch.object(module, "os", disk):
        yield disk


def killed(directory: Path, model: Model, last: int, engine: Engine = python.explore) -> bool:
    """Whether a search that writes to a directory was ended at a call. What a process leaves behind is left:
    no file is closed in order, nothing more is written.
    """
    made: list[Checkpoint] = []
    real = Checkpoint.__init__

    def note(self: Checkpoint, *given: Any, **named: Any) -> None:
        made.append(self)
        real(self, *given, **named)

    with disk(Disk(last)) as at, patch.object(Checkpoint, "__init__", note):
        try:
            written(directory, model, engine)
        except Killed:
            pass
        else:
            return False
        finally:
            at.last = 1 << 60
            for file in (f for c in made for f in (getattr(c, "_file", -1), getattr(c, "_lock", -1))):
                if file >= 0:
                    os.close(file)
    return True


TURN = """\
import enum
from explorer import *

class Cpu(Scalarset):
    size = constant("CPUS", 3)

class At(enum.Enum):
    OUT, IN, DONE = range(3)

class S(State):
    at: Map[Cpu, At] = initially(At.OUT)

@action
def enter(s: S, cpu: Cpu):
    when(s.at[cpu] == At.OUT)
    s.at[cpu].next = At.IN

@action
def leave(s: S, cpu: Cpu):
    when(s.at[cpu] == At.IN)
    s.at[cpu].next = At.DONE

@terminal
def done(s: S):
    return every(s.at[cpu] == At.DONE for cpu in Cpu)

spec = Spec()
"""
"""Interchangeable CPUs that take turns."""

COUNTERS = str(ROOT / "tests/bench/specs/counters.py")


def record(name: str) -> dict[str, object]:
    """The verdict of a spec's run in this directory, without what differs from run to run."""
    found = json.loads(Path(f"out/{name}/verdict.json").read_text())
    own = ("seconds", "states_per_second", "peak_memory_bytes", "engine", "workers")
    return {key: value for key, value in found.items() if key not in own}
