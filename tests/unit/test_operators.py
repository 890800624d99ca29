"""One table says all of an operator: what it means, its two source texts and its printed text agree."""

from __future__ import annotations

import ast
import itertools
import random
import re
from typing import Annotated, Any

import pytest

from explorer import Range, Spec, State, Var, action, any_of, initially, invariant, when
from explorer.codegen.native_expressions import Constants, Scribe
from explorer.codegen.native_module import lowered_function, module_of
from explorer.codegen.python_expressions import Emitter
from explorer.engine import reference
from explorer.engine.compiled import run_source
from explorer.ground.ground import ground
from explorer.ir import expressions as ex
from explorer.ir import operators
from explorer.ir.errors import NOWHERE
from explorer.ir.expression_text import show, show_condition
from explorer.ir.expressions import Expr, Family
from explorer.ir.operators import OPERATORS, Form, Interval, Kind, Operator
from explorer.ir.semantics import evaluate
from explorer.ir.types import IntType
from explorer.language.values import INTEGER, Value
from explorer.program.facts import Facts, interval
from explorer.program.layout import Field, Layout
from explorer.program.simplify import fold
from explorer.symmetry.normal_forms import Normal
from tests.support.slow import rest_slow


def _larger(a: Interval, b: Interval) -> Interval:
    return max(a[0], b[0]), max(a[1], b[1])


LARGER = Operator(
    "larger",
    (Kind.NUMBER, Kind.NUMBER),
    Kind.NUMBER,
    "larger({0}, {1})",
    Form.CALL,
    max,
    "({0} if {0} > {1} else {1})",
    "({0} if {0} > {1} else {1})",
    _larger,
)
"""An operator that the language does not have: what a new row would be."""

PLAIN = [row for row in OPERATORS.values() if row.plain] + [LARGER]

# Two families of each kind, one cell each, and the states that give them every value.

DOMAINS = {
    Kind.NUMBER: (-2, 3),
    Kind.CONDITION: (0, 1),
    Kind.SET: (0, 7),
    Kind.ELEMENT: (0, 2),
}
KINDS = [kind for kind in DOMAINS for _ in range(2)]
FAMILIES = [
    Family(n, n, 1, *DOMAINS[kind], f"x{n}", "", (f"x{n}",), IntType(*DOMAINS[kind]), NOWHERE)
    for n, kind in enumerate(KINDS)
]
WIDTH = 3
LAYOUT = Layout(
    {family: Field(family, WIDTH * family.number, WIDTH) for family in FAMILIES},
    {},
    WIDTH * len(FAMILIES),
    len(FAMILIES),
)


def states(count: int) -> list[tuple[int, ...]]:
    choose = random.Random(7)
    return [tuple(choose.randint(*DOMAINS[kind]) for kind in KINDS) for _ in range(count)]


STATES = states(300)


@pytest.fixture(params=PLAIN, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """A plain operator that stands in the table, which one does not otherwise."""
    result: Operator = request.param
    monkeypatch.setitem(OPERATORS, result.name, result)
    return result


def leaves(kind: Kind) -> list[Expr]:
    """Cells of a kind, and its least and largest value."""
    kind = Kind.NUMBER if kind is Kind.ANY else kind
    cells = [ex.cell(family, ex.const(0)) for family in FAMILIES if KINDS[family.number] is kind]
    return [*cells, *map(ex.const, DOMAINS[kind])]


def samples(row: Operator) -> list[Expr]:
    """The operator on all pairs of cells and constants, and on random expressions."""
    result = [ex.node(row.name, args) for args in itertools.product(*map(leaves, row.operands))]
    choose = random.Random(row.name)
    result += [composed(row, choose, 3) for _ in range(8)]
    return [expr for expr in result if has_value(expr)]


def composed(row: Operator, choose: random.Random, depth: int) -> Expr:
    """An operator on random operands of its kinds; those that a partial one needs are cells and constants."""
    kinds = row.operands * 2 if row.many else row.operands
    shallow = row.defined is not None
    return ex.node(row.name, tuple(operand(kind, choose, 0 if shallow else depth - 1) for kind in kinds))


def operand(kind: Kind, choose: random.Random, depth: int) -> Expr:
    if depth <= 0 or kind is Kind.ELEMENT:
        return choose.choice(leaves(kind)[:2] if kind is Kind.SET else leaves(kind))
    kind = Kind.NUMBER if kind is Kind.ANY else kind
    rows = [row for row in OPERATORS.values() if row.result is kind and (row.plain or row.many)]
    if choose.random() < 0.2:
        condition = operand(Kind.CONDITION, choose, depth - 1)
        return ex.node("ite", (condition, operand(kind, choose, depth - 1), operand(kind, choose, depth - 1)))
    return composed(choose.choice(rows), choose, depth)


def has_value(expr: Expr) -> bool:
    """Whether an expression has a value in every state, by the rows of its operators."""
    return all(OPERATORS[at.op].has_value(*interval(at.args[-1], Facts())) for at in ex.walk(expr) if at.args)


def test_every_plain_row_is_complete() -> None:
    """A plain operator has a meaning, two source texts and bounds; the others have none of them."""
    for row in OPERATORS.values():
        given = [row.value, row.python, row.machine, row.bounds]
        assert all(given) if row.plain else not any(given), row.name
    assert len(PLAIN) >= 17


def test_python_source_computes_the_meaning(row: Operator) -> None:
    """As a number and as a condition, the Python text gives what the meaning says."""
    emitter = Emitter(LAYOUT)
    for expr in samples(row):
        number, truth = (
            eval(f"lambda s: {text}", dict(operators.PYTHON_NAMES))
            for text in (emitter.number(expr), emitter.truth(expr))
        )
        for state in STATES:
            packed, wanted = LAYOUT.pack(state), evaluate(expr, state)
            assert number(packed) == wanted, (show(expr), state)
            assert bool(truth(packed)) == bool(wanted), (show(expr), state)


def test_bounds_and_folding_follow_the_meaning(row: Operator) -> None:
    """The value lies within the bounds, and constants are folded to it."""
    for expr in samples(row):
        low, high = interval(expr, Facts())
        folded = fold(expr, Facts())
        for state in STATES:
            wanted = evaluate(expr, state)
            assert low <= wanted <= high, (show(expr), state)
            assert evaluate(folded, state) == wanted
        if all(map(ex.is_const, expr.args)):
            assert ex.is_const(folded)


def test_equal_normal_forms_mean_equal_values(row: Operator) -> None:
    """Samples with one normal form agree in every state; a constant's normal form is its value."""
    normal = Normal({})
    normal._load = lambda op, family, index, renaming: normal.node(  # type: ignore[method-assign]
        op, family.first + index, (), (family.low, family.high)
    )
    values: dict[int, list[int]] = {}
    for expr in samples(row):
        mine = [evaluate(expr, state) for state in STATES]
        number = normal.of(expr)
        assert values.setdefault(number, mine) == mine, show(expr)
        if normal.is_const(number):
            assert set(mine) == {normal.value(number)}


RUN = """
@njit('void(uint64[::1], int64[:,::1])')
def run(states, out):
    for b in range(states.shape[0]):
        note(states[b], U(b), out)
"""


def test_machine_code_computes_the_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled over 64-bit words, all samples of all operators give what the meaning says."""
    np = pytest.importorskip("numpy")
    monkeypatch.setitem(OPERATORS, LARGER.name, LARGER)
    exprs = [expr for row in PLAIN for expr in samples(row)]
    scribe, constants = Scribe(LAYOUT, Facts()), Constants()
    body = []
    for k, expr in enumerate(exprs):
        texts = (f"out[b, {2 * k}] = {scribe.number(expr)}", f"out[b, {2 * k + 1}] = U({scribe.truth(expr)})")
        body += [constants.fill(scribe, text) for text in texts]
    parameters = [("b", "uint64"), ("out", "int64[:,::1]")]
    note = lowered_function("note", True, parameters, body, {"True": "boolean"})
    text = module_of(constants, note, RUN)
    out = np.zeros((len(STATES), 2 * len(exprs)), np.int64)
    run_source(text, "<operators>")["run"](np.array(list(map(LAYOUT.pack, STATES)), np.uint64), out)
    for state, given in zip(STATES, out.tolist()):
        for k, expr in enumerate(exprs):
            wanted = evaluate(expr, state)
            assert given[2 * k : 2 * k + 2] == [wanted, int(wanted != 0)], (show(expr), state)


# The text for people, read again by Python: a cell is an operand that knows its kind.


class Truth(int):
    """A condition: `&`, `|` and `~` are its operators, not those of bits."""

    def __and__(self, other: int) -> Truth:
        return Truth(bool(self) and bool(other))

    def __or__(self, other: int) -> Truth:
        return Truth(bool(self) or bool(other))

    def __invert__(self) -> Truth:
        return Truth(not self)


class Members(frozenset[int]):
    """A set."""

    def contains(self, i: int) -> Truth:
        return Truth(i in self)


def members(mask: int) -> Members:
    return Members(i for i in range(8) if mask >> i & 1)


READ: dict[Kind, Any] = {Kind.NUMBER: int, Kind.CONDITION: Truth, Kind.SET: members, Kind.ELEMENT: int}
HELPERS: dict[str, Any] = {
    "size": len,
    "larger": max,
    "ite": lambda c, a, b: a if c else b,
}


class Comparable(ast.NodeTransformer):
    """Conditions are of the class `Truth`, sets of the class `Members`."""

    def visit_Compare(self, at: ast.Compare) -> ast.expr:
        self.generic_visit(at)
        return ast.Call(ast.Name("Truth", ast.Load()), [at], [])

    def visit_UnaryOp(self, at: ast.UnaryOp) -> ast.expr:
        self.generic_visit(at)
        if isinstance(at.op, ast.Invert):
            at.operand = ast.Call(ast.Name("Truth", ast.Load()), [at.operand], [])
        return at

    def visit_Constant(self, at: ast.Constant) -> ast.expr:
        return ast.Call(ast.Name("Truth", ast.Load()), [at], []) if isinstance(at.value, bool) else at

    def visit_Set(self, at: ast.Set) -> ast.expr:
        self.generic_visit(at)
        return ast.Call(ast.Name("Members", ast.Load()), [at], [])

    def visit_BinOp(self, at: ast.BinOp) -> ast.expr:
        self.generic_visit(at)
        return ast.Call(ast.Name("same", ast.Load()), [at.left, at], [])


def same(operand: Any, result: Any) -> Any:
    """A result of operators on sets is a set."""
    return Members(result) if isinstance(operand, frozenset) else result


def value_of(result: Any) -> int:
    return sum(1 << i for i in result) if isinstance(result, frozenset) else int(result)


def reader(text: str) -> Any:
    """The printed text as Python code, with Python's signs for those of sets."""
    text = re.sub("[∪∩∖]", lambda sign: {"∪": "|", "∩": "&", "∖": "-"}[sign.group()], text)
    tree = ast.fix_missing_locations(Comparable().visit(ast.parse(text, mode="eval")))
    return compile(tree, "<shown>", "eval")


def readable(expr: Expr) -> bool:
    """Whether no constant is a set, which is printed as a number."""
    return not any(
        kind is Kind.SET and ex.is_const(a)
        for at in ex.walk(expr)
        for kind, a in zip(OPERATORS[at.op].operands, at.args)
    )


def test_the_printed_text_says_what_is_meant(row: Operator) -> None:
    """Python, with its own signs for those of sets, reads the printed text and finds the same value."""
    read = [expr for expr in samples(row) if readable(expr)]
    assert len(read) > 2
    names = {**HELPERS, "Truth": Truth, "Members": Members, "same": same}
    for expr in read:
        code = reader(show_condition(expr) if row.result is Kind.CONDITION else show(expr))
        for state in STATES[:50]:
            cells = {f"x{n}": READ[kind](state[n]) for n, kind in enumerate(KINDS)}
            assert value_of(eval(code, {**names, **cells})) == evaluate(expr, state), (show(expr), state)


# A new operator in a spec.


class Pair(State):
    a: Var[Annotated[int, Range(0, 5)]] = initially(any_of(0, 2))
    b: Var[Annotated[int, Range(0, 5)]] = initially(0)


@action
def up(pair: Pair) -> None:
    when(pair.b < 5)
    pair.b.next = pair.b + 1


@action
def rise(pair: Pair) -> None:
    pair.a.next = Value(INTEGER, ex.node("larger", (pair.a._expr, pair.b._expr)))


@invariant
def below(pair: Pair) -> Value[bool]:
    return Value(INTEGER, ex.node("larger", (pair.a._expr, ex.const(3)))) <= 4


@pytest.mark.parametrize("engine", rest_slow(["python", "native"]))
def test_an_operator_with_a_row_is_known_to_every_engine(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row in the table is enough for a spec that uses the operator to be explored."""
    monkeypatch.setitem(OPERATORS, LARGER.name, LARGER)
    if engine == "native":
        pytest.importorskip("numba")
        from explorer.engine.native.search import explore
    else:
        from explorer.engine.python import explore
    model = ground(Spec(Pair, up, rise, below))
    one, other = explore(model), reference.explore(model)
    assert one.engine == engine
    assert list(map(len, one.levels)) == list(map(len, other.levels))
    assert one.enabled == other.enabled and len(one.violations) == len(other.violations) == 1
