"""Smaller instances of a spec, explored by a process of its own while a long search goes on, so that the line
of progress says how long it takes.

`python -m explorer.command.beside JSON` writes the instances as JSON to standard output.
"""

from __future__ import annotations

import enum
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.engine.forecast import Forecast, forecast
from explorer.ir.data import dataclass

if TYPE_CHECKING:
    import subprocess

FROM, SECONDS = 5.0, 10.0
"""Seconds of a search before such a process is begun; how long it works."""


@dataclass(frozen=True, slots=True)
class Job:
    """A spec file, the values of its constants as `-D` takes them, and whether its symmetry is used."""

    spec: str
    values: dict[str, str]
    symmetric: bool

    @classmethod
    def of(cls, spec: str, binding: dict[str, Any], symmetric: bool) -> Job:
        """The job of a run."""
        return cls(spec, {name: _text(value) for name, value in binding.items()}, symmetric)


def _text(value: Any) -> str:
    return value.name if isinstance(value, enum.Enum) else str(value)


class Beside:
    """The process of one search, begun when a forecast is asked for that levels alone do not give."""

    def __init__(self, job: Job | None):
        self.job = job
        self.process: subprocess.Popen[str] | None = None
        self.file: Any = None
        self.instances: list[Any] | None = None
        self.target: tuple[int, ...] = ()
        self.last: tuple[int, Forecast | None] = -1, None
        """A forecast, and of how many levels it is."""

    def forecast(self, levels: Sequence[int], seconds: float) -> Forecast | None:
        """What can be said of the complete space after so many seconds of search."""
        if self.instances is None:
            known = forecast(levels)
            if (known is None or known.most is None) and seconds >= FROM and self.job is not None:
                self._look()
            if self.instances is None:
                return known
        if self.last[0] != len(levels):
            from explorer.engine.growth import expected

            self.last = len(levels), expected(levels, self.instances, self.target)
        return self.last[1]

    def _look(self) -> None:
        """Begin the process, or take what it has found."""
        if self.process is None:
            import subprocess  # a small spec never needs them
            import tempfile

            assert self.job is not None
            job = {"spec": self.job.spec, "values": self.job.values, "symmetric": self.job.symmetric}
            self.file = tempfile.TemporaryFile("w+", encoding="utf-8")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "explorer.command.beside", json.dumps(job)],
                stdin=subprocess.DEVNULL,
                stdout=self.file,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                text=True,
            )
        elif self.process.poll() is not None:
            self.instances = []
            if self.process.returncode == 0:
                self._read()

    def _read(self) -> None:
        from explorer.engine.growth import Instance

        self.file.seek(0)
        found = json.load(self.file)
        self.target = tuple(found["target"])
        self.instances = [Instance(tuple(at), tuple(levels)) for at, levels in found["instances"]]

    def stop(self) -> None:
        """End the process, if there is one; its file may be there before it."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
        if self.file is not None:
            self.file.close()
        self.process = self.file = self.job = None


def main(job: dict[str, Any]) -> dict[str, Any]:
    """The instances that Python has explored in a few seconds."""
    from explorer.ground.ground import ground
    from explorer.run.constants import bindings, single
    from explorer.run.load import load
    from explorer.run.smaller import Smaller

    spec = load(job["spec"])
    given = single(bindings(spec, [f"{name}={value}" for name, value in job["values"].items()]))
    smaller = Smaller(
        ground(spec, given),
        lambda values: ground(spec, {**given, **values}),
        defaults={name: known._default for name, known in spec.known_constants().items()},
        symmetric=job["symmetric"],
    )
    if smaller.target:
        smaller.explore(SECONDS, 0, None)
    return {"target": smaller.target, "instances": [(i.at, i.levels) for i in smaller.found]}


if __name__ == "__main__":
    os.nice(19)
    kept, sys.stdout = sys.stdout, sys.stderr  # what the spec prints is not ours
    json.dump(main(json.loads(sys.argv[1])), kept)
