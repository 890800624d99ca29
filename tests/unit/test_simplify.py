"""Simplification against brute force: folding keeps values, intervals are true, and lifted checks fail
exactly where evaluation does.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from explorer.ir import expressions as ex
from explorer.ir.errors import NOWHERE
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Failure, Family
from explorer.ir.semantics import EvaluationError, evaluate
from explorer.ir.types import IntType
from explorer.program.facts import Facts, interval
from explorer.program.simplify import fold, fold_checks, lift

# Random expressions over five cells: two numbers, a bit, and a family of two cells.

DOMAINS = ((-1, 2), (0, 3), (0, 1), (0, 2), (0, 2))


def family(number: int, first: int, size: int, low: int, high: int) -> Family:
    names = tuple(f"f{number}[{i}]" for i in range(size))
    return Family(number, first, size, low, high, f"f{number}", "", names, IntType(low, high), NOWHERE)


FAMILIES = (family(0, 0, 1, -1, 2), family(1, 1, 1, 0, 3), family(2, 2, 1, 0, 1), family(3, 3, 2, 0, 2))
STATES = list(itertools.product(*(range(low, high + 1) for low, high in DOMAINS)))


class Maker:
    """Random expressions; with `partial`, some without a value in some states."""

    def __init__(self, seed: int, partial: bool):
        self.rng, self.partial = random.Random(seed), partial

    def check(self, ok: Expr, expr: Expr) -> Expr:
        return ex.require(ok, expr, Failure(f"failure {self.rng.randrange(1000)}", NOWHERE))

    def number(self, depth: int) -> Expr:
        rng = self.rng
        if depth == 0 or rng.random() < 0.2:
            return rng.choice([ex.const(rng.randint(-2, 3)), *(ex.cell(f, ex.const(0)) for f in FAMILIES)])
        a, b = self.number(depth - 1), self.number(depth - 1)
        roll = rng.randrange(8)
        if roll == 0:
            return ex.node("ite", (self.condition(depth - 1), a, b))
        if roll == 1:
            return ex.node("neg", (a,))
        if roll == 2:
            return ex.cell(FAMILIES[3], ex.choose(self.condition(depth - 1), ex.const(0), ex.const(1)))
        if roll == 3:
            made = ex.node(rng.choice(("floordiv", "mod")), (a, b))
            divisible = ex.negate(ex.equal(b, ex.const(0)))
            return self.check(divisible, made) if self.partial else ex.node("ite", (divisible, made, a))
        if roll == 4 and self.partial:
            return self.check(self.condition(depth - 1), a)
        return ex.node(rng.choice(("add", "sub", "mul")), (a, b))

    def condition(self, depth: int) -> Expr:
        rng = self.rng
        if depth == 0:
            return rng.choice([ex.TRUE, ex.FALSE, ex.cell(FAMILIES[2], ex.const(0))])
        roll = rng.randrange(6)
        if roll == 0:
            return ex.negate(self.condition(depth - 1))
        if roll == 1:
            return ex.node(
                "ite", (self.condition(depth - 1), self.condition(depth - 1), self.condition(depth - 1))
            )
        if roll < 4:
            return ex.node(
                rng.choice(("and", "or")), tuple(self.condition(depth - 1) for _ in range(rng.randint(2, 3)))
            )
        return ex.node(rng.choice(("eq", "lt", "le")), (self.number(depth - 1), self.number(depth - 1)))

    def any(self, depth: int) -> Expr:
        return self.number(depth) if self.rng.random() < 0.5 else self.condition(depth)


def meaning(expr: Expr, state: tuple[int, ...]) -> Any:
    """The value, or the message of the failure."""
    try:
        return evaluate(expr, state)
    except EvaluationError as error:
        return error.failure.message


@pytest.mark.parametrize("seed", range(150))
def test_fold_keeps_values_and_bounds_are_true(seed: int) -> None:
    """A folded expression has the same value in every state, which lies in the interval of both."""
    expr, facts = Maker(seed, False).any(3), Facts()
    folded = fold(expr, facts)
    for state in STATES:
        value = evaluate(expr, state)
        assert evaluate(folded, state) == value, (show(expr), show(folded), state)
        for at in (expr, folded):
            low, high = interval(at, facts)
            assert low <= value <= high, (show(at), state)


@pytest.mark.parametrize("seed", range(150))
def test_fold_under_facts_keeps_values_where_the_facts_hold(seed: int) -> None:
    """Under assumed conditions, values and intervals are right wherever the conditions hold; `impossible`
    means nowhere.
    """
    maker = Maker(seed, False)
    assumed = [(maker.condition(2), maker.rng.random() < 0.7) for _ in range(2)]
    facts = Facts()
    for condition, holds in assumed:
        facts = facts.assume(fold(condition, facts), holds)
    expr = maker.any(3)
    folded = fold(expr, facts)
    inside = [s for s in STATES if all(bool(evaluate(c, s)) == holds for c, holds in assumed)]
    assert not (facts.impossible and inside)
    low, high = interval(expr, facts)
    for state in inside:
        value = evaluate(expr, state)
        assert evaluate(folded, state) == value, (show(expr), show(folded), state)
        assert low <= value <= high


@pytest.mark.parametrize("seed", range(200))
def test_lifted_checks_fail_exactly_where_evaluation_does(seed: int) -> None:
    """The first failing check is the failure of the evaluation, and where none fails the lifted expression is
    the value.
    """
    expr = Maker(seed, True).any(3)
    pure, checks = lift(expr)
    kept = fold_checks(checks, Facts())
    assert all(at.op != "require" for root in (pure, *(c.ok for c in checks)) for at in ex.walk(root))
    for state in STATES:
        for made in (checks, kept):
            failed = next((c.failure.message for c in made if not evaluate(c.ok, state)), None)
            assert meaning(expr, state) == (failed or evaluate(pure, state)), (show(expr), state)
