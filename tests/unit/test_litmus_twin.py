"""Litmus tests that the explorer writes: they are read back and mean the same in PPC and in C."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.litmus.ipi_table import OTHERS, POWER, Shape, table
from explorer.litmus.judge import judge
from explorer.litmus.read import read, read_file
from explorer.litmus.twin import Barrier, Program, Read, Step, Swap, Write, write_c, write_ppc

EXPECTED = {
    "power, message read by a load": "none AAA; eieio AAA; lwsync AAA; sync AAF",
    "power, message read by lwarx/stwcx. without barriers": "none AAA; eieio AFF; lwsync AFF; sync AFF",
    "power, message read by the kernel's xchg()": "none AAA; eieio FFF; lwsync FFF; sync FFF",
    "power with doorbell, a load": "none AAA; lwsync AAA; sync AAF",
    "power with doorbell, the kernel's xchg()": "none AAA; lwsync FFF; sync FFF",
    "power with doorbell, a load, no barrier before msgsnd": "none AAA; lwsync AAA; sync AAA",
    "power with doorbell, the kernel's xchg(), no barrier before msgsnd": "none AAA; lwsync AAA; sync AAA",
    "power with doorbell, a load, no msgsync": "none AAA; lwsync AAA; sync AAA",
    "power with doorbell, the kernel's xchg(), no msgsync": "none AAA; lwsync AAA; sync AAA",
    "power, 3 CPUs, a load": "none AAA; lwsync AAA; sync AAF",
    "arm (C), message read by a load": "none AAA; smp_wmb AAF; release AAF; smp_mb AAF",
    "x86 (C), message read by a load": "none AFF; smp_mb AFF",
}
"""The cells as herd7 7.58 has them (ppc.cat, aarch64.cat, x86tso.cat): rows of B1, a letter for each B2."""


def test_the_table_of_the_lost_ipi_has_99_cells_for_power() -> None:
    """Nothing of herd's table for POWER is left out."""
    assert sum(len(shape.rows) * len(shape.columns) for shape in POWER) == 99
    assert [shape.title for shape in POWER + OTHERS] == list(EXPECTED)


@pytest.mark.parametrize("shape", POWER + OTHERS, ids=lambda shape: shape.title)
def test_the_table_of_the_lost_ipi_is_that_of_herd(shape: Shape) -> None:
    """Each cell says what herd7 says."""
    rows = [row.split() for row in table(shape)]
    assert "; ".join(f"{first} {''.join(cells)}" for first, *cells in rows) == EXPECTED[shape.title]


def random_program(seed: int) -> Program:
    choose = random.Random(seed)
    threads: list[tuple[Step, ...]] = []
    registers = {}
    for thread in range(2):
        steps: list[Step] = []
        for k in range(choose.randint(2, 3)):
            if k and choose.random() < 0.5:
                steps.append(Barrier(choose.choice(("smp_mb", "smp_wmb", "smp_rmb", "sync", "eieio"))))
            location, kind = choose.choice("xy"), choose.randrange(5)
            if kind < 2:
                steps.append(Read(f"r{k}", location, acquire=choose.random() < 0.3))
            elif kind < 4:
                steps.append(Write(location, 10 * thread + k + 1, release=choose.random() < 0.3))
            else:
                steps.append(Swap(f"r{k}", location, 10 * thread + k + 1, ordered=choose.random() < 0.5))
            if not isinstance(steps[-1], Write):
                registers[thread, f"r{k}"] = 0
        threads.append(tuple(steps))
    used = {step.location for thread in threads for step in thread if not isinstance(step, Barrier)}
    return Program(f"random{seed}", tuple(threads), registers, dict.fromkeys(sorted(used), 0), {"x": 7})


@pytest.mark.parametrize("seed", range(30))
def test_ppc_and_c_mean_the_same_on_power(seed: int) -> None:
    """A random program has the same final values in PPC and in C, but that eieio is smp_wmb in C."""
    program = random_program(seed)
    one = judge(read(write_ppc(program), "one", "power"), "power", unroll=0)
    two = judge(read(write_c(program), "two", "power"), "power", unroll=0)
    weaker = any(step == Barrier("eieio") for thread in program.threads for step in thread)
    found, expected = set(two.executions), set(one.executions)
    assert found <= expected if weaker else found == expected


def test_a_program_is_written_in_full() -> None:
    """The exact text for PPC and in C, with initial values, a comment, and barriers of both vocabularies."""
    program = Program(
        "MP",
        ((Write("x", 1), Barrier("lwsync"), Write("y", 1)), (Read("r0", "y", True), Read("r1", "x"))),
        {(1, "r0"): 1, (1, "r1"): 0},
        {"x": 1},
        {"y": 0},
        "message passing",
    )
    assert write_ppc(program).splitlines() == [
        "PPC MP",
        "(* message passing *)",
        "{",
        "y=0;",
        "0:r1=x; 0:r2=y;",
        "1:r1=y; 1:r2=x;",
        "}",
        " P0           | P1           ;",
        " li r3,1      | lwz r3,0(r1) ;",
        " stw r3,0(r1) | lwsync       ;",
        " lwsync       | lwz r4,0(r2) ;",
        " li r4,1      |              ;",
        " stw r4,0(r2) |              ;",
        "exists (1:r3=1 /\\ 1:r4=0 /\\ x=1)",
    ]
    assert write_c(program).split("\n") == [
        "C MP",
        "(* message passing *)",
        "{",
        "y=0;",
        "}",
        "",
        "P0(int *x, int *y)",
        "{",
        "\tWRITE_ONCE(*x, 1);",
        "\tsmp_wmb();",
        "\tWRITE_ONCE(*y, 1);",
        "}",
        "",
        "P1(int *y, int *x)",
        "{",
        "\tint r0 = smp_load_acquire(y);",
        "\tint r1 = READ_ONCE(*x);",
        "}",
        "",
        "exists (1:r0=1 /\\ 1:r1=0 /\\ x=1)",
        "",
    ]


def test_a_reservation_is_written_as_herd_reads_it() -> None:
    """herd7 wants the register r0, which means zero there, and not the number."""
    program = Program("one", ((Swap("r0", "x", 1, ordered=False),),), {(0, "r0"): 0}, {}, {})
    rows = [line.strip(" ;") for line in write_ppc(program).splitlines()]
    assert "lwarx r3,r0,r1" in rows and "stwcx. r2,r0,r1" in rows


def test_the_command_prints_the_table_and_writes_its_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`litmus --ipi-table --write DIR` prints all cells, and writes those of POWER for PPC and in C."""
    from explorer.litmus import ipi_table

    monkeypatch.setattr(ipi_table, "POWER", POWER[:1])
    assert main(["litmus", "--ipi-table", "--write", str(tmp_path / "tests")]) == 0
    assert "  sync     A       A       F" in capsys.readouterr().out.splitlines()
    files = sorted((tmp_path / "tests").iterdir())
    assert len(files) == 24
    assert read_file(files[0]).name == files[0].name.split(".")[0]


def test_wrong_use_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table takes no files, and --write goes with it only: exit code 2."""
    assert main(["litmus", "--ipi-table", "x.litmus"]) == 2
    assert main(["litmus", "x.litmus", "--write", str(tmp_path)]) == 2
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "--ipi-table runs its own tests; it takes no files and no option but --write",
        "--write goes with --ipi-table: it writes the tests of the table",
    ]
