"""Expressions that are wide, deep or shared many times over cost what their parts cost."""

from __future__ import annotations

import pytest

from explorer.codegen.native_functions import native_source
from explorer.codegen.python_conditions import judgements
from explorer.engine import python, reference
from explorer.ground.ground import ground
from explorer.ir.expression_text import show
from explorer.ir.expressions import const, node, total
from explorer.ir.model import Model
from explorer.program.layout import lay_out
from explorer.program.program import reduce
from tests.support.generators import spec_of

TEXT = """
from typing import Annotated
from explorer import *

R = Annotated[int, Range(0, 99)]

class C(State):
    n: Map[R, bool] = initially(False)
    k: Var[R] = initially(0)

@action
def up(c: C) -> None:
    when(c.k < 10)
    c.k.next = c.k + 1
    c.n[c.k].next = True

@terminal
def end(c: C) -> Value[bool]:
    return True

@invariant
def holds(c: C) -> Value[bool]:
    {body}

spec = Spec()
"""

BODIES = {
    "count": "return count(c.n[i % 100] for i in range(5000)) <= 450",
    "chain of sums": "x = 0\n    for i in range(2000): x = x + ite(c.n[i % 100], 1, 0)\n    return x <= 180",
    "chain of choices": "x = 0\n    for i in range(400): x = ite(c.n[i % 100] & (c.k == i % 7), i % 11, x)\n"
    "    return x <= 9",
    "conditions in each other": "x = c.k >= 0\n"
    "    for i in range(150): x = (c.n[i % 100] | x) & (c.k != 9 + i)\n"
    "    return x",
    "parts used twice": "x = c.k\n    for i in range(10): x = ite(x < i, x + 1, x - ite(x > 50, 1, 0))\n"
    "    return x <= 9",
    "conjunction": "return every(c.n[i % 100] | (c.k != 9 + i % 90) for i in range(5000))",
}


def _model(body: str) -> Model:
    return ground(spec_of(TEXT.format(body=body)))


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_large_expressions_mean_the_same_in_generated_code(body: str) -> None:
    """No recursion limit, no nested parentheses and no explosion: generated code judges as the reference."""
    model = _model(body)
    spaces = [engine.explore(model) for engine in (reference, python)]
    first, second = ({n: v.level for n, v in space.violations.items()} for space in spaces)
    assert first == second and [s.distinct for s in spaces] == [11, 11]


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_the_text_of_a_large_expression_grows_with_its_parts(body: str) -> None:
    """The generated text has at most some hundred characters for each part, however often it is used."""
    model = _model(body)
    program = reduce(model)
    layout = lay_out(program)
    for text in (native_source(program, layout).search, judgements(program, layout).text):
        assert len(text) < 600_000
        assert max(line.count("(") for line in text.splitlines()) < 40_000
        compile(text, "<generated>", "exec")


def test_a_sum_is_a_tree_of_little_depth() -> None:
    """Ten thousand terms stand at most fourteen operators deep, each once and in order."""
    terms = [const(i) for i in range(10_000)]
    depth, at = 0, total(list(terms))
    while at.op == "add":
        depth, at = depth + 1, at.args[0]
    assert depth <= 14 and total([]) is const(0) and total([terms[7]]) is terms[7]
    assert show(node("add", (total(terms[1:3]), total(terms[3:5])))) == "(1 + 2) + (3 + 4)"
