"""Expressions made smaller without changing what they mean: lifting of checks, constant folding, interval
analysis.

`lift` separates an expression from the conditions under which it has a value. `fold` rewrites a lifted
expression under facts (intervals of expressions known from guards and from constants). Knows nothing of bits.

The result is an expression for every state to compute. Proofs of symmetry compare expressions by another
form, from which nothing can be computed: `symmetry/terms.py` (decision 0019 says why there are two).
"""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import FALSE, TRUE, Expr, Failure, const, is_const, node
from explorer.ir.operators import OPERATORS
from explorer.program.facts import Facts, interval


@dataclass(frozen=True, slots=True)
class Check:
    """`ok` must hold where the expression is evaluated, else `failure`."""

    ok: Expr
    failure: Failure


def lift(expr: Expr) -> tuple[Expr, tuple[Check, ...]]:
    """The expression without its `require` nodes, and the checks to make before, in order of evaluation.

    A check below a lazy operator is conditional on the operands that decide whether it is reached.
    """
    if not expr.partial:
        return expr, ()
    memo: dict[Expr, tuple[Expr, tuple[Check, ...]]] = {}
    for at in ex.walk(expr):
        memo[at] = _lift(at, [memo[a] for a in at.args]) if at.partial else (at, ())
    return memo[expr]


def _lift(at: Expr, args: list[tuple[Expr, tuple[Check, ...]]]) -> tuple[Expr, tuple[Check, ...]]:
    pure = [p for p, _ in args]
    if at.op == "require":
        own = Check(pure[0], at.value)
        return pure[1], _unique((*args[0][1], own, *args[1][1]))
    checks: tuple[Check, ...] = ()
    if at.op in ("and", "or"):
        for i, (_, inner) in enumerate(args):
            reached = [ex.negate(p) for p in pure[:i]] if at.op == "and" else pure[:i]
            checks += tuple(Check(ex.either(*reached, c.ok), c.failure) for c in inner)
    elif at.op == "ite":
        c = pure[0]
        checks = (
            *args[0][1],
            *(Check(ex.either(ex.negate(c), k.ok), k.failure) for k in args[1][1]),
            *(Check(ex.either(c, k.ok), k.failure) for k in args[2][1]),
        )
    else:
        checks = tuple(c for _, inner in args for c in inner)
    return node(at.op, tuple(pure), at.value), _unique(checks)


def _unique(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return tuple(dict.fromkeys(checks))


def fold(expr: Expr, facts: Facts) -> Expr:
    """An expression with the same value wherever the facts hold, as small as the rules make it. No `require`
    inside.
    """
    facts = facts.home(expr)
    result = facts.memo.get(expr)
    if result is None:
        result = facts.memo[expr] = _fold(expr, facts)
    return result


def _fold(expr: Expr, facts: Facts) -> Expr:
    if expr.op in ("and", "or"):
        return _fold_logic(expr, facts)
    if expr.op == "ite":
        return _fold_ite(expr, facts)
    args = tuple(fold(a, facts) for a in expr.args)
    at = expr if args == expr.args else node(expr.op, args, expr.value)
    if at.op in ("loadat", "nextat") and is_const(args[0]):
        if not 0 <= args[0].value < at.value.size:
            return const(at.value.low)  # a check before it always fails: never evaluated
        at = node("load" if at.op == "loadat" else "next", (), (at.value, args[0].value))
    elif at.op in ("loadat", "nextat"):
        at = _table(at, facts)
    low, high = interval(at, facts)
    if low == high:
        return const(low)
    row = OPERATORS[at.op]
    if args and is_const(args[-1]) and not row.has_value(args[-1].value, args[-1].value):
        return const(0)  # a check before it always fails: never evaluated
    if row.value is not None and all(map(is_const, args)):
        return const(row.value(*(a.value for a in args)))
    rule = _RULES.get(at.op)
    return rule(at, args, facts) if rule else at


def _table(at: Expr, facts: Facts) -> Expr:
    """A read at a computed index of a family that never varies is a table of constants."""
    known = [facts.of(ex.cell(at.value, const(i))) for i in range(at.value.size)]
    if any(k is None or k[0] != k[1] for k in known):
        return at
    return node("table", at.args, tuple(k[0] for k in known if k))


def _fold_logic(expr: Expr, facts: Facts) -> Expr:
    """Left to right: each operand is folded under what the earlier ones imply."""
    neutral, absorbing = (TRUE, FALSE) if expr.op == "and" else (FALSE, TRUE)
    kept: list[Expr] = []
    seen: set[Expr] = set()
    stack = list(reversed(expr.args))
    while stack:
        folded = fold(stack.pop(), facts)
        if folded is absorbing:
            return absorbing
        if folded is neutral or folded in seen:
            continue
        if folded.op == expr.op:
            stack.extend(reversed(folded.args))
            continue
        kept.append(folded)
        seen.add(folded)
        facts = facts.assume(folded, expr.op == "and")
        if facts.impossible:
            return absorbing
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else node(expr.op, tuple(kept))


def _fold_ite(expr: Expr, facts: Facts) -> Expr:
    c = fold(expr.args[0], facts)
    if is_const(c):
        return fold(expr.args[1 if c.value else 2], facts)
    yes, no = facts.branches(c)
    if yes.impossible or no.impossible:
        return fold(expr.args[1 if no.impossible else 2], facts)
    a, b = fold(expr.args[1], yes), fold(expr.args[2], no)
    if a is b:
        return a
    if a is TRUE and b is FALSE:
        return c
    if a is FALSE and b is TRUE:
        return fold(ex.negate(c), facts)
    if interval(a, yes) in ((0, 1), (0, 0), (1, 1)) and interval(b, no) in ((0, 1), (0, 0), (1, 1)):
        for test, make in (
            (b is FALSE, ("and", c, a)),
            (a is TRUE, ("or", c, b)),
            (a is FALSE, ("and", ex.negate(c), b)),
            (b is TRUE, ("or", ex.negate(c), a)),
        ):
            if test:
                return fold(node(make[0], (make[1], make[2])), facts)
    if c.op == "not":
        return node("ite", (c.args[0], b, a))
    return node("ite", (c, a, b))


def _eq(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a, b = args
    if a is b:
        return TRUE
    if is_const(a):
        a, b = b, a
    (al, ah), (bl, bh) = interval(a, facts), interval(b, facts)
    if ah < bl or bh < al:
        return FALSE
    if not is_const(b):
        return node("eq", (a, b))
    if (al, ah) == (0, 1):
        return a if b.value else fold(ex.negate(a), facts)
    if a.op == "add" and is_const(a.args[1]):
        return fold(node("eq", (a.args[0], const(b.value - a.args[1].value))), facts)
    if a.op == "ite" and (is_const(a.args[1]) or is_const(a.args[2])):
        return fold(node("ite", (a.args[0], node("eq", (a.args[1], b)), node("eq", (a.args[2], b)))), facts)
    return node("eq", (a, b))


def _order(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a, b = args
    if a is b:
        return const(at.op == "le")
    (al, ah), (bl, bh) = interval(a, facts), interval(b, facts)
    if at.op == "lt":
        if ah < bl:
            return TRUE
        if al >= bh:
            return FALSE
    else:
        if ah <= bl:
            return TRUE
        if al > bh:
            return FALSE
    if (al, ah) == (0, 1) and is_const(b):
        return fold(ex.negate(a), facts)
    if (bl, bh) == (0, 1) and is_const(a):
        return b
    if a.op == "add" and is_const(a.args[1]) and is_const(b):
        return fold(node(at.op, (a.args[0], const(b.value - a.args[1].value))), facts)
    return at


def _not(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a = args[0]
    if is_const(a):
        return FALSE if a.value else TRUE
    if a.op == "not":
        return a.args[0]
    if a.op in ("lt", "le"):
        return node("le" if a.op == "lt" else "lt", (a.args[1], a.args[0]))
    return at


def _add(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a, b = args
    if is_const(a):
        a, b = b, a
    if is_const(b):
        if b.value == 0:
            return a
        if a.op == "add" and is_const(a.args[1]):
            return ex.plus(a.args[0], a.args[1].value + b.value)
        return ex.plus(a, b.value)
    return at


def _sub(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a, b = args
    return fold(ex.plus(a, -b.value), facts) if is_const(b) else const(0) if a is b else at


def _mul(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    a, b = args
    if is_const(a):
        a, b = b, a
    if is_const(b) and b.value in (0, 1):
        return a if b.value else const(0)
    return node("mul", (a, b))


def _set(at: Expr, args: tuple[Expr, ...], facts: Facts) -> Expr:
    if at.op in ("bor", "bandnot") and is_const(args[1]) and args[1].value == 0:
        return args[0]
    if at.op == "bor" and is_const(args[0]) and args[0].value == 0:
        return args[1]
    if at.op == "has" and args[0].op == "bit":
        return fold(ex.equal(args[0].args[0], args[1]), facts)
    return at


_RULES = {
    "eq": _eq,
    "lt": _order,
    "le": _order,
    "not": _not,
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "bor": _set,
    "bandnot": _set,
    "has": _set,
}


def fold_checks(checks: tuple[Check, ...], facts: Facts) -> list[Check]:
    """The checks that could fail, simplified; those proved by interval analysis are gone."""
    result = []
    for check in checks:
        ok = fold(check.ok, facts)
        if ok is not TRUE:
            result.append(Check(ok, check.failure))
            facts = facts.assume(ok)
    return result
