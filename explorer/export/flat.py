"""A ground model as other model checkers want it: one flat state, guarded assignments in an order that can be
executed, and every property as a condition on one state.

What all exporters share. Knows nothing of their languages. By default it walks the simplified rules, so that
a peer profits from what our compiler proves: families that never vary are gone, guards are small.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, is_const
from explorer.ir.formulas import Ltl
from explorer.ir.model import Instance, Model
from explorer.language.memory_wiring import MemoryType
from explorer.program.after_step import after_rule, step_condition
from explorer.program.facts import Facts, interval
from explorer.program.program import Program, Rule, Update, reduce
from explorer.program.simplify import Check, fold, fold_checks, lift

INITIAL_STATES = 20_000
"""Initial states that are listed one by one; a model with more is refused."""


class CannotSay(Exception):
    """What a language, or its exporter here, has no words for; the message names it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`family[index]`, or temporary number `temporary`, becomes `expr`, or the temporary number `source`."""

    family: Family
    index: Expr
    expr: Expr
    temporary: int | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition that must hold, and the property that fails where it does not."""

    name: str
    condition: Expr
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """An instance: where `guard` holds it happens and has a value, `claims` on the state before must hold,
    and the assignments follow in order. Where `fault` holds its guard or an assignment has no value.
    """

    instance: Instance
    guard: Expr
    fault: Expr
    claims: tuple[Claim, ...]
    assignments: tuple[Assignment, ...]

    @property
    def temporaries(self) -> tuple[Assignment, ...]:
        """The assignments to temporaries."""
        return tuple(a for a in self.assignments if a.temporary is not None)


@dataclass(frozen=True, slots=True)
class Flat:
    """`families` vary; those in `arrays` are read or written at a computed index, of the others every cell
    stands alone. `claims` are the invariants, and (as `evaluation`) what has no value in a state. States
    where `inside` fails are visited, and nothing happens in them. Where `may_end` a state needs no successor.
    """

    model: Model
    families: tuple[Family, ...]
    arrays: frozenset[Family]
    initial: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    claims: tuple[Claim, ...]
    inside: Expr
    may_end: Expr
    properties: tuple[str, ...]
    formulas: tuple[tuple[str, tuple[Ltl, ...]], ...]
    """The temporal properties, a formula for each part, for languages that have such."""

    @property
    def memories(self) -> tuple[Family, ...]:
        """The families that are memories of several CPUs."""
        return tuple(f for f in self.families if isinstance(f.type, MemoryType))

    @property
    def cells(self) -> dict[int, tuple[Family, int]]:
        """The family and the index of each cell that varies, by its place in a state."""
        return {family.first + i: (family, i) for family in self.families for i in range(family.size)}

    @property
    def temporaries(self) -> int:
        """How many temporaries the longest list of assignments needs."""
        return max((len(step.temporaries) for step in self.steps), default=0)

    def asked(self, name: str) -> bool:
        """Whether a property is one of those that are exported."""
        return name in self.properties

    @property
    def faults(self) -> tuple[Step, ...]:
        """The steps that may have no value. Deadlocks ask for them too: such a state has something to do."""
        asked = self.asked("evaluation") or self.asked("deadlock")
        return tuple(step for step in self.steps if asked and step.fault is not FALSE)


def checkable(model: Model) -> tuple[str, ...]:
    """The properties that all exporters can say: all but the temporal ones."""
    return (*(p.name for p in model.properties), "deadlock", "evaluation")


def flatten(model: Model, properties: Collection[str] | None = None) -> Flat:
    """The model, flat, with these properties (None: all that are `checkable`). Raises CannotSay for too many
    initial states, and for a terminal condition that may have no value.
    """
    program = reduce(model)
    names = tuple(n for n in checkable(model) if properties is None or n in properties)
    if program.terminal.checks and "deadlock" in names:
        raise CannotSay(f"{model.name}: a terminal condition that may have no value")
    initial = tuple(itertools.islice(model.initial_states(), INITIAL_STATES + 1))
    if len(initial) > INITIAL_STATES:
        raise CannotSay(f"{model.name}: more than {INITIAL_STATES:,} initial states")
    steps = tuple(_step(program, rule, names) for rule in program.rules)
    claims = tuple(c for c in _state_claims(program) if c.name in names)
    flat = Flat(
        model,
        families=tuple(f for f in model.families if f not in program.fixed),
        arrays=frozenset(),
        initial=initial,
        steps=tuple(step for step in steps if step.guard is not FALSE or step.fault is not FALSE),
        claims=claims,
        inside=ex.both(*(ex.either(*_failing(j.checks), j.condition) for j in program.constraints)),
        may_end=program.terminal.condition,
        properties=names,
        formulas=tuple(
            (p.name, tuple(_simplified(program, part) for _, part in p.parts)) for p in model.temporal
        ),
    )
    return replace(flat, arrays=frozenset(_arrays(flat)))


def _simplified(program: Program, formula: Ltl) -> Ltl:
    """A formula with its conditions simplified, without the checks that `evaluation` makes."""
    args = tuple(_simplified(program, a) for a in formula.args)
    return Ltl(formula.op, args, fold(lift(formula.condition)[0], program.facts))


def _arrays(flat: Flat) -> Iterator[Family]:
    """The families that are read or written at a computed index."""
    yield from (a.family for step in flat.steps for a in step.assignments if not is_const(a.index))
    yield from (at.value for root in expressions(flat) for at in ex.walk(root) if at.op == "loadat")


def expressions(flat: Flat) -> Iterator[Expr]:
    """Every expression of the model."""
    yield from (flat.inside, flat.may_end, *(c.condition for c in flat.claims))
    formulas = [part for _, parts in flat.formulas for part in parts]
    while formulas:
        formula = formulas.pop()
        yield formula.condition
        formulas += formula.args
    for step in flat.steps:
        yield from (step.guard, step.fault, *(c.condition for c in step.claims))
        yield from (e for a in step.assignments for e in (a.index, a.expr))


def bits_of(flat: Flat) -> int:
    """Bits, the sign not counted, of the largest number that an expression of the model may come to."""
    facts = Facts()
    nodes = {at for root in expressions(flat) for at in ex.walk(root)}
    bounds = (interval(at, facts) for at in nodes if at.op != "apply")
    return max((max(abs(low), abs(high)).bit_length() for low, high in bounds), default=0)


def _step(program: Program, rule: Rule, names: Collection[str]) -> Step:
    guard, fault = _conjoined(rule.checks)
    for test in reversed(rule.guard):
        well, ill = _conjoined(test.checks)
        fault = either(ill, both(well, test.condition, fault))
        guard = both(well, test.condition, guard)
    claims = [c for c in _step_claims(program, rule) if c.name in names]
    assignments = tuple(_ordered(rule.updates))
    return Step(rule.instance, guard=guard, fault=fault, claims=tuple(claims), assignments=assignments)


def both(*args: Expr) -> Expr:
    """The conjunction, without what is constantly true."""
    return FALSE if FALSE in args else ex.both(*(a for a in args if a is not TRUE))


def either(*args: Expr) -> Expr:
    """The disjunction, without what is constantly false."""
    return TRUE if TRUE in args else ex.either(*(a for a in args if a is not FALSE))


def _conjoined(checks: Iterable[Check]) -> tuple[Expr, Expr]:
    """Where all checks succeed, and where one fails."""
    well = both(*(c.ok for c in checks))
    return well, FALSE if well is TRUE else ex.negate(well)


def _failing(checks: Iterable[Check]) -> list[Expr]:
    return [ex.negate(c.ok) for c in checks]


def _state_claims(program: Program) -> Iterator[Claim]:
    """The invariants where they have a value, and that they, and constraints, have one."""
    for j in program.invariants:
        yield from (Claim("evaluation", c.ok, c.failure.message) for c in _in_order(j.checks))
        condition = either(*_failing(j.checks), j.condition)
        if condition is not TRUE:
            yield Claim(j.name, condition, _text(program.model, j.name))
    earlier: list[Expr] = []
    for j in program.constraints:
        for c in _in_order(j.checks):
            yield Claim("evaluation", either(*map(ex.negate, earlier), c.ok), c.failure.message)
        earlier.append(either(*_failing(j.checks), j.condition))


def _in_order(checks: Collection[Check]) -> Iterator[Check]:
    """The checks, each asked for only where those before it succeed."""
    earlier: list[Expr] = []
    for c in checks:
        yield replace(c, ok=either(*earlier, c.ok))
        earlier.append(ex.negate(c.ok))


def _text(model: Model, name: str) -> str:
    return next((p.text for p in model.properties if p.name == name), "")


def _step_claims(program: Program, rule: Rule) -> Iterator[Claim]:
    """The step invariants as conditions on the state before the step, but for those that the rule is proved
    to keep.
    """
    for prop in program.model.properties:
        if prop.kind == "step":
            pure, raw = step_condition(prop)
            checks = fold_checks(tuple(Check(_before(c.ok, rule), c.failure) for c in raw), rule.facts)
            for c in _in_order(checks):
                yield Claim("evaluation", c.ok, c.failure.message)
            condition = either(*_failing(checks), fold(_before(pure, rule), rule.facts))
            if condition is not TRUE:
                yield Claim(prop.name, condition, prop.text)


def _before(expr: Expr, rule: Rule) -> Expr:
    """An expression over a step of the rule as one over the state before it: nothing `next` is left."""
    return ex.rebuild(after_rule(expr, rule), lambda at: _after_writes(at, rule.updates))


def _after_writes(at: Expr, updates: tuple[Update, ...]) -> Expr:
    """What a place holds after a step whose writes have computed indices."""
    if at.op not in ("next", "nextat"):
        return at
    family = at.value[0] if at.op == "next" else at.value
    index = ex.const(at.value[1]) if at.op == "next" else at.args[0]
    result = ex.cell(family, index)
    for update in updates:
        if update.family is family:
            result = ex.choose(ex.equal(index, update.index), update.expr, result)
    return result


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
        at = next((i for i, a in enumerate(waiting) if a.source is None), None)
        if at is None:
            names = " and ".join(dict.fromkeys(repr(a.family) for a in waiting))
            raise CannotSay(f"assignments to {names} in one step, each at an index that the other changes")
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


def place_of(model: Model, name: str) -> Place | None:
    """The line of a property; None for those that every model has."""
    return next((p.place for p in model.stated if p.name == name), None)
