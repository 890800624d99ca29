"""What a passing verdict might hide: findings of vacuity. Knows nothing of how states are stored; conditions
are compiled for the engine at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.engine.space import StateSpace
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show_condition
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Model, Property
from explorer.ir.places import Variable
from explorer.language.values import Value
from explorer.program.facts import Facts
from explorer.program.program import Program
from explorer.program.simplify import fold, lift
from explorer.verdict.coverage import Coverage, impossible_by_constants
from explorer.verdict.record import FindingRecord


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that makes a verdict mean less than it seems. `kind`: no-initial-state, never-taken,
    vacuous-premise, never-read, unbreakable, cut-cycles, constant, undeclared, precedence, not-atomic,
    interrupts-nothing, unmatched, dropped, defensive, asymmetry, stories, engine; the last five are notes.
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


def findings(
    space: StateSpace, rows: list[Coverage], unbreakable: Sequence[str] = (), complete: bool = True
) -> list[Finding]:
    """Every vacuity finding of a run. Premises and actions are judged only by a complete exploration, where
    every step has a value and there is time for a look at all states (`complete`).

    `unbreakable` are temporal properties that no behaviour could break.
    """
    model = space.model
    result: list[Finding] = [
        Finding("asymmetry", r.scalarset, r.text, str(r.place or ""), False) for r in space.refused
    ]
    result += [Finding(d.kind, d.subject, d.text, str(d.place), d.severe) for d in model.doubts]
    result += [Finding("engine", space.engine, note, "", False) for note in space.notes]
    if not space.initial and not space.stopped:
        place = str(model.initial[0].place) if model.initial else model.file
        result.append(
            Finding(
                "no-initial-state", model.name, "no initial state satisfies the @initial conditions", place
            )
        )
    if not space.stopped and complete and "evaluation" not in space.violations:
        result += _never_taken(space.compiled.program, rows)
        result += _vacuous(space)
        result += _unbreakable(model, unbreakable, {f.subject for f in result})
    result += _never_read(model)
    if model.instances:  # an outline has none, and properties without parts
        result += _constant(model, {f.subject for f in result})
    if model.temporal:
        result += [_cut_cycles(model, name, count) for name, count in space.cut.items()]
    return result


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
        if len(dropped) == len(instances) and any(impossible_by_constants(program, i) for i in dropped):
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
                text = show_condition(premises[0])
                text = f"the premise `{text}` of {prop.name} is never met: it holds vacuously"
                yield Finding("vacuous-premise", prop.name, text, place)


def _constant(model: Model, known: set[str]) -> Iterator[Finding]:
    """A finding for each property that is true whatever the state is; what constants settle is a note."""
    for prop in constant_properties(model):
        if prop.name not in known:
            text = f"{prop.name} is true in every state: it says nothing about the actions"
            yield Finding("constant", prop.name, text, str(prop.place), prop.name not in model.by_constants)


def constant_properties(model: Model) -> list[Property]:
    """Properties that are true whatever the state is; what domains settle is left out."""
    return model.once("constant properties", lambda: _constant_properties(model))


def _constant_properties(model: Model) -> list[Property]:
    nothing = Facts()
    return [
        prop
        for prop in model.properties
        if all(fold(lift(e)[0], nothing) is ex.TRUE for _, e in prop.parts)
        and all((f.low, f.high) == (0, 1) for _, e in prop.parts for f in _families(e))
    ]


def _never_read(model: Model) -> Iterator[Finding]:
    """Variables that no guard, assignment of another variable, property or label reads."""
    for variable in model.once("unread variables", lambda: _unread(model)):
        place = next(iter(variable.families.values())).place
        yield Finding("never-read", variable.name, f"variable {variable.name} is never read", str(place))


def _unread(model: Model) -> list[Variable]:
    read: set[str] = set()
    for expr, target in _read_expressions(model):
        read |= {family.variable for family in _families(expr) if family.variable != target}
    return [
        variable
        for variable in model.variables
        if variable.name not in read and variable.name.rpartition(".")[2] not in model.mentioned
    ]


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
    result = set()
    for at in ex.walk(expr):
        if at.op in ("load", "next"):
            result.add(at.value[0])
        elif at.op in ("loadat", "nextat"):
            result.add(at.value)
    return result
