"""A directory that a run keeps something in: what is wrong with it, and the lock on it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

LOCK = "lock"


class DirectoryError(Exception):
    """A directory that cannot be used as it is to be; the text says what to write."""


class CheckpointError(DirectoryError):
    """A directory that is none that a search can be written to, or gone on from."""


def locked(directory: Path, make: bool) -> int:
    """The lock of a directory, which goes with the process. CheckpointError where another one has it."""
    option = "--checkpoint" if make else "--resume"
    try:
        if make:
            directory.mkdir(parents=True, exist_ok=True)
        elif not directory.is_dir():
            raise CheckpointError(
                f"--resume {directory}: no such directory; write: the DIR that was given to --checkpoint"
            )
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CheckpointError(
            f"{option} {directory}: {error.strerror or error}; write: {option} DIR with a directory that can"
            " be written"
        ) from None
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass  # a system without such locks
    except OSError as error:
        os.close(lock)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise CheckpointError(
                f"{option} {directory}: another run is writing there; write: another directory, or wait for"
                " its end"
            ) from None
        raise CheckpointError(
            f"{option} {directory}: cannot be locked: {error.strerror or error}; write: {option} DIR with a"
            " directory on a local disk"
        ) from None
    return lock
