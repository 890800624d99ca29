"""Where the files of a command go. Knows nothing of what is in them."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from explorer.run.options import UsageError


def writable(directory: Path, option: str = "--out", what: str = "DIR with") -> Path:
    """The directory, made where it is missing; UsageError where no file can be written there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return directory  # what cannot be written is said then, and the verdict is not lost
        raise UsageError(
            f"{option} {directory}: {error.strerror or error}; write: {option} {what} a directory that can be"
            " written"
        ) from None
    return directory


def places(paths: Sequence[str]) -> dict[str, str]:
    """Where below `out` the files of each spec go: by its name, and by its directory's too where two have one
    name.
    """
    stems = [Path(path).stem for path in paths]
    places = {
        path: stem if stems.count(stem) == 1 else f"{Path(path).resolve().parent.name}/{stem}"
        for path, stem in zip(paths, stems)
    }
    for path in paths:
        other = next((p for p in paths if p is not path and places[p] == places[path]), None)
        if other is not None:
            raise UsageError(
                f"{path} and {other}: both would write to {places[path]}/; write: one after the other, each"
                " with its --out DIR"
            )
    return places
