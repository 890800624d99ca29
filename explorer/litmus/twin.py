"""Writes litmus tests: from the accesses of each CPU and an outcome, a test for PPC and one in C for the
kernel's model (LKMM).

So that a reader can run herd7 on what a story shows. Names of barriers are POWER's (`sync`, `lwsync`,
`eieio`) or the kernel's (`smp_mb`, `smp_wmb`, `smp_rmb`); each writer takes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from explorer.memory.kernel import KERNEL

from .expressions import Value


class Read(NamedTuple):
    """A load of a location into a register, whose name is unique in its thread."""

    register: str
    location: str
    acquire: bool = False


class Write(NamedTuple):
    """A store."""

    location: str
    value: int
    release: bool = False


class Swap(NamedTuple):
    """An atomic exchange; `ordered` is the kernel's xchg(), else xchg_relaxed()."""

    register: str
    location: str
    value: int
    ordered: bool = True


class Barrier(NamedTuple):
    """A barrier, by its name on POWER or in the kernel."""

    name: str


Step = Read | Write | Swap | Barrier

POWER_NAMES = {
    "smp_mb": ("sync",),
    **{name: tuple(b.value for b in getattr(KERNEL["power"], name)) for name in ("smp_wmb", "smp_rmb")},
}


@dataclass(frozen=True, slots=True)
class Program:
    """The accesses of each CPU in program order, and one outcome."""

    name: str
    threads: tuple[tuple[Step, ...], ...]
    registers: Mapping[tuple[int, str], int]
    """Of the outcome: the value of a register of a thread."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """Of the outcome: the last value of a location."""
    initial: Mapping[str, Value] = field(default_factory=dict)
    comment: str = ""


def locations(steps: Iterable[Step]) -> list[str]:
    """The locations that the steps access, in order of appearance."""
    return list(dict.fromkeys(step.location for step in steps if not isinstance(step, Barrier)))


def write_ppc(program: Program) -> str:
    """The test for PPC. A release or an acquire is an lwsync, an exchange the loop of lwarx and stwcx."""
    initial = [f"{name}={value};" for name, value in program.initial.items()]
    columns, conditions = [], []
    for number, steps in enumerate(program.threads):
        column = _Column(steps)
        columns.append(column.lines)
        initial.append(" ".join(f"{number}:{register}={name};" for name, register in column.address.items()))
        conditions += [
            f"{number}:{column.register[name]}={value}"
            for (thread, name), value in program.registers.items()
            if thread == number
        ]
    conditions += [f"{name}={value}" for name, value in program.memory.items()]
    rows = max(map(len, columns))
    widths = [max(map(len, column)) for column in columns]
    head = [f"P{number}".ljust(width) for number, width in enumerate(widths)]
    table = [head] + [
        [(column[row] if row < len(column) else "").ljust(width) for column, width in zip(columns, widths)]
        for row in range(rows)
    ]
    body = [f" {' | '.join(cells)} ;" for cells in table]
    return "\n".join(
        [
            f"PPC {program.name}",
            *_comment(program),
            "{",
            *filter(None, initial),
            "}",
            *body,
            _exists(conditions),
        ]
    )


class _Column:
    """One thread in PPC: r1, r2, … hold addresses, the registers after them values."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.address = {name: f"r{n}" for n, name in enumerate(locations(steps), 1)}
        self.register: dict[str, str] = {}
        self.free = len(self.address) + 1
        self.lines: list[str] = []
        self.labels = 0
        for step in steps:
            self.add(step)

    def new(self) -> str:
        self.free += 1
        return f"r{self.free - 1}"

    def barriers(self, names: Iterable[str]) -> None:
        self.lines += names

    def add(self, step: Step) -> None:
        if isinstance(step, Barrier):
            self.barriers(POWER_NAMES.get(step.name, (step.name,)))
            return
        address = self.address[step.location]
        if isinstance(step, Read):
            self.register[step.register] = self.new()
            self.lines.append(f"lwz {self.register[step.register]},0({address})")
            self.barriers(["lwsync"] if step.acquire else [])
            return
        value = self.new()
        self.lines.append(f"li {value},{step.value}")
        if isinstance(step, Write):
            self.barriers(["lwsync"] if step.release else [])
            self.lines.append(f"stw {value},0({address})")
            return
        self.register[step.register] = old = self.new()
        self.labels += 1
        self.barriers(["sync"] if step.ordered else [])
        self.lines += [
            f"again{self.labels}:",
            f"lwarx {old},r0,{address}",
            f"stwcx. {value},r0,{address}",
            f"bne again{self.labels}",
        ]
        self.barriers(["sync"] if step.ordered else [])


def write_c(program: Program) -> str:
    """The test in C. POWER's lwsync has no macro of its own: it is smp_wmb or smp_rmb, as its neighbours
    are.
    """
    initial = [f"{name}={value};" for name, value in program.initial.items()]
    functions = []
    for number, steps in enumerate(program.threads):
        parameters = ", ".join(f"int *{name}" for name in locations(steps))
        lines = [f"\t{line}" for k in range(len(steps)) for line in _c_lines(steps, k)]
        functions += ["", f"P{number}({parameters})", "{", *lines, "}"]
    conditions = [f"{thread}:{name}={value}" for (thread, name), value in program.registers.items()]
    conditions += [f"{name}={value}" for name, value in program.memory.items()]
    return "\n".join(
        [f"C {program.name}", *_comment(program), "{", *initial, "}", *functions, "", _exists(conditions)]
    )


def _c_lines(steps: tuple[Step, ...], at: int) -> list[str]:
    step = steps[at]
    if isinstance(step, Barrier):
        return [f"{name}();" for name in _macros(steps, at, step.name)]
    if isinstance(step, Write):
        if step.release:
            return [f"smp_store_release({step.location}, {step.value});"]
        return [f"WRITE_ONCE(*{step.location}, {step.value});"]
    if isinstance(step, Read):
        value = f"smp_load_acquire({step.location})" if step.acquire else f"READ_ONCE(*{step.location})"
    else:
        value = f"xchg{'' if step.ordered else '_relaxed'}({step.location}, {step.value})"
    return [f"int {step.register} = {value};"]


def _macros(steps: tuple[Step, ...], at: int, name: str) -> list[str]:
    """What the barrier is in the kernel: the strongest macro that is not stronger than it."""
    if name == "sync":
        return ["smp_mb"]
    if name == "eieio":
        return ["smp_wmb"]
    if name != "lwsync":
        return [name]
    before = [step for step in steps[:at] if not isinstance(step, Barrier)]
    after = [step for step in steps[at:] if not isinstance(step, Barrier)]
    stores = any(not isinstance(step, Read) for step in before) and any(
        not isinstance(s, Read) for s in after
    )
    loads = any(not isinstance(step, Write) for step in before) and any(
        not isinstance(s, Write) for s in after
    )
    return ["smp_rmb"] * loads + ["smp_wmb"] * stores


def _comment(program: Program) -> list[str]:
    return [f"(* {program.comment} *)"] if program.comment else []


def _exists(conditions: list[str]) -> str:
    return "exists (" + (" /\\ ".join(conditions) or "true") + ")\n"
