"""Limits are looked at again and again, whatever the process is doing: a timer of the system interrupts it.

So no part of the work needs to know that there is a clock. Knows nothing of what is done when a limit is
reached.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from explorer.engine.limits import Limits, Stopped

EVERY = 0.05
"""Seconds between two looks."""

CALLBACKS = {
    ("weakref.py", "remove"),
    ("_weakrefset.py", "_remove"),
    ("executionengine.py", "_raw_object_cache_notify"),
    ("executionengine.py", "_raw_object_cache_getbuffer"),
}
"""Functions that C code calls and whose exceptions it drops: the look is put off until they have returned."""


@contextlib.contextmanager
def alarm(limits: Limits) -> Iterator[None]:
    """Look at limits until the block is left. Only the main thread can be interrupted, and a timer that is
    already in use is left alone: there nobody looks but the search itself.
    """
    if not _is_free():
        yield
        return

    before = signal.signal(signal.SIGALRM, lambda number, frame: look(limits, frame))
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
    hook = sys.unraisablehook
    sys.unraisablehook = lambda what: None if issubclass(what.exc_type, Stopped) else hook(what)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = hook


def look(limits: Limits, frame: FrameType | None) -> None:
    """Look at the limits in a signal handler that interrupted a frame. Raises Stopped into it."""
    try:
        limits.look()
    except Stopped:
        if not _in_callback(frame):
            limits.cut = True
            raise


def _in_callback(frame: FrameType | None) -> bool:
    """Whether an exception that is raised in a frame would be dropped."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or (os.path.basename(code.co_filename), code.co_name) in CALLBACKS:
            return True
        frame = frame.f_back
    return False


def _is_free() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )
