"""Identities exchanged inside a memory: CPUs, locations and values of it. Every engine finds the orbits of
the states that a run without symmetry finds.
"""

from __future__ import annotations

import enum
from typing import Any

import pytest

from explorer import (
    WEAK,
    Formula,
    Map,
    Memory,
    MemoryModel,
    Scalarset,
    Set,
    Spec,
    State,
    Value,
    Var,
    action,
    check,
    constant,
    initially,
    invariant,
    leads_to,
    some,
    temporal,
    terminal,
    when,
)
from explorer.engine import python, reference
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import find
from tests.support.quotients import same_facts

CPUS = constant("cpus", 3)


class Cpu(Scalarset):
    size = CPUS
    names = ("A", "B", "C", "D")


class Step(enum.Enum):
    POST, TAKE, END = range(3)


class Ram(Memory, cpus=Cpu):
    """Who posted last, to whom, and to which CPUs by name."""

    last: Var[Cpu | None] = initially(None)
    named: Set[Cpu] = initially(set())
    posted: Map[Cpu, bool] = initially(False)


class Program(State):
    at: Map[Cpu, Step] = initially(Step.POST)
    saw: Map[Cpu, Cpu | None] = initially(None)


@action(actor="cpu", fair=WEAK)
def post(program: Program, ram: Ram, cpu: Cpu, other: Cpu) -> None:
    """posts to {other}"""
    when(cpu != other)
    when(program.at[cpu] == Step.POST)
    ram.store(cpu, ram.posted[other], True)
    ram.store(cpu, ram.last, cpu)
    program.at[cpu].next = Step.TAKE


@action(actor="cpu", fair=WEAK)
def take(program: Program, ram: Ram, cpu: Cpu) -> None:
    """takes what was posted"""
    when(program.at[cpu] == Step.TAKE)
    when(ram.load(cpu, ram.posted[cpu]))
    ram.smp_rmb(cpu)
    program.saw[cpu].next = ram.load(cpu, ram.last)
    program.at[cpu].next = Step.END


@action(actor="cpu")
def leave(program: Program, ram: Ram, cpu: Cpu) -> None:
    """leaves its name"""
    when(program.at[cpu] == Step.TAKE)
    ram.store(cpu, ram.named, {cpu})
    program.at[cpu].next = Step.END


@terminal
def end(program: Program) -> Value[bool]:
    return some(program.at[cpu] != Step.POST for cpu in Cpu)


@invariant
def nobody_misses_a_post(program: Program, cpu: Cpu) -> Value[bool]:
    """Violated: nothing orders the two stores of a post."""
    return (program.at[cpu] != Step.END) | ~program.saw[cpu].is_none | (program.at[cpu] == Step.TAKE)


@temporal
def stores_arrive(ram: Ram, cpu: Cpu) -> Formula:
    return leads_to(ram.newest(ram.posted[cpu]), ~ram.under_way(ram.posted[cpu]))


PARTS = (Ram, Program, post, take, leave, end, nobody_misses_a_post)


def model(memory: str, *more: Any, cpus: int = 2) -> Model:
    return ground(Spec(*PARTS, *more), {"memory": MemoryModel(memory), "cpus": cpus})


def proven(made: Model) -> Any:
    found = find(made)
    assert found.proven and not found.refused
    return found


@pytest.mark.parametrize("memory", [each.value for each in MemoryModel])
def test_the_orbits_are_those_of_all_states(memory: str) -> None:
    """Representatives stand for as many states as there are, and the reference, which sees all, counts the
    same.
    """
    made = model(memory)
    whole, reduced = python.explore(made), python.explore(made, symmetry=proven(made))
    assert reduced.distinct < whole.distinct == reduced.represented == reference.explore(made).distinct
    assert {n: v.level for n, v in whole.violations.items()} == {
        n: v.level for n, v in reduced.violations.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("direct", [12, 1], ids=["all renamings tried", "sorted for"])
def test_three_cpus(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So do the representatives of three CPUs, whichever way they are found, in machine code too."""
    native = pytest.importorskip("explorer.engine.native.search")
    monkeypatch.setattr(orbits, "DIRECT", direct)
    made = model("power", cpus=3)
    found = proven(made)
    expected = python.explore(made, symmetry=found)
    assert (expected.distinct, expected.represented) == (907, 5437)  # 5437: python.explore(made)
    same_facts(expected, native.explore(made, symmetry=found, options=native.Options(2)))


def test_temporal_properties_beside_a_memory() -> None:
    """The step by which every store arrives is renamed with its location, and so is its fairness."""
    spec = Spec(*PARTS, stores_arrive)
    for memory in ("tso", "power"):
        verdicts = [
            check(
                spec, property="stores_arrive", memory=MemoryModel(memory), cpus=2, no_symmetry=whole
            ).verdict
            for whole in (False, True)
        ]
        assert [v.verdict for v in verdicts] == ["holds", "holds"]
        assert verdicts[0].states["represented"] == verdicts[1].states["distinct"]


def test_a_cpu_with_a_name_is_not_exchanged() -> None:
    """A store of one CPU alone tells it apart; so does a load, by what the storage knows of all accesses."""

    @action
    def resets(ram: Ram, cpu: Cpu) -> None:
        when(cpu.index == 0)
        ram.store(cpu, ram.last, None)

    @action
    def looks(ram: Ram, cpu: Cpu) -> None:
        when(cpu.index == 0)
        when(ram.load(cpu, ram.named) == {cpu})

    stores, loads = (find(model("power", odd)).refused for odd in (resets, looks))
    assert "action resets may tell A from B (too large to be proved: Ram.store" in stores[0].text
    assert loads[0].text == "Cpu is not used as a symmetry: memory Ram tells A from B"
