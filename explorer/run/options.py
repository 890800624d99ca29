"""`RunOptions`: everything that decides how a run explores and judges. The command line fills it, the library
takes it.

Values that come as text are read here (`READERS`), so that a command line and a keyword argument mean the
same. Knows nothing of argument parsers, and nothing of what is printed or written.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import nearest

ENGINES = ("auto", "reference", "python", "native")
STORAGES = ("exact", "compact")


class UsageError(Exception):
    """Options or constants that mean nothing (exit code 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """Random walks: how many, of at most how many steps. Equal seeds give equal walks."""

    runs: int = 10_000
    steps: int = 100
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a model is explored and judged. Raises UsageError where two options contradict each other.

    `properties` are the only ones that count; all if there are none. `fingerprint` is in bits (None:
    as many as `max_omission` asks for), `timeout` in seconds, `max_memory` in bytes; None means no bound (of
    memory: a share of what is free). Nothing holds where compact storage left a state out with a greater
    probability than `max_omission` (None: 1e-6). `whole`: every single state is wanted, not one of each
    orbit. `count_guards`: guards are counted even where that takes time. `walks` takes random walks in place
    of a search. The search is written to the directory `checkpoint` after each `every` seconds (None: 600),
    or goes on from the one in `resume` and is written there. `first`: the search ends at the first violation.
    What memory has no room for goes to the directory `disk`, up to `max_disk` bytes. With a `cluster` (`auto`
    or the address of a Ray head) so many `actors` search, each with `workers` threads and `max_memory`; one
    that does not answer within `patience` seconds (None: 300) counts as lost. `stories`: so many different
    ones are told of each property. `expect` and `strict` say what the exit code is about
    (`verdict/exit_codes.py`).
    """

    properties: tuple[str, ...] = ()
    engine: str = "auto"
    workers: int = 1
    storage: str = "exact"
    fingerprint: int | None = None
    max_omission: float | None = None
    no_symmetry: bool = False
    max_states: int | None = None
    max_depth: int | None = None
    timeout: float | None = None
    max_memory: int | None = None
    expect: bool = False
    strict: bool = False
    first: bool = False
    stories: int = 1
    whole: bool = False
    count_guards: bool = False
    walks: Walks | None = None
    checkpoint: Path | None = None
    every: float | None = None
    resume: Path | None = None
    disk: Path | None = None
    max_disk: int | None = None
    cluster: str | None = None
    actors: int | None = None
    patience: float | None = None

    def __post_init__(self) -> None:
        if self.engine in ("reference", "python") and (self.workers != 1 or self.storage != "exact"):
            what = f"--workers {self.workers}" if self.workers != 1 else f"--storage {self.storage}"
            raise UsageError(
                f"{what}: the {self.engine} engine has one worker and exact storage; write: --engine native"
            )
        if self.cluster is None:
            check_workers(self.workers)
        if self.fingerprint is not None and self.storage != "compact":
            raise UsageError(
                "--fingerprint: exact storage keeps whole states; write: --storage compact --fingerprint BITS"
            )
        if self.max_omission is not None and self.storage != "compact":
            raise UsageError(
                "--max-omission: exact storage leaves no state out; write: --storage compact --max-omission P"
            )
        self._check_checkpoint()
        self._check_disk()
        self._check_cluster()
        if self.walks is not None:
            self._check_walks()

    def _check_disk(self) -> None:
        if self.disk is None:
            if self.max_disk is not None:
                raise UsageError("--max-disk: nothing goes to a disk; write: --disk DIR --max-disk BYTES")
            return
        if self.engine in ("reference", "python"):
            raise UsageError(
                f"--disk: the {self.engine} engine keeps its states in memory; write: --engine native"
            )
        if self.storage != "exact":
            raise UsageError(f"--disk: keeps whole states; write: --disk {self.disk} without --storage")

    def _check_cluster(self) -> None:
        if self.cluster is None:
            given = {"--actors": (self.actors, ""), "--patience": (self.patience, "s")}
            for name, (value, unit) in given.items():
                if value is not None:
                    what = f"{name} {value:g}{unit}"
                    raise UsageError(f"{name}: there is no cluster; write: --cluster auto {what}")
            return
        if importlib.util.find_spec("ray") is None:
            raise UsageError(
                "--cluster needs the package ray; write: pip install 'interrupt-explorer[cluster]', or pip"
                " install ray"
            )
        for name, refused in (
            (f"--engine {self.engine}", self.engine in ("reference", "python")),
            ("--disk", self.disk is not None),
        ):
            if refused:
                option = name.split()[0]
                raise UsageError(f"--cluster: {name} works in one process; write: --cluster without {option}")

    def _check_checkpoint(self) -> None:
        if self.checkpoint is None and self.resume is None:
            if self.every is not None:
                raise UsageError("--every: nothing is written; write: --checkpoint DIR --every 10min")
            return
        option = "--resume" if self.checkpoint is None else "--checkpoint"
        if self.checkpoint is not None and self.resume is not None:
            raise UsageError(
                f"--checkpoint {self.checkpoint}: what goes on from {self.resume} is written there; write:"
                f" --resume {self.resume} alone"
            )
        if self.engine == "reference":
            raise UsageError(f"{option}: the reference engine writes no checkpoint; write: --engine python")

    def _check_walks(self) -> None:
        ignored = {
            "--workers": self.workers != 1,
            "--storage": self.storage != "exact",
            "--no-symmetry": self.no_symmetry,
            "--max-depth": self.max_depth is not None,
            "--first": self.first,
            "--checkpoint": self.checkpoint is not None,
            "--resume": self.resume is not None,
            "--stories": self.stories > 1,
            "--disk": self.disk is not None,
            "--cluster": self.cluster is not None,
            "--engine reference": self.engine == "reference",
        }
        for name, given in ignored.items():
            if given:
                more = "; write: --steps N" if name == "--max-depth" else ""
                raise UsageError(f"{name}: random walks know nothing of it{more}")

    @property
    def symmetry(self) -> bool:
        """Whether a run may visit one state of each orbit: not the judge's, not a picture's, not one of
        random walks.
        """
        return not (self.no_symmetry or self.whole or self.engine == "reference" or self.walks is not None)


def check_workers(workers: int) -> None:
    """UsageError for more workers than a machine can use."""
    cores = os.cpu_count() or 1
    most = max(16, 2 * cores)
    if workers > most:
        raise UsageError(f"--workers {workers}: at most {most} on this machine; write: --workers {cores}")


# Values from text. A reader raises ValueError with what was found.


def number(text: str, least: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if value < least or value != value:
        raise ValueError(f"{text!r} is not {what}")
    return value


def _whole(text: str, least: int, what: str) -> int:
    """An integer, which may be written as 1e6."""
    value = number(text, least, what)
    if not value.is_integer():  # no infinity either
        raise ValueError(f"{text!r} is not {what}")
    return int(text) if text.strip().isdecimal() else int(value)


def positive(text: str) -> int:
    return _whole(text, 1, "a positive integer")


def natural(text: str) -> int:
    return _whole(text, 0, "zero or a positive integer")


def fingerprint(text: str) -> int:
    bits = _whole(text, 32, "a number of bits from 32 to 64")
    if bits > 64:
        raise ValueError(f"{text!r} is not a number of bits from 32 to 64")
    return bits


def probability(text: str) -> float:
    value = number(text, 0, "a probability")
    if value > 1:
        raise ValueError(f"{text!r} is not a probability")
    return value


def seconds(text: str) -> float:
    return number(text, 0, "a number of seconds")


def duration(text: str) -> float:
    """Seconds, or a number with a unit: 90, 30s, 10min, 2h."""
    what = "a time, such as 30s, 10min or 2h"
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    factor = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400}.get(text[len(digits) :])
    if factor is None:
        raise ValueError(f"{text!r} is not {what}")
    value = number(digits, 0, what) * factor
    if value == float("inf"):
        raise ValueError(f"{text!r} is not {what}")
    return value


def directory(text: str) -> Path:
    if not text:
        raise ValueError("the name is empty")
    return Path(text)


def memory(text: str) -> int:
    """A number of bytes, which may end in K, M or G."""
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    given = number(text[:-1] if factor > 1 else text, 0, "a number of bytes, such as 500M or 4G")
    if given == float("inf"):
        raise ValueError(f"{text!r} is not a number of bytes, such as 500M or 4G")
    value = int(given * factor)
    if not value:
        raise ValueError(f"{text!r} leaves no memory at all; write a number of bytes, such as 500M or 4G")
    return value


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"invalid choice: {text!r}; {nearest(text, list(choices))}")
        return text

    return read


def address(text: str) -> str:
    if text != "auto" and not re.fullmatch(r"(?!ray:)[^\s/]+:[0-9]+", text):
        raise ValueError(
            f"{text!r} is no cluster; write: auto, or the HOST:PORT that ray start --head prints"
        )
    return text


def patience(text: str) -> float:
    result = duration(text)
    if result < 1:
        raise ValueError(f"{text!r} is too short: nobody answers at once; write: 30s, or 5min")
    return result


READERS: dict[str, Callable[[str], Any]] = {
    "actors": positive,
    "checkpoint": directory,
    "cluster": address,
    "disk": directory,
    "engine": one_of(ENGINES),
    "every": duration,
    "fingerprint": fingerprint,
    "max_depth": natural,
    "max_disk": memory,
    "max_memory": memory,
    "max_omission": probability,
    "max_states": positive,
    "patience": patience,
    "resume": directory,
    "storage": one_of(STORAGES),
    "stories": positive,
    "timeout": seconds,
    "workers": positive,
}
"""Options with a value, and how it is read."""

WALK_READERS: dict[str, Callable[[str], Any]] = {"runs": positive, "seed": natural, "steps": positive}
"""Options of random walks."""

FLAGS = ("first", "no_symmetry", "strict")
"""Options that are given or not."""

COMMAND_ONLY = frozenset(
    (
        "annotate define expect format full graph json junit markdown open out png profile sarif"
        " simulate specs table write"
    ).split()
)
"""Options that only change what is printed or written."""


def options_from(settings: Mapping[str, Any], properties: Sequence[str], walks: bool) -> RunOptions:
    """The options that keyword arguments stand for, their values given as such or as text. UsageError as on a
    command line; None and False stand for an option that is not given.
    """
    readers = {**READERS, **(WALK_READERS if walks else {})}
    read: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in readers and name not in FLAGS:
            raise UsageError(
                f"{name}={value!r}: this option is for the command line only; here there are"
                f" {', '.join(sorted([*readers, *FLAGS]))}"
            )
        if value is None or value is False:
            continue
        if (value is True) is not (name in FLAGS):
            raise UsageError(f"{name}={value!r}: write {'True or False' if name in FLAGS else 'a value'}")
        try:
            read[name] = True if name in FLAGS else readers[name](str(value))
        except ValueError as error:
            raise UsageError(f"{name}={value!r}: {error}") from None
    of_walks = Walks(**{name: read.pop(name) for name in [*read] if name in WALK_READERS}) if walks else None
    return RunOptions(properties=tuple(properties), walks=of_walks, **read)
