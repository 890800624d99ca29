"""Progress on standard error: a tqdm line on a terminal, one plain line every 30 s elsewhere, nothing for the
first second.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from explorer.engine.forecast import forecast, text
from explorer.engine.limits import Observer, Progress, resident_bytes
from explorer.run.run import Watcher

FIRST, EVERY = 1.0, 30.0
"""Seconds before anything is shown, and between plain lines."""


class Screen(Watcher):
    """Shows on standard error what a run is doing."""

    @contextlib.contextmanager
    def watching(self, name: str) -> Iterator[Observer]:
        line = _Line(name)
        try:
            yield line.observe
        finally:
            line.close()

    def hear(self, sentence: str) -> None:
        print(sentence, file=sys.stderr)


class _Line:
    def __init__(self, name: str):
        self.name, self.next_line = name, EVERY
        self.bar: Any = None
        self.terminal = sys.stderr.isatty()

    def observe(self, progress: Progress) -> None:
        if progress.seconds < FIRST:
            return
        if self.terminal:
            self.draw(progress)
        elif progress.seconds >= self.next_line:
            self.next_line = progress.seconds + EVERY
            print(f"{self.name}: {_text(progress)}", file=sys.stderr, flush=True)

    def draw(self, progress: Progress) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                desc=self.name,
                unit=" states",
                unit_scale=True,
                file=sys.stderr,
                leave=False,
                dynamic_ncols=True,
                bar_format="{desc}: {n_fmt}{unit} {postfix}",
            )
        self.bar.set_postfix_str(_text(progress), refresh=False)
        self.bar.n = progress.states
        self.bar.refresh()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _text(progress: Progress) -> str:
    rate = progress.states / progress.seconds if progress.seconds else 0
    return (
        f"level {progress.level}, {progress.states:,} states, {rate:,.0f} states/s, next level"
        f" {progress.frontier:,}, {resident_bytes() / (1 << 20):,.0f} MiB, {text(forecast(progress.levels))}"
    )
