"""From a `Spec` to its ground `Model`: constants bound, components laid out, every function traced once per
instance.

Knows nothing of bits and engines. All mistakes of a spec are collected and reported together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from explorer.ground.actions import instances
from explorer.ground.atomicity import doubts, of_action
from explorer.ground.calls import Calls
from explorer.ground.cells import Cells, first_twice
from explorer.ground.dead_views import with_dead_views
from explorer.ground.depth import refuse_deep
from explorer.ground.fairness import check_groups
from explorer.ground.history import Histories
from explorer.ground.lint import lint
from explorer.ground.marks import unmatched
from explorer.ground.memories import spreading
from explorer.ground.mentions import Mentioned, mentions_constant
from explorer.ground.mistakes import Mistakes
from explorer.ground.processes import Processes
from explorer.ground.properties import conditions, constraints, observations, safety, temporal
from explorer.ground.refinement import AT_FIRST, Refinement, properties
from explorer.ground.signatures import domain_of, first_paragraph, is_component, settled, signature
from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError, closest, nearest
from explorer.ir.model import Instance, Model, Observation, Property
from explorer.ir.places import Path, Variable
from explorer.ir.steps import Condition, Doubt
from explorer.ir.types import Type
from explorer.ir.verify import verify_model, verifying
from explorer.language.constants import Constant, binding, bindings_of, bound, check, value_of
from explorer.language.declarations import Declaration
from explorer.language.moments import history
from explorer.language.process import places
from explorer.language.spec import Spec
from explorer.language.state import Initial, State
from explorer.language.structure import read
from explorer.language.variants import assignment, constants_of_variant

Signatures = Mapping[str, dict[str, Any]]
"""The parameters of each declaration, with their annotations."""
Made = dict[str, list[Any]]
"""What the declarations of each kind became."""


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
    values = bindings_of({**spec.constants, **(overrides or {})}, spec.place)
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


class Grounder:
    """What is known of a spec while its model is made."""

    def __init__(self, spec: Spec, file: str, each: Callable[[], None]):
        self.spec, self.file, self.each = spec, file or spec.place.file, each
        self.mistakes = Mistakes()
        self.cells = Cells(spec, self.mistakes)
        self.noted: list[Doubt] = []
        self.calls = Calls(self.cells.components, self.noted, each)
        self.processes = Processes(self.cells.components)

    def run(self) -> Model:
        """The model. Raises SpecError, SpecErrors for several mistakes."""
        given = self.spec.declarations()
        declarations = [settled(d, given) for d in given]
        attempted = {d.name: self.mistakes.attempt(signature, d) for d in declarations}
        linted = {d.name: lint(d.function, d.kind) for d in declarations}
        wrong = {name for name, errors in linted.items() if errors}
        self.mistakes.errors.extend(error for errors in linted.values() for error in errors)
        self.mistakes.attempt(self.check_expectation, declarations)
        signatures = {name: parameters for name, parameters in attempted.items() if parameters is not None}
        if len(signatures) < len(attempted):
            self.mistakes.stop_if_any()
        before = len(self.mistakes.errors)
        self.mistakes.attempt(
            self.compose, [a for s in signatures.values() for a in s.values() if is_component(a)]
        )
        if len(self.mistakes.errors) > before:
            self.mistakes.stop_if_any()
        self.histories = self.remember(declarations, signatures)
        tokens = places.set(self.processes), history.set(self.histories)
        try:
            parts = self.trace_all(declarations, signatures, wrong)
            self.mistakes.stop_if_any()
            model = self.model(parts, *self.mentioned(declarations, signatures))
            refuse_deep(model)
            return model
        finally:
            places.reset(tokens[0])
            history.reset(tokens[1])

    def check_expectation(self, declarations: list[Declaration]) -> None:
        """The properties that the spec and its variants expect to be violated exist."""
        known = [d.name for d in declarations if d.kind not in _NOT_PROPERTIES]
        known += [d.name + AT_FIRST for d in declarations if d.kind == "refinement"]
        known += ["deadlock", "evaluation"]
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

    def compose(self, used: list[type[State]]) -> None:
        """Every component gets its cells; SpecError where parts are missing or clash."""
        classes = self.spec.components(used)
        self.spec.check_composition(classes)
        self.cells.lay_out(classes)

    def remember(self, declarations: list[Declaration], signatures: Signatures) -> Histories:
        """What properties may ask to be remembered."""
        cells = self.cells

        def domains(d: Declaration) -> dict[str, Type]:
            return {n: domain_of(d, n, a) for n, a in signatures[d.name].items() if not is_component(a)}

        def lay_out(name: str, type: Type, place: Place, owner: str) -> Variable:
            return cells.lay_out_cells(name, type, Initial(None, place, True), owner)

        return Histories(
            cells.choices,
            cells.variables,
            cells.owners,
            lay_out,
            cells.hidden,
            declarations=declarations,
            domains=domains,
            steps=self.processes.steps_named,
        )

    def trace_all(self, declarations: list[Declaration], signatures: Signatures, wrong: set[str]) -> Made:
        """What the declarations become that are not wrong: processes first, since they add variables."""
        before = len(self.mistakes.errors)
        declared = [d for d in declarations if d.kind == "process"]
        for d in declared:
            if d.name not in wrong:
                self.mistakes.attempt(self.processes.discover, d, signatures[d.name])
        if len(self.mistakes.errors) > before or any(d.name in wrong for d in declared):
            self.mistakes.stop_if_any()
        self.processes.lay_out(self.cells.hidden)
        parts: Made = {kind: [] for kind in _KINDS}
        for d in declarations:
            if d.name not in wrong:
                contributed = self.mistakes.attempt(self.trace, d, signatures[d.name]) or []
                parts[d.kind] += contributed
                if d.kind == "process":
                    parts["action"] += contributed
        self.mistakes.attempt(
            check_groups, dict.fromkeys(i.action for i in parts["action"]), [d.name for d in declared]
        )
        return parts

    def trace(self, d: Declaration, parameters: dict[str, Any]) -> list[Any]:
        """What one declaration contributes to the model: its instances, parts or conditions."""
        if d.kind == "process":
            return list(self.processes.instances(d))
        if d.kind == "refinement":
            return list(self.refinement(d, parameters))
        return list(_MAKERS[d.kind](self.calls, d, parameters))

    def mentioned(
        self, declarations: list[Declaration], signatures: Signatures
    ) -> tuple[Mentioned, frozenset[str]]:
        """What functions mention in what these constants leave out, and the properties that constants may
        make true.
        """
        cut = self.calls.impossible | {n for n, process in self.processes.known.items() if process.impossible}
        mentioned, by_constants = Mentioned(), set()
        for d in declarations:
            classes = [a for a in signatures[d.name].values() if is_component(a)]
            mentioned.read.append((d.function, classes))  # other constants may read more
            if d.name in cut:
                mentioned.all.append((d.function, classes))
            if d.kind in ("invariant", "step") and mentions_constant(d.function, classes):
                by_constants.add(d.name)
        return mentioned, frozenset(by_constants)

    def model(self, parts: Made, mentioned: Mentioned, by_constants: frozenset[str]) -> Model:
        """The model of what was made."""
        spec, cells = self.spec, self.cells
        ended = self.processes.ended()
        parts["terminal"] += [] if ended is None else [ended]
        parts["terminal"] += [] if value_of(spec.deadlock) else [Condition(ex.TRUE, spec.place)]
        numbered = self.numbered(parts)
        refined = parts["refinement"]
        model = Model(
            name=spec.name,
            file=self.file,
            constants={},
            expect=spec.expect,
            variables=tuple(cells.variables),
            families=tuple(cells.families),
            choices=tuple(cells.choices),
            initial=tuple(parts["initial"]),
            actions=tuple(dict.fromkeys(i.action for i in numbered)),
            instances=tuple(numbered),
            properties=tuple(
                parts["invariant"] + parts["step"] + [p for p in refined if isinstance(p, Property)]
            ),
            terminal=tuple(parts["terminal"]),
            constraints=tuple(parts["constraint"]),
            observations=tuple(parts["observe"] + [o for o in refined if isinstance(o, Observation)]),
            components=cells.owners,
            temporal=tuple(parts["temporal"]),
            mentioned=mentioned,
            doubts=(*self.doubts(), *self.several(parts)),
            by_constants=by_constants,
        )
        return with_dead_views(model)

    def numbered(self, parts: Made) -> list[Instance]:
        """All instances in order, with those that nobody declared."""
        if not parts["action"]:
            for function in self.spec.undeclared():
                raise SpecError(
                    "E0509",
                    f"spec {self.spec.name} has no action; {function.name} takes the state"
                    f" {function.component} and has no decorator",
                    expected="at least one @action in the composed modules",
                    write=f"@action\ndef {function.name}(...): ...",
                    place=function.place,
                )
            raise SpecError(
                "E0509",
                f"spec {self.spec.name} has no action",
                expected="at least one @action in the composed modules",
                write="@action\ndef step(component: Component): ...",
                place=self.spec.place,
            )
        if parts["temporal"]:
            parts["action"] += [step for wiring in self.cells.memories for step in spreading(wiring)]
        numbered = [replace(self.histories.counting(at), number=i) for i, at in enumerate(parts["action"])]
        self.noted += unmatched(
            [(m.kind, m.key, i.action.name, i.action.place) for i in numbered for m in i.marks]
        )
        twice = first_twice(instance.name for instance in numbered)
        if twice is not None:
            raise SpecError(
                "E0118",
                f"two instances of actions are named {twice}",
                expected="names of identities that tell them apart",
                write="names without brackets and commas",
                place=self.spec.place,
            )
        return numbered

    def several(self, parts: Made) -> Iterator[Doubt]:
        """Steps of processes that access several shared places; handlers that interrupt nobody."""
        if self.processes.accesses:
            steps = {id(step) for step in parts["process"]}
            actions = [action for action in parts["action"] if id(action) not in steps]
            others = [of_action(i, at.guard, at.writes, at.action.place) for i, at in enumerate(actions)]
            yield from doubts([*self.processes.accesses, *others])
        yield from self.processes.doubts()

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
        cells = self.cells
        given, _ = self.calls.run(d, "invariant", {n: cells.components[a] for n, a in parameters.items()})
        own = {v.name: read(v.type, Path(v, "", (), False)) for v in cells.variables if not v.type.settings}
        seen = Refinement(d, model, given, own)
        yield from properties(seen, first_paragraph(d.function), self.histories.first)


_MAKERS: dict[str, Callable[[Calls, Declaration, dict[str, Any]], Iterator[Any]]] = {
    "action": instances,
    "invariant": safety,
    "step": safety,
    "terminal": conditions,
    "initial": conditions,
    "constraint": constraints,
    "observe": observations,
    "temporal": temporal,
}
"""What the declarations of each kind become; processes and refinements need more than calls."""

_KINDS = (*_MAKERS, "process", "refinement")
_NOT_PROPERTIES = ("action", "process", "initial", "constraint", "terminal", "observe")
