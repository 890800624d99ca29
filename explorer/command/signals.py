"""What the signals of a run do: the first Ctrl-C, SIGTERM, and SIGUSR1."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from explorer.engine.limits import Limits
from explorer.run.alarm import look


@contextlib.contextmanager
def interruptible(limits: Limits, terminable: bool) -> Iterator[None]:
    """The first Ctrl-C ends what is going on and keeps what was learned; a second one ends the process, and
    so does one while results are written. SIGTERM does the same where the run is `terminable`.
    """

    def stop(number: int, frame: Any) -> None:
        if limits.interrupted or not limits.running:
            raise KeyboardInterrupt
        limits.interrupted = True
        look(limits, frame)

    signals = [signal.SIGINT, signal.SIGTERM] if terminable else [signal.SIGINT]
    try:
        before = [(number, signal.signal(number, stop)) for number in signals]
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def on_demand(report: Callable[[], str]) -> Iterator[None]:
    """SIGUSR1 prints on standard error how the run is doing."""

    def show(number: int, frame: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the stream is just being written
            print(report(), file=sys.stderr, flush=True)

    try:
        before = signal.signal(signal.SIGUSR1, show)
    except (ValueError, AttributeError):  # not the main thread, or a system without it
        yield
        return
    signal.siginterrupt(signal.SIGUSR1, False)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)
