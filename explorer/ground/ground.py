"""From a `Spec` to its ground `Model`: constants bound, components laid out, every function traced once per
instance.

Knows nothing of bits and engines. All mistakes of a spec are collected and reported together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from explorer.ground.atomicity import doubts, of_action
from explorer.ground.dependent import Dependent, depends, settle
from explorer.ground.fairness import check_groups
from explorer.ground.history import Histories
from explorer.ground.initial import choices
from explorer.ground.labels import pieces
from explorer.ground.lint import lint
from explorer.ground.marks import unmatched
from explorer.ground.memories import Locations, spreading
from explorer.ground.mentions import Mentioned, mentions_constant
from explorer.ground.processes import Processes
from explorer.ground.refinement import AT_FIRST, Refinement, properties
from explorer.ground.signatures import (
    check_actor,
    crash,
    domain_of,
    first_paragraph,
    is_component,
    settled,
    signature,
)
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, SpecErrors, class_place, closest, nearest
from explorer.ir.expressions import Expr, Family
from explorer.ir.formulas import Ltl
from explorer.ir.model import Action, Choice, Instance, Model, Observation, Property, Temporal
from explorer.ir.places import Path, Variable
from explorer.ir.steps import Condition, Doubt
from explorer.ir.types import SetType, Type
from explorer.ir.verify import verify_model, verifying
from explorer.language.annotations import resolve
from explorer.language.constants import Constant, binding, bound, check, value_of
from explorer.language.declarations import Declaration
from explorer.language.lifting import lift
from explorer.language.memory import Memory, exists, is_location, storage_of
from explorer.language.memory_wiring import WIRING, MemoryType, Wiring
from explorer.language.moments import history
from explorer.language.process import places
from explorer.language.spec import Spec
from explorer.language.state import Initial, State, component, declared
from explorer.language.structure import read
from explorer.language.symbolic import condition, shown
from explorer.language.temporal import MadeFormula
from explorer.language.tracing import DECORATORS, Impossible, Trace, tracing, unusual
from explorer.language.variants import assignment, constants_of_variant

T = TypeVar("T")
MAX_CELLS = 4096


def ground(
    spec: Spec,
    overrides: Mapping[str, Any] | None = None,
    file: str = "",
    each: Callable[[], None] = lambda: None,
) -> Model:
    """The ground model of a spec, with `overrides` winning over the constants that the spec binds. `each` is
    called for every instance of an action or a property.

    Raises SpecError (SpecErrors for several mistakes) for a spec that means nothing.
    """
    values = {**spec.constants, **(overrides or {})}
    with bound(values, spec.place) as asked:
        try:
            model = Grounder(spec, file, each).run()
        finally:
            spec.met.update(asked)
        known = spec.known_constants()
    for name in values:
        if name not in known:
            raise SpecError(
                "E0507",
                f"constant {name!r} was never declared",
                expected=nearest(name, list(known)),
                place=spec.place,
                write=assignment(name, known, f'{name} = constant("{name}", default) in a composed module'),
            )
    for name, value in values.items():
        check(name, value, known[name]._default, spec.place)
    for row in spec.variants:
        constants_of_variant(known, row)
    model.constants.update({name: values.get(name, c._default) for name, c in known.items()})
    model.bound.update({name: value for name, value in values.items() if value != known[name]._default})
    if verifying():
        verify_model(model)
    return model


def meet_constants(spec: Spec) -> tuple[dict[str, Constant], SpecError | None]:
    """The constants that a spec has, and what is wrong with it under its own: others may mend that."""
    wrong = None
    try:
        ground(spec)
    except SpecError as error:
        wrong = error
    return spec.known_constants(), wrong


@dataclass(frozen=True, slots=True)
class Argument:
    """A value of a quantified parameter, and its text."""

    name: str
    value: Any
    text: str


def _part_name(chosen: list[Argument]) -> str:
    return ", ".join(f"{argument.name}={argument.text}" for argument in chosen)


class Grounder:
    def __init__(self, spec: Spec, file: str, each: Callable[[], None]):
        self.spec, self.file, self.each = spec, file or spec.place.file, each
        self.errors: list[SpecError] = []
        self.families: list[Family] = []
        self.variables: list[Variable] = []
        self.components: dict[type[State], State] = {}
        self.choices: list[Choice] = []
        self.owners: dict[str, str] = {}
        self.mentioned = Mentioned()
        self.memories: list[Wiring] = []
        self.noted: list[Doubt] = []
        self.dependent: list[Dependent] = []
        self.by_constants: set[str] = set()

    def attempt(self, make: Callable[..., T], *args: Any) -> T | None:
        """Run a part of the work; a mistake there is noted and the rest goes on."""
        try:
            return make(*args)
        except SpecErrors as error:
            self.errors.extend(error.errors)
        except SpecError as error:
            if all((e.code, e.place, e.found) != (error.code, error.place, error.found) for e in self.errors):
                self.errors.append(error)
        return None

    def stop_if_wrong(self) -> None:
        if self.errors:
            raise self.errors[0] if len(self.errors) == 1 else SpecErrors(self.errors)

    def run(self) -> Model:
        spec = self.spec
        given = spec.declarations()
        declarations = [settled(d, given) for d in given]
        signatures = {d.name: self.attempt(signature, d) for d in declarations}
        linted = {d.name: lint(d.function, d.kind) for d in declarations}
        self.errors.extend(error for errors in linted.values() for error in errors)
        names = [d.name for d in declarations if d.kind not in _NOT_PROPERTIES]
        names += [d.name + AT_FIRST for d in declarations if d.kind == "refinement"]
        self.attempt(self.check_expectation, names)
        used = [a for s in signatures.values() if s for a in s.values() if is_component(a)]
        if None in signatures.values():
            self.stop_if_wrong()
        before = len(self.errors)
        self.attempt(self.compose, used)
        if len(self.errors) > before:
            self.stop_if_wrong()
        self.processes = Processes(self.components)
        self.histories = self.remember(declarations, signatures)
        tokens = places.set(self.processes), history.set(self.histories)
        try:
            return self.trace_all(declarations, signatures, linted)
        finally:
            places.reset(tokens[0])
            history.reset(tokens[1])

    def remember(self, declarations: list[Declaration], signatures: Mapping[str, Any]) -> Histories:
        """What properties may ask to be remembered."""

        def domains(d: Declaration) -> dict[str, Type]:
            return {n: domain_of(d, n, a) for n, a in signatures[d.name].items() if not is_component(a)}

        def lay_out(name: str, type: Type, place: Place, owner: str) -> Variable:
            return self.lay_out_cells(name, type, Initial(None, place, True), owner)

        state = self.choices, self.variables, self.owners
        steps = self.processes.steps_named
        return Histories(
            *state, lay_out, self.hidden, declarations=declarations, domains=domains, steps=steps
        )

    def trace_all(
        self,
        declarations: list[Declaration],
        signatures: Mapping[str, Any],
        linted: Mapping[str, list[SpecError]],
    ) -> Model:
        """The model of the declarations: processes first, since they add variables."""
        spec = self.spec
        before = len(self.errors)
        declared_processes = [d for d in declarations if d.kind == "process"]
        for d in declared_processes:
            if not linted[d.name]:
                self.attempt(self.processes.discover, d, signatures[d.name])
        if len(self.errors) > before or any(linted[d.name] for d in declared_processes):
            self.stop_if_wrong()
        self.processes.lay_out(self.hidden)
        made: dict[str, list[Any]] = {kind: [] for kind in _MAKERS}
        for d in declarations:
            if not linted[d.name]:
                found = self.attempt(self.trace, d, signatures[d.name]) or []
                made[d.kind].extend(found)
                if d.kind == "process":
                    made["action"].extend(found)
        self.attempt(
            check_groups, dict.fromkeys(i[0] for i in made["action"]), [d.name for d in declared_processes]
        )
        for d in declarations:
            classes = [a for a in signatures[d.name].values() if is_component(a)]
            self.mentioned.read.append((d.function, classes))  # other constants may read more
        self.stop_if_wrong()
        ended = self.processes.ended()
        made["terminal"] += [] if ended is None else [ended]
        made["terminal"] += [] if value_of(spec.deadlock) else [Condition(ex.TRUE, spec.place)]
        if not made["action"]:
            raise SpecError(
                "E0509",
                f"spec {spec.name} has no action",
                expected="at least one @action in the composed modules",
                write="@action\ndef step(component: Component): ...",
                place=spec.place,
            )
        if made["temporal"]:
            made["action"] += [step for wiring in self.memories for step in spreading(wiring)]
        refined = made["refinement"]
        instances = [Instance(i, *self.histories.counting(rest)) for i, rest in enumerate(made["action"])]
        self.noted += unmatched(
            [(m.kind, m.key, i.action.name, i.action.place) for i in instances for m in i.marks]
        )
        twice = _first_twice(instance.name for instance in instances)
        if twice is not None:
            raise SpecError(
                "E0118",
                f"two instances of actions are named {twice}",
                expected="names of identities that tell them apart",
                write="names without brackets and commas",
                place=spec.place,
            )
        return Model(
            name=spec.name,
            file=self.file,
            constants={},
            expect=spec.expect,
            variables=tuple(self.variables),
            families=tuple(self.families),
            choices=tuple(self.choices),
            initial=tuple(made["initial"]),
            actions=tuple(dict.fromkeys(i.action for i in instances)),
            instances=tuple(instances),
            properties=tuple(
                made["invariant"] + made["step"] + [p for p in refined if isinstance(p, Property)]
            ),
            terminal=tuple(made["terminal"]),
            constraints=tuple(made["constraint"]),
            observations=tuple(made["observe"] + [o for o in refined if isinstance(o, Observation)]),
            components=self.owners,
            temporal=tuple(made["temporal"]),
            mentioned=self.mentioned,
            doubts=(*self.doubts(), *self.several(made)),
            by_constants=frozenset(self.by_constants),
        )

    def check_expectation(self, properties: list[str]) -> None:
        """The properties that the spec and its variants expect to be violated exist."""
        known = [*properties, "deadlock", "evaluation"]
        rows = [(v.expect, v.place, f"variant {v.name!r} expects ") for v in self.spec.variants]
        if self.spec.expect is not None:
            rows.insert(0, (self.spec.expect, self.spec.place, "expect="))
        for expect, place, where in rows:
            for wanted in filter(None, (expect.property, *expect.also)):
                if wanted not in known:
                    raise SpecError(
                        "E0514",
                        f"{where}violates({wanted!r}), but there is no such property",
                        place=place,
                        expected=nearest(wanted, known),
                        write=f"violates({closest(wanted, known, known[0])!r})",
                    )

    def several(self, made: Mapping[str, list[Any]]) -> Iterator[Doubt]:
        """Steps of processes that access several shared places."""
        if self.processes.accesses:
            steps = {id(step) for step in made["process"]}
            actions = [action for action in made["action"] if id(action) not in steps]
            others = [of_action(i, at[4], at[5], at[0].place) for i, at in enumerate(actions)]
            yield from doubts([*self.processes.accesses, *others])

    def doubts(self) -> Iterator[Doubt]:
        """What looks like a part of the spec and is none, and what Python reads otherwise than people do."""
        for function in self.spec.undeclared():
            yield Doubt(
                "undeclared",
                function.name,
                f"{function.name} takes the state {function.component}, but has no decorator, and nothing"
                " calls it: it is not part of the spec",
                function.place,
            )
        yield from dict.fromkeys(self.noted)

    def trace(self, d: Declaration, parameters: Any) -> list[Any]:
        """What one declaration contributes to the model: its instances, parts or conditions."""
        return list(_MAKERS[d.kind](self, d, parameters))

    # State.

    def compose(self, used: list[type[State]]) -> None:
        """Every component gets its cells; SpecError where parts are missing or clash."""
        classes = self.spec.components(used)
        self.spec.check_composition(classes)
        self.lay_out(classes)

    def lay_out(self, classes: list[type[State]]) -> None:
        if not classes:
            raise SpecError(
                "E0510",
                f"spec {self.spec.name} has no State component",
                expected="at least one class of state",
                write="class Counter(State): n: Var[...] = initially(0)",
                place=self.spec.place,
            )
        found = [(cls, self.attempt(declared, cls) or []) for cls in classes]
        names = [name for _, variables in found for name, _, _ in variables]
        for cls, variables in found:
            if issubclass(cls, Memory):
                self.components[cls] = self.attempt(self.memory, cls, variables, names) or component(cls, {})
                continue
            places: dict[str, Any] = {}
            for name, annotation, initial in variables:
                shown = name if names.count(name) == 1 else f"{cls.__name__}.{name}"
                place = self.attempt(self.variable, shown, annotation, initial, cls)
                if place is not None:
                    places[name] = place
            self.components[cls] = component(cls, places)
        self.attempt(settle, self.dependent, self.components, self.choices)
        twice = _first_twice(name for family in self.families for name in family.names)
        if twice is not None:
            self.errors.append(
                SpecError(
                    "E0118",
                    f"two cells of the state are named {twice}",
                    expected="names of identities, fields and variables that tell them apart",
                    write="names without brackets and dots, or another name for a variable",
                    place=self.spec.place,
                )
            )

    def variable(self, name: str, annotation: Any, initial: Initial, cls: type) -> Any:
        found = resolve(annotation, initial.place)
        variable = self.add_variable(name, found, initial, cls.__name__)
        return read(found, Path(variable, "", (), False))

    def hidden(self, name: str, found: Type, value: Any, place: Place, owner: str) -> Variable:
        """A variable that no author declared: where a process is, what it keeps."""
        return self.add_variable(name, found, Initial(value, place, True), owner)

    def add_variable(self, name: str, found: Type, initial: Initial, owner: str) -> Variable:
        """Lay out the cells of a variable, and note its initial values."""
        variable = self.lay_out_cells(name, found, initial, owner)
        path = Path(variable, "", (), False)
        if depends(initial.value):
            self.dependent.append((path, found, initial))
        else:
            self.choices.extend(choices(path, found, initial.value, initial.place))
        return variable

    def lay_out_cells(self, name: str, found: Type, initial: Initial, owner: str) -> Variable:
        """Lay out the cells of a variable."""
        families: dict[str, Family] = {}
        for shape in found.cells():
            size = math.prod(len(dimension.names) for dimension in shape.dimensions)
            first = self.families[-1].first + self.families[-1].size if self.families else 0
            if first + size > MAX_CELLS:
                raise SpecError(
                    "E0511",
                    f"{owner}.{name} brings the state to more than {MAX_CELLS} cells",
                    expected="a smaller state",
                    write="smaller domains or constants",
                    place=initial.place,
                )
            names = _cell_names(name, shape.path, [d.names for d in shape.dimensions])
            made = Family(
                number=len(self.families),
                first=first,
                size=len(names),
                low=shape.type.low,
                high=shape.type.high,
                variable=name,
                path=shape.path,
                names=tuple(names),
                type=shape.type,
                place=initial.place,
            )
            self.families.append(made)
            families[shape.path] = made
        variable = Variable(name, found, families, initial.quiet)
        self.variables.append(variable)
        self.owners[name] = owner
        return variable

    def memory(self, cls: type[Memory], variables: list[tuple[str, Any, Initial]], names: list[str]) -> State:
        """A memory component: one cell in the state, whatever its locations."""
        made = Locations()
        for name, annotation, initial in variables:
            if is_location(cls, name):
                made.add(name, resolve(annotation, initial.place), initial)
            else:
                shown = name if names.count(name) == 1 else f"{cls.__name__}.{name}"
                made.places[name] = self.variable(shown, annotation, initial, cls)
        if not exists(cls):
            return component(cls, made.places)
        cpus = resolve(cls._cpus, class_place(cls))
        storage = storage_of(cls, cpus, tuple(made.initial))
        type = MemoryType(
            storage=storage,
            domain=cpus,
            variables=tuple(made.variables),
            locations=tuple(made.names),
            types=tuple(made.types),
            name=cls.__name__,
        )
        first = self.families[-1].first + self.families[-1].size if self.families else 0
        name, place = cls.__name__, class_place(cls)
        family = Family(
            number=len(self.families),
            first=first,
            size=1,
            low=type.low,
            high=type.high,
            variable=name,
            path="",
            names=(name,),
            type=type,
            place=place,
        )
        self.families.append(family)
        self.variables.append(Variable(name, type, {"": family}))
        self.owners[name] = name
        self.choices.append(Choice((first,), tuple((i,) for i in range(storage.first_numbers))))
        wiring = Wiring(family, type)
        self.memories.append(wiring)
        return component(cls, {**made.places, WIRING: wiring})

    # Functions.

    def run_function(
        self, d: Declaration, kind: str, arguments: dict[str, Any], asked: tuple[int, ...] = ()
    ) -> tuple[Any, Trace]:
        """Trace one call; whatever the author's code raises becomes a SpecError with its place."""
        self.each()
        with tracing(Trace(kind, d.name, doubts=self.noted, asked=asked)) as trace:
            try:
                return d.function(**arguments), trace
            except Impossible:
                return None, trace
            except SpecError:
                raise
            except RecursionError:
                raise SpecError(
                    "E0603",
                    f"recursion without end while tracing {d.name}",
                    expected="functions that return while being traced",
                    write="a loop over a domain, or one action for each turn",
                    place=d.place,
                ) from None
            except Exception as error:
                raise crash(error, f"tracing {d.name}", d.place) from error

    def calls(
        self, d: Declaration, parameters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], list[Argument]]]:
        """The arguments of each ground copy: all of them, and the quantified ones."""
        fixed = {name: self.components[a] for name, a in parameters.items() if is_component(a)}
        types = {name: domain_of(d, name, a) for name, a in parameters.items() if not is_component(a)}
        domains = [
            [Argument(name, value, type.name_of(value)) for value in type.values()]
            for name, type in types.items()
        ]
        for picked in itertools.product(*domains):
            given = {a.name: _given(types[a.name], a.value) for a in picked}
            yield {**fixed, **given}, list(picked)

    def action(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        options = d.options
        names = tuple(name for name, a in parameters.items() if not is_component(a))
        check_actor(d, names)
        info = Action(
            name=d.name,
            place=d.place,
            actor=options["actor"],
            fair=options["fair"],
            per=() if options["group"] and options["per"] is None else options["per"],
            source=options["source"],
            parameters=names,
            defensive=options["defensive"],
            group=options["group"] or "",
            stutters=options["stutters"],
        )
        ended = False
        for arguments, chosen, result, trace in self.choices_of(d, parameters):
            if result is not None:
                raise SpecError(
                    "E0605",
                    f"action {d.name} returns {shown(result)}",
                    expected="no return value",
                    write="when(condition) for a guard",
                    place=d.place,
                )
            if not trace.writes and not trace.impossible and not info.stutters:
                raise SpecError(
                    "E0606",
                    f"action {d.name} assigns nothing",
                    expected="at least one assignment",
                    write="component.variable.next = ..., or @action(stutters=True) for no effect",
                    place=d.place,
                )
            ended = ended or trace.impossible
            actor = next((a.text for a in chosen if a.name == info.actor), info.actor or "")
            yield (
                info,
                tuple((argument.name, argument.value) for argument in chosen),
                tuple(argument.text for argument in chosen),
                actor,
                tuple(trace.conditions),
                tuple(trace.writes),
                tuple(trace.marks),
                (d.name,) if trace.impossible else self.label(d, arguments, chosen),
                trace.promised,
            )
        if ended:
            self.mentioned.all.append((d.function, [a for a in parameters.values() if is_component(a)]))

    def choices_of(
        self, d: Declaration, parameters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], list[Argument], Any, Trace]]:
        """Every call of an action, once for each way to make its choices besides the parameters."""
        for arguments, chosen in self.calls(d, parameters):
            todo: list[tuple[int, ...]] = [()]
            while todo:
                asked = todo.pop()
                result, trace = self.run_function(d, "action", arguments, asked)
                picks = trace.picked
                for i in reversed(range(len(asked), len(picks))):
                    before = tuple(pick.chosen for pick in picks[:i])
                    todo += [(*before, other) for other in reversed(range(1, picks[i].count))]
                text = unusual(picks)
                yield arguments, [*chosen, *([Argument("where", text, text)] if text else [])], result, trace

    def process(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        yield from self.processes.instances(d)
        if self.processes.known[d.name].impossible:
            self.mentioned.all.append((d.function, [a for a in parameters.values() if is_component(a)]))

    def label(self, d: Declaration, arguments: dict[str, Any], chosen: list[Argument]) -> tuple[Any, ...]:
        """The step's text in pieces, from the first paragraph of the docstring."""
        text = first_paragraph(d.function)
        if not text:
            return (f"{d.name}({', '.join(argument.text for argument in chosen)})",)
        names = {id(argument.value): argument.text for argument in chosen}
        function = d.function
        outer = dict(
            zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ()))
        )
        refuse = partial(self._label_error, d)
        return pieces(
            text, d.name, outer={**function.__globals__, **outer}, local=arguments, refuse=refuse, names=names
        )

    def _label_error(self, d: Declaration, text: str, why: str) -> SpecError:
        return SpecError(
            "E0607",
            f"the docstring of {d.name} has {text}: {why}",
            expected="expressions over the parameters",
            write='"""message[{sender.kind[cpu]}] = 1""", or {{ and }} for braces',
            place=d.place,
        )

    def parts(
        self, d: Declaration, parameters: dict[str, Any], kind: str
    ) -> Iterator[tuple[str, Expr, Trace]]:
        for arguments, chosen in self.calls(d, parameters):
            result, trace = self.run_function(d, kind, arguments)
            if isinstance(result, MadeFormula):
                raise SpecError(
                    "E0614",
                    f"@{DECORATORS[kind]} {d.name} returns the temporal formula {result!r}",
                    place=d.place,
                    expected="a condition on states",
                    write="@temporal above it",
                )
            try:
                found = condition(result, f"{d.name}")
            except SpecError as error:
                found_text = "nothing" if result is None else shown(result)
                write = (
                    "return every([...])"
                    if isinstance(result, list)
                    else "return every(... for x in Domain)"
                    if result is None
                    else "return x == value"
                    if error.code == "E0222"
                    else error.write
                )
                raise SpecError(
                    "E0608",
                    f"{d.name} returns {found_text}",
                    expected="a condition",
                    write=write,
                    place=d.place,
                ) from None
            yield _part_name(chosen), found, trace

    def property(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Property]:
        found = list(self.parts(d, parameters, d.kind))
        premises = tuple(p for _, _, trace in found for p in trace.premises)
        if mentions_constant(d.function, [a for a in parameters.values() if is_component(a)]):
            self.by_constants.add(d.name)
        text = first_paragraph(d.function)
        yield Property(
            name=d.name,
            kind=d.kind,
            place=d.place,
            text=text,
            parts=tuple((t, e) for t, e, _ in found),
            premises=premises,
        )

    def refinement(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Property | Observation]:
        if not all(map(is_component, parameters.values())):
            name = next(name for name, a in parameters.items() if not is_component(a))
            raise SpecError(
                "E0523",
                f"@refines {d.name} has the parameter {name!r}, which is no component",
                expected="components only: one mapping for the whole state",
                write=f"for {name} in the domain, inside {d.name}",
                place=d.place,
            )
        abstract: Spec = d.options["abstract"]
        with bound({**binding(), **abstract.constants}, abstract.place) as asked:
            model = Grounder(abstract, "", self.each).run()
        self.spec.met.update(asked)
        given, _ = self.run_function(d, "invariant", {n: self.components[a] for n, a in parameters.items()})
        own = {v.name: read(v.type, Path(v, "", (), False)) for v in self.variables if not v.type.settings}
        seen = Refinement(d, model, given, own)
        yield from properties(seen, first_paragraph(d.function), self.histories.first)

    def temporal(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Temporal]:
        parts: list[tuple[str, Ltl]] = []
        premises: list[Condition] = []
        for arguments, chosen in self.calls(d, parameters):
            result, trace = self.run_function(d, "temporal", arguments)
            if not isinstance(result, MadeFormula):
                found = "nothing" if result is None else shown(result)
                raise SpecError(
                    "E0614",
                    f"@temporal {d.name} returns {found}",
                    expected="a temporal formula",
                    place=d.place,
                    write="return every([...])"
                    if isinstance(result, list)
                    else "return leads_to(p, q), or @invariant above it",
                )
            parts.append((_part_name(chosen), result.node))
            premises += trace.premises
        text = first_paragraph(d.function)
        yield Temporal(d.name, d.place, text, tuple(parts), tuple(premises))

    def conditions(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Condition]:
        for _, expr, _ in self.parts(d, parameters, d.kind):
            yield Condition(expr, d.place)

    def constraint(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[str, Condition]]:
        for _, expr, _ in self.parts(d, parameters, d.kind):
            yield d.name, Condition(expr, d.place)

    def observation(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Observation]:
        for arguments, chosen in self.calls(d, parameters):
            result, _ = self.run_function(d, "observe", arguments)
            if result is None:
                raise SpecError(
                    "E0608",
                    f"{d.name} returns nothing",
                    expected="an expression",
                    write="return count(...)",
                    place=d.place,
                )
            inner = ", ".join(argument.text for argument in chosen)
            yield Observation(f"{d.name}[{inner}]" if inner else d.name, result)


_MAKERS: dict[str, Any] = {
    "action": Grounder.action,
    "process": Grounder.process,
    "invariant": Grounder.property,
    "step": Grounder.property,
    "terminal": Grounder.conditions,
    "initial": Grounder.conditions,
    "constraint": Grounder.constraint,
    "observe": Grounder.observation,
    "temporal": Grounder.temporal,
    "refinement": Grounder.refinement,
}


_NOT_PROPERTIES = ("action", "process", "initial", "constraint", "terminal", "observe")


def _given(type: Type, value: Any) -> Any:
    """What an author's function is given for a value of a parameter: a set is one of the language's."""
    return lift(type, value, "a parameter") if isinstance(type, SetType) else value


def _first_twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


def _cell_names(variable: str, path: str, dimensions: list[tuple[str, ...]]) -> list[str]:
    names = []
    for indices in itertools.product(*dimensions):
        text = path
        for index in indices:
            text = text.replace("[]", f"[{index}]", 1)
        names.append(variable + text)
    return names
