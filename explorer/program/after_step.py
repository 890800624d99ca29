"""Step properties as conditions on the state before the step, for one rule: what the rule writes takes the
place of what is read after the step. Knows nothing of code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Family, is_const
from explorer.ir.model import Property
from explorer.program.facts import cells_of, reads
from explorer.program.program import Rule
from explorer.program.simplify import Check, fold, fold_checks, lift


@lru_cache(maxsize=256)
def step_condition(prop: Property) -> tuple[Expr, tuple[Check, ...]]:
    """All parts of a step property as one expression, and the checks to make before."""
    return lift(ex.both(*(e for _, e in prop.parts)))


def on_step(properties: Iterable[Property], rule: Rule) -> Iterator[tuple[Property, list[Check], Expr]]:
    """Each step property with its checks and its condition on the state before a step of the rule, simplified
    by what the rule says of that state.
    """
    after = AfterRule(rule)
    for prop in properties:
        if prop.kind == "step":
            pure, raw = step_condition(prop)
            checks = fold_checks(tuple(Check(after(c.ok), c.failure) for c in raw), rule.facts)
            yield prop, checks, fold(after(pure), rule.facts)


class AfterRule:
    """Expressions over a step of a rule. Parts that read nothing of what it writes are looked at once for all
    rules.
    """

    def __init__(self, rule: Rule):
        self.written = {(u.family, u.index.value): u.expr for u in rule.updates if is_const(u.index)}
        self.loose = {u.family for u in rule.updates if not is_const(u.index)}
        self.families = {u.family for u in rule.updates}
        self.mask = 0
        for family, index in self.written:
            self.mask |= cells_of(family, index, True)
        for family in self.loose:
            self.mask |= cells_of(family, None, True)
        self.done: dict[Expr, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """The expression on the state before the step."""
        done, stack = self.done, [expr]
        while stack:
            at = stack[-1]
            if at in done:
                stack.pop()
            elif not reads(at)[0] & self.mask:
                done[at] = unchanged(at)
            elif missing := [a for a in at.args if a not in done]:
                stack += missing
            else:
                args = tuple(done[a] for a in at.args)
                same = at if args == at.args else ex.node(at.op, args, at.value)
                done[at] = _read(same, self.written, self.loose, self.families)
        return done[expr]


def after_rule(expr: Expr, rule: Rule) -> Expr:
    """An expression over a step of the rule (see `AfterRule`)."""
    return AfterRule(rule)(expr)


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
