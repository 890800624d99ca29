"""What is numbered as it is met (decision 14), kept beside a checkpoint, so that another process gives the
same numbers. Knows nothing of what is numbered.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from explorer.ir.model import Model


class Numbering(Protocol):
    """Something that gives numbers, from 0, to what it meets. `told` are the things from a number on as plain
    data; `learn` takes all that another process told, and raises ValueError where a number is another thing's
    already. `settled`: what it met did not all fit its bound. `ask`, where the numbers are those of many
    processes, gives a thing its number, and tells all from the first on that is not `known` here.
    """

    settled: bool
    ask: Callable[[int, Any], Iterable[Any]] | None

    @property
    def known(self) -> int: ...

    def told(self, first: int) -> Iterator[Any]: ...

    def learn(self, things: Iterable[Any], first: int = 0) -> None: ...


def numberings_of(model: Model) -> list[Numbering]:
    """Those that the states of a model have numbers of."""
    found = (getattr(family.type, "storage", None) for family in model.families)
    return [storage for storage in found if storage is not None]


class Kept:
    """A file with a line for each thing: the rank of its numbering, and what it is."""

    def __init__(self, path: Path, numberings: list[Numbering]):
        self.path, self.numberings = path, numberings
        self.bytes, self.checksum = 0, 0
        self.counts = [0] * len(numberings)

    def write(self) -> dict[str, Any]:
        """Append what is new; what a head says of the file. Raises OSError."""
        lines, counts = list[str](), list[int]()
        for rank, (numbering, first) in enumerate(zip(self.numberings, self.counts)):
            told = list(numbering.told(first))
            lines += [json.dumps([rank, thing]) for thing in told]
            counts.append(first + len(told))
        data = "".join(f"{line}\n" for line in lines).encode()
        with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
            file.seek(self.bytes)
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        self.bytes, self.checksum = self.bytes + len(data), zlib.crc32(data, self.checksum)
        self.counts = counts
        settled = [numbering.settled for numbering in self.numberings]
        return {"file": self.path.name, "bytes": self.bytes, "crc32": self.checksum, "settled": settled}

    def read(self, head: dict[str, Any]) -> None:
        """Give the numbers again. Raises ValueError where the file is not what was written, or where this
        process has numbered something else by then; OSError.
        """
        with open(self.path, "rb") as file:
            data = file.read(head["bytes"])
        if len(data) != head["bytes"] or zlib.crc32(data) != head["crc32"]:
            raise ValueError("it is not what was written")
        things: list[list[Any]] = [[] for _ in self.numberings]
        for line in data.splitlines():
            rank, thing = json.loads(line)
            things[rank].append(thing)
        for numbering, mine, settled in zip(self.numberings, things, head["settled"], strict=True):
            numbering.learn(mine)
            numbering.settled = numbering.settled or settled
        self.bytes, self.checksum, self.counts = len(data), head["crc32"], [len(mine) for mine in things]
