"""From processes to actions: hidden variables for places and registers, and an action for each step. Knows
nothing of bits and engines.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from explorer.ground.atomicity import Access, access
from explorer.ground.discovery import Copy, Process, discover, following, ways
from explorer.ground.labels import pieces
from explorer.ground.places import PlaceTable, StepPlace, slug
from explorer.ground.registers import held
from explorer.ground.traced import Node, Register, StepTrace
from explorer.ir import expressions as ex
from explorer.ir.errors import NOWHERE, Place, SpecError
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import UNNUMBERED, Action, Instance
from explorer.ir.places import Variable
from explorer.ir.steps import Condition, Doubt, Fairness, Role, Write
from explorer.ir.types import BoolType, MapType, Type, UnionType, value_text
from explorer.language.assignment import assign_cells, write_cell
from explorer.language.concrete import expressions_of
from explorer.language.declarations import Declaration, declaration_of
from explorer.language.lifting import same
from explorer.language.process import PROCEDURES
from explorer.language.state import State
from explorer.language.structure import read
from explorer.language.symbolic import BOOL
from explorer.language.tracing import Trace, tracing, unusual
from explorer.language.values import Value

AddVariable = Callable[[str, Type, Any, Place, str], Variable]
"""Lays out a hidden variable: name, type, initial value, place and owner."""

_UNKNOWN = Family(
    number=1,
    first=0,
    size=1,
    low=0,
    high=1,
    variable="at",
    path="",
    names=("at(...)",),
    type=BoolType(),
    place=NOWHERE,
)
"""Stands for `at(...)` while places are discovered."""


class Processes:
    """The processes of a spec: first `discover` each, then `lay_out`, then `instances`."""

    def __init__(self, components: dict[type[State], State]):
        self.components = components
        self.known: dict[str, Process] = {}
        self.laid_out = False
        self.accesses: list[Access] = []

    def discover(self, d: Declaration, parameters: dict[str, Any]) -> None:
        if d.options["level"] and not d.options["actor"]:
            raise SpecError(
                "E0812",
                f"process {d.name} has a level and no actor",
                expected="the CPU that it interrupts",
                write='actor="cpu", with the name of its parameter or of its only CPU',
                place=d.place,
            )
        self.known[d.name] = discover(d, parameters, self.components)

    def lay_out(self, add: AddVariable) -> None:
        """Give every process the variable of its places, and those of its registers."""
        for process in self.known.values():
            nodes = [
                (copy.values, n, step) for copy in process.copies for n, (_, _, step) in copy.nodes.items()
            ]
            table = process.table = PlaceTable(
                process.d.name, nodes, any(copy.ends for copy in process.copies)
            )
            name, members = process.d.name, tuple(table.type)
            starts = {copy.values: members[_start(table, copy)] for copy in process.copies}
            if len(members) > 1:
                type = _mapped(process.types, UnionType((table.type,), members, False))
                process.at = add(
                    f"at@{name}", type, _initial(process, starts.__getitem__), process.d.place, name
                )
            used = dict.fromkeys(
                r for _, n, _ in nodes for r in [*sorted(n.kept, key=Register.order), *dict(n.chosen)]
            )
            for register in used:
                stored = held(process.registers.types[register])
                blank = process.registers.stored(register, None)
                process.variables[register] = add(
                    process.registers.names[register],
                    _mapped(process.types, stored),
                    _initial(process, dict.fromkeys(starts, blank).__getitem__),
                    process.d.place,
                    name,
                )
        self.laid_out = True

    # What properties and guards ask.

    def at(self, function: Callable[..., Any], label: str | None, arguments: tuple[Any, ...]) -> Value[bool]:
        process = self._asked(function, "at", repr(label), arguments)
        if process is None:
            return Value(BOOL, ex.cell(_UNKNOWN, ex.const(0)))
        assert process.table is not None
        if label is None:
            if process.d.options["restart"]:
                first = next(iter(process.table.places.values()))
                raise SpecError(
                    "E0810",
                    f"at({process.d.name}, None, ...): {process.d.name} restarts, it has no end",
                    expected="the name of its first step",
                    write=f"at({process.d.name}, {first.step.name or first.step.text!r}, ...)",
                )
            done = process.table.done
            return Value(BOOL, process.is_at([] if done is None else [done], arguments))
        steps = self._labelled(process.d, label, lambda near: f"at({process.d.name}, {near!r}, ...)")
        return Value(BOOL, process.is_at([place.code for place in steps], arguments) if steps else ex.FALSE)

    def kill(self, function: Callable[..., Any], arguments: tuple[Any, ...], place: Place) -> None:
        process = self._asked(function, "kill", "", arguments)
        if process is None:
            return
        code = self._code_after_kill(process, arguments, place)
        if process.at is not None:
            write_cell(process.path(process.at, arguments), ex.const(code), place)
        for register, variable in process.variables.items():
            stored = held(process.registers.types[register])
            blank = process.registers.stored(register, None)
            assign_cells(process.path(variable, arguments), stored, blank, place)

    @staticmethod
    def _code_after_kill(process: Process, arguments: tuple[Any, ...], place: Place) -> int:
        assert process.table is not None
        if not process.d.options["restart"]:
            if process.table.done is not None:
                return process.table.done
            raise SpecError(
                "E0816",
                f"kill({process.d.name}, ...), which never ends",
                expected="a process that has an end, or one that restarts",
                write="@process(restart=True) in place of `while True`",
                place=place,
            )
        starts = {copy.values: _start(process.table, copy) for copy in process.copies}
        known = set(starts.values())
        if len(known) == 1:
            return known.pop()
        if any(isinstance(value, Value) for value in arguments):
            raise SpecError(
                "E0816",
                f"kill({process.d.name}, ...) of a copy that the state decides: not all begin at one step",
                expected="a value that is known, or one first step for all",
                write=f"for cpu in Cpu: kill({process.d.name}, cpu)",
                place=place,
            )
        return starts[arguments]

    def _asked(
        self, function: Callable[..., Any], word: str, label: str, arguments: tuple[Any, ...]
    ) -> Process | None:
        """The process that `at` or `kill` speaks of; None while places are not known yet."""
        d, name = declaration_of(function), function.__name__
        if d is None or d.kind != "process" or (self.laid_out and d.name not in self.known):
            raise SpecError(
                "E0810",
                f"{word}({name}, ...), which is no process of this spec",
                expected="a function with @process in a composed module",
                write=f"@process above def {name}",
            )
        if not self.laid_out:
            return None
        process = self.known[d.name]
        if len(arguments) != len(process.types):
            names = ", ".join(process.domains)
            raise SpecError(
                "E0810",
                f"{word}({name}, ...) with {len(arguments)} values for {len(process.types)} parameters",
                expected=f"a value for each of: {names}" if names else "no values",
                write=f"{word}({', '.join(filter(None, (name, label, names)))})",
            )
        return process

    def _labelled(self, d: Declaration, label: str, write: Callable[[str], str]) -> list[StepPlace]:
        """The places with a label; none for one that stands in the process and has no step under the
        constants at hand.
        """
        table = self.known[d.name].table
        assert table is not None
        labelled = table.labelled(label)
        if not labelled and label not in _texts(d.function):
            expected, near = table.advice(label)
            raise SpecError(
                "E0810",
                f"process {d.name} has no step {label!r}",
                expected=expected,
                write=write(near),
            )
        return labelled

    def steps_named(self, d: Declaration, label: str) -> list[str]:
        """The names of the actions of a step, by its text or name."""
        places = self._labelled(d, label, lambda near: f"taken({d.name}, ..., step={near!r})")
        return [f"{d.name}.{place.name}" for place in places]

    def ended(self) -> Condition | None:
        """Where every process has come to its end: such a state may be the last one."""
        parts: list[Expr] = []
        for process in self.known.values():
            assert process.table is not None
            handler = process.d.options["level"] > 0
            for copy in process.copies:
                codes = [] if process.table.done is None else [process.table.done]
                codes += [_start(process.table, copy)] * handler
                if not codes:
                    return None
                parts.append(process.is_at(codes, copy.values))
        place = next(iter(self.known.values())).d.place if self.known else NOWHERE
        return Condition(ex.both(*parts), place, Role.ENDS) if parts else None

    # Steps.

    def instances(self, d: Declaration) -> Iterator[Instance]:
        """The instances of one process."""
        process = self.known[d.name]
        assert process.table is not None
        taken = {place.name: place.name for place in process.table.places.values()}
        actions: dict[str, Action] = {}
        for copy in process.copies:
            for node in list(copy.nodes):
                for trace in ways(process, copy, node):
                    yield self._instance(process, copy, node=node, trace=trace, actions=actions, taken=taken)

    def _instance(
        self,
        process: Process,
        copy: Copy,
        node: Node,
        trace: StepTrace,
        actions: dict[str, Action],
        taken: dict[str, str],
    ) -> Instance:
        assert process.table is not None
        place = process.table.of(node)
        after = following(process, copy, node, trace)
        texts = {name: type.name_of(v) for (name, v), type in zip(copy.chosen, process.types)}
        unlike = unusual(trace.trace.picked)
        where = [("where", unlike)] if unlike else []
        arguments = (*copy.chosen, *((r.name, value) for r, value in node.chosen), *trace.decided, *where)
        name = _name_of(place.name, trace, taken)
        action = actions.setdefault(name, _action(process, name, trace, tuple(n for n, _ in arguments)))
        lane = action.actor
        actor = texts.get(lane, lane) if lane else ""
        shown = (*texts.values(), *(value_text(value) for _, value in arguments[len(texts) :]))
        here = process.is_at([place.code], copy.values)
        guard = [] if process.at is None else [Condition(here, trace.step.place, Role.PLACE)]
        guard += self._undisturbed(process, copy, node)
        for register, value in node.chosen:
            variable = process.variables[register]
            content = read(held(process.registers.types[register]), process.path(variable, copy.values))
            guard.append(Condition(same(content, value)._expr, trace.step.place, Role.PLACE))
        guard += trace.trace.conditions
        writes = [*trace.trace.writes, *_moves(process, copy, node, trace, after)]
        label = self._label(process, copy, trace)
        parts = [c.expr for c in trace.trace.conditions]
        parts += [expr for value in trace.kept.values() for expr in expressions_of(value)]
        hidden = frozenset(process.registers.known) | {f"at@{process.d.name}"}
        atomic = trace.step.atomic or process.d.options["atomic"]
        who, line = (process.d.name, copy.values), trace.step.place
        self.accesses.append(
            access(
                who,
                action.name,
                place=line,
                atomic=atomic,
                parts=parts,
                writes=trace.trace.writes,
                hidden=hidden,
            )
        )
        return Instance(
            UNNUMBERED,
            action,
            arguments=arguments,
            texts=shown,
            actor=actor,
            guard=tuple(guard),
            writes=tuple(writes),
            marks=tuple(trace.trace.marks),
            label=label,
            promised=trace.trace.promised,
        )

    def _undisturbed(self, process: Process, copy: Copy, node: Node) -> Iterator[Condition]:
        """Nothing of a higher level is active on the same CPU; where a handler begins, nothing of its own
        level.
        """
        level, lane = process.d.options["level"], _lane(process, copy)
        begins = level > 0 and node == copy.start
        for other in self.known.values():
            above = other.d.options["level"] > level or (begins and other.d.options["level"] == level)
            if not above or other.at is None:
                continue
            assert other.table is not None
            for twin in other.copies:
                if _lane(other, twin) == lane and not (other is process and twin.values == copy.values):
                    idle = [_start(other.table, twin)]
                    idle += [] if other.table.done is None else [other.table.done]
                    yield Condition(other.is_at(idle, twin.values), process.d.place, Role.LEVEL)

    def doubts(self) -> Iterator[Doubt]:
        """Handlers that interrupt nobody."""
        for process in self.known.values():
            level = process.d.options["level"]
            lanes = {_lane(process, copy) for copy in process.copies}
            below = [p for p in self.known.values() if p.d.options["level"] < level]
            if level and not any(_lane(p, copy) in lanes for p in below for copy in p.copies):
                yield Doubt(
                    "interrupts-nothing",
                    process.d.name,
                    f"{process.d.name} has a level and interrupts nothing: no process of a lower level has"
                    f" the actor {process.d.options['actor']!r}",
                    process.d.place,
                )

    def _label(self, process: Process, copy: Copy, trace: StepTrace) -> tuple[Any, ...]:
        outer, local = trace.frame.f_globals, {**dict(trace.frame.f_locals), **trace.local}
        step = trace.said
        for outcome in trace.trace.outcomes:
            outer, local = outcome.outer, outcome.local

        def refuse(text: str, why: str) -> SpecError:
            return SpecError(
                "E0607",
                f"the text of a step of {process.d.name} has {text}: {why}",
                expected="expressions over parameters and local names",
                write='yield "message[{kind}] = 1", or {{ and }} for braces',
                place=step.place,
            )

        label = pieces(step.text, process.d.name, outer=outer, local=local, refuse=refuse, names={})
        replay = process.replay(copy, trace.way, trace.counts)
        for piece in label:
            for expr in expressions_of(piece):
                replay.check_expression(expr, step.place)
        return label


def _lane(process: Process, copy: Copy) -> tuple[str, Any]:
    """The CPU that a copy runs on: the value of the parameter that `actor` names, or the actor's name."""
    actor = process.d.options["actor"]
    return ("value", dict(copy.chosen)[actor]) if actor in process.domains else ("name", actor)


def _texts(function: Callable[..., Any]) -> set[str]:
    """The texts in a process, and in the generator functions that its module knows: with other constants it
    may have steps of these names.
    """
    known = [
        function,
        *(f for f in vars(inspect.getmodule(function)).values() if inspect.isgeneratorfunction(f)),
    ]
    return {text for f in known for text in f.__code__.co_consts if isinstance(text, str)}


def _start(table: PlaceTable, copy: Copy) -> int:
    """The code of the place where a copy begins: its end, where it has no step."""
    if copy.start is None:
        assert table.done is not None
        return table.done
    return table.of(copy.start).code


def _mapped(types: list[Type], value: Type) -> Type:
    """A map from the parameters to a value, one index at a time."""
    for type in reversed(types):
        value = MapType(type, value)
    return value


def _initial(process: Process, value: Callable[[tuple[Any, ...]], Any]) -> Any:
    """The initial value of a map from the parameters: a function of each key in turn."""

    def level(taken: tuple[Any, ...]) -> Any:
        return value(taken) if len(taken) == len(process.types) else (lambda key: level((*taken, key)))

    return level(())


def _name_of(place: str, trace: StepTrace, taken: dict[str, str]) -> str:
    """The name of a step: that of its place, or of its outcome; of both where another place has that name."""
    if not trace.trace.outcomes:
        return place
    name = trace.said.name or slug(trace.said.text)
    return name if taken.setdefault(name, place) == place else f"{place}_{name}"


def _action(process: Process, name: str, trace: StepTrace, arguments: tuple[str, ...]) -> Action:
    """What the steps from one place with one outcome have in common."""
    options, step = process.d.options, trace.said
    source, fair = PROCEDURES.get(trace.codes[-1], ("", None))
    own = step.fair if step.fair is not None else fair
    return Action(
        name=f"{process.d.name}.{name}",
        place=step.place,
        actor=step.actor or options["actor"],
        fair=options["fair"] if own is None else own,
        per=tuple(process.domains) if (own or options["fair"]) is not Fairness.NONE else None,
        source=step.source or source or options["source"],
        parameters=arguments,
        defensive=step.defensive,
        group=process.d.name if own is None else "",
    )


def _moves(
    process: Process, copy: Copy, node: Node, step_trace: StepTrace, after: Node | None
) -> Iterator[Write]:
    """What a step does to the hidden variables: the place that comes next, and the registers that change."""
    table, line = process.table, step_trace.step.place
    assert table is not None
    here = table.of(node).code
    there = table.done if after is None else table.of(after).code
    if process.at is not None and here != there:
        assert there is not None
        family, index = process.path(process.at, copy.values).cell()
        yield Write(family, index, ex.const(there), line)
    held_before = {*node.kept, *dict(node.chosen)}
    held_after: set[Register] = set() if after is None else {*after.kept, *dict(after.chosen)}
    with tracing(Trace("process", process.d.name)) as trace:
        for register, variable in process.variables.items():
            fresh = {**step_trace.kept, **step_trace.chosen}
            if register in held_after and register in fresh:
                value = process.registers.stored(register, fresh[register])
            elif register in held_before - held_after:
                value = process.registers.stored(register, None)
            else:
                continue
            assign_cells(
                process.path(variable, copy.values), held(process.registers.types[register]), value, line
            )
    yield from trace.writes
