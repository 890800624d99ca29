"""Progress on standard error: a line that changes on a terminal, one plain line every 30 s elsewhere, nothing
for the first second. What the search is not heard of in has a line of its own.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from explorer.command.beside import Beside, Job
from explorer.command.status import Status, outlook
from explorer.engine.checkpoint import Checkpoint
from explorer.engine.limits import Observer, Phase, Progress, resident_bytes
from explorer.render.text.terminal import duration, short
from explorer.run.run import Watcher
from explorer.trace.trace import Trace

FIRST, EVERY = 1.0, 30.0
"""Seconds before anything is shown, and between plain lines."""


class Screen(Watcher):
    """Shows on standard error what the run of a spec is doing."""

    def __init__(self, name: str, tell: Callable[[Trace], None] | None = None, job: Job | None = None):
        self.name, self.tell = name, tell
        self.line: _Line | None = None
        self.beside = Beside(job)
        self.status = Status(name, self.beside)
        self.printed: set[str] = set()
        self.shown: tuple[float, float] = (0.0, 0.0)
        self.drawn = False

    @contextlib.contextmanager
    def watching(self, name: str) -> Iterator[Observer]:
        line = self.line = _Line(name, self.beside)

        def observe(progress: Progress) -> None:
            self.status.observe(progress)
            line.observe(progress)

        try:
            yield observe
        finally:
            self.line.close()
            self.beside.stop()

    def keeping(self, checkpoint: Checkpoint) -> None:
        self.status.checkpoint = checkpoint

    def told(self, trace: Trace) -> None:
        if self.tell is not None and self.line is not None:
            self.line.close()
            self.tell(trace)
            self.printed.add(trace.key)

    def hear(self, sentence: str) -> None:
        self.wait(None)
        print(sentence, file=sys.stderr)

    def wait(self, phase: Phase | None) -> None:
        """Comes from a signal handler: a line is left out where the stream is just being written."""
        self.status.wait(phase)
        with contextlib.suppress(RuntimeError):
            if sys.stderr.isatty():
                self._draw(phase)
            elif phase is not None:
                self._print(phase)

    def _draw(self, phase: Phase | None) -> None:
        """Change the line on a terminal; remove it where the phase is over."""
        if phase is not None and time.monotonic() - phase.started >= FIRST:
            print(f"\r{self.name}: {_waiting(phase)}\x1b[K", end="", file=sys.stderr, flush=True)
            self.drawn = True
        elif phase is None and self.drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self.drawn = False

    def _print(self, phase: Phase) -> None:
        """A line after the first second of a phase, and others after each 30 s."""
        started, due = self.shown if self.shown[0] == phase.started else (phase.started, FIRST)
        if time.monotonic() - started >= due:
            print(f"{self.name}: {_waiting(phase)}", file=sys.stderr, flush=True)
            due = due + EVERY if due > FIRST else EVERY
        self.shown = started, due


class _Line:
    def __init__(self, name: str, beside: Beside):
        self.name, self.beside, self.next_line = name, beside, EVERY
        self.bar: Any = None
        self.terminal = sys.stderr.isatty()

    def observe(self, progress: Progress) -> None:
        if progress.seconds < FIRST:
            return
        if self.terminal:
            self.draw(progress)
        elif progress.seconds >= self.next_line:
            self.next_line = progress.seconds + EVERY
            print(f"{self.name}: {_text(progress, self.beside)}", file=sys.stderr, flush=True)

    def draw(self, progress: Progress) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                file=sys.stderr,
                leave=False,
                dynamic_ncols=True,
                bar_format="{desc}",
            )
        self.bar.set_description_str(f"{self.name}: {_text(progress, self.beside)}")

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def _waiting(phase: Phase) -> str:
    count = f"{phase.count:,} {phase.unit}, " if phase.count else ""
    return f"{phase.name}: {count}{time.monotonic() - phase.started:.0f} s"


def _text(progress: Progress, beside: Beside) -> str:
    """How long so far and how much is to come; then where the search is."""
    rate = progress.states / progress.seconds if progress.seconds else 0
    return " · ".join(
        [
            duration(progress.seconds),
            outlook(beside.forecast(progress.levels, progress.seconds), progress.states, rate),
            f"level {progress.level}",
            f"{short(progress.states)} states",
            f"{short(rate)}/s",
            f"{resident_bytes() / (1 << 20):,.0f} MiB",
        ]
    )
