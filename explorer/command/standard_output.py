"""Standard output is for results: how they are written there, and how the prints of a spec are kept away.
Knows nothing of results.
"""

from __future__ import annotations

import contextlib
import os
import sys


class OutputError(Exception):
    """A result that could not be written (exit code 74)."""


def say(text: str) -> None:
    """Write a result to standard output. A reader that went away (`| head`) changes neither the files nor the
    exit code.

    Raises OutputError where it cannot be written, as on a full disk.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _discard()
    except OSError as error:
        _discard()
        raise OutputError(f"standard output cannot be written: {error.strerror or error}") from None


def _discard() -> None:
    """What is left in the buffer goes nowhere, so that the process ends without another error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def own_prints() -> contextlib.AbstractContextManager[object]:
    """While a spec's code runs: what it prints goes to standard error."""
    return contextlib.redirect_stdout(sys.stderr)
