"""How other programs are run: found, bounded in time, and never left running."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from explorer.ir.data import dataclass
from explorer.judge.answers import NoAnswer

WATCH = ("sh", "-c", "read end_of_file; kill -KILL 0")
"""A shell that leads the process group of a judge. Its input ends when this process does, be it by SIGKILL;
then it kills the group, in which a compiler's children are too.
"""


class Missing(Exception):
    """A program is not installed; the message names it."""


def need(*programs: str) -> None:
    """Raises Missing where a program is not installed."""
    for program in programs:
        if not shutil.which(program):
            raise Missing(f"{program} is not installed")


@dataclass(frozen=True, slots=True)
class Workplace:
    """A directory for a judge's files, and the moment (`time.monotonic`) at which its patience ends."""

    directory: Path
    until: float

    def run(self, command: Sequence[str], fails: bool = False) -> str:
        """What a program prints. Raises NoAnswer where it cannot be run, ends with an error (unless it may
        `fails`), or time is over.
        """
        return self.timed(command, fails)[0]

    def timed(self, command: Sequence[str], fails: bool = False) -> tuple[str, float]:
        """What a program prints, and its seconds."""
        started = time.monotonic()
        left = None if self.until == math.inf else max(0.0, self.until - started)
        with (
            subprocess.Popen(WATCH, stdin=subprocess.PIPE, process_group=0) as watch,
            subprocess.Popen(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                process_group=watch.pid,
            ) as process,
        ):
            try:
                out, _ = process.communicate(timeout=left)
            except subprocess.TimeoutExpired:
                raise NoAnswer(f"{Path(command[0]).name} takes longer than it may") from None
            finally:
                os.killpg(watch.pid, signal.SIGKILL)
        if process.returncode and not fails:
            lines = [line for line in out.splitlines() if line.strip()][-3:] or [
                f"exit code {process.returncode}"
            ]
            raise NoAnswer(f"{Path(command[0]).name} fails: {' | '.join(lines)}")
        return out, time.monotonic() - started
