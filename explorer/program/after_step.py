"""Step properties as conditions on the state before the step, for one rule: what the rule writes takes the
place of what is read after the step. Knows nothing of code.
"""

from __future__ import annotations

from functools import lru_cache

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Family, is_const
from explorer.ir.model import Property
from explorer.program.facts import cells_of, reads
from explorer.program.program import Rule
from explorer.program.simplify import Check, lift


@lru_cache(maxsize=256)
def step_condition(prop: Property) -> tuple[Expr, tuple[Check, ...]]:
    """All parts of a step property as one expression, and the checks to make before."""
    return lift(ex.both(*(e for _, e in prop.parts)))


def after_rule(expr: Expr, rule: Rule) -> Expr:
    """An expression over a step of the rule. Parts that read nothing of what it writes are looked at once for
    all rules.
    """
    written = {(u.family, u.index.value): u.expr for u in rule.updates if is_const(u.index)}
    loose = {u.family for u in rule.updates if not is_const(u.index)}
    families = {u.family for u in rule.updates}
    mask = 0
    for family, index in written:
        mask |= cells_of(family, index, True)
    for family in loose:
        mask |= cells_of(family, None, True)
    done: dict[Expr, Expr] = {}
    stack = [expr]
    while stack:
        at = stack[-1]
        if at in done:
            stack.pop()
        elif not reads(at)[0] & mask:
            done[at] = unchanged(at)
        elif missing := [a for a in at.args if a not in done]:
            stack += missing
        else:
            args = tuple(done[a] for a in at.args)
            done[at] = _read(
                at if args == at.args else ex.node(at.op, args, at.value), written, loose, families
            )
    return done[expr]


def _read(
    at: Expr, written: dict[tuple[Family, int], Expr], loose: set[Family], families: set[Family]
) -> Expr:
    """A node whose operands are done: what is read after the step was written, or is as before."""
    if at.op == "next" and at.value[0] not in loose:
        family, index = at.value
        return written.get((family, index), ex.cell(family, ex.const(index)))
    if at.op == "nextat" and at.value not in families:
        return ex.cell(at.value, at.args[0])
    return at


@lru_cache(maxsize=1 << 14)
def unchanged(expr: Expr) -> Expr:
    """An expression over a step that writes nothing of what it reads."""
    return ex.rebuild(expr, lambda at: _read(at, {}, set(), set()))
