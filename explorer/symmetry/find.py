"""Whether a scalarset's identities are interchangeable, as its author claims: proved on the ground model, or
refused.

For each two neighbouring identities, the model with the two exchanged must be the model again: initial
states, actions with their fairness, constraints, terminal states, and the properties that are checked.
Neighbours generate all permutations. What normal forms do not show equal is tried out on all values of what
it reads; what is too large for that is not believed.
"""

from __future__ import annotations

from dataclasses import field
from math import factorial, prod
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Action, Instance, Model, Property, Temporal
from explorer.ir.steps import Condition, Write
from explorer.language.domains import Scalarset
from explorer.language.memory_wiring import MemoryType
from explorer.program.program import Program
from explorer.symmetry.permutation import FamilyStructure, Renaming, family_structures, scalarsets
from explorer.symmetry.proof import (
    Broken,
    Proof,
    begin,
    may_fail,
    odd_one,
    same_condition,
    same_conditions,
    same_initial,
)
from explorer.symmetry.trial import changes, effect

LARGEST = 16
"""Identities of a scalarset that are still permuted."""

MOST = 1 << 46
"""Permutations of all scalarsets together: so that the orbits of many states can be summed in 63 bits."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A scalarset that is not used: what tells two of its identities apart, and where.

    `pair` is empty where the reason is another; `unknown` says that the proof was given up for its size, and
    `obstacle` is the condition at which it was.
    """

    scalarset: str
    subject: str
    pair: tuple[str, ...]
    place: Place | None
    unknown: bool = False
    obstacle: str = ""

    @property
    def text(self) -> str:
        if not self.pair:
            return f"{self.scalarset} is not used as a symmetry: {self.subject}"
        pair = " from ".join(self.pair)
        too_large = f"too large to be proved: {self.obstacle}" if self.obstacle else "too large to be proved"
        tells = f"may tell {pair} ({too_large})" if self.unknown else f"tells {pair}"
        return f"{self.scalarset} is not used as a symmetry: {self.subject} {tells}"


@dataclass(frozen=True, slots=True)
class Transposition:
    """What exchanging two neighbouring identities makes of action instances, and of the conditions in
    temporal properties.
    """

    instances: tuple[int, ...]
    conditions: dict[Expr, Expr]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """The scalarsets whose identities proved interchangeable, and those refused.

    `exchanges` has those of identities i and i + 1 by the scalarset and i. `orbit_of[i]` is the least number
    of an action instance that instance i may become. Where a property in `ordered` is found
    violated, its failure may hide that it has no value in another state of the orbit: explore again, without
    symmetry. Nothing must be said on the properties in `unproved`, which are not checked.
    `program` is the model's, where a proof needed it.
    """

    structure: dict[Family, FamilyStructure]
    proven: dict[type[Scalarset], tuple[Scalarset, ...]]
    refused: tuple[Refusal, ...]
    exchanges: dict[tuple[type[Scalarset], int], Transposition] = field(default_factory=dict)
    orbit_of: tuple[int, ...] = ()
    ordered: frozenset[str] = frozenset()
    unproved: frozenset[str] = frozenset()
    program: Program | None = None
    derived: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What is made of the model under this symmetry, each once."""


def find(model: Model, only: tuple[str, ...] = ()) -> Symmetry:
    """What symmetry a run may use that checks the properties named in `only` (all if it is empty)."""
    structure = family_structures(model)
    candidates = scalarsets(model)
    proof = None
    proven: dict[type[Scalarset], tuple[Scalarset, ...]] = {}
    exchanges: dict[tuple[type[Scalarset], int], Transposition] = {}
    refused: list[Refusal] = []
    for cls, identities in candidates.items():
        reason = _too_many(cls, identities, proven)
        if reason:
            refused.append(Refusal(cls.__name__, reason, (), _use(structure, cls)))
            continue
        proof = proof or begin(model, structure, only)
        of_scalarset = {}
        for i in range(len(identities) - 1):
            swapped = (*identities[:i], identities[i + 1], identities[i], *identities[i + 2 :])
            try:
                of_scalarset[cls, i] = _prove(proof, Renaming(structure, {cls: swapped}))
            except Broken as broken:
                pair = (repr(identities[i]), repr(identities[i + 1]))
                unknown = proof.trial.exceeded
                obstacle = show(proof.obstacle) if unknown and proof.obstacle is not None else ""
                refused.append(
                    Refusal(
                        cls.__name__,
                        subject=broken.subject,
                        pair=pair,
                        place=broken.place,
                        unknown=unknown,
                        obstacle=_short(obstacle),
                    )
                )
                break
        else:
            proven[cls] = identities
            exchanges |= of_scalarset
    return Symmetry(
        structure,
        proven=proven,
        refused=tuple(refused),
        exchanges=exchanges,
        orbit_of=_orbits(len(model.instances), exchanges),
        ordered=frozenset(proof.ordered if proof else ()),
        unproved=frozenset(proof.unproved if proof else ()),
        program=proof.program if proof else None,
    )


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


def _too_many(
    cls: type[Scalarset],
    identities: tuple[Scalarset, ...],
    proven: dict[type[Scalarset], tuple[Scalarset, ...]],
) -> str:
    """Why a scalarset has too many identities; "" where it has not."""
    if len(identities) > LARGEST:
        return f"{len(identities)} identities are more than the {LARGEST} that are permuted"
    order = prod(factorial(len(known)) for known in (*proven.values(), identities))
    if order > MOST:
        return f"with the others there would be more than the {MOST:,} permutations that are counted"
    return ""


def _use(structure: dict[Family, FamilyStructure], cls: type[Scalarset]) -> Place | None:
    """Where a variable is declared that is indexed by a scalarset or holds its identities."""
    for family, family_structure in structure.items():
        if any(
            cls in getattr(type, "classes", ())
            for type in (family.type, *(digit.type for digit in family_structure.digits))
        ):
            return family.place
    return None


def _orbits(count: int, exchanges: dict[tuple[type[Scalarset], int], Transposition]) -> tuple[int, ...]:
    """For each instance the least that exchanges make of it."""
    orbit = list(range(count))

    def root(i: int) -> int:
        while orbit[i] != i:
            i = orbit[i]
        return i

    for exchange in exchanges.values():
        for pair in enumerate(exchange.instances):
            a, b = sorted(map(root, pair))
            orbit[b] = a
    return tuple(map(root, range(count)))


def _prove(proof: Proof, renaming: Renaming) -> Transposition:
    """What becomes of instances and conditions; Broken where the renamed model is another."""
    model = proof.model
    for family in renaming.structure:
        if isinstance(family.type, MemoryType):
            _same_accesses(family, family.type, renaming)
    proof.begin("the initial states")
    same_initial(proof, renaming)
    proof.begin("the constraints")
    constraints = [c for _, c in model.constraints]
    if same_conditions(proof, renaming, "the constraints", constraints):
        raise Broken("the constraints", constraints[0].place)
    proof.begin("the @terminal condition")
    terminal = ex.either(*(c.expr for c in model.terminal))
    if not same_condition(proof, renaming, terminal, terminal):
        raise Broken("the @terminal condition", model.terminal[0].place)
    image = _instances(proof, renaming)
    _fairness(proof, image)
    conditions: dict[Expr, Expr] = {}
    for prop in model.stated:
        if prop.name not in proof.checked:
            proof.unproved.add(prop.name)
            continue
        subject = f"property {prop.name}"
        proof.begin(subject)
        if isinstance(prop, Temporal):
            conditions |= _formulas(proof, renaming, prop)
        elif same_conditions(proof, renaming, subject, [Condition(e, prop.place) for _, e in prop.parts]):
            proof.ordered.add(prop.name)
        _premises(proof, renaming, prop)
    return Transposition(tuple(image[number] for number in range(len(model.instances))), conditions)


def _same_accesses(family: Family, type: MemoryType, renaming: Renaming) -> None:
    """The storage treats two CPUs alike only if they may access the same."""
    exchange = renaming.memory(type)
    if exchange is not None and not type.storage.alike(exchange):
        raise Broken(f"memory {family.variable}", family.place)


def _formulas(proof: Proof, renaming: Renaming, prop: Temporal) -> dict[Expr, Expr]:
    """What the conditions of a temporal property become: each another one that is checked, the first that
    means that.
    """
    result, pool = (
        {},
        list(dict.fromkeys(c for p in proof.model.temporal if p.name in proof.checked for c in p.conditions)),
    )
    for condition in prop.conditions:
        form = proof.normal.of(condition)
        others = sorted(pool, key=lambda c: proof.normal.of(c, renaming) != form)
        image = next((c for c in others if same_condition(proof, renaming, condition, c)), None)
        if image is None:
            raise Broken(f"property {prop.name}", prop.place)
        result[condition] = image
        if may_fail(proof, condition):
            proof.ordered.add(prop.name)
    return result


def _premises(proof: Proof, renaming: Renaming, prop: Property | Temporal) -> None:
    """The premises that are looked for are the same after renaming."""
    by_place: dict[Place, list[Expr]] = {}
    for premise in prop.premises:
        by_place.setdefault(premise.place, []).append(premise.expr)
    for place, premises in by_place.items():
        if not same_condition(proof, renaming, ex.either(*premises), ex.either(*premises)):
            raise Broken(f"property {prop.name}", place)


# Actions.


def _instances(proof: Proof, renaming: Renaming) -> dict[int, int]:
    image: dict[int, int] = {}
    taken: set[int] = set()
    odd: list[tuple[Instance, Place]] = []
    for instance in proof.model.instances:
        proof.begin(f"action {instance.action.name}")
        arguments = tuple(renaming.value(value) for _, value in instance.arguments)
        other = proof.by_arguments.get((instance.action.name, arguments))
        broken = instance.action.place if other is None else _difference(proof, renaming, instance, other)
        if other is not None and not broken:
            image[instance.number] = other.number
            taken.add(other.number)
        else:
            odd.append((instance, broken or instance.action.place))
    for instance, broken in odd:
        proof.begin(f"action {instance.action.name}")
        form = proof.normal.of(_guard(instance))
        others = [o for o in proof.model.instances if o.action is instance.action and o.number not in taken]
        others.sort(key=lambda o: proof.normal.of(_guard(o), renaming) != form)  # the likely ones first
        partner = next((o for o in others if _difference(proof, renaming, instance, o) is None), None)
        if partner is None:
            raise Broken(f"action {instance.action.name}", broken)
        image[instance.number] = partner.number
        taken.add(partner.number)
    return image


def _guard(instance: Instance) -> Expr:
    return ex.both(*(c.expr for c in instance.guard))


def _difference(proof: Proof, renaming: Renaming, a: Instance, b: Instance) -> Place | None:
    """Where instance `a` and the renamed `b` differ; None where they are the same."""
    dead = next((i for i in (a, b) if i.number in proof.dead), None)
    if dead is not None:
        return (
            None if {a.number, b.number} <= proof.dead.keys() else dead.guard[proof.dead[dead.number]].place
        )
    guards = [_guard(i) for i in (a, b)]
    if (
        proof.normal.of(guards[0]) != proof.normal.of(guards[1], renaming)
        or {a.number, b.number} & proof.doubtful
    ):
        if not same_condition(proof, renaming, *guards):
            odd = odd_one(proof, renaming, a.guard, b.guard)
            return odd.place if odd else a.action.place
    for family in _touched(proof, a, b):
        if not _same_writes(proof, renaming, a, b, family):
            return next((w.place for w in (*a.writes, *b.writes) if w.family is family), a.action.place)
    return None


def _touched(proof: Proof, *instances: Instance) -> dict[Family, None]:
    """The families that instances write, and those whose cells they make mean something."""
    written = dict.fromkeys(w.family for i in instances for w in i.writes)
    inside = (f for f, a in proof.normal.structure.items() if any(p.family in written for p in a.presence))
    return {**written, **dict.fromkeys(inside)}


def _same_writes(proof: Proof, renaming: Renaming, a: Instance, b: Instance, family: Family) -> bool:
    """Whether the two instances make the same of one family."""
    normal = proof.normal
    presence = (
        frozenset(p.family for p in normal.structure[family].presence)
        if renaming.changes(family.type)
        else frozenset()
    )
    mine, theirs = ([w for w in i.writes if w.family is family] for i in (a, b))
    if not presence and not {a.number, b.number} & proof.fallible:

        def written(write: Write, under: Renaming | None) -> tuple[int, int]:
            value = normal.of(write.expr, under)
            return normal.index(family, write.index, under), (
                value if under else normal.renamed(family, value, renaming)
            )

        if sorted(written(w, None) for w in mine) == sorted(written(w, renaming) for w in theirs):
            return True
    if all(
        ex.is_const(w.index) for i in (a, b) for w in i.writes if w.family is family or w.family in presence
    ):
        return all(_same_cell(proof, renaming, a, b, cell) for cell in _cells(renaming, family, a, b))
    return proof.trial.agree(
        renaming,
        lambda s, _: changes(a, family, presence, s, renaming),
        lambda s, _: changes(b, family, presence, s),
        key=(a.number, b.number, family, renaming),
    )


def _cells(renaming: Renaming, family: Family, a: Instance, b: Instance) -> list[int]:
    """The cells of a family that `a` changes, or that the renamed `b` does."""
    mine, theirs = (
        {w.family.first + w.index.value for w in i.writes if ex.is_const(w.index)} for i in (a, b)
    )
    mine |= {renaming.sources[cell] for cell in theirs}
    return [
        cell
        for cell in range(family.first, family.first + family.size)
        if cell in mine or any(needed in mine for needed, _ in renaming.needs.get(cell, (family, ()))[1])
    ]


def _same_cell(proof: Proof, renaming: Renaming, a: Instance, b: Instance, cell: int) -> bool:
    """Whether two instances with assignments to constant places leave the same in a cell: always, or at least
    where they are possible.
    """
    writes = [{w.family.first + w.index.value: w for w in i.writes if ex.is_const(w.index)} for i in (a, b)]
    places = [
        (at, tuple(needed for needed, _ in renaming.needs[at][1]) if at in renaming.needs else ())
        for at in (cell, renaming.targets[cell])
    ]
    for guards in ((), ()), (a.guard, b.guard):
        if proof.trial.agree(
            renaming,
            lambda s, _: effect(writes[0], guards[0], *places[0], s, renaming),
            lambda s, _: effect(writes[1], guards[1], *places[1], s),
            key=(a.number, b.number, cell, bool(guards[0]), renaming),
        ):
            return True
    return False


def _fairness(proof: Proof, image: dict[int, int]) -> None:
    """Instances that are fair together stay together, and what is promised stays promised."""
    model = proof.model
    for instance in model.instances:
        if instance.number in image and model.instances[image[instance.number]].promised != instance.promised:
            raise Broken(f"the fairness of action {instance.action.name}", instance.action.place)
    groups: dict[frozenset[int], Action] = {}
    for group in model.fair_groups:
        alive = frozenset(i for i in group.instances if i not in proof.dead)
        if len(alive) > 1:
            groups[alive] = model.instances[group.instances[0]].action
    for alive, action in groups.items():
        other = groups.get(frozenset(image[i] for i in alive))
        if other is None or other.fair is not action.fair:
            raise Broken(f"the fairness of action {action.name}", action.place)
