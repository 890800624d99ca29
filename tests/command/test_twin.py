"""`--twin X,Y`: the litmus test of a story, as our own machine judges it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.command.twin import located, program_of
from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.litmus.twin import Barrier, Program, Write, write_ppc
from explorer.run.load import load
from explorer.trace.accesses import of_violation
from tests.support.house import SPECS

PASSING = """\
import enum
from explorer import *

class Cpu(enum.Enum):
    P, C = range(2)

P, C = Cpu

class Ram(Memory, cpus=Cpu):
    data: Var[bool] = initially(False)
    index: Var[bool] = initially(False)

class At(State):
    producer: Var[Annotated[int, Range(0, 2)]] = initially(0)
    consumer: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def fill(at: At, ram: Ram) -> None:
    when(at.producer == 0)
    ram.store(P, ram.data, True)
    at.producer.next = 1

@action
def publish(at: At, ram: Ram) -> None:
    when(at.producer == 1)
    ram.smp_wmb(P)
    ram.store(P, ram.index, True)
    at.producer.next = 2

@action
def look(at: At, ram: Ram) -> None:
    when(at.consumer == 0)
    when(ram.load(C, ram.index))
    at.consumer.next = 1

@action
def use(at: At, ram: Ram) -> None:
    when(at.consumer == 1)
    at.consumer.next = ite(ram.load(C, ram.data), 2, 3)

@terminal
def end(at: At) -> Value[bool]:
    return (at.producer == 2) & (at.consumer >= 2)

@invariant
def no_stale_data(at: At) -> Value[bool]:
    return at.consumer != 3

spec = Spec()
"""
HOST_IPI, CALL = "bytes[42][HOST_IPI]", "bytes[42][CALL_FUNCTION]"


def observed(file: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What our own litmus machine says of a test: Always, Sometimes or Never."""
    capsys.readouterr()
    main(["litmus", str(file), *arguments])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Observation")]
    return line.split()[2]


def test_message_passing_is_written_in_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exact test of a reader without a barrier, and that POWER allows its outcome."""
    (tmp_path / "passing.py").write_text(PASSING)
    out = tmp_path / "out"
    assert main([str(tmp_path / "passing.py"), "--out", str(out), "--twin", "data,index"]) == 12
    assert "litmus test: no_stale_data.ppc.litmus and no_stale_data.lkmm.litmus" in capsys.readouterr().out
    assert (out / "no_stale_data.ppc.litmus").read_text().splitlines() == [
        "PPC passing_no_stale_data",
        "(* The story of no_stale_data, violated after 4 steps, ends like this. *)",
        "{",
        "data=0;",
        "index=0;",
        "0:r1=data; 0:r2=index;",
        "1:r1=index; 1:r2=data;",
        "}",
        " P0           | P1           ;",
        " li r3,1      | lwz r3,0(r1) ;",
        " stw r3,0(r1) | lwz r4,0(r2) ;",
        " lwsync       |              ;",
        " li r4,1      |              ;",
        " stw r4,0(r2) |              ;",
        "exists (1:r3=1 /\\ 1:r4=0 /\\ data=1 /\\ index=1)",
    ]
    assert observed(out / "no_stale_data.ppc.litmus", capsys) == "Sometimes"
    assert observed(out / "no_stale_data.lkmm.litmus", capsys, "--arch", "power") == "Sometimes"
    assert observed(out / "no_stale_data.lkmm.litmus", capsys, "--arch", "tso") == "Never"


def lost_ipi() -> Program:
    """The test of the lost IPI of Linux 5.3."""
    space = explore(ground(load(SPECS / "ipi_buggy.py")))
    family, locations = located(space.model, f"{CALL},{HOST_IPI}")
    told, steps = of_violation(space, space.violations["no_lost_ipi"], family)
    assert steps == 21
    return program_of("lost_ipi", family.type, told, locations)


def test_the_fix_forbids_what_the_story_of_the_lost_ipi_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """POWER allows the outcome of 5.3's story; with 5.4's barriers in the same accesses it does not."""
    program = lost_ipi()
    assert len(program.threads) == 3
    threads = []
    for steps in program.threads:  # smp_mb in front of host_ipi = 1, and behind host_ipi = 0
        kinds = [type(step) for step in steps]
        place = 1 if kinds[:2] == [Write, Write] or len(steps) > 2 else 0
        threads.append((*steps[:place], *[Barrier("sync")] * (place > 0), *steps[place:]))
    file = tmp_path / "lost_ipi.litmus"
    file.write_text(write_ppc(program))
    assert observed(file, capsys) == "Sometimes"
    file.write_text(write_ppc(replace(program, threads=tuple(threads))))
    assert observed(file, capsys) == "Never"


def test_wrong_locations_and_specs_without_a_memory_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2 each; where nothing is violated a note."""
    (tmp_path / "passing.py").write_text(PASSING)
    spec, out = str(tmp_path / "passing.py"), ["--out", str(tmp_path / "out")]
    assert main([spec, *out, "--twin", "data"]) == 2
    assert main([spec, *out, "--twin", "data,flag"]) == 2
    assert main([spec, *out, "--twin", "data,data"]) == 2
    assert main([str(SPECS / "examples" / "peterson.py"), *out, "--twin", "data,index"]) == 2
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines() if "--twin" in line] == [
        "--twin data: expected two locations of one memory, of data, index",
        "--twin data,flag: expected two locations of one memory, of data, index",
        "--twin data,data: expected two locations of one memory, of data, index",
        "--twin: peterson has no memory; write: class Ram(Memory, cpus=Cpu): ...",
    ]
    assert main([spec, *out, "--twin", "data,index", "-D", "memory=sc"]) == 0
    assert "--twin: no invariant is violated, and there is no test" in capsys.readouterr().out
