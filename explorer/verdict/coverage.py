"""What an exploration exercised: how often each action and each of its conditions.

Knows nothing of how states are stored; the conditions are compiled for the engine at hand.
"""

from __future__ import annotations

import ast
import linecache

from explorer.engine.space import StateSpace
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expression_text import show, show_condition
from explorer.ir.expressions import Expr
from explorer.ir.model import Instance, Model
from explorer.program.program import Program
from explorer.program.simplify import fold, lift
from explorer.verdict.record import CoverageRecord, GuardRecord

LINES = 8
"""The most lines of a condition that are shown."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """One action instance: in how many visited states it was enabled, in how many of those it changed the
    state.

    `blocked_by` is the guard conjunct at which an instance that was never enabled came to its end in the
    state that got furthest; "" for others.
    """

    action: str
    instance: str
    enabled: int
    taken: int
    blocked_by: str

    def record(self) -> CoverageRecord:
        return {
            "action": self.action,
            "instance": self.instance,
            "enabled": self.enabled,
            "taken": self.taken,
            "blocked_by": self.blocked_by,
        }


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of an action, as it stands at a line: how often an evaluation came to it, and how often
    it was the first that was false. Both are sums over the instances of the action and the visited states
    that could be left.

    Conjuncts that follow each other at one line count as one. `example` is what it says in one instance.
    `constant`: the constants settle it in every instance.
    """

    action: str
    text: str
    place: str
    example: str
    evaluated: int
    stopped: int
    constant: bool

    def record(self) -> GuardRecord:
        return {
            "action": self.action,
            "text": self.text,
            "place": self.place,
            "example": self.example,
            "evaluated": self.evaluated,
            "stopped": self.stopped,
            "constant": self.constant,
        }


def coverage(space: StateSpace, nearest: bool = True) -> list[Coverage]:
    """A row for every action instance, in order. Not blocked is one that a renaming makes possible under a
    symmetry, or another choice of the step, such as a newer store. What blocks the others is looked for in
    all states, where `nearest`.
    """
    program = space.compiled.program
    instances = space.model.instances
    orbit_of = space.quotient.orbit_of if space.quotient is not None else tuple(i.number for i in instances)
    met = {_call(i) for i in instances if space.enabled[i.number]}
    possible = {orbit_of[i.number] for i in instances if _call(i) in met}
    alike: dict[int, list[Instance]] = {}
    for i in instances:
        alike.setdefault(orbit_of[i.number], []).append(i)
    return [
        Coverage(
            i.action.name,
            i.name,
            space.enabled[i.number],
            space.changed[i.number],
            ""
            if orbit_of[i.number] in possible or not nearest
            else _blocker(space, program, i, alike[orbit_of[i.number]]),
        )
        for i in instances
    ]


def _call(instance: Instance) -> object:
    """The action with its parameters, whatever is chosen besides."""
    action = instance.action
    return action.name, instance.arguments[: len(action.parameters)]


def _blocker(space: StateSpace, program: Program, instance: Instance, alike: list[Instance]) -> str:
    """The conjunct that stopped the instance, or one that is `alike` up to names, in the state where it came
    furthest.
    """
    if instance.number in program.dropped:
        why = (
            "is constantly false"
            if impossible_by_constants(program, instance)
            else "contradicts the conditions before it"
        )
        return f"{_conjunct(instance, program.dropped[instance.number])} {why}"
    guard = [condition.expr for condition in instance.guard]
    for number in range(1, len(guard)):
        if not space.somewhere(
            ex.either(*(ex.both(*(c.expr for c in other.guard[:number])) for other in alike))
        ):
            return _conjunct(instance, number - 1)
    return _conjunct(instance, len(guard) - 1) if guard else ""


def impossible_by_constants(program: Program, instance: Instance) -> bool:
    """Whether a dropped instance is impossible by one conjunct alone, not by conjuncts that contradict each
    other.
    """
    conjunct = instance.guard[program.dropped[instance.number]].expr
    return fold(lift(conjunct)[0], program.facts) is ex.FALSE


def _conjunct(instance: Instance, number: int) -> str:
    """A guard conjunct as text; one that constants settled, as its source line."""
    condition = instance.guard[number]
    if not ex.is_const(condition.expr):
        return show(condition.expr)
    line = linecache.getline(condition.place.file, condition.place.line).strip()
    return line or show_condition(condition.expr)


def guards(model: Model, counts: list[list[tuple[int, int]]]) -> list[Guard]:
    """A row for each line with a condition of each action, in the order of its guards.

    `counts`: for each instance and conjunct the states in which it was evaluated, and those in which it was
    the first to be false.
    """
    rows: dict[tuple[str, Place], list[int]] = {}
    best: dict[tuple[str, Place], tuple[tuple[bool, bool], Expr]] = {}
    for instance, pairs in zip(model.instances, counts):
        before = None
        for condition, (evaluated, stopped) in zip(instance.guard, pairs):
            key = (instance.action.name, condition.place)
            row = rows.setdefault(key, [0, 0])
            row[0] += evaluated if condition.place != before else 0
            row[1] += stopped
            rank = (not ex.is_const(condition.expr), evaluated > 0)
            if key not in best or rank > best[key][0]:
                best[key] = rank, condition.expr
            before = condition.place
    statements = model.once("statements", lambda: _statements(model))
    return [
        Guard(
            action=action,
            text=statements[place],
            place=str(place),
            example="" if ex.is_const(said) else show_condition(said),
            evaluated=evaluated,
            stopped=stopped,
            constant=ex.is_const(said),
        )
        for (action, place), (evaluated, stopped) in rows.items()
        for _, said in (best[action, place],)
    ]


def _statements(model: Model) -> dict[Place, str]:
    """What stands at the place of each condition of a guard."""
    places = dict.fromkeys(condition.place for instance in model.instances for condition in instance.guard)
    return {place: _statement(place) for place in places}


def _statement(place: Place) -> str:
    """The statement that begins at a line, in one line; its first line where it does not stand by itself."""
    first = linecache.getline(place.file, place.line).strip()
    text = ""
    for number in range(place.line, place.line + LINES):
        text = f"{text} {linecache.getline(place.file, number).strip()}".strip()
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        return text
    return first
