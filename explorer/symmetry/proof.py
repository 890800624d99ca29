"""Parts of a model before and after two identities are exchanged: conditions, and initial states. Knows
nothing of actions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Choice, Instance, Model
from explorer.ir.operators import CONDITIONS
from explorer.ir.steps import Condition
from explorer.program.facts import Facts
from explorer.program.program import Program, reduce
from explorer.program.simplify import Check, fold_checks, lift
from explorer.symmetry.normal_forms import Normal
from explorer.symmetry.permutation import FamilyStructure, Renaming
from explorer.symmetry.trial import Trial, truth

INITIAL_STATES = 1 << 14
"""Initial states that are compared one by one where their description does not show the symmetry."""


@dataclass(slots=True)
class Proof:
    """What the proofs of one model share. Instances by number: those never possible, those whose guard and
    those whose assignments may have no value."""

    program: Program
    normal: Normal
    trial: Trial
    checked: frozenset[str]
    doubtful: frozenset[int]
    fallible: frozenset[int]
    by_arguments: dict[tuple[str, tuple[Any, ...]], Instance]
    checks: dict[Expr, tuple[Check, ...]] = field(default_factory=dict)
    ordered: set[str] = field(default_factory=set)
    obstacle: Expr | None = None
    """The condition on the present subject that was too large to be compared."""

    def begin(self, subject: str) -> None:
        """What follows is on this subject: an action, a property, the initial states."""
        self.obstacle = None
        self.trial.begin(subject)

    unproved: set[str] = field(default_factory=set)

    @property
    def model(self) -> Model:
        return self.program.model

    @property
    def dead(self) -> dict[int, int]:
        return self.program.dropped


class Broken(Exception):
    """What is not the same after two identities were exchanged."""

    def __init__(self, subject: str, place: Place | None):
        self.subject, self.place = subject, place
        super().__init__(subject)


def begin(model: Model, structure: dict[Family, FamilyStructure], only: tuple[str, ...]) -> Proof:
    """Nothing proved yet; `only` names the properties that are checked (all if it is empty)."""
    checked = frozenset(p.name for p in model.stated if not only or p.name in only)
    program = reduce(model)
    by_arguments = {(i.action.name, tuple(value for _, value in i.arguments)): i for i in model.instances}
    doubtful = frozenset(r.instance.number for r in program.rules if any(t.checks for t in r.guard))
    fallible = frozenset(r.instance.number for r in program.rules if r.checks)
    return Proof(
        program,
        normal=Normal(structure),
        trial=Trial(structure),
        checked=checked,
        doubtful=doubtful,
        fallible=fallible,
        by_arguments=by_arguments,
    )


def _checks(proof: Proof, expr: Expr) -> tuple[Check, ...]:
    """What must hold so that an expression has a value."""
    if expr not in proof.checks:
        proof.checks[expr] = lift(expr)[1]
    return proof.checks[expr]


def may_fail(proof: Proof, expr: Expr) -> bool:
    """Whether a condition may have no value somewhere."""
    raw = _checks(proof, expr)
    checks = fold_checks(raw, Facts()) if raw else []
    return bool(checks) and not proof.trial.always(ex.both(*(check.ok for check in checks)))


# Conditions.


def same_condition(proof: Proof, renaming: Renaming, a: Expr, b: Expr) -> bool:
    """Whether `a` in a state and `b` in the renamed one always agree: both true, both false, or both without
    a value.
    """
    if proof.normal.of(a) == proof.normal.of(b, renaming):
        oks = [ex.both(*(c.ok for c in _checks(proof, e))) for e in (a, b)]
        if proof.normal.of(oks[0]) == proof.normal.of(oks[1], renaming) or not (
            may_fail(proof, a) or may_fail(proof, b)
        ):
            return True
    agree = proof.trial.agree(
        renaming, lambda s, t: truth(a, s, t), lambda s, t: truth(b, s, t), key=(a, b, renaming)
    )
    if not agree and proof.trial.exceeded and proof.obstacle is None:
        proof.obstacle = _obstacle(proof, renaming, a, b)
    return agree


def _obstacle(proof: Proof, renaming: Renaming, a: Expr, b: Expr) -> Expr:
    """The first innermost condition in `a` that has no counterpart of its normal form in the renamed `b`."""
    counterparts = {proof.normal.of(part, renaming) for part in parts(b)}
    odd = (p for p in parts(a) if p.op in CONDITIONS and proof.normal.of(p) not in counterparts)
    return next(odd, a)


def same_conditions(proof: Proof, renaming: Renaming, subject: str, conditions: list[Condition]) -> bool:
    """All conditions together are the same after renaming, or Broken.

    The answer is whether that is so only where all have a value: where one fails and one has none, their
    order decides.
    """
    whole = ex.both(*(c.expr for c in conditions))
    fails = any(may_fail(proof, c.expr) for c in conditions)
    if not fails and proof.normal.of(whole) == proof.normal.of(whole, renaming):
        return False
    broken = odd_one(proof, renaming, conditions, conditions)
    if (broken is None and not fails) or same_condition(proof, renaming, whole, whole):
        return False
    if broken is not None:
        raise Broken(subject, broken.place)
    return True


def odd_one(
    proof: Proof, renaming: Renaming, mine: Iterable[Condition], theirs: Iterable[Condition]
) -> Condition | None:
    """A condition among `mine` that none among `theirs` equals after renaming; each of those serves once."""
    left: dict[int, list[Condition]] = {}
    for condition in theirs:
        left.setdefault(proof.normal.of(condition.expr, renaming), []).append(condition)
    odd = []
    for condition in mine:
        candidates = left.get(proof.normal.of(condition.expr), [])
        partner = next(
            (c for c in candidates if same_condition(proof, renaming, condition.expr, c.expr)), None
        )
        if partner is None:
            odd.append(condition)
        else:
            candidates.remove(partner)
    rest = [condition for candidates in left.values() for condition in candidates]
    for condition in odd:
        partner = next((c for c in rest if same_condition(proof, renaming, condition.expr, c.expr)), None)
        if partner is None:
            return condition
        rest.remove(partner)
    return rest[0] if rest else None


def parts(expr: Expr) -> list[Expr]:
    """An expression and all inside it, each once, the innermost first."""
    result: dict[Expr, None] = {}
    stack = [(expr, False)]
    while stack:
        at, done = stack.pop()
        if at in result:
            continue
        if done:
            result[at] = None
        else:
            stack.append((at, True))
            stack += [(inner, False) for inner in reversed(at.args)]
    return list(result)


# Initial states.


def same_initial(proof: Proof, renaming: Renaming) -> None:
    model = proof.model
    broken: int | Condition | None = _choices(model.choices, renaming)
    if broken is None:
        broken = odd_one(proof, renaming, model.initial, model.initial)
        if broken is None or same_condition(
            proof, renaming, *(ex.both(*(c.expr for c in model.initial)),) * 2
        ):
            return
    count = 1
    for choice in model.choices:
        count *= len(choice.alternatives)
    if count <= INITIAL_STATES:
        states = set(model.initial_states())
        odd = next((s for s in states if renaming.state(s) not in states), None)
        if odd is None:
            return
    else:
        proof.trial.exceeded = True
    place = broken.place if isinstance(broken, Condition) else _place(model, broken)
    subject = (
        "an @initial condition"
        if isinstance(broken, Condition)
        else f"the initial value of `{model.cell_name(broken)}`"
    )
    raise Broken(subject, place)


def _place(model: Model, cell: int) -> Place:
    result: Place = model.cell(cell)[0].place
    return result


def _choices(choices: tuple[Choice, ...], renaming: Renaming) -> int | None:
    """A cell whose initial alternatives are others after renaming; None where there is none."""
    by_cells = {frozenset(choice.cells): choice for choice in choices}
    for choice in choices:
        moved = tuple(renaming.targets[cell] for cell in choice.cells)
        other = by_cells.get(frozenset(moved))
        if other is None:
            return choice.cells[0]
        order = [other.cells.index(cell) for cell in moved]
        images = set()
        for codes in choice.alternatives:
            state = dict(zip(choice.cells, codes))
            if any(
                cell not in state
                for c in choice.cells
                if c in renaming.needs
                for cell, _ in renaming.needs[c][1]
            ):
                return choice.cells[0]  # whether it means something is chosen elsewhere
            new = [0] * len(codes)
            for cell, position in zip(choice.cells, order):
                new[position] = renaming.content(state, cell)
            images.add(tuple(new))
        if images != set(other.alternatives):
            return choice.cells[0]
    return None
