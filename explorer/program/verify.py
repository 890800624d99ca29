"""Whether a program and its layout are what they claim to be, beside the model that they were made from.

As `ir/verify.py`, which says when this runs. Knows nothing of source text.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, is_const, walk
from explorer.ir.operators import LOADS, Kind
from explorer.ir.verify import Expressions, demand_none, kinds_of
from explorer.program.dense import Dense
from explorer.program.facts import Facts, interval
from explorer.program.layout import Field, Layout
from explorer.program.program import Program, Rule, Update
from explorer.program.simplify import Check

WORD = 64


def verify_program(program: Program) -> None:
    """Raise Malformed unless the program keeps what its classes promise."""
    demand_none(f"the program of {program.model.name}", _program(program))


def verify_layout(program: Program, layout: Layout) -> None:
    """Raise Malformed unless every cell has a place of its own, wide enough for its codes."""
    demand_none(f"the layout of {program.model.name}", _layout(program, layout))


def _program(program: Program) -> Iterator[str]:
    model = program.model
    kept = [rule.instance.number for rule in program.rules]
    if sorted([*kept, *program.dropped]) != list(range(len(model.instances))):
        yield f"rules {kept} and dropped {sorted(program.dropped)} are not the model's instances"
    for number, conjunct in program.dropped.items():
        if not 0 <= conjunct < len(model.instances[number].guard):
            yield f"instance {number} is dropped by conjunct {conjunct}"
    if program.fixed & program.rigid:
        yield f"fixed and rigid: {sorted(map(repr, program.fixed & program.rigid))}"
    expressions = _Simplified(program)
    instances = {instance.number: instance for instance in model.instances}
    for rule in program.rules:
        if instances.get(rule.instance.number) is not rule.instance:
            yield f"rule {rule.instance.name} is not the model's instance"
        yield from _rule(rule, program, expressions)
    for judgement in (*program.invariants, *program.constraints, program.terminal):
        where = f"property {judgement.name}"
        facts = yield from expressions.checks(judgement.checks, program.facts, where)
        yield from expressions.condition(judgement.condition, facts, where)


def _rule(rule: Rule, program: Program, expressions: _Simplified) -> Iterator[str]:
    where = f"rule {rule.instance.name}"
    numbers = [test.number for test in rule.guard]
    if numbers != sorted(set(numbers)) or not all(0 <= n < len(rule.instance.guard) for n in numbers):
        yield f"{where}: guard conjuncts {numbers} of {len(rule.instance.guard)}"
    facts = program.facts
    for test in rule.guard:
        facts = yield from expressions.checks(test.checks, facts, where)
        yield from expressions.condition(test.condition, facts, where)
        facts = facts.assume(test.condition)
    facts = yield from expressions.checks(rule.checks, rule.facts, where)
    written = [(u.family, u.index) for u in rule.updates if is_const(u.index)]
    if len(set(written)) < len(written) and not rule.checks:
        yield f"{where} writes a cell twice"
    for update in rule.updates:
        if update.family in program.fixed or update.family in program.rigid:
            yield f"{where} writes {update.family!r}, which never varies"
        if not facts.impossible:
            yield from _update(update, facts, bool(rule.checks), expressions, where)


def _update(
    update: Update, facts: Facts, checked: bool, expressions: _Simplified, where: str
) -> Iterator[str]:
    """What is written has a place in its family, and is one of its codes: by the bounds that the facts give,
    or because a check says so.
    """
    family = update.family
    for expr, low, high in (
        (update.index, 0, family.size - 1),
        (update.expr, family.low, family.high),
    ):
        faults = list(expressions.number(expr, facts, where))
        yield from faults
        least, most = (low, high) if faults else interval(expr, facts)
        if (least < low or most > high) and not checked:
            yield f"{where} writes {family!r}: `{show(expr)}` is in {least}..{most}, not in {low}..{high}"
    if update.known is not None and not family.low <= update.known <= family.high:
        yield f"{where} writes {family!r}, which held {update.known}"


class _Simplified:
    """Expressions of a program: no check is left in them, they read only what varies, and each part is what
    its operator takes under the facts that hold where it is evaluated.
    """

    def __init__(self, program: Program):
        self.shapes, self.fixed = Expressions(program.model.families), program.fixed
        self.seen: set[tuple[Expr, Facts]] = set()

    def checks(self, checks: Iterable[Check], facts: Facts, where: str) -> Generator[str, None, Facts]:
        """The faults of checks that are made one after the other; returns the facts after them."""
        for check in checks:
            yield from self.condition(check.ok, facts, f"{where}, check of `{check.failure.message}`")
            facts = facts.assume(check.ok)
        return facts

    def condition(self, expr: Expr, facts: Facts, where: str) -> Iterator[str]:
        faults = list(self.number(expr, facts, where))
        yield from faults or self._is(Kind.CONDITION, expr, facts, where)

    def number(self, expr: Expr, facts: Facts, where: str) -> Iterator[str]:
        for at in walk(expr):
            fault = self.shapes.shape(at)
            family = at.value[0] if at.op in ("load", "next") else at.value
            if at.op == "require":
                fault = "a check inside"
            elif at.op in LOADS and family in self.fixed:
                fault = f"{family!r} never varies"
            if fault:
                yield f"{where}: `{show(expr)}`: {at.op}: {fault}"
                return
        yield from self._operands(expr, facts, where)

    def _operands(self, at: Expr, facts: Facts, where: str) -> Iterator[str]:
        if facts.impossible or (at, facts) in self.seen:
            return
        self.seen.add((at, facts))
        branches = (facts, *facts.branches(at.args[0])) if at.op == "ite" else ()
        for k, (kind, a) in enumerate(zip(kinds_of(at), at.args)):
            known = branches[k] if branches else facts
            yield from self._operands(a, known, where)
            yield from self._is(kind, a, known, where)
            if at.op in ("and", "or"):
                facts = facts.assume(a, at.op == "and")

    def _is(self, kind: Kind, expr: Expr, facts: Facts, where: str) -> Iterator[str]:
        if facts.impossible:
            return
        low, high = interval(expr, facts)
        if (kind is Kind.CONDITION and (low < 0 or high > 1)) or (kind is Kind.SET and low < 0):
            yield f"{where}: `{show(expr)}` in {low}..{high} is no {kind.name.lower()}"


def _layout(program: Program, layout: Layout) -> Iterator[str]:
    model = program.model
    varying = set(model.families) - program.fixed
    if set(layout.fields) != varying:
        yield f"fields of {sorted(map(repr, layout.fields))}, not of {sorted(map(repr, varying))}"
    if layout.size != model.size:
        yield f"{layout.size} cells, the model has {model.size}"
    taken: dict[int, str] = {}
    for family, field in layout.fields.items():
        if family.high - family.low > field.mask:
            yield f"{family!r}: {field.width} bits for {family.low}..{family.high}"
        for index in range(family.size):
            yield from _cell(field, index, layout, taken)
            if layout.dense is not None:
                yield from _stored(field, index, layout.dense)
    for family in program.fixed:
        for cell in range(family.first, family.first + family.size):
            if not family.low <= layout.fixed.get(cell, family.low - 1) <= family.high:
                yield f"{family!r} never varies and has code {layout.fixed.get(cell)}"


def _cell(field: Field, index: int, layout: Layout, taken: dict[int, str]) -> Iterator[str]:
    """A cell lies inside the state, inside one word where there are several, and on no other's bits."""
    shift, name = field.shift(index), field.family.names[index]
    last = shift + field.width - 1
    if shift < 0 or last >= layout.bits:
        yield f"{name}: bits {shift} to {last} of {layout.bits}"
    if layout.words > 1 and shift // WORD != last // WORD:
        yield f"{name}: bits {shift} to {last} cross a word"
    for bit in range(shift, last + 1):
        if taken.setdefault(bit, name) != name:
            yield f"{name} and {taken[bit]} share bit {bit}"


def _stored(field: Field, index: int, dense: Dense) -> Iterator[str]:
    """A cell lies in one piece of a state that is stored as one word, which knows all that it can have."""
    (word, shift), name = divmod(field.shift(index), WORD), field.family.names[index]
    around = [c for c in dense.chunks if c.word == word and c.shift <= shift < c.shift + c.bits]
    if len(around) != 1 or shift + field.width > around[0].shift + around[0].bits:
        yield f"{name}: bits {shift} to {shift + field.width - 1} of word {word} lie in {len(around)} pieces"
    elif around[0].contents is not None:
        there = {content >> shift - around[0].shift & field.mask for content in around[0].contents}
        if not there >= set(range(field.family.high - field.family.low + 1)):
            yield f"{name}: {len(there)} contents are stored, of {field.family.low}..{field.family.high}"
