"""The ground model: a spec with its constants bound and its actions unrolled. Plain data that any printer can
walk.

Knows nothing of files, bits or search. States are tuples of integer codes, one for each cell
(`ir/semantics.py`).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import field, replace
from typing import Any, TypeVar, cast

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError
from explorer.ir.expectation import Expectation
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Failure, Family, walk
from explorer.ir.formulas import Ltl
from explorer.ir.places import Variable
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.ir.steps import Condition, Doubt, Fairness, Mark, Write

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Action:
    """What an author wrote once; `instances` are its ground copies. `group` is set for what is fair together:
    the steps of a process, the actions of a group. One that `stutters` may leave the state as it is.
    """

    name: str
    place: Place
    actor: str | None
    fair: Fairness
    per: tuple[str, ...] | None
    source: str
    parameters: tuple[str, ...]
    defensive: bool
    group: str = ""
    stutters: bool = False

    def name_with(self, arguments: Iterable[tuple[str, str]]) -> str:
        """The name with the texts of some arguments."""
        inner = ", ".join(f"{name}={text}" for name, text in arguments)
        return f"{self.name}({inner})" if inner else self.name


UNNUMBERED = -1


@dataclass(frozen=True, slots=True)
class Instance:
    """One action with concrete parameters. Guard conjuncts in order; writes read the old state.

    `texts` are those of the arguments, `label` alternates text and symbolic values; `actor` is the text of
    the lane.
    """

    number: int
    """Its place among the instances; `UNNUMBERED` before it has one."""
    action: Action
    arguments: tuple[tuple[str, Any], ...]
    texts: tuple[str, ...]
    actor: str
    guard: tuple[Condition, ...]
    writes: tuple[Write, ...]
    marks: tuple[Mark, ...]
    label: tuple[Any, ...]
    promised: bool = True
    """Whether the fairness of the action speaks of it."""

    @property
    def name(self) -> str:
        return self.action.name_with(self.parameters.items())

    @property
    def parameters(self) -> dict[str, str]:
        """The texts of the arguments, by parameter."""
        return {name: text for (name, _), text in zip(self.arguments, self.texts)}


@dataclass(frozen=True, slots=True)
class Property:
    """A named condition: one part for each value of its parameters; all must hold. `kind`: invariant or
    step.
    """

    name: str
    kind: str
    place: Place
    text: str
    parts: tuple[tuple[str, Expr], ...]
    premises: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Temporal:
    """A named formula on behaviours: one part for each value of its parameters; all must hold."""

    name: str
    place: Place
    text: str
    parts: tuple[tuple[str, Ltl], ...]
    premises: tuple[Condition, ...]

    kind = "temporal"

    @property
    def conditions(self) -> list[Expr]:
        """The conditions on one state in it, each once, in order."""
        conditions: dict[Expr, None] = {}
        todo = [formula for _, formula in reversed(self.parts)]
        while todo:
            at = todo.pop()
            if at.op == "state":
                conditions[at.condition] = None
            todo.extend(reversed(at.args))
        return list(conditions)


@dataclass(frozen=True, slots=True)
class FairGroup:
    """Instances of a fair action or process that count as one: what is enabled or taken is some instance of
    the group.
    """

    name: str
    fair: Fairness
    instances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells whose initial codes are chosen together, from the alternatives."""

    cells: tuple[int, ...]
    alternatives: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Observation:
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Model:
    """`constants` are all of them with their values, `bound` those whose value is not the default;
    `mentioned` are names in actions of which instances are impossible, and what is read where other constants
    may read more; `doubts` are what looks otherwise than it is read; `by_constants` are properties whose code
    mentions constants.
    """

    name: str
    file: str
    constants: dict[str, Any]
    expect: Expectation | None
    variables: tuple[Variable, ...]
    families: tuple[Family, ...]
    choices: tuple[Choice, ...]
    initial: tuple[Condition, ...]
    actions: tuple[Action, ...]
    instances: tuple[Instance, ...]
    properties: tuple[Property, ...]
    terminal: tuple[Condition, ...]
    constraints: tuple[tuple[str, Condition], ...]
    observations: tuple[Observation, ...]
    components: dict[str, str] = field(default_factory=dict)
    bound: dict[str, Any] = field(default_factory=dict)
    temporal: tuple[Temporal, ...] = ()
    mentioned: Container[str] = frozenset()
    doubts: tuple[Doubt, ...] = ()
    by_constants: frozenset[str] = frozenset()
    derived: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What is made of this model alone, each once. A changed copy has its own."""

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What is made of the model alone, known by a key."""
        if key not in self.derived:
            self.derived[key] = make()
        return cast(T, self.derived[key])

    def expecting(self, expect: Expectation | None) -> Model:
        """The same with another expectation, on which nothing that is derived depends."""
        other = replace(self, expect=expect)
        object.__setattr__(other, "derived", self.derived)
        return other

    @property
    def size(self) -> int:
        """The number of cells."""
        return sum(family.size for family in self.families)

    def cell_name(self, cell: int) -> str:
        family, index = self.cell(cell)
        return family.names[index]

    def cell(self, cell: int) -> tuple[Family, int]:
        for family in self.families:
            if family.first <= cell < family.first + family.size:
                return family, cell - family.first
        raise IndexError(cell)

    @property
    def stated(self) -> list[Property | Temporal]:
        """Every property that the author wrote."""
        return [*self.properties, *self.temporal]

    @property
    def fair_groups(self) -> list[FairGroup]:
        """What fairness is promised of: each instance of a fair action, or those that agree on the values of
        the parameters `per`.
        """
        groups: dict[tuple[Any, ...], list[Instance]] = {}
        for instance in self.instances:
            action = instance.action
            if action.fair is not Fairness.NONE and instance.promised:
                key = (bool(action.group), action.group or action.name, *_fair_values(instance))
                groups.setdefault(key, []).append(instance)
        return [_fair_group(members) for members in groups.values()]

    def initial_states(self) -> Iterator[State]:
        """Every initial state, in order. SpecError where an @initial condition has no value: there is no
        trace to show.
        """
        base = [0] * self.size
        for picked in itertools.product(*(choice.alternatives for choice in self.choices)):
            for choice, codes in zip(self.choices, picked):
                for cell, code in zip(choice.cells, codes):
                    base[cell] = code
            state = tuple(base)
            if self._is_initial(state):
                yield state

    def _is_initial(self, state: State) -> bool:
        try:
            return all(evaluate(condition.expr, state) for condition in self.initial)
        except EvaluationError as error:
            raise SpecError(
                "E0613",
                f"an @initial condition has no value: {error.failure.message}",
                expected="a condition on every choice of initial values",
                place=error.failure.place,
                write="ite(guard, condition, False) around what may have no value",
            ) from None

    @property
    def digest(self) -> str:
        """Identifies the ground model: equal digests mean equal state spaces and properties."""
        return self.once("digest", lambda: hashlib.sha256("\n".join(_lines(self)).encode()).hexdigest()[:16])


def _is_fair_apart(action: Action, parameter: str) -> bool:
    return action.per is None or parameter in action.per


def _fair_values(instance: Instance) -> Iterator[Any]:
    values = dict(instance.arguments)
    return (values[name] for name in (values if instance.action.per is None else instance.action.per))


def _fair_group(members: list[Instance]) -> FairGroup:
    first = members[0]
    shared = [(name, text) for name, text in first.parameters.items() if _is_fair_apart(first.action, name)]
    numbers = tuple(instance.number for instance in members)
    whole = replace(first.action, name=first.action.group or first.action.name)
    return FairGroup(whole.name_with(shared), first.action.fair, numbers)


def _lines(model: Model) -> Iterator[str]:
    numbers: dict[Expr, int] = {}

    def refer(expr: Expr) -> str:
        for at in walk(expr):
            if at not in numbers:
                numbers[at] = len(numbers)
                value = at.value
                if isinstance(value, tuple):
                    value = (value[0].number, value[1])
                elif isinstance(value, Family):
                    value = value.number
                elif at.op == "require":
                    value = value.message
                elif at.op == "apply":
                    value = value.name
                defined.append(f"{numbers[at]} {at.op} {value} {[numbers[a] for a in at.args]}")
        return str(numbers[expr])

    defined: list[str] = []
    for family in model.families:
        yield f"family {family.variable}{family.path} {family.size} {family.low} {family.high} {family.names}"
        if family.type.settings:
            yield f"settings {family.type.settings}"
    for choice in model.choices:
        yield f"choice {choice.cells} {choice.alternatives}"
    for kind, conditions in (("initial", model.initial), ("terminal", model.terminal)):
        for condition in conditions:
            yield f"{kind} {refer(condition.expr)}"
    for name, condition in model.constraints:
        yield f"constraint {name} {refer(condition.expr)}"
    for at in model.instances:
        guard = [refer(c.expr) for c in at.guard]
        writes = [(w.family.number, refer(w.index), refer(w.expr)) for w in at.writes]
        group = f" of {at.action.group}" if at.action.group else ""
        group += "" if at.promised else ", no promise"
        yield f"instance {at.name}{group} {at.action.fair} {at.action.per} {guard} {writes}"
    for prop in model.properties:
        yield f"{prop.kind} {prop.name} {[refer(e) for _, e in prop.parts]}"
    for formula in model.temporal:
        yield (
            f"temporal {formula.name} {[part for _, part in formula.parts]}"
            f" {[refer(e) for e in formula.conditions]}"
        )
    yield from defined


def collision(later: Write) -> Failure:
    """Why a step has no value whose computed indices meet in one place; the same text in every engine."""
    place = show(ex.cell(later.family, later.index))
    return Failure(f"`{place}` is assigned twice at one index", later.place)
