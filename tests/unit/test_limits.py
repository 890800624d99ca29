"""Limits of a memory's accesses in machine code: what one rules out is impossible."""

from __future__ import annotations

from typing import Annotated

import pytest

from explorer import Map, Memory, MemoryModel, Range, Spec, State, Var, action, initially, when
from explorer.codegen import native_shapes
from explorer.engine import reference
from explorer.ground.ground import ground
from explorer.ir.semantics import evaluate
from explorer.language.memory_wiring import MemoryType
from explorer.program.layout import lay_out
from explorer.program.program import reduce

Cpu = Annotated[int, Range(0, 2)]


class Ram(Memory, cpus=Cpu, bound=5):
    x: Var[Annotated[int, Range(0, 2)]] = initially(0)
    y: Var[Annotated[int, Range(0, 2)]] = initially(0)


class Program(State):
    at: Map[Cpu, Annotated[int, Range(0, 2)]] = initially(0)
    sum: Var[Annotated[int, Range(0, 4)]] = initially(0)


@action
def write(cpu: Cpu, ram: Ram, program: Program) -> None:
    """Two CPUs store twice to each location."""
    when((cpu < 2) & (program.at[cpu] < 2))
    ram.store(cpu, ram.x, program.at[cpu] + 1)
    ram.store(cpu, ram.y, program.at[cpu] + 1)
    program.at[cpu].next = program.at[cpu] + 1


@action
def read(ram: Ram, program: Program) -> None:
    """The third loads both in one step."""
    when(program.at[2] < 2)
    program.sum.next = ram.load(2, ram.y) + ram.load(2, ram.x)
    program.at[2].next = program.at[2] + 1


def test_a_memory_lets_pass_what_its_guards_say() -> None:
    """In every state the bits of its memory are off exactly for the rules with a guard that the memory alone
    settles and that fails; and there are many such rules.
    """
    rows = pytest.importorskip("explorer.engine.native.rows")
    functions = pytest.importorskip("explorer.engine.native.functions")
    model = ground(Spec(), {"memory": MemoryModel.POWER})
    program = reduce(model)
    tables = native_shapes.tabulate(program, lay_out(program))
    rules = {rule.instance.number: rule for rule in program.rules}
    asked = [tables.columns.split(list(rules[number].guard))[0] for number in tables.numbers]
    table = rows.Table(tables.columns, 0, functions.Functions([]))
    (family,) = (f for f in model.families if isinstance(f.type, MemoryType))
    ruled_out = 0
    for state in (s for level in reference.explore(model).levels for s in level):
        passing = table.passing(state[family.first])
        for rank, conditions in enumerate(asked):
            expected = all(evaluate(condition, state) for condition in conditions)
            assert bool(passing >> rank & 1) == expected
            ruled_out += not expected
    assert ruled_out > 1000, ruled_out


def test_what_a_limit_rules_out_is_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every state in which a rule fails at a limit, each rule up to the slot's rank is impossible and has
    a value; and there are many such rules.
    """
    seen: list[list[native_shapes.Block]] = []
    plain = native_shapes._with_limits

    def recorded(blocks: list[native_shapes.Block]) -> list[native_shapes.Block]:
        seen.append(plain(blocks))
        return seen[-1]

    monkeypatch.setattr(native_shapes, "_with_limits", recorded)
    model = ground(Spec(), {"memory": MemoryModel.POWER})
    program = reduce(model)
    tables = native_shapes.tabulate(program, lay_out(program))
    (blocks,) = seen
    rules = {rule.instance.number: rule for rule in program.rules}
    ranked = [rules[number] for number in tables.numbers]
    ruled_out = 0
    for state in (s for level in reference.explore(model).levels for s in level):
        possible = [reference.step(rule.instance, state) is not None for rule in ranked]
        for rank, (rule, block) in enumerate(zip(ranked, blocks, strict=True)):
            failed = next((t for t in rule.guard if not evaluate(t.condition, state)), None)
            for limit in block.limits:
                if failed is not None and failed.condition.args[-1] is limit.key[-1]:
                    until = block.slots[limit.slot]
                    assert not any(possible[rank:until])
                    ruled_out += until - rank - 1
    assert ruled_out > 1000, ruled_out
