"""Standard output is for results: how they are written there, and how the prints of a spec are kept away.
Knows nothing of results.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from typing import Any

from explorer.render.text.terminal import fitted, screen_width

PLAIN = {
    "→": "->",
    "←": "<-",
    "…": "...",
    "✓": "+",
    "✗": "x",
    "│": "|",
    "─": "-",
    "·": ".",
    "×": "x",
    "∀": "for all",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
"""What is written for a sign that an encoding does not have; others become escapes."""


class OutputError(Exception):
    """A result that could not be written (exit code 74)."""


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    shown = (PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs)
    return "".join(shown), error.end


codecs.register_error("plainly", _plainly)


def prepare_streams() -> None:
    """No stream is missing (`>&-`), and none fails for a sign that its encoding does not have."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
        stream: Any = getattr(sys, name)
        if mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plainly")


def say(text: str, *, machine: bool = False) -> None:
    """Write a result to standard output; what a `machine` reads is UTF-8 whatever the terminal's encoding is.
    A text keeps to the width of the screen. A reader that went away (`| head`) changes neither the files nor
    the exit code.

    Raises OutputError where it cannot be written, as on a full disk.
    """
    try:
        buffer = getattr(sys.stdout, "buffer", None)
        if machine and buffer is not None:
            sys.stdout.flush()
            buffer.write(f"{text}\n".encode(errors="backslashreplace"))
            buffer.flush()
        else:
            width = screen_width(sys.stdout)
            print(text if width is None else fitted(text, width), flush=True)
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
