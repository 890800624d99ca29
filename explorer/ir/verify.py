"""Whether a ground model is what it claims to be: expressions well formed, cells and numbers in range.

Nothing here can be a mistake of an author: those are found earlier and told well. What is found here is a
fault of the explorer. With EXPLORER_VERIFY=1 in the environment every model is verified where it is made, and
where it is compiled, as are its program and layout (`program/verify.py`); the tests run so. Knows nothing of
bits.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Failure, Family, Function, walk
from explorer.ir.formulas import Ltl
from explorer.ir.model import Instance, Model
from explorer.ir.operators import OPERATORS, Interval, Kind


def verifying() -> bool:
    """Whether models and programs are to be verified."""
    return os.environ.get("EXPLORER_VERIFY", "0") not in ("", "0")


class Malformed(AssertionError):
    """A model or a program that is not what it claims to be; `faults` say where."""

    def __init__(self, what: str, faults: list[str]):
        self.faults = faults
        super().__init__("\n".join([f"{what} is malformed:", *faults]))


def demand_none(what: str, faults: Iterable[str]) -> None:
    """Raise Malformed if there are faults."""
    listed = list(faults)
    if listed:
        raise Malformed(what, listed)


def verify_model(model: Model) -> None:
    """Raise Malformed unless the model keeps what its classes promise."""
    demand_none(f"the model of {model.name}", _model(model))


def _model(model: Model) -> Iterator[str]:
    yield from _families(model.families)
    expressions = Expressions(model.families)
    yield from _choices(model)
    for place, instance in enumerate(model.instances):
        if instance.number != place:
            yield f"instance {instance.name} has number {instance.number} in place {place}"
        yield from _instance(model, instance, expressions)
    for kind, conditions in (("initial", model.initial), ("terminal", model.terminal)):
        for condition in conditions:
            yield from expressions.condition(condition.expr, f"{kind} at {condition.place}")
    for name, condition in model.constraints:
        yield from expressions.condition(condition.expr, f"constraint {name}")
    for prop in model.properties:
        if prop.kind not in ("invariant", "step"):
            yield f"property {prop.name} is of kind {prop.kind}"
        for _, expr in prop.parts:
            yield from expressions.condition(expr, f"property {prop.name}", step=prop.kind == "step")
        for premise in prop.premises:
            yield from expressions.condition(
                premise.expr, f"premise of {prop.name}", step=prop.kind == "step"
            )
    for formula in model.temporal:
        for _, part in formula.parts:
            yield from _formula(part, formula.name, expressions)
    names = [prop.name for prop in model.stated]
    yield from (f"two properties are called {name}" for name in set(names) if names.count(name) > 1)


def _families(families: Iterable[Family]) -> Iterator[str]:
    """Families follow each other without a gap, and each has a name for every cell and a code to hold."""
    first = 0
    for number, family in enumerate(families):
        if (family.number, family.first) != (number, first):
            yield f"{family!r} is family {family.number} from cell {family.first}, not {number} from {first}"
        if family.size < 0 or len(family.names) != family.size:
            yield f"{family!r} has {family.size} cells and {len(family.names)} names"
        if family.low > family.high:
            yield f"{family!r} has no code: {family.low}..{family.high}"
        first += family.size


def _choices(model: Model) -> Iterator[str]:
    """Every cell is chosen once, and gets a code of its family."""
    chosen = [cell for choice in model.choices for cell in choice.cells]
    if sorted(chosen) != list(range(model.size)):
        yield f"initial choices are for cells {sorted(chosen)}, the model has {model.size}"
        return
    owner = [family for family in model.families for _ in range(family.size)]
    for choice in model.choices:
        if not choice.alternatives:
            yield f"no alternative for the cells {choice.cells}"
        for codes in choice.alternatives:
            if len(codes) != len(choice.cells):
                yield f"{len(codes)} codes for the cells {choice.cells}"
            for cell, code in zip(choice.cells, codes):
                if not owner[cell].low <= code <= owner[cell].high:
                    yield f"{model.cell_name(cell)} begins with code {code}"


def _instance(model: Model, instance: Instance, expressions: Expressions) -> Iterator[str]:
    where = f"instance {instance.name}"
    if instance.action not in model.actions:
        yield f"{where} belongs to no action of the model"
    if len(instance.texts) != len(instance.arguments):
        yield f"{where} has {len(instance.texts)} texts for {len(instance.arguments)} arguments"
    for condition in instance.guard:
        yield from expressions.condition(condition.expr, f"{where}, guard at {condition.place}")
    for write in instance.writes:
        at = f"{where}, write to {write.family!r}"
        if write.family not in expressions.families:
            yield f"{at}: no family of the model"
        yield from expressions.number(write.index, at)
        yield from expressions.number(write.expr, at)
        if write.index.op == "const" and not 0 <= write.index.value < write.family.size:
            yield f"{at}: no cell {write.index.value}"


def _formula(formula: Ltl, name: str, expressions: Expressions) -> Iterator[str]:
    """The conditions of a temporal formula; a node has as many operands as its operator takes."""
    arity = {"state": 0, "not": 1, "next": 1, "always": 1, "eventually": 1, "until": 2, "release": 2}
    if formula.op not in ("and", "or") and arity.get(formula.op) != len(formula.args):
        yield f"formula {name}: {formula.op} of {len(formula.args)} operands"
    if formula.op == "state":
        yield from expressions.condition(formula.condition, f"formula {name}")
    for inner in formula.args:
        yield from _formula(inner, name, expressions)


def kinds_of(at: Expr) -> tuple[Kind, ...]:
    """What the operands of a node must be."""
    row = OPERATORS[at.op]
    return row.operands * len(at.args) if row.many else row.operands


class Expressions:
    """Verifies expressions over some families, each node once."""

    def __init__(self, families: Iterable[Family]):
        self.families = frozenset(families)
        self.bounds: dict[Expr, Interval | None] = {}
        self.steps: dict[Expr, bool] = {}

    def condition(self, expr: Expr, where: str, step: bool = False) -> Iterator[str]:
        """The faults of an expression that must be 0 or 1."""
        faults = list(self.number(expr, where, step))
        yield from faults
        if not faults and not self._is_condition(expr):
            yield f"{where}: `{show(expr)}` is no condition"

    def number(self, expr: Expr, where: str, step: bool = False) -> Iterator[str]:
        """The faults of an expression; `step`: whether it may read the state after the step."""
        for at in walk(expr):
            if at not in self.bounds:
                fault = self.shape(at) or self._operands(at)
                if fault:
                    yield f"{where}: {at.op}: {fault}"
                    return
                self.bounds[at] = self._bounds(at)
                self.steps[at] = at.op in ("next", "nextat") or any(self.steps[a] for a in at.args)
        if self.steps[expr] and not step:
            yield f"{where}: `{show(expr)}` reads the state after a step"

    def shape(self, at: Expr) -> str:
        """What is wrong with the operator, the number of operands or the payload of a node; "" if nothing
        is.
        """
        row = OPERATORS.get(at.op)
        if row is None:
            return "no such operator"
        if (not at.args) if row.many else len(at.args) != len(row.operands):
            return f"{len(at.args)} operands"
        return "" if self._has_payload(at) else f"payload {at.value!r}"

    def _operands(self, at: Expr) -> str:
        """An operand of a well formed node that is not what the operator takes; "" if there is none."""
        for kind, a in zip(kinds_of(at), at.args):
            if kind is Kind.CONDITION and not self._is_condition(a):
                return f"`{show(a)}` is no condition"
            if kind is Kind.SET and not self._is_set(a):
                return f"`{show(a)}` is no set"
        return ""

    def _has_payload(self, at: Expr) -> bool:
        """Whether a node carries what its operator needs, and it exists."""
        value = at.value
        if at.op == "const":
            return isinstance(value, int)
        if at.op in ("load", "next"):
            family, index = value
            return family in self.families and 0 <= index < family.size
        if at.op in ("loadat", "nextat"):
            return value in self.families
        if at.op == "table":
            return isinstance(value, tuple) and bool(value) and all(isinstance(v, int) for v in value)
        kinds: dict[str, type] = {"require": Failure, "apply": Function}
        return isinstance(value, kinds.get(at.op, type(None)))

    def _bounds(self, at: Expr) -> Interval | None:
        """The least and the largest value, without any knowledge; None where that is not simple."""
        if at.op == "const":
            return at.value, at.value
        if at.op in ("load", "next"):
            return at.value[0].low, at.value[0].high
        if at.op in ("loadat", "nextat", "apply"):
            return at.value.low, at.value.high
        if at.op == "table":
            return min(at.value), max(at.value)
        if at.op == "require":
            return self.bounds[at.args[1]]
        if OPERATORS[at.op].result is Kind.CONDITION:
            return 0, 1
        operands = [self.bounds[a] for a in (at.args[1:] if at.op == "ite" else at.args)]
        known = [bounds for bounds in operands if bounds is not None]
        if len(known) < len(operands):
            return None
        if at.op == "ite":
            return min(low for low, _ in known), max(high for _, high in known)
        row = OPERATORS[at.op]
        return row.bounds(*known) if row.bounds is not None else None

    # Where a check comes first, what it leaves is for the verifier of the program to say.

    def _is_condition(self, expr: Expr) -> bool:
        bounds = self.bounds[expr]
        return expr.op == "require" or (bounds is not None and bounds[0] >= 0 and bounds[1] <= 1)

    def _is_set(self, expr: Expr) -> bool:
        bounds = self.bounds[expr]
        return expr.op == "require" or (bounds is not None and bounds[0] >= 0)
