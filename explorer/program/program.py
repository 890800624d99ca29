"""The ground model made small: instances simplified, dead ones dropped, constants and rigid variables found.

This is what code is generated from. Knows nothing of bits and of search.
"""

from __future__ import annotations

from dataclasses import replace

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import NOWHERE, Place
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, const
from explorer.ir.model import Instance, Model, collision
from explorer.ir.steps import Write
from explorer.program.facts import Facts
from explorer.program.simplify import Check, fold, fold_checks, lift


@dataclass(frozen=True, slots=True)
class Test:
    """One guard conjunct: the checks to make first, then the condition. `number` is its place in the author's
    guard.
    """

    number: int
    checks: tuple[Check, ...]
    condition: Expr


@dataclass(frozen=True, slots=True)
class Update:
    """`family[index]` becomes `expr`; `known` is the old code where the guard settles it."""

    family: Family
    index: Expr
    expr: Expr
    known: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A simplified instance. `changes` tells when the step certainly changes the state."""

    instance: Instance
    guard: tuple[Test, ...]
    checks: tuple[Check, ...]
    updates: tuple[Update, ...]
    changes: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class Judgement:
    """A property, constraint or terminal condition over the state, simplified."""

    name: str
    place: Place
    checks: tuple[Check, ...]
    condition: Expr


@dataclass(frozen=True, slots=True)
class Program:
    """`dropped[i]` is the guard conjunct of instance i that is constantly false; `fixed` are families that
    never vary.

    `invariants` has a part without a condition for what temporal formulas read and may have no value.
    """

    model: Model
    rules: tuple[Rule, ...]
    dropped: dict[int, int]
    fixed: frozenset[Family]
    rigid: frozenset[Family]
    facts: Facts
    invariants: tuple[Judgement, ...]
    constraints: tuple[Judgement, ...]
    terminal: Judgement


def reduce(model: Model) -> Program:
    """Simplify until no more instance can be dropped and no more variable proves constant."""
    alternatives: dict[int, set[int]] = {}
    for choice in model.choices:
        for position, cell in enumerate(choice.cells):
            alternatives[cell] = {codes[position] for codes in choice.alternatives}
    written = {write.family for instance in model.instances for write in instance.writes}
    while True:
        facts = _constants(model, alternatives, written)
        rules, dropped = [], {}
        for instance in model.instances:
            rule = _rule(instance, facts, written)
            if isinstance(rule, Rule):
                rules.append(rule)
            else:
                dropped[instance.number] = rule
        now = {update.family for rule in rules for update in rule.updates}
        if now == written:
            break
        written = now
    rigid = frozenset(f for f in model.families if f not in written)
    fixed = frozenset(f for f in rigid if all(len(alternatives[f.first + i]) == 1 for i in range(f.size)))
    return Program(
        model,
        rules=tuple(rules),
        dropped=dropped,
        fixed=fixed,
        rigid=rigid - fixed,
        facts=facts,
        invariants=tuple(
            _judge(p.name, p.place, [e for _, e in p.parts], facts)
            for p in model.properties
            if p.kind == "invariant"
        )
        + tuple(
            replace(result, condition=TRUE)
            for p in model.temporal
            for e in p.conditions
            if (result := _judge(p.name, p.place, [e], facts)).checks
        ),
        constraints=tuple(_judge(name, c.place, [c.expr], facts) for name, c in model.constraints),
        terminal=_judge("terminal", NOWHERE, [ex.either(*(c.expr for c in model.terminal))], facts),
    )


def _constants(model: Model, alternatives: dict[int, set[int]], written: set[Family]) -> Facts:
    known: dict[Expr, tuple[int, int]] = {}
    for family in model.families:
        if family not in written:
            codes = [alternatives[family.first + i] for i in range(family.size)]
            for i, options in enumerate(codes):
                known[ex.cell(family, const(i))] = (min(options), max(options))
    return Facts(known)


def _rule(instance: Instance, facts: Facts, written: set[Family]) -> Rule | int:
    """The simplified instance, or the number of the conjunct that is constantly false.

    Assignments to families not in `written` are known to change nothing.
    """
    base = facts
    tests: list[Test] = []
    for number, condition in enumerate(instance.guard):
        pure, raw = lift(condition.expr)
        checks = fold_checks(raw, facts)
        for check in checks:
            facts = facts.assume(check.ok)
        folded = fold(pure, facts)
        after = facts.assume(folded)
        if (folded is FALSE or after.impossible) and not checks:
            if not any(test.checks for test in tests):
                return number
            folded = FALSE
        if folded is not TRUE or checks:
            tests.append(Test(number, tuple(checks), folded))
        facts = after if not after.impossible else facts
    if facts.impossible:
        facts = base
    updates, checks = _updates(instance, facts, written)
    changes = any(u.known is not None and ex.is_const(u.expr) and u.expr.value != u.known for u in updates)
    return Rule(
        instance,
        guard=tuple(tests),
        checks=tuple(checks),
        updates=tuple(updates),
        changes=changes,
        facts=facts,
    )


def _updates(instance: Instance, facts: Facts, written: set[Family]) -> tuple[list[Update], list[Check]]:
    updates: list[Update] = []
    raw: list[Check] = []
    for write in instance.writes:
        index, index_checks = lift(write.index)
        expr, checks = lift(write.expr)
        raw += [*index_checks, *checks]
        updates.append(Update(write.family, index, expr, None))
    raw += _collisions(instance.writes, updates)
    kept = fold_checks(tuple(raw), facts)
    for check in kept:
        facts = facts.assume(check.ok)
    result = []
    for update in updates:
        index, expr = fold(update.index, facts), fold(update.expr, facts)
        if ex.is_const(index) and not 0 <= index.value < update.family.size:
            continue  # a check before it always fails: never reached
        old = fold(ex.cell(update.family, index), facts)
        if expr is not old and update.family in written:
            result.append(Update(update.family, index, expr, old.value if ex.is_const(old) else None))
    return result, kept


def _collisions(writes: tuple[Write, ...], updates: list[Update]) -> list[Check]:
    """Two writes to one family may meet only where an index is computed: then they must differ."""
    result = []
    for i, (write, later) in enumerate(zip(writes, updates)):
        for earlier in updates[:i]:
            if earlier.family is later.family and not (
                ex.is_const(earlier.index) and ex.is_const(later.index)
            ):
                ok = ex.negate(ex.equal(earlier.index, later.index))
                result.append(Check(ok, collision(write)))
    return result


def _judge(name: str, place: Place, parts: list[Expr], facts: Facts) -> Judgement:
    pure, raw = lift(ex.both(*parts))
    checks = fold_checks(raw, facts)
    for check in checks:
        facts = facts.assume(check.ok)
    return Judgement(name, place, tuple(checks), fold(pure, facts))
