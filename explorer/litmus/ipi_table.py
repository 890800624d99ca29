"""The lost IPI as litmus tests: which barriers keep host_ipi, for each way in which the receiver looks at the
message.

Linux 3a83f677a6ee: a sender writes its message, barrier B1, sets host_ipi, and rings the doorbell; the
receiver clears host_ipi, barrier B2, and looks for messages. An earlier sender has set host_ipi before. Lost:
the receiver misses the message, and its clear of host_ipi comes after the new sender's set. `docs/memory.md`
says how the tables compare with herd7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from .judge import judge
from .read import read
from .twin import Barrier, Program, Read, Step, Swap, Write, write_c, write_ppc


class Shape(NamedTuple):
    """A table: how the receiver looks, what stands around, and the barriers of its rows (B1) and columns
    (B2).
    """

    title: str
    look: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    doorbell: bool = False
    """With the doorbell, and a second look at host_ipi behind it."""
    before_doorbell: str = "sync"
    behind_doorbell: str = "lwsync"
    earlier_sender: bool = False
    """The earlier sender is a CPU of the test."""
    model: str = "power"


NAMES = ("none", "lwsync", "sync")
LOOKS = {"load": "a load", "relaxed": "lwarx/stwcx. without barriers", "xchg": "the kernel's xchg()"}


def _power() -> list[Shape]:
    core = [
        Shape(f"power, message read by {words}", look, ("none", "eieio", "lwsync", "sync"), NAMES)
        for look, words in LOOKS.items()
    ]
    full = [
        Shape(
            f"power with doorbell, {LOOKS[look]}{words}",
            look=look,
            rows=NAMES,
            columns=NAMES,
            doorbell=True,
            before_doorbell=before,
            behind_doorbell=behind,
        )
        for words, before, behind in (
            ("", "sync", "lwsync"),
            (", no barrier before msgsnd", "none", "lwsync"),
            (", no msgsync", "sync", "none"),
        )
        for look in ("load", "xchg")
    ]
    three = Shape("power, 3 CPUs, a load", "load", NAMES, NAMES, True, earlier_sender=True)
    return [*core, *full, three]


POWER = _power()
"""The 99 cells for POWER."""

OTHERS = [
    Shape(
        "arm (C), message read by a load",
        "load",
        ("none", "smp_wmb", "release", "smp_mb"),
        ("none", "smp_rmb", "smp_mb"),
        model="arm",
    ),
    Shape(
        "x86 (C), message read by a load", "load", ("none", "smp_mb"), ("none", "smp_mb", "xchg"), model="tso"
    ),
]
"""The core shape on the other architectures: the kernel's macros as they are there."""


def program(shape: Shape, first: str, second: str) -> Program:
    """The accesses of one cell: B1 is `first`, B2 is `second`."""
    look: Step = Read("r0", "message")
    if shape.look != "load" or second == "xchg":
        look = Swap("r0", "message", 0, ordered=shape.look == "xchg" or second == "xchg")
    sender: list[Step] = [Write("message", 1), *_barrier(first), Write("host_ipi", 1, first == "release")]
    receiver: list[Step] = [Write("host_ipi", 0), *_barrier(second), look]
    registers, memory = {"r0": 0}, {"host_ipi": 0}
    threads = [sender, receiver]
    if shape.doorbell:
        sender += [*_barrier(shape.before_doorbell), Write("doorbell", 1)]
        receiver += [Read("r1", "doorbell"), *_barrier(shape.behind_doorbell), Read("r2", "host_ipi")]
        registers |= {"r1": 1, "r2": 0}
        memory = {}
    if shape.earlier_sender:
        threads.append([Write("host_ipi", 1), Barrier("sync"), Write("earlier", 1)])
        receiver[:0] = [Read("r3", "earlier"), Barrier("lwsync"), Read("r4", "host_ipi")]
        registers |= {"r3": 1, "r4": 1}
    return Program(
        name="-".join(["ipi", shape.look, first, second]),
        threads=tuple(map(tuple, threads)),
        registers={(1, register): value for register, value in registers.items()},
        memory=memory,
        initial={} if shape.earlier_sender else {"host_ipi": 1},
        comment=f"{shape.title}; B1 {first}, B2 {second}",
    )


def _barrier(name: str) -> list[Step]:
    return [] if name in ("none", "release", "xchg") else [Barrier(name)]


def lost(shape: Shape, first: str, second: str) -> bool:
    """Whether the IPI can be lost."""
    cell = program(shape, first, second)
    text = write_ppc(cell) if shape.model == "power" else write_c(cell)
    # A store-conditional that fails only repeats the loop: no turn of it is enough.
    return judge(read(text, cell.name, shape.model), shape.model, unroll=0).allowed


def table(shape: Shape) -> list[str]:
    """One line for each row: B1, and A (allowed: lost) or F (forbidden) for each B2."""
    return [
        " ".join([first, *("A" if lost(shape, first, second) else "F" for second in shape.columns)])
        for first in shape.rows
    ]


def tests(shapes: list[Shape]) -> dict[str, str]:
    """Every cell as a test for PPC and one in C, by file name."""
    files = {}
    for number, shape in enumerate(shapes, 1):
        for first in shape.rows:
            for second in shape.columns:
                cell = program(shape, first, second)
                cell = replace(cell, name=f"ipi{number:02}-{shape.look}-{first}-{second}")
                files[f"{cell.name}.ppc.litmus"] = write_ppc(cell)
                files[f"{cell.name}.c.litmus"] = write_c(cell)
    return files


def tables(shapes: list[Shape]) -> str:
    """All tables, as text."""
    blocks = []
    for shape in shapes:
        head = "  B1 \\ B2  " + "".join(f"{name:8}" for name in shape.columns)
        rows = [
            f"  {first:9}" + "".join(f"{cell:8}" for cell in cells)
            for first, *cells in map(str.split, table(shape))
        ]
        blocks.append("\n".join([shape.title, head.rstrip(), *(row.rstrip() for row in rows)]))
    cells = sum(len(shape.rows) * len(shape.columns) for shape in shapes)
    return "\n\n".join([*blocks, f"{cells} cells. A: the IPI can be lost. F: it cannot."])
