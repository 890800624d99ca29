"""A search kept on disk, so that another process can go on with it (docs/formats.md#checkpoints).

A directory has a head, `checkpoint.json`, and a file of states to which each level is appended when it is
complete. No level is written twice: a head says how many bytes of the file count, and what their checksums
are. The head is written beside and renamed, after the states have reached the disk; so at every moment the
directory holds the last whole checkpoint, whatever ends the process. Nothing here depends on the engine, on
its storage or on its workers.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from explorer.engine.boundary import counted, plain
from explorer.engine.compiled import Compiled
from explorer.engine.directory import CheckpointError, locked
from explorer.engine.numberings import Kept, numberings_of
from explorer.engine.space import Level
from explorer.engine.space_builder import SpaceBuilder
from explorer.ir.data import dataclass

HEAD = "checkpoint.json"
FORMAT, VERSION = "explorer checkpoint", 2
PIECE = 1 << 16
"""States that are written, and read, at once."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose checkpoint it is: the version of the explorer; the spec's name, constants and digest; options
    that are worth knowing.
    """

    made_by: str
    spec: str
    constants: dict[str, Any]
    digest: str
    options: dict[str, Any]


class Saved:
    """A search that was kept: `counts` as `engine/boundary.py` has them, and its levels, the frontier
    last.
    """

    def __init__(self, directory: Path, head: dict[str, Any]):
        self.directory, self.head, self.counts = directory, head, head["counts"]
        self.sizes: list[int] = [level["states"] for level in head["levels"]]
        self.row: int = head["bytes_per_state"]

    @property
    def states(self) -> int:
        return sum(self.sizes)

    def pieces(self, level: int) -> Iterator[bytes]:
        """The states of a level, so many bytes for each, the lowest first. CheckpointError after the last
        piece where they are not what was written.
        """
        name, checksum = self.head["states"], 0
        left, start = self.sizes[level] * self.row, sum(self.sizes[:level]) * self.row
        with open(self.directory / name, "rb") as file:
            file.seek(start)
            while left:
                piece = file.read(min(left, PIECE * self.row))
                if not piece:
                    break
                checksum, left = zlib.crc32(piece, checksum), left - len(piece)
                yield piece
        if left or checksum != self.head["levels"][level]["crc32"]:
            raise CheckpointError(
                f"{self.directory / name} is damaged: the states of level {level} are not what was written;"
                " write: --resume with a copy of the directory, or --checkpoint with a new one"
            )

    def integers(self, level: int) -> list[int]:
        """The states of a level as packed integers."""
        row = self.row
        return [
            int.from_bytes(piece[at : at + row], "little")
            for piece in self.pieces(level)
            for at in range(0, len(piece), row)
        ]


class Checkpoint:
    """The directory that a search is written to, every so many seconds and when it ends. `resume`: there is a
    checkpoint in it to go on from; else there must be none. Raises CheckpointError.

    `hear` is told what is worth knowing; `trouble` says why the last checkpoint could not be written ("" if
    it could). `level` and `written` are the level that the last whole one goes on with, and when it was made.
    """

    def __init__(
        self,
        directory: Path,
        every: float,
        about: About,
        *,
        resume: bool,
        hear: Callable[[str], None] = lambda sentence: None,
    ):
        self.directory, self.every, self.about, self.hear = directory, every, about, hear
        self.trouble, self.level, self.written = "", None, 0.0  # type: tuple[str, int | None, float]
        self.compiled: Compiled | None = None
        self.storage = ""
        self._file, self._generation = -1, 0
        self._levels: list[dict[str, int]] = []
        self._length = 0
        self._counts: dict[str, Any] | None = None
        self._numbers: Kept | None = None
        self._due = time.monotonic() + every
        self._lock = locked(directory, make=not resume)
        try:
            self._head = _read(directory) if resume else None
            if resume:
                self._check_version()
            elif (directory / HEAD).exists():
                raise CheckpointError(
                    f"--checkpoint {directory}: a checkpoint is there already; write: --resume {directory} to"
                    " go on with it, or another directory"
                )
        except BaseException:
            os.close(self._lock)
            raise

    # Where a search begins.

    @property
    def states(self) -> int:
        """How many states there are to go on from."""
        return 0 if self._head is None else sum(level["states"] for level in self._head["levels"])

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() >= self._due

    @property
    def whole(self) -> bool:
        """Whether there is a checkpoint to go on from that has every state, not one of each orbit."""
        return self._head is not None and not self._head["symmetric"]

    def begin(self, compiled: Compiled, storage: str) -> Saved | None:
        """A search of a program begins: where it goes on from, or None where it has nothing behind it."""
        again, self.compiled, self.storage = self.compiled is not None, compiled, storage
        head = self._head
        if head is not None and not (again and head["program"] != compiled.digest):
            self._check(head, compiled)
            saved = Saved(self.directory, head)
            self._generation, self._levels = head["generation"], [*head["levels"]]
            self._numbers = self._numbers_of(compiled)
            if self._numbers is not None:
                self._learn(self._numbers, head["numbers"])
            self._open(head["states"], saved.states * saved.row)
            return saved
        self._generation += head is not None
        self._levels, self._numbers = [], self._numbers_of(compiled)
        self._open(f"states-{self._generation}.bin", 0)
        return None

    def _numbers_of(self, compiled: Compiled) -> Kept | None:
        numberings = numberings_of(compiled.model)
        path = self.directory / f"numbers-{self._generation}.jsonl"
        return Kept(path, numberings) if numberings else None

    def _learn(self, numbers: Kept, head: dict[str, Any]) -> None:
        """Give what is numbered the numbers that it had. CheckpointError."""
        try:
            numbers.read(head)
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"{numbers.path}: {getattr(error, 'strerror', None) or error}; write: --resume with a copy of"
                " the whole directory, or --checkpoint with a new one"
            ) from None

    def _open(self, name: str, length: int) -> None:
        if self._file >= 0:
            os.close(self._file)
        try:
            self._file = os.open(self.directory / name, os.O_RDWR | os.O_CREAT, 0o644)
            os.ftruncate(self._file, length)
        except OSError as error:
            raise CheckpointError(
                f"{self.directory / name}: {error.strerror or error}; write: a directory that can be written"
            ) from None
        self._length, self._counts = length, None

    def _check_version(self) -> None:
        assert self._head is not None
        made_by, mine = self._head.get("made_by"), self.about.made_by
        if self._head.get("format") != FORMAT or (made_by, self._head.get("version")) != (mine, VERSION):
            raise CheckpointError(
                f"--resume {self.directory}: this checkpoint was made by explorer {made_by}, and here is"
                f" {mine}; write: that version, or --checkpoint with a new directory"
            )

    def _check(self, head: dict[str, Any], compiled: Compiled) -> None:
        """CheckpointError unless a search of this program can go on from the head."""
        start, about = f"--resume {self.directory}:", self.about
        if head["digest"] != about.digest:
            raise CheckpointError(f"{start} {_difference(head, about)}")
        if head["symmetric"] and compiled.quotient is None:
            raise CheckpointError(
                f"{start} has one state of each orbit, and every state is asked for; write: the options that"
                " it was made with, without --no-symmetry and --graph"
            )
        if head["program"] != compiled.digest:
            raise CheckpointError(
                f"{start} its states are packed in another way, by another symmetry; write: --property as it"
                " was when it was made"
            )
        if head["storage"] == "compact" and self.storage != "compact":
            raise CheckpointError(
                f"{start} its search was compact, and may have left a state out; write: --storage compact"
            )
        expected, path = self.states * head["bytes_per_state"], self.directory / head["states"]
        found = path.stat().st_size if path.exists() else -1
        if found < expected:
            what = "is missing" if found < 0 else f"has {found:,} bytes of {expected:,}"
            raise CheckpointError(
                f"{path} {what}; write: --resume with a copy of the whole directory, or --checkpoint with a"
                " new one"
            )

    # What is written.

    def boundary(
        self, space: SpaceBuilder, frontier: Level, *, omitted: float = 0.0, fingerprint: int = 0
    ) -> None:
        """The levels of a search are expanded, and the frontier is not (empty: the search is over).

        `omitted` and `fingerprint` are those of compact storage. What cannot be written is told; the search
        goes on, and it is tried again when the next checkpoint is due.
        """
        if self.trouble and not self.due:
            return
        try:
            self._append([*space.levels, frontier])
            self._counts = {
                **counted(space),
                "seconds": time.monotonic() - space.started,
                "omitted": omitted,
                "fingerprint": fingerprint,
            }
            if not len(frontier) or self.due:
                self._write_head()
        except OSError as error:
            self._fail(error)

    def keep(self) -> None:
        """Make the last boundary the checkpoint now."""
        try:
            if self._counts is not None:
                self._write_head()
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """The search has ended: what the last boundary left is written, and the directory is free."""
        try:
            self.keep()
        finally:
            for file in (self._file, self._lock):
                if file >= 0:
                    os.close(file)
            self._file = self._lock = -1

    @property
    def bytes(self) -> int:
        """What the states take on disk."""
        return self._length

    def _append(self, levels: Sequence[Level]) -> None:
        """Write the levels that are not written yet."""
        assert self.compiled is not None
        row = self.compiled.layout.bytes
        for level in levels[len(self._levels) :]:
            checksum, end = 0, self._length
            for piece in _pieces(level, row):
                checksum = zlib.crc32(piece, checksum)
                end = _write(self._file, piece, end)
            self._levels.append({"states": len(level), "crc32": checksum})
            self._length = end

    def _write_head(self) -> None:
        """Make the last boundary the checkpoint."""
        compiled, counts, about = self.compiled, self._counts, self.about
        assert compiled is not None and counts is not None
        os.fsync(self._file)
        numbers = self._numbers.write() if self._numbers is not None else None
        head: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "made_by": about.made_by,
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "spec": about.spec,
            "constants": about.constants,
            "digest": about.digest,
            "program": compiled.digest,
            "options": about.options,
            "symmetric": compiled.quotient is not None,
            "storage": self.storage,
            "generation": self._generation,
            "states": f"states-{self._generation}.bin",
            "bytes_per_state": compiled.layout.bytes,
            "numbers": numbers,
            "levels": self._levels[: counts["level"] + 1],
            "counts": plain(counts, compiled),
        }
        _write_whole(self.directory, sealed(head))
        before = self._head
        self._head, self._counts, self.trouble = json.loads(json.dumps(head)), None, ""
        self.level, self.written = counts["level"], time.time()
        self._due = time.monotonic() + self.every
        if before is not None and before["states"] != head["states"]:
            os.unlink(self.directory / before["states"])
            if before["numbers"] is not None:
                os.unlink(self.directory / before["numbers"]["file"])

    def _fail(self, error: OSError) -> None:
        last = "there is none" if self.level is None else f"the last one, of level {self.level}, stays"
        self._due = time.monotonic() + self.every
        self.trouble = (
            f"{self.directory}: the checkpoint could not be written: {error.strerror or error}; {last}"
        )
        self.hear(self.trouble)


def _difference(head: dict[str, Any], about: About) -> str:
    """Why a checkpoint is not one of a spec."""
    if head["spec"] != about.spec:
        return (
            f"was made from {head['spec']}, and this is {about.spec}; write: the spec file it was made from"
        )
    then, now = head["constants"], about.constants
    other = [f"{name}={_shown(then[name])}" for name in then if name in now and then[name] != now[name]]
    if other:
        return f"was made with {', '.join(other)}; write: -D {' -D '.join(other)}"
    return (
        f"{about.spec} is no longer the spec that it was made from (digest {head['digest']} then,"
        f" {about.digest} now); write: the spec as it was, or --checkpoint with a new directory"
    )


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(directory: Path) -> dict[str, Any]:
    """The head of a directory, whole. CheckpointError."""
    path = directory / HEAD
    try:
        data = path.read_bytes()
        head = json.loads(data)
        del head["sha256"]
        whole = data == sealed(head)
    except FileNotFoundError:
        raise CheckpointError(
            f"--resume {directory}: no checkpoint is there ({HEAD} is missing); write: --checkpoint"
            f" {directory} to begin one"
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"--resume {path}: {error.strerror or error}; write: --resume DIR with a file that can be read"
        ) from None
    except (ValueError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise CheckpointError(
            f"{path} is damaged: it is not what was written; write: --resume with a copy of the directory, or"
            " --checkpoint with a new one"
        )
    result: dict[str, Any] = head
    return result


def sealed(head: dict[str, Any]) -> bytes:
    """A head as it is written: with its checksum."""
    text = json.dumps(head)
    return f'{text[:-1]}, "sha256": "{hashlib.sha256(text.encode()).hexdigest()}"}}\n'.encode()


def _pieces(level: Any, row: int) -> Iterator[bytes]:
    """The states of a level, so many bytes for each."""
    if hasattr(level, "pieces"):
        for words in level.pieces():
            yield words.view("u1").reshape(len(words), -1)[:, :row].tobytes()
        return
    for at in range(0, len(level), PIECE):
        yield b"".join(state.to_bytes(row, "little") for state in level[at : at + PIECE])


def _write(file: int, data: bytes, at: int) -> int:
    """Write all of the data at a place of a file; the place behind it."""
    left = memoryview(data)
    while left:
        n = os.pwrite(file, left, at)
        at, left = at + n, left[n:]
    return at


def _write_whole(directory: Path, data: bytes) -> None:
    """Put a head in the place of the last one; at every moment one of the two is there, whole."""
    beside = directory / f"{HEAD}.new"
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        _write(file, data, 0)
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(beside, directory / HEAD)
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
