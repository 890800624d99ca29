"""How a long run is doing: a record that is written beside its checkpoint, and shown by SIGUSR1 and by
`python -m explorer status DIR`.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from explorer.command.beside import Beside
from explorer.engine.checkpoint import Checkpoint
from explorer.engine.forecast import Forecast
from explorer.engine.limits import Phase, Progress, resident_bytes
from explorer.render.text.terminal import duration, short
from explorer.run.options import UsageError
from explorer.verdict import exit_codes

FILE, FORMAT = "status.json", "explorer status"
EVERY = 1.0
"""Seconds between two writings of the file."""


class Status:
    """What is known of a run now; written to its checkpoint's directory once a second, if there is one."""

    def __init__(self, name: str, beside: Beside):
        self.name, self.beside, self.began = name, beside, time.time()
        self.checkpoint: Checkpoint | None = None
        self.progress: Progress | None = None
        self.phase: Phase | None = None
        self.ended = ""
        self.due = 0.0

    def observe(self, progress: Progress) -> None:
        """The search was heard of."""
        self.progress, self.phase = progress, None
        self.write()

    def wait(self, phase: Phase | None) -> None:
        """Something else is going on. Comes from a signal handler, maybe while the file is being written."""
        self.phase = phase
        self.write()

    def end(self, verdict: str) -> None:
        """The run is over."""
        self.ended, self.phase, self.due = verdict, None, 0.0
        self.write()

    @property
    def trouble(self) -> str:
        """Why the last checkpoint could not be written; "" if it could, or none was asked for."""
        return self.checkpoint.trouble if self.checkpoint is not None else ""

    def record(self) -> dict[str, Any]:
        at, checkpoint = self.progress, self.checkpoint
        result: dict[str, Any] = {
            "format": FORMAT,
            "spec": self.name,
            "process": os.getpid(),
            "host": _host(),
            "began": self.began,
            "written": time.time(),
            "phase": self.phase.name if self.phase else "search" if at else "preparation",
            "memory_bytes": resident_bytes(),
            "ended": self.ended,
        }
        if at is not None:
            expected = self.beside.forecast(at.levels, at.seconds)
            result |= {
                "level": at.level,
                "states": at.states,
                "frontier": at.frontier,
                "seconds": at.seconds,
                "states_per_second": round(at.states / at.seconds) if at.seconds else 0,
                "forecast": expected
                and {
                    "states": expected.states,
                    "least": expected.least,
                    "most": expected.most,
                    "depth": expected.depth,
                },
            }
        if checkpoint is not None:
            result |= {
                "disk_bytes": checkpoint.bytes,
                "checkpoint_level": checkpoint.level,
                "checkpoint_written": checkpoint.written or None,
                "trouble": self.trouble,
            }
        return result

    def write(self) -> None:
        """Put the file in the place of the last one, when it is due; a disk that is full does not matter."""
        if self.checkpoint is None or time.monotonic() < self.due:
            return
        self.due = time.monotonic() + EVERY
        beside = self.checkpoint.directory / f"{FILE}.new"
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(self.record()) + "\n", encoding="utf-8")
            os.replace(beside, self.checkpoint.directory / FILE)


def text(record: dict[str, Any]) -> str:
    """A record for people."""
    now = time.time()
    lines = [
        f"{record['spec']}: {record['phase']}, {duration(now - record['began'])} since the start of process"
        f" {record['process']} on {record['host']}"
    ]
    if "level" in record:
        known = record["forecast"]
        rate = record["states_per_second"]
        lines += [
            f"  level       {record['level']}; {record['states']:,} states, {record['frontier']:,} in the"
            " next level so far",
            f"  rate        {short(rate)} states/s, {duration(record['seconds'])} of search",
            f"  forecast    {outlook(known and Forecast(**known), record['states'], rate)}",
        ]
    lines.append(f"  memory      {record['memory_bytes'] / (1 << 20):,.0f} MiB")
    if "disk_bytes" in record:
        lines.append(f"  disk        {record['disk_bytes'] / (1 << 20):,.1f} MiB")
        level, written = record["checkpoint_level"], record["checkpoint_written"]
        made = f", {duration(now - written)} ago" if written else ""
        lines.append(f"  checkpoint  {'none yet' if level is None else f'of level {level}'}{made}")
        lines += [f"  {record['trouble']}"] * bool(record["trouble"])
    return "\n".join(lines)


def status(directory: Path) -> tuple[str, int]:
    """How the run that writes to a directory is doing, and the exit code: 20 where it was cut off."""
    path = directory / FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        shown = text(record)
    except OSError as error:
        raise UsageError(
            f"status {directory}: {path.name}: {error.strerror or error}; write: the DIR that was given to"
            " --checkpoint or --resume"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"status {directory}: {path.name} is not the status of a run; write: the DIR that was given to"
            " --checkpoint or --resume"
        ) from None
    if record["ended"]:
        return f"{shown}\n  it has ended: {record['ended']}", exit_codes.OK
    if record["host"] == _host() and not _alive(record["process"]):
        return (
            f"{shown}\n  process {record['process']} is gone; to go on: --resume {directory}",
            exit_codes.UNDETERMINED,
        )
    return f"{shown}\n  seen {duration(time.time() - record['written'])} ago", exit_codes.OK


def _host() -> str:
    import socket  # a start hardly needs it

    return socket.gethostname()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def outlook(expected: Forecast | None, seen: int, rate: float) -> str:
    """The states of the complete space and the time that is left: "about 60–90 M (1 min left)"."""
    if expected is None:
        return "growing, no estimate"
    left = duration(max(expected.states - seen, 0) / rate) if rate else "?"
    if expected.most is None:
        return (
            f"{short(expected.least)} or more, if the levels go on so {short(expected.states)} ({left} left)"
        )
    return f"about {short(expected.least)}–{short(expected.most)} ({left} left)"
