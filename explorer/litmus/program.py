"""A litmus test as data: its threads in the few instructions that all architectures share, and its
condition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from explorer.memory.architecture import Barrier

from .condition import Condition, Place
from .expressions import Expression, Value


class LitmusError(Exception):
    """A litmus test that cannot be run; the message says where, what was found and what to write instead."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


def unreadable(path: Path, problem: OSError | UnicodeDecodeError) -> LitmusError:
    """What to say of a file that cannot be read as text."""
    why = (problem.strerror or str(problem)) if isinstance(problem, OSError) else "it is no text in UTF-8"
    return LitmusError(str(path), 1, f"cannot read the file: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction; `line` is its line in the file."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Instruction):
    """A register gets the value of an expression over registers."""

    register: str
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Instruction):
    """A register gets one of two values: the first if the condition is not 0. No branch is taken."""

    register: str
    condition: Expression
    value: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(Instruction):
    """A read of memory; `exclusive` takes a reservation, `acquire` is satisfied before everything after
    it.
    """

    register: str
    address: Expression
    size: int
    acquire: bool = False
    exclusive: bool = False
    silent: bool = False
    """The value goes nowhere (into Arm's zero register): a barrier for loads does not order it."""
    weakly: bool = False
    """An acquire that may be satisfied before an earlier store-release (LDAPR)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Instruction):
    """A write to memory; `release` comes after everything before it."""

    value: Expression
    address: Expression
    size: int
    release: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConditional(Instruction):
    """A write that may fail; the register `status` gets 0 where it succeeds and 1 where it fails."""

    status: str
    value: Expression
    address: Expression
    size: int
    release: bool = False
    may_fail: bool = True
    tells: bool = True
    """Whether what depends on the status depends on the value stored and on the addresses: not on Arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Instruction):
    """An atomic read and write in one instruction: `register` gets the old value, memory gets `value`.

    `value` may mention the register OLD. With `expected` it writes only where the old value equals it.
    """

    register: str
    value: Expression
    address: Expression
    size: int
    expected: Expression | None = None
    acquire: bool = False
    release: bool = False
    silent: bool = False
    """As for a Load."""


OLD = "<old>"
"""The register that means the value read by an Exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence(Instruction):
    """A barrier."""

    kind: Barrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Instruction):
    """A jump to a label, if the condition (None: always) is not 0."""

    condition: Expression | None
    target: str


@dataclass(frozen=True, slots=True)
class Thread:
    """The program of one thread."""

    instructions: tuple[Instruction, ...]
    labels: dict[str, int]
    """For each label the index of the instruction after it."""
    registers: dict[str, Value] = field(default_factory=dict)
    """What the initial state says of registers; all others hold 0."""


@dataclass(frozen=True, slots=True)
class LitmusTest:
    """A litmus test."""

    file: str
    architecture: str
    """PPC, X86, AArch64 or C."""
    name: str
    threads: tuple[Thread, ...]
    memory: dict[str, Value]
    """The initial value of each location that is not 0."""
    condition: Condition
    observed: tuple[Place, ...]
    """What a final state shows: the places of the condition and of `locations`."""
    line: int
    """Where the condition stands."""
