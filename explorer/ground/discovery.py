"""Every place of a process, for all values of its parameters. Knows nothing of the model's layout.

From each place every way through the next step is tried; a place is known again by its position and the
local values that still matter. So the search ends where a process has finitely many of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Any

from explorer.ground.initial import options_of
from explorer.ground.places import PlaceTable
from explorer.ground.registers import Registers
from explorer.ground.replay import Replay
from explorer.ground.signatures import check_actor, domain_of, is_component
from explorer.ground.traced import STALE, Node, Open, Register, StepTrace, Surroundings, Way, stale_variable
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError
from explorer.ir.expressions import Expr
from explorer.ir.places import Path, Variable
from explorer.ir.types import Type
from explorer.language.annotations import resolve
from explorer.language.declarations import Declaration
from explorer.language.lifting import index_of
from explorer.language.memory import Memory
from explorer.language.memory_wiring import WIRING, Wiring
from explorer.language.operators import type_of
from explorer.language.process import Decision, Step
from explorer.language.state import AnyOf, State, component
from explorer.language.structure import read

MOST_PLACES = 500
"""Each is reached from the beginning again, so that their number counts twice."""

Arguments = tuple[tuple[str, Any], ...]


@dataclass(slots=True)
class Copy:
    """One process: values for the parameters. `nodes` tells how each place is reached, `ends` whether it
    returns.
    """

    chosen: Arguments
    start: Node | None = None
    nodes: dict[Node, tuple[Way, dict[Register, int], Step]] = field(default_factory=dict)
    ends: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(value for _, value in self.chosen)


@dataclass(slots=True)
class Process:
    """All copies of a declared process, its places and its registers; `at` and `variables` once they are
    laid out.
    """

    d: Declaration
    components: dict[str, State]
    domains: dict[str, tuple[Any, ...]]
    types: list[Type]
    registers: Registers
    copies: list[Copy] = field(default_factory=list)
    impossible: bool = False
    table: PlaceTable | None = None
    at: Variable | None = None
    variables: dict[Register, Variable] = field(default_factory=dict)
    stale: dict[int, dict[str, Any]] = field(default_factory=dict)

    def path(self, variable: Variable, values: tuple[Any, ...]) -> Path:
        """The place in the state that belongs to the copy with these parameters."""
        cell = Path(variable, "", (), False)
        for value, type in zip(values, self.types):
            cell = cell.at(index_of(value, type, f"an index of {variable.name}"), type.size)
        return cell

    def is_at(self, codes: list[int], values: tuple[Any, ...]) -> Expr:
        """Whether the copy with these parameters is at one of the places."""
        if self.at is None:
            return ex.TRUE if codes else ex.FALSE
        here = ex.cell(*self.path(self.at, values).cell())
        return ex.either(*(ex.equal(here, ex.const(code)) for code in codes))

    def replay(self, copy: Copy, way: Way, counts: dict[Register, int]) -> Replay:
        return Replay(self.d, self._surroundings(copy), way, counts)

    def _surroundings(self, copy: Copy) -> Surroundings:
        """The arguments of a copy: components of its own, whose places go stale and come back."""
        fresh: dict[int, State] = {}
        shown = []
        for fixed in self.components.values():
            if id(fixed) not in fresh:
                own = fresh[id(fixed)] = component(type(fixed), dict(vars(fixed)))
                if id(fixed) not in self.stale:
                    self.stale[id(fixed)] = _stale(fixed)
                shown.append((own, dict(vars(fixed)), self.stale[id(fixed)]))
        arguments = {name: fresh[id(fixed)] for name, fixed in self.components.items()} | dict(copy.chosen)
        registers = self.registers

        def content(register: Register, last: bool) -> Any:
            if not last:
                return registers.stale(register)
            variable = self.variables.get(register)
            return registers.content(register, None if variable is None else self.path(variable, copy.values))

        memories = [vars(fixed)[WIRING] for fixed in self.components.values() if isinstance(fixed, Memory)]
        locations = tuple(variable for wiring in memories for variable in wiring.variables)
        return Surroundings(
            arguments=arguments,
            components=tuple(shown),
            registers=registers.known,
            dead=registers.dead,
            locations=locations,
            read=content,
            kept=registers.kept,
        )


def _stale(fixed: State) -> dict[str, Any]:
    """The places of a component as earlier steps see them. Locations of a memory are no values: they stay."""
    if isinstance(fixed, Memory):
        wiring = vars(fixed)[WIRING]
        return {**vars(fixed), WIRING: Wiring(replace(wiring.family, number=STALE), wiring.type)}
    paths = {name: (place._type, place._path.variable) for name, place in vars(fixed).items()}
    return {name: read(type, Path(stale_variable(v), "", (), False)) for name, (type, v) in paths.items()}


def discover(d: Declaration, parameters: dict[str, Any], components: dict[type[State], State]) -> Process:
    """Find every place of every copy. A register's type may grow on the way, or a choice turn out to be dead
    at a position: then all begins again.
    """
    types = {name: domain_of(d, name, a) for name, a in parameters.items() if not is_component(a)}
    check_actor(d, tuple(types))
    domains = {name: type.values() for name, type in types.items()}
    fixed = {name: components[a] for name, a in parameters.items() if is_component(a)}
    process = Process(d, fixed, domains, list(types.values()), Registers(d.name))
    while True:
        process.registers.changed, dead = False, len(process.registers.dead)
        process.copies = [
            _explore(process, tuple(zip(domains, p))) for p in itertools.product(*domains.values())
        ]
        if not process.registers.changed and len(process.registers.dead) == dead:
            break
    if all(copy.start is None for copy in process.copies):
        raise SpecError(
            "E0803",
            f"process {d.name} returns without a step",
            expected="at least one step",
            write='yield "what the step does"',
            place=d.place,
        )
    return process


def _explore(process: Process, chosen: Arguments) -> Copy:
    copy = Copy(chosen)
    copy.start = arrive(process, copy, Way(), {}, frozenset())
    copy.ends = copy.start is None
    todo = list(copy.nodes)
    while todo:
        node = todo.pop(0)
        for trace in ways(process, copy, node):
            known = len(copy.nodes)
            after = following(process, copy, node, trace)
            if len(copy.nodes) > known:
                assert after is not None
                todo.append(after)
            copy.ends = copy.ends or after is None
    return copy


def arrive(
    process: Process, copy: Copy, way: Way, counts: dict[Register, int], alive: frozenset[Register]
) -> Node | None:
    """The place at the end of a way, now among those known; None where the process returns.

    `alive` are the choices that the last step made, and those in use before it.
    """
    replay = process.replay(copy, way, counts)
    step = replay.arrive()
    if step is None:
        return None
    node = replay.node(alive)
    if node not in copy.nodes:
        copy.nodes[node] = way, counts, step
        if len(copy.nodes) > MOST_PLACES:
            raise _endless(process, copy, node)
    return node


def following(process: Process, copy: Copy, before: Node, trace: StepTrace) -> Node | None:
    """Where a step leads: None where the process has ended."""
    if trace.ends:
        return copy.start if process.d.options["restart"] else None
    alive = frozenset(trace.choices).union(dict(before.chosen))
    node = arrive(process, copy, trace.way, trace.counts, alive)
    if node is not None:
        for register, _ in node.chosen:
            if register in trace.choices:
                _, type = alternatives(trace.choices[register])
                process.registers.chosen(register, type)
    return node if node is not None or not process.d.options["restart"] else copy.start


def ways(process: Process, copy: Copy, node: Node) -> Iterator[StepTrace]:
    """Every way through the step that begins at a place. One with a guard that is constantly false is
    none.
    """
    way, counts, _ = copy.nodes[node]
    todo: list[tuple[Way, tuple[int, ...]]] = [(way, ())]
    while todo:
        along, asked = todo.pop()
        replay = process.replay(copy, along, counts)
        step = replay.arrive()
        assert step is not None
        trace = replay.walk(step, asked)
        if isinstance(trace, Open):
            options = [True, False] if trace.decision.kind == "branch" else alternatives(trace.decision)[0]
            todo += [(along.deciding(option), asked) for option in reversed(options)]
            continue
        picks = trace.trace.picked
        for i in reversed(range(len(asked), len(picks))):
            before = tuple(pick.chosen for pick in picks[:i])
            todo += [(along, (*before, other)) for other in reversed(range(1, picks[i].count))]
        if trace.trace.impossible:
            process.impossible = True
        else:
            yield trace


def alternatives(decision: Decision) -> tuple[list[Any], Type | None]:
    """The values of a choice, and their type; none for ways."""
    if decision.is_way:
        return list(decision.options), None
    options = options_of(AnyOf(decision.options, decision.place))
    if len(decision.options) == 1 and len(options) != 1:
        return options, resolve(decision.options[0], decision.place)
    common: Type | None = None
    for option in options:
        common = Registers.joined(common, type_of(option))
    return options, common


def _endless(process: Process, copy: Copy, last: Node) -> SpecError:
    """Too many places: which local value differs among those with the same position?"""
    same = [node for node in copy.nodes if node.position == last.position]
    growing = [
        (name, values)
        for (depth, name), _ in last.locals
        if len(values := list(dict.fromkeys(v for n in same for k, v in n.locals if k == (depth, name)))) > 2
    ]
    name, values = growing[0] if growing else ("a local value", [])
    shown = ", ".join(str(v[1] if isinstance(v, tuple) and len(v) == 2 else v) for v in values[:4])
    return SpecError(
        "E0808",
        f"process {process.d.name} has more than {MOST_PLACES} places: `{name}` is {shown}, ...",
        expected="finitely many values of its local names at each step",
        write=f"a variable of the state in place of {name}, or a loop that ends",
        place=last.position.line,
    )
