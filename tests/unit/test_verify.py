"""The verifier passes what the explorer makes, and finds what is broken in a model, a program or a layout."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.engine.compiled import Compiled
from explorer.ground.ground import ground
from explorer.ir import expressions as ex
from explorer.ir.errors import NOWHERE
from explorer.ir.expressions import Expr, Failure
from explorer.ir.model import Model
from explorer.ir.steps import Condition, Write
from explorer.ir.verify import Malformed, verify_model
from explorer.program.layout import Layout, lay_out
from explorer.program.program import Program, Rule, reduce
from explorer.program.verify import verify_layout, verify_program
from explorer.run.load import load
from tests.support.comparison import model_of
from tests.support.generators import spec_of, spec_text
from tests.support.house import SPECS


def verify(model: Model) -> None:
    """The model, its program and its layout."""
    verify_model(model)
    program = reduce(model)
    verify_program(program)
    verify_layout(program, lay_out(program))


SHIPPED = sorted([*SPECS.glob("*.py"), *(SPECS / "examples").glob("*.py")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_specs_are_well_formed(path: Path) -> None:
    """Grounding, simplifying and laying out keep what the classes promise."""
    verify(ground(load(path)))


def test_random_specs_are_well_formed() -> None:
    """The same for random specs of every size."""
    models = [model_of(spec_text(random.Random(seed), 1 + seed % 4)) for seed in range(90_000, 90_120)]
    checked = [verify(model) for model in models if model is not None]
    assert len(checked) > 60


TEXT = """
from typing import Annotated
from explorer import *
Digit = Annotated[int, Range(0, 5)]

class S(State):
    n: Var[Digit] = initially(0)
    m: Map[Annotated[int, Range(0, 2)], Digit] = initially(any_of(Digit))
    mark: Var[bool] = initially(False)
    still: Var[Digit] = initially(3)

@action
def up(s: S):
    when(s.n < s.still)
    s.n.next = s.n + 1
    s.mark.next = ~s.mark

@action
def grow(s: S):
    s.m[1].next = s.m[0] + s.n

@action
def never(s: S):
    when(s.still == 4)
    s.n.next = 0

@invariant
def low(s: S):
    return s.n <= 3

@step_invariant
def upwards(s: S):
    return s.n.next >= s.n

spec = Spec()
"""


def small() -> Model:
    return ground(spec_of(TEXT))


N, M, MARK, STILL = range(4)
"""Families of the small model."""


def with_guard(model: Model, *exprs: Expr) -> Model:
    """The first instance with other guards."""
    guard = tuple(Condition(expr, NOWHERE) for expr in exprs)
    return replace(model, instances=(replace(model.instances[0], guard=guard), *model.instances[1:]))


def with_write(model: Model, family: int, index: int, expr: Expr) -> Model:
    write = Write(model.families[family], ex.const(index), expr, NOWHERE)
    return replace(model, instances=(replace(model.instances[0], writes=(write,)), *model.instances[1:]))


def cell(model: Model, family: int, index: int = 0, primed: bool = False) -> Expr:
    return ex.cell(model.families[family], ex.const(index), primed)


def stranger(model: Model) -> Expr:
    return ex.cell(dataclasses.replace(model.families[N]), ex.const(0))


BROKEN_MODELS: dict[str, tuple[str, Callable[[Model], Model]]] = {
    "two instances have one number": (
        "has number 1 in place 0",
        lambda m: replace(m, instances=(replace(m.instances[0], number=1), *m.instances[1:])),
    ),
    "a guard is a number": ("is no condition", lambda m: with_guard(m, cell(m, N))),
    "a conjunct is a number": (
        "and: `n` is no condition",
        lambda m: with_guard(m, ex.node("and", (cell(m, N), cell(m, MARK)))),
    ),
    "a cell is not there": (
        "load: payload",
        lambda m: with_guard(m, ex.equal(ex.node("load", (), (m.families[M], 3)), ex.const(0))),
    ),
    "a family is of another model": (
        "load: payload",
        lambda m: with_guard(m, ex.equal(stranger(m), ex.const(0))),
    ),
    "an operator does not exist": (
        "no such operator",
        lambda m: with_guard(m, ex.node("xor", (cell(m, MARK), cell(m, MARK)))),
    ),
    "an operand is missing": ("eq: 1 operands", lambda m: with_guard(m, ex.node("eq", (cell(m, N),)))),
    "a payload is missing": (
        "require: payload None",
        lambda m: with_guard(m, ex.node("require", (ex.TRUE, ex.TRUE))),
    ),
    "a set may be negative": (
        "has: `-1` is no set",
        lambda m: with_guard(m, ex.node("has", (ex.const(-1), cell(m, N)))),
    ),
    "a guard reads the state after the step": (
        "reads the state after a step",
        lambda m: with_guard(m, cell(m, MARK, primed=True)),
    ),
    "an invariant reads the state after the step": (
        "reads the state after a step",
        lambda m: replace(
            m, properties=(replace(m.properties[0], parts=(("", cell(m, MARK, primed=True)),)),)
        ),
    ),
    "a write goes beyond its family": ("no cell 3", lambda m: with_write(m, M, 3, ex.const(0))),
    "a property is of no kind": (
        "of kind liveness",
        lambda m: replace(m, properties=(replace(m.properties[0], kind="liveness"),)),
    ),
    "an initial code is none": (
        "begins with code 6",
        lambda m: replace(m, choices=(replace(m.choices[0], alternatives=((6,),)), *m.choices[1:])),
    ),
    "a cell has no initial code": ("initial choices", lambda m: replace(m, choices=m.choices[1:])),
    "families have a gap": (
        "family 0 from cell 0, not 1 from 1",
        lambda m: replace(m, families=(m.families[0], m.families[0], *m.families[2:])),
    ),
}


@pytest.mark.parametrize("case", BROKEN_MODELS)
def test_a_broken_model_is_found(case: str) -> None:
    """Each thing that a model promises is missed when it is broken."""
    text, change = BROKEN_MODELS[case]
    model = small()
    verify_model(model)
    with pytest.raises(Malformed) as raised:
        verify_model(change(model))
    assert any(text in fault for fault in raised.value.faults), raised.value.faults


def with_rule(program: Program, number: int, **changes: object) -> Program:
    """The program with something else in the rule of an instance."""
    rules = [
        replace(rule, **changes) if rule.instance.number == number else rule  # type: ignore[arg-type]
        for rule in program.rules
    ]
    return replace(program, rules=tuple(rules))


def with_update(program: Program, number: int, **changes: object) -> Program:
    rule = rule_of(program, number)
    first, *rest = rule.updates
    return with_rule(program, number, updates=(replace(first, **changes), *rest))  # type: ignore[arg-type]


def rule_of(program: Program, number: int) -> Rule:
    return next(rule for rule in program.rules if rule.instance.number == number)


UP, GROW = 0, 1
FAILURE = Failure("no value", NOWHERE)

BROKEN_PROGRAMS: dict[str, tuple[str, Callable[[Program], Program]]] = {
    "a rule is lost": ("are not the model's instances", lambda p: replace(p, rules=p.rules[1:])),
    "a check is lost": ("is in 0..10, not in 0..5", lambda p: with_rule(p, GROW, checks=())),
    "what is written is no code": (
        "is in 7..7, not in 0..5",
        lambda p: with_update(p, UP, expr=ex.const(7)),
    ),
    "what is written has no place": ("is in 3..3", lambda p: with_update(p, UP, index=ex.const(3))),
    "a cell is written twice": (
        "writes a cell twice",
        lambda p: with_rule(p, UP, updates=rule_of(p, UP).updates * 2),
    ),
    "what never varies is written": (
        "which never varies",
        lambda p: with_update(p, UP, family=p.model.families[STILL]),
    ),
    "what never varies is read": (
        "`still`",
        lambda p: with_update(p, UP, expr=cell(p.model, STILL)),
    ),
    "a check is left inside": (
        "a check inside",
        lambda p: with_update(p, UP, expr=ex.require(ex.TRUE, ex.const(0), FAILURE)),
    ),
    "an invariant is a number": (
        "is no condition",
        lambda p: replace(p, invariants=(replace(p.invariants[0], condition=cell(p.model, N)),)),
    ),
    "a conjunct is not the model's": (
        "guard conjuncts",
        lambda p: with_rule(p, UP, guard=(replace(rule_of(p, UP).guard[0], number=9),)),
    ),
}


@pytest.mark.parametrize("case", BROKEN_PROGRAMS)
def test_a_broken_program_is_found(case: str) -> None:
    """Each thing that a program promises is missed when it is broken."""
    text, change = BROKEN_PROGRAMS[case]
    program = reduce(small())
    verify_program(program)
    with pytest.raises(Malformed) as raised:
        verify_program(change(program))
    assert any(text in fault for fault in raised.value.faults), raised.value.faults


def with_field(layout: Layout, family: int, **changes: int) -> Layout:
    fields = {
        f: replace(field, **changes) if f.number == family else field  # type: ignore[arg-type]
        for f, field in layout.fields.items()
    }
    return replace(layout, fields=fields)


BROKEN_LAYOUTS: dict[str, tuple[str, Callable[[Layout], Layout]]] = {
    "a field is too narrow": ("2 bits for 0..5", lambda at: with_field(at, N, width=2)),
    "two cells share bits": ("share bit 2", lambda at: with_field(at, M, offset=2)),
    "a cell lies outside": ("of 13", lambda at: with_field(at, MARK, offset=13)),
    "a family has no field": (
        "fields of",
        lambda at: replace(at, fields=dict(list(at.fields.items())[1:])),
    ),
    "a constant has no code": ("has code None", lambda at: replace(at, fixed={})),
}


@pytest.mark.parametrize("case", BROKEN_LAYOUTS)
def test_a_broken_layout_is_found(case: str) -> None:
    """Each thing that a layout promises is missed when it is broken."""
    text, change = BROKEN_LAYOUTS[case]
    program = reduce(small())
    layout = lay_out(program)
    verify_layout(program, layout)
    with pytest.raises(Malformed) as raised:
        verify_layout(program, change(layout))
    assert any(text in fault for fault in raised.value.faults), raised.value.faults


def test_tests_verify_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the tests a broken model is not compiled; a user's run does not spend time on it."""
    broken = with_guard(small(), ex.const(2))
    with pytest.raises(Malformed):
        _ = Compiled(broken).program
    monkeypatch.setenv("EXPLORER_VERIFY", "0")
    assert len(Compiled(broken).program.rules) == 2
