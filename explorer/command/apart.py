"""A command whose work is done in a child process, where the process that does it may be ended by others
without a word: Ray ends a process of its cluster when its own one on the machine is gone. Knows nothing of
what the work is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from explorer.verdict import exit_codes

TOLD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1}
"""What the child is told of when its parent is."""

PARENT_DIES, SENT = 1, 0
"""Linux: the option of prctl for the signal at a parent's end; what a process has sent is not above."""


def go_apart(arguments: Sequence[str]) -> Callable[[int], None]:
    """Returns in a child process only, with what it calls when its work is done, with its exit code. This
    process waits for it, and exits with that code; where there was none, it says so.
    """
    watched = TOLD | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    result, told = os.pipe()
    parent, child = os.getpid(), os.fork()
    if child:
        os.close(told)
        _wait(child, watched)
        code = os.read(result, 1)
        if not code:
            print(f"explorer: {_unsaid(arguments)}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(code[0] if code else exit_codes.UNDETERMINED)
    os.close(result)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PARENT_DIES, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(exit_codes.UNDETERMINED)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return lambda code: _say(told, code)


def _say(told: int, code: int) -> None:
    os.write(told, bytes([code & 255]))


def _wait(child: int, watched: set[signal.Signals]) -> None:
    """Wait for the end of the child; what this process alone is told is told it."""
    while True:
        seen = signal.sigwaitinfo(watched)
        if seen.si_signo == signal.SIGCHLD:
            if os.waitpid(child, os.WNOHANG)[0]:
                return
        elif seen.si_code <= SENT:  # a terminal tells all processes itself
            os.kill(child, seen.si_signo)


def _unsaid(arguments: Sequence[str]) -> str:
    """What is said for a child that has said nothing."""
    kept = [value for name, value in _valued(arguments) if name in ("--checkpoint", "--resume")]
    more = f"to go on from its last checkpoint: --resume {kept[0]}" if kept else "write: --checkpoint DIR"
    return (
        "--cluster: the search was ended from outside, at once, as Ray does where its own process (raylet) on"
        f" this machine is gone: undetermined; {more}"
    )


def _valued(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Options with the word that each has."""
    return [
        (name, value) if equals else (name, after)
        for (name, equals, value), after in zip((w.partition("=") for w in arguments), [*arguments[1:], ""])
    ]
