"""A ground model as other model checkers want it: one flat state, guarded assignments in an order that can be
executed.

What both exporters (`promela.py`, `murphi.py`) share. Knows nothing of either language. Walks the simplified
rules, so that a peer checker profits from everything that our compiler proves: families that never vary are
gone, guards are small.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.codegen.python_functions import after_rule
from explorer.ir import expressions as ex
from explorer.ir.expressions import TRUE, Expr, Family, is_const
from explorer.ir.model import Model
from explorer.program.facts import Facts, interval
from explorer.program.program import Program, Rule, Update, reduce
from explorer.program.simplify import Check, fold, fold_checks, lift

INITIAL_STATES = 1000


class NotImplementedHere(NotImplementedError):
    """The exporters do not cover this part of the language; the message names it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`family[index]`, or temporary number `temporary`, becomes `expr`, or the temporary number `source`."""

    family: Family
    index: Expr
    expr: Expr
    temporary: int | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A rule: where `guard` holds, `assertions` (name, condition on the old state) must, and the assignments
    follow in order.
    """

    name: str
    guard: Expr
    assertions: tuple[tuple[str, Expr], ...]
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Flat:
    """`families` vary; those in `arrays` are read or written at a computed index, of the others every cell
    stands alone.
    """

    model: Model
    families: tuple[Family, ...]
    arrays: frozenset[Family]
    initial: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    invariants: tuple[tuple[str, Expr], ...]

    @property
    def temporaries(self) -> int:
        """How many temporaries the longest list of assignments needs."""
        return max(
            (a.temporary + 1 for s in self.steps for a in s.assignments if a.temporary is not None), default=0
        )


def flatten(model: Model) -> Flat:
    """The model, flat. NotImplementedHere for state constraints, for guards that may have no value and for
    many initial states.
    """
    program = reduce(model)
    if program.constraints:
        raise NotImplementedHere("a state constraint")
    initial = tuple(itertools.islice(model.initial_states(), INITIAL_STATES + 1))
    if len(initial) > INITIAL_STATES:
        raise NotImplementedHere(f"more than {INITIAL_STATES} initial states")
    steps = tuple(_step(program, rule) for rule in program.rules)
    invariants = tuple((j.name, ex.both(*(c.ok for c in j.checks), j.condition)) for j in program.invariants)
    arrays = {a.family for s in steps for a in s.assignments if not is_const(a.index)}
    roots = [e for _, e in invariants] + [e for s in steps for e in (s.guard, *(e for _, e in s.assertions))]
    roots += [e for s in steps for a in s.assignments for e in (a.index, a.expr)]
    arrays |= {at.value for root in roots for at in ex.walk(root) if at.op == "loadat"}
    return Flat(
        model,
        tuple(f for f in model.families if f not in program.fixed),
        frozenset(arrays),
        initial,
        steps,
        invariants,
    )


def _step(program: Program, rule: Rule) -> Step:
    if any(test.checks for test in rule.guard):
        raise NotImplementedHere(f"a guard of {rule.instance.name} that may have no value")
    assertions = [(check.failure.message, check.ok) for check in rule.checks] + list(
        _step_properties(program, rule)
    )
    return Step(
        rule.instance.name,
        ex.both(*(t.condition for t in rule.guard)),
        tuple(assertions),
        tuple(_ordered(rule.updates)),
    )


def _step_properties(program: Program, rule: Rule) -> Iterator[tuple[str, Expr]]:
    """The step properties as conditions on the state before the step, but for those that the rule is proved
    to keep.
    """
    for prop in program.model.properties:
        if prop.kind == "step":
            pure, raw = lift(ex.both(*(e for _, e in prop.parts)))
            checks = fold_checks(tuple(Check(after_rule(c.ok, rule), c.failure) for c in raw), rule.facts)
            condition = ex.both(*(c.ok for c in checks), fold(after_rule(pure, rule), rule.facts))
            if condition is not TRUE:
                yield prop.name, condition


def _reads(*exprs: Expr) -> set[tuple[Family, int | None]]:
    """The cells that are read; None stands for all of a family."""
    nodes = [at for expr in exprs for at in ex.walk(expr)]
    return {at.value for at in nodes if at.op == "load"} | {
        (at.value, None) for at in nodes if at.op == "loadat"
    }


def _ordered(updates: tuple[Update, ...]) -> Iterator[Assignment]:
    """The simultaneous updates one after the other: what is still to be read is not written, or is read into
    a temporary first.
    """
    waiting = [Assignment(u.family, u.index, u.expr) for u in updates]
    number = 0
    while waiting:
        ready = next((a for a in waiting if not any(_disturbs(a, b) for b in waiting if b is not a)), None)
        if ready is not None:
            waiting.remove(ready)
            yield ready
            continue
        at = next(i for i, a in enumerate(waiting) if a.source is None)
        a = waiting[at]
        yield Assignment(a.family, a.index, a.expr, temporary=number)
        waiting[at] = Assignment(a.family, a.index, ex.const(0), source=number)
        number += 1


def _disturbs(a: Assignment, b: Assignment) -> bool:
    """Whether `a` writes what `b` reads."""
    index = a.index.value if is_const(a.index) else None
    return any(
        f is a.family and (i is None or index is None or i == index) for f, i in _reads(b.index, b.expr)
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language writes operators. Integers and truth values are of different types, as Murphi has it.

    `cell` writes a place to read or assign; `offset` is what must be added to its content to have the code.
    """

    infix: dict[str, str]
    ternary: str
    cell: Callable[[Family, str | int], str]
    offset: Callable[[Family], int]


SETS = {
    "bor": "({0} | {1})",
    "band": "({0} & {1})",
    "bandnot": "({0} & ~{1})",
    "bit": "(1 << {0})",
    "has": "(({0} >> {1}) & 1)",
}
"""Operators on sets, which are numbers, as both languages write them."""


class Printer:
    """Expressions as text. NotImplementedHere names an operator that has no counterpart."""

    def __init__(self, dialect: Dialect):
        self.dialect = dialect

    def truth(self, expr: Expr) -> str:
        """The expression as a condition."""
        d, op = self.dialect, expr.op
        if op == "const":
            return "true" if expr.value else "false"
        if op in ("and", "or"):
            return "(" + f" {d.infix[op]} ".join(map(self.truth, expr.args)) + ")"
        if op == "not":
            return f"!{self.truth(expr.args[0])}"
        if op in ("eq", "lt", "le"):
            return self._comparison(expr)
        if op == "ite":
            return "(" + d.ternary.format(*map(self.truth, expr.args)) + ")"
        return f"({self.number(expr)} {d.infix['ne']} 0)"

    def number(self, expr: Expr, base: int = 0) -> str:
        """The expression minus `base` as an integer."""
        d, op = self.dialect, expr.op
        if op == "const":
            return str(expr.value - base)
        if op in ("load", "loadat"):
            family = expr.value[0] if op == "load" else expr.value
            text = d.cell(family, expr.value[1] if op == "load" else self.number(expr.args[0]))
            return _plus(text, d.offset(family) - base)
        if op in ("add", "sub", "mul"):
            return _plus("(" + f" {d.infix[op]} ".join(map(self.number, expr.args)) + ")", -base)
        if op == "ite":
            return (
                "("
                + d.ternary.format(self.truth(expr.args[0]), *(self.number(a, base) for a in expr.args[1:]))
                + ")"
            )
        if op in ("and", "or", "not", "eq", "lt", "le"):
            return "(" + d.ternary.format(self.truth(expr), str(1 - base), str(-base)) + ")"
        if op in SETS:
            return _plus(SETS[op].format(*map(self.number, expr.args)), -base)
        if op == "popcount":
            members = interval(expr.args[0], Facts())[1].bit_length()
            text = " + ".join(f"(({self.number(expr.args[0])} >> {i}) & 1)" for i in range(members))
            return _plus(f"({text or 0})", -base)
        if op == "mod" and interval(expr.args[0], Facts())[0] >= 0 < interval(expr.args[1], Facts())[0]:
            return _plus(f"({self.number(expr.args[0])} % {self.number(expr.args[1])})", -base)
        raise NotImplementedHere(f"operator {op} in `{ex.show(expr)}`")

    def _comparison(self, expr: Expr) -> str:
        """Both sides are shifted alike, so that a cell kept with an offset is compared as it is."""
        offsets = [self.dialect.offset(f) for a in expr.args for f in [ex.family_of(a)] if f is not None]
        base = next((o for o in offsets if o), 0)
        a, b = (self.number(arg, base) for arg in expr.args)
        return f"({a} {self.dialect.infix[expr.op]} {b})"


def _plus(text: str, offset: int) -> str:
    return f"({text} {'+' if offset > 0 else '-'} {abs(offset)})" if offset else text


def identifier(family: Family) -> str:
    """A name that both languages accept."""
    letters = f"{family.variable}{family.path}".replace("[]", "")
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in letters) + f"_{family.number}"
