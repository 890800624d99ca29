"""What is made of a text, on disk: it is read in place of being made again, where a command keeps it. That is
Python's code objects, and what the syntax of an author's file says.

A file is named by the digest of the text, of what is made of it and how, and of the version of Python; it
begins with the digest of the rest. One that is not what was written, or another user's, is made anew and
written again, and a directory that cannot be written changes nothing. Those that were used last are kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import stat
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar, cast

T = TypeVar("T")

LARGE = 2_000
"""Characters of a text from which something is read faster than made."""

BYTES = "utf-8", "surrogatepass"
"""How a text becomes bytes, whatever is in it."""

KEPT, YOUNG = 400, 3600
"""Files that are kept, and the seconds for which one is kept in any case."""

_directory: Path | None = None
_written = 0


def default_directory() -> Path:
    """`EXPLORER_CACHE`, or the user's cache directory."""
    given = os.environ.get("EXPLORER_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "interrupt-explorer"


def keep(directory: Path | None) -> None:
    """From now on things are kept there; None: nowhere."""
    global _directory
    _directory = directory


def keeps() -> bool:
    """Whether things are kept."""
    return _directory is not None


def kept(kind: str, text: str | bytes, make: Callable[[], T], by: tuple[str, ...] = ()) -> T:
    """What `make` makes of a text: something that `marshal` takes. `by` are the files whose code makes it."""
    if _directory is None or len(text) < LARGE:
        return make()
    file = _directory / _key(kind, text, by)
    known = _read(file)
    if known is None:
        made = make()
        _write(file, made)
        return made
    return cast(T, known[0])


def code_of(text: str | bytes, name: str) -> CodeType:
    """The code of a module's text; `name` is its file, as tracebacks show it."""
    kind = f"{sys.flags.optimize} {type(text).__name__} {name}"
    return kept(kind, text, lambda: compile(text, name, "exec", dont_inherit=True))


class Shelf:
    """Where bytes are kept that are known by a text. Nothing is kept where no command keeps anything."""

    def __init__(self, kind: str, text: bytes):
        self._file = None if _directory is None else _directory / _key(kind, text, ())

    def read(self) -> bytes | None:
        """What was written, None where nothing was or it is damaged."""
        known = None if self._file is None else _read(self._file)
        return None if known is None else cast(bytes, known[0])

    def write(self, held: bytes) -> None:
        """Keep it, in place of what was there."""
        if self._file is not None:
            _write(self._file, held)


def _key(kind: str, text: str | bytes, by: tuple[str, ...]) -> str:
    whole = hashlib.sha256("\n".join([sys.version, kind, *map(_digest, by), ""]).encode(*BYTES))
    whole.update(text if isinstance(text, bytes) else text.encode(*BYTES))
    return whole.hexdigest()[:32]


@lru_cache
def _digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _read(file: Path) -> tuple[Any] | None:
    try:
        if not is_own(file) or not stat.S_ISREG(file.stat().st_mode):
            return None
        held = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):  # what cannot be written can be read
        os.utime(file)
    if hashlib.sha256(held[32:]).digest() != held[:32]:
        return None
    known: tuple[Any] = marshal.loads(held[32:])
    return known


def _write(file: Path, made: Any) -> None:
    global _written
    part = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        private(file.parent)
        payload = marshal.dumps((made,))
        try:
            part.write_bytes(hashlib.sha256(payload).digest() + payload)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
        _written += 1
        if _written == 1:
            _prune(file.parent)


def is_own(path: Path) -> bool:
    """Whether a file or directory is this user's: what is read from it is run."""
    return not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()


def private(directory: Path) -> None:
    """Make a directory where none is, with those above it: others neither write nor read in it."""
    if not directory.is_dir():
        private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _prune(directory: Path) -> None:
    """Throw away what was not used for long, where there are more than `KEPT` files."""
    used = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(directory))
    for when, path in used[:-KEPT]:
        if when < time.time() - YOUNG:
            os.unlink(path)
