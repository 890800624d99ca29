"""The order of a log's events: boxes that open and close, kept in a file. Knows nothing of states, nor how
boxes come from lines (`boxes.py`).

An event must have happened when its box closes, and not before it opens; two events are ordered only where
one box closes before the other opens. A gap is a box in which unseen events of its CPU may have happened.
"""

from __future__ import annotations

import struct
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import NamedTuple

from explorer.conform.mapping import EventMap, Row
from explorer.ir.data import dataclass
from explorer.ir.model import Model

OPEN, AFTER, GAP, CLOSE = range(4)
"""An operation: a box opens; a box whose step comes after that of another one of its CPU; a gap opens; a box
or gap closes.
"""

EARLY = 1
"""In the line of AFTER: the earlier box may not be open yet."""

Shown = tuple[tuple[str, tuple[str, ...]], ...]
"""Variables, and of each the texts of which it shows one."""


class Operation(NamedTuple):
    """`of` is the number of the box; `other` that of its kind, of the earlier box, or of the lost events (a
    gap's CPU is `line`).
    """

    kind: int
    of: int
    other: int
    line: int


_RECORD = struct.Struct("<BIII")
_CHUNK = 4096 * _RECORD.size


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What some events mean alike: any of the instances, or none where only values are observed; what
    variables show before and after. Each is made once. Without a row: unseen steps of a CPU that lost events.
    """

    row: Row | None
    instances: frozenset[int]
    before: Shown = ()
    after: Shown = ()


@dataclass(slots=True)
class Counts:
    """What was read: lines, those of mapped events, others by reason, events, lost ones, and overlap;
    whether the last line has no end.
    """

    lines: int = 0
    matched: int = 0
    events: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    unreadable_at: str = ""
    cut_off: bool = False
    gaps: int = 0
    lost: int = 0
    overlapping: int = 0
    most: int = 0
    by_row: Counter[int] = field(default_factory=Counter)
    by_instances: Counter[frozenset[int]] = field(default_factory=Counter)


class Timeline:
    """The operations of a log in their order, and what was counted on the way."""

    def __init__(self, log: str, mapping: EventMap, model: Model):
        self.log, self.mapping, self.model = log, mapping, model
        self.counts = Counts()
        self.kinds: list[Kind] = []
        self.cpus: list[str] = []
        self.length = 0
        self._file = tempfile.TemporaryFile()
        self._buffer = bytearray()
        self._early: dict[int, list[Operation]] = {}

    def close(self) -> None:
        self._file.close()

    def write(self, operation: Operation) -> None:
        self._buffer += _RECORD.pack(*operation)
        self.length += 1
        if len(self._buffer) >= _CHUNK:
            self._file.write(self._buffer)
            self._buffer.clear()

    def write_early(self, at: int, operations: Iterable[Operation]) -> None:
        """Operations that come in front of the one with this number."""
        self._early.setdefault(at, []).extend(operations)

    def operations(self, first: int = 0) -> Iterator[tuple[int, Operation]]:
        """The operations from a number on, each with its number; those that come early have none (-1). The
        first one's early operations are left out, unless it is the first of all.
        """
        self._file.write(self._buffer)
        self._buffer.clear()
        place, number = first * _RECORD.size, first
        while True:
            self._file.seek(place)
            chunk = self._file.read(_CHUNK)
            if not chunk:
                break
            place += len(chunk)
            for parts in _RECORD.iter_unpack(chunk):
                if number in self._early and (number != first or not first):
                    yield from ((-1, early) for early in self._early[number])
                yield number, Operation(*parts)
                number += 1
        self._file.seek(0, 2)
        yield from ((-1, early) for early in self._early.get(number, ()))
