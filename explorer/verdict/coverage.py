"""What an exploration exercised, and what a passing verdict might hide: coverage and vacuity findings.

Knows nothing of how states are stored; the conditions are compiled for the engine at hand.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explorer.engine.space import StateSpace
from explorer.ir import expressions as ex
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Instance, Model
from explorer.language.values import Value
from explorer.program.program import Program
from explorer.program.simplify import Facts, fold, lift
from explorer.verdict.record import CoverageRecord, FindingRecord, GuardRecord

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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that makes a verdict mean less than it seems. `kind`: no-initial-state, never-taken,
    vacuous-premise, never-read, unbreakable, cut-cycles, constant, undeclared, precedence, not-atomic,
    unmatched, dropped, defensive, asymmetry, engine; the last four are notes.
    """

    kind: str
    subject: str
    text: str
    place: str
    severe: bool = True

    def record(self) -> FindingRecord:
        return {
            "kind": self.kind,
            "subject": self.subject,
            "text": self.text,
            "place": self.place,
            "severe": self.severe,
        }


def coverage(space: StateSpace, nearest: bool = True) -> list[Coverage]:
    """A row for every action instance, in order. Under a symmetry one that a renaming makes possible is not
    blocked. What blocks the others is looked for in all states, where `nearest`.
    """
    program = space.compiled.program
    instances = space.model.instances
    orbit_of = space.quotient.orbit_of if space.quotient is not None else tuple(i.number for i in instances)
    possible = {orbit_of[i.number] for i in instances if space.enabled[i.number]}
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


def _blocker(space: StateSpace, program: Program, instance: Instance, alike: list[Instance]) -> str:
    """The conjunct that stopped the instance, or one that is `alike` up to names, in the state where it came
    furthest.
    """
    if instance.number in program.dropped:
        why = (
            "is constantly false"
            if _by_constants(program, instance)
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


def _by_constants(program: Program, instance: Instance) -> bool:
    """Whether a dropped instance is impossible by one conjunct alone, not by conjuncts that contradict each
    other.
    """
    conjunct = instance.guard[program.dropped[instance.number]].expr
    return fold(lift(conjunct)[0], program.facts) is ex.FALSE


def _conjunct(instance: Instance, number: int) -> str:
    """A guard conjunct as text; one that constants settled, as its source line."""
    condition = instance.guard[number]
    if not ex.is_const(condition.expr):
        return ex.show(condition.expr)
    line = linecache.getline(condition.place.file, condition.place.line).strip()
    return line or ex.show_condition(condition.expr)


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
    return [
        Guard(
            action,
            _statement(place),
            str(place),
            "" if ex.is_const(said) else ex.show_condition(said),
            evaluated,
            stopped,
            ex.is_const(said),
        )
        for (action, place), (evaluated, stopped) in rows.items()
        for _, said in (best[action, place],)
    ]


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


def findings(
    space: StateSpace, rows: list[Coverage], unbreakable: Sequence[str] = (), complete: bool = True
) -> list[Finding]:
    """Every vacuity finding of a run. Premises and actions are judged only by a complete exploration, and
    where there is time for a look at all states (`complete`).

    `unbreakable` are temporal properties that no behaviour could break.
    """
    model = space.model
    found: list[Finding] = [
        Finding("asymmetry", r.scalarset, r.text, str(r.place or ""), False) for r in space.refused
    ]
    found += [Finding(d.kind, d.subject, d.text, str(d.place), d.severe) for d in model.doubts]
    found += [Finding("engine", space.engine, note, "", False) for note in space.notes]
    if not space.initial and not space.stopped:
        place = str(model.initial[0].place) if model.initial else model.file
        found.append(
            Finding(
                "no-initial-state", model.name, "no initial state satisfies the @initial conditions", place
            )
        )
    if not space.stopped and complete:
        found += _never_taken(space.compiled.program, rows)
        found += _vacuous(space)
        found += _unbreakable(model, unbreakable, {f.subject for f in found})
    found += _never_read(model)
    if model.instances:  # an outline has none, and properties without parts
        found += _constant(model, {f.subject for f in found})
    if model.temporal:
        found += [_cut_cycles(model, name, count) for name, count in space.cut.items()]
    return found


def _cut_cycles(model: Model, name: str, count: int) -> Finding:
    many = f"{count:,} state{'' if count == 1 else 's'}"
    beyond = "it" if count == 1 else "them"
    return Finding(
        "cut-cycles",
        name,
        f"constraint {name} keeps {many} from being left: cycles beyond {beyond} are not seen",
        str(next(c.place for n, c in model.constraints if n == name)),
    )


def _unbreakable(model: Model, names: Sequence[str], known: set[str]) -> Iterator[Finding]:
    for prop in model.temporal:
        if prop.name in names and prop.name not in known:
            yield Finding(
                "unbreakable",
                prop.name,
                f"no behaviour could break {prop.name}, whether the actions are fair or not",
                str(prop.place),
            )


def _never_taken(program: Program, rows: list[Coverage]) -> Iterator[Finding]:
    model = program.model
    for action in model.actions:
        mine = [row for row in rows if row.action == action.name]
        if any(row.taken for row in mine) or (action.stutters and any(row.enabled for row in mine)):
            continue
        enabled = sum(row.enabled for row in mine)
        instances = [i for i in model.instances if i.action is action]
        dropped = [i for i in instances if i.number in program.dropped]
        if len(dropped) == len(instances) and any(_by_constants(program, i) for i in dropped):
            yield Finding(
                "dropped",
                action.name,
                f"action {action.name} is impossible with these constants: {mine[0].blocked_by}",
                str(action.place),
                False,
            )
        elif action.defensive:
            yield Finding(
                "defensive",
                action.name,
                f"action {action.name} handles what never happened",
                str(action.place),
                False,
            )
        elif enabled:
            yield Finding(
                "never-taken", action.name, f"action {action.name} never changes the state", str(action.place)
            )
        else:
            blocker = (
                mine[0].blocked_by
                if instances[0].number in program.dropped
                else f"{mine[0].blocked_by} fails"
            )
            yield Finding(
                "never-taken",
                action.name,
                f"action {action.name} is never possible; nearest: {blocker}",
                str(action.place),
            )


def _vacuous(space: StateSpace) -> Iterator[Finding]:
    """Implications whose premise no visited state (or step) meets; of a property that visited states do not
    speak for, nothing.
    """
    unproved = space.quotient.unproved if space.quotient is not None else frozenset()
    for prop in space.model.stated:
        if prop.name in unproved:
            continue
        by_place: dict[str, list[Expr]] = {}
        for premise in prop.premises:
            by_place.setdefault(str(premise.place), []).append(premise.expr)
        for place, premises in by_place.items():
            if not space.somewhere(ex.either(*premises)):
                text = ex.show_condition(premises[0])
                text = f"the premise `{text}` of {prop.name} is never met: it holds vacuously"
                yield Finding("vacuous-premise", prop.name, text, place)


def _constant(model: Model, known: set[str]) -> Iterator[Finding]:
    """Properties that are true whatever the state is. What domains settle is left out; what constants do is a
    note."""
    for prop in model.properties:
        if prop.name in known or not all(fold(lift(e)[0], Facts()) is ex.TRUE for _, e in prop.parts):
            continue
        read = {family for _, e in prop.parts for family in _families(e)}
        if all((family.low, family.high) == (0, 1) for family in read):
            text = f"{prop.name} is true in every state: it says nothing about the actions"
            yield Finding("constant", prop.name, text, str(prop.place), prop.name not in model.by_constants)


def _never_read(model: Model) -> Iterator[Finding]:
    """Variables that no guard, assignment of another variable, property or label reads."""
    read: set[str] = set()
    for expr, target in _read_expressions(model):
        read |= {family.variable for family in _families(expr) if family.variable != target}
    for variable in model.variables:
        if variable.name not in read and variable.name.rpartition(".")[2] not in model.mentioned:
            place = next(iter(variable.families.values())).place
            yield Finding("never-read", variable.name, f"variable {variable.name} is never read", str(place))


def _read_expressions(model: Model) -> Iterator[tuple[Expr, str]]:
    for instance in model.instances:
        for condition in instance.guard:
            yield condition.expr, ""
        for write in instance.writes:
            yield write.expr, write.family.variable
            yield write.index, ""
        for piece in instance.label:
            if isinstance(piece, Value):
                yield piece._expr, ""
    for prop in model.properties:
        for _, expr in prop.parts:
            yield expr, ""
    for formula in model.temporal:
        yield from ((expr, "") for expr in formula.conditions)
    for condition in (*model.initial, *model.terminal, *(c for _, c in model.constraints)):
        yield condition.expr, ""


def _families(expr: Expr) -> set[Family]:
    found = set()
    for at in ex.walk(expr):
        if at.op in ("load", "next"):
            found.add(at.value[0])
        elif at.op in ("loadat", "nextat"):
            found.add(at.value)
    return found
