"""Files that are whole or as they were before: written beside and renamed. Knows nothing of what is in
them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

PART = ".part"

_recorded: ContextVar[list[Path] | None] = ContextVar("recorded", default=None)


class Unwritten(str):
    """A note about something that was asked for and could not be written (exit code 74)."""

    __slots__ = ()


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Where to write what shall become a file; it takes the file's place where the block ends without an
    error.

    What is there and is no plain file (a pipe, a device) is written itself. Raises OSError as the writing
    does.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = Path(os.path.realpath(path))
    _remove_abandoned(target)
    part = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    try:
        yield part
        os.replace(part, target)
        note_written(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text as UTF-8; what has no place there, such as a name that was no UTF-8, becomes an escape.
    Raises OSError.
    """
    with beside(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def recording() -> Iterator[list[Path]]:
    """The paths of the files that are written as long as the block lasts."""
    written: list[Path] = []
    token = _recorded.set(written)
    try:
        yield written
    finally:
        _recorded.reset(token)


def note_written(path: Path) -> None:
    """Say that another program has written a file."""
    written = _recorded.get()
    if written is not None:
        written.append(path)


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed have left of this file."""
    start = f".{target.name}."
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            number = name[len(start) : -len(PART)]
            if name.startswith(start) and name.endswith(PART) and number.isdigit() and not _runs(int(number)):
                (target.parent / name).unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
