"""From a `Spec` to its ground `Model`: constants bound, components laid out, every function traced once per instance.

Knows nothing of bits and engines. All mistakes of a spec are collected and reported together.
"""

from __future__ import annotations

import inspect
import itertools
import string
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from explorer.language import expressions as ex
from explorer.language.annotations import resolve
from explorer.language.collections import _assign, lift, read
from explorer.language.constants import bound
from explorer.language.declarations import Declaration
from explorer.language.errors import Place, SpecError, SpecErrors, nearest
from explorer.language.expressions import Expr, Family
from explorer.language.spec import Spec
from explorer.language.state import AnyOf, Initial, State, component, declared
from explorer.language.tracing import Condition, Trace, tracing
from explorer.language.types import MapType, ScalarType, SetType, Type, is_finite_domain, value_text
from explorer.language.values import Path, Value, Variable, condition

from .lint import lint
from .model import Action, Choice, Instance, Model, Observation, Property

T = TypeVar("T")
MAX_CELLS = 4096


def ground(spec: Spec, overrides: Mapping[str, Any] | None = None, file: str = "") -> Model:
    """The ground model of a spec, with `overrides` winning over the constants that the spec binds.

    Raises SpecError (SpecErrors for several mistakes) for a spec that means nothing.
    """
    values = {**spec.constants, **(overrides or {})}
    with bound(values) as asked:
        grounder = _Grounder(spec, file)
        model = grounder.run()
        spec.met.update(asked)
        known = spec.known_constants()
    for name in values:
        if name not in known:
            raise SpecError("E0507", f"constant {name!r} was never declared", expected=nearest(name, list(known)),
                            write=f'{name} = constant("{name}", default) in a composed module', place=spec.place)
    for name, value in values.items():
        _check_constant(name, value, known[name]._default, spec.place)
    model.constants.update({name: values.get(name, c._default) for name, c in known.items()})
    return model


def _check_constant(name: str, value: Any, default: Any, place: Place) -> None:
    if type(value) is not type(default):
        raise SpecError("E0508", f"constant {name} = {value!r} ({type(value).__name__})",
                        expected=f"a value like its default {default!r} ({type(default).__name__})",
                        write=f"Spec(..., {name}={default!r})", place=place)


class _Grounder:
    def __init__(self, spec: Spec, file: str):
        self.spec, self.file = spec, file or spec.place.file
        self.errors: list[SpecError] = []
        self.families: list[Family] = []
        self.variables: list[Variable] = []
        self.components: dict[type[State], State] = {}
        self.choices: list[Choice] = []
        self.owners: dict[str, str] = {}

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
        declarations = spec.declarations()
        signatures = {d.name: self.attempt(signature, d) for d in declarations}
        for d in declarations:
            self.errors.extend(lint(d.function))
        self.stop_if_wrong()
        used = [a for s in signatures.values() if s for a in s.values() if _is_component(a)]
        classes = spec.components(used)
        spec.check_composition(classes)
        self.lay_out(classes)
        self.stop_if_wrong()
        made: dict[str, list[Any]] = {kind: [] for kind in _MAKERS}
        for d in declarations:
            made[d.kind].extend(self.attempt(self.trace, d, signatures[d.name]) or [])
        self.stop_if_wrong()
        if not made["action"]:
            raise SpecError("E0509", f"spec {spec.name} has no action", expected="at least one @action in the composed modules",
                            write="@action\ndef step(component: Component): ...", place=spec.place)
        instances = [Instance(i, *rest) for i, rest in enumerate(made["action"])]
        return Model(
            spec.name, self.file, {}, spec.expect, tuple(self.variables), tuple(self.families), tuple(self.choices),
            tuple(made["initial"]), tuple(dict.fromkeys(i.action for i in instances)), tuple(instances),
            tuple(made["invariant"] + made["step"]), tuple(made["terminal"]), tuple(made["constraint"]), tuple(made["observe"]),
            self.owners)

    def trace(self, d: Declaration, parameters: Any) -> list[Any]:
        """What one declaration contributes to the model: its instances, parts or conditions."""
        return list(_MAKERS[d.kind](self, d, parameters))

    # State.

    def lay_out(self, classes: list[type[State]]) -> None:
        if not classes:
            raise SpecError("E0510", f"spec {self.spec.name} has no State component", expected="at least one class of state",
                            write="class Counter(State): n: Var[...] = initially(0)", place=self.spec.place)
        found = [(cls, self.attempt(declared, cls) or []) for cls in classes]
        names = [name for _, variables in found for name, _, _ in variables]
        for cls, variables in found:
            places: dict[str, Any] = {}
            for name, annotation, initial in variables:
                shown = name if names.count(name) == 1 else f"{cls.__name__}.{name}"
                place = self.attempt(self.variable, shown, annotation, initial, cls)
                if place is not None:
                    places[name] = place
            self.components[cls] = component(cls, places)

    def variable(self, name: str, annotation: Any, initial: Initial, cls: type) -> Any:
        found = resolve(annotation, initial.place)
        families: dict[str, Family] = {}
        for shape in found.cells():
            names = _cell_names(name, shape.path, [d.names for d in shape.dimensions])
            first = self.families[-1].first + self.families[-1].size if self.families else 0
            if first + len(names) > MAX_CELLS:
                raise SpecError("E0511", f"{cls.__name__}.{name} brings the state to more than {MAX_CELLS} cells",
                                expected="a smaller state", write="smaller domains or constants", place=initial.place)
            made = Family(len(self.families), first, len(names), shape.type.low, shape.type.high, name, shape.path, tuple(names),
                          shape.type, initial.place)
            self.families.append(made)
            families[shape.path] = made
        variable = Variable(name, found, families)
        self.variables.append(variable)
        self.owners[name] = cls.__name__
        path = Path(variable, "", (), False)
        self.choose(path, found, initial.value, initial.place)
        return read(found, path)

    def choose(self, path: Path, type: Type, value: Any, place: Place) -> None:
        """Note the initial alternatives of a place."""
        role = f"the initial value of `{path}`"
        if isinstance(type, MapType) and not isinstance(value, (Value, AnyOf)):
            keys = type.key.values()
            if isinstance(value, dict):
                missing = [value_text(k) for k in keys if k not in value]
                extra = [value_text(k) for k in value if k not in keys]
                if missing or extra:
                    wrong = f"no value for {', '.join(missing)}" if missing else f"the unknown key {extra[0]}"
                    raise SpecError("E0234", f"a map with {wrong} as {role}", expected="a value for every key", place=place,
                                    write="{key: value for key in domain(...)} or initially(lambda key: ...)")
            for i, key in enumerate(keys):
                one = value[key] if isinstance(value, dict) else value(key) if inspect.isfunction(value) else value
                self.choose(path.at(ex.const(i), len(keys)), type.value, one, place)
            return
        if isinstance(type, MapType) and isinstance(value, AnyOf):
            for i in range(type.key.size):
                self.choose(path.at(ex.const(i), type.key.size), type.value, value, place)
            return
        options = _options(value) if isinstance(value, AnyOf) else [value]
        alternatives = [self.codes(path, type, option, role, place) for option in options]
        cells = tuple(cell for cell, _ in alternatives[0])
        distinct = dict.fromkeys(tuple(code for _, code in alternative) for alternative in alternatives)
        self.choices.append(Choice(cells, tuple(distinct)))

    def codes(self, path: Path, type: Type, option: Any, role: str, place: Place) -> list[tuple[int, int]]:
        """The cells of a place and the codes that a concrete value gives them."""
        with tracing(Trace("action", role)) as trace:
            try:
                lifted = lift(type, option, role)
            except SpecError as error:
                raise SpecError(error.code, error.found, expected=error.expected, write=error.write, place=place) from None
            _assign(path, type, lifted, place)
        return [(w.family.first + w.index.value, w.expr.value) for w in trace.writes]

    # Functions.

    def run_function(self, d: Declaration, kind: str, arguments: dict[str, Any]) -> tuple[Any, Trace]:
        """Trace one call; whatever the author's code raises becomes a SpecError with its place."""
        with tracing(Trace(kind, d.name)) as trace:
            try:
                return d.function(**arguments), trace
            except SpecError:
                raise
            except RecursionError:
                raise SpecError("E0603", f"{d.name} calls itself without end", expected="functions that return while being traced",
                                write="a loop over a domain, or one action for each turn", place=d.place) from None
            except Exception as error:
                raise SpecError("E0604", f"{type(error).__name__} while tracing {d.name}: {error}",
                                expected="a function that runs on symbolic state", write="only operations of the language on state",
                                place=_innermost(error, d.place)) from error

    def calls(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[tuple[str, Any], ...]]]:
        """The arguments of each ground copy: all of them, and the quantified ones."""
        fixed = {name: self.components[a] for name, a in parameters.items() if _is_component(a)}
        domains = {name: domain_values(d, name, a) for name, a in parameters.items() if not _is_component(a)}
        for picked in itertools.product(*domains.values()):
            chosen = dict(zip(domains, picked))
            yield {**fixed, **chosen}, tuple(chosen.items())

    def action(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        options = d.options
        names = tuple(name for name, a in parameters.items() if not _is_component(a))
        info = Action(d.name, d.place, options["actor"], options["fair"], options["per"], options["source"], names)
        for arguments, chosen in self.calls(d, parameters):
            result, trace = self.run_function(d, "action", arguments)
            if result is not None:
                raise SpecError("E0605", f"action {d.name} returns {_shown(result)}", expected="no return value",
                                write="when(condition) for a guard", place=d.place)
            if not trace.writes and all(not ex.is_const(c.expr) or c.expr.value for c in trace.conditions):
                raise SpecError("E0606", f"action {d.name} assigns nothing", expected="at least one assignment",
                                write="component.variable.next = ...", place=d.place)
            lane = info.actor
            actor = value_text(dict(chosen)[lane]) if lane in names else (lane or d.name if lane else "")
            yield (info, chosen, actor, tuple(trace.conditions), tuple(trace.writes), tuple(trace.marks),
                   self.label(d, arguments, chosen))

    def label(self, d: Declaration, arguments: dict[str, Any], chosen: tuple[tuple[str, Any], ...]) -> tuple[Any, ...]:
        """The step's text in pieces, from the first line of the docstring."""
        text = (inspect.getdoc(d.function) or "").strip().partition("\n")[0]
        if not text:
            inner = ", ".join(value_text(value) for _, value in chosen)
            return (f"{d.name}({inner})",)
        function = d.function
        outer = dict(zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ())))
        pieces: list[Any] = []
        try:
            parsed = list(string.Formatter().parse(text))
        except ValueError as error:
            raise self._label_error(d, text, str(error)) from None
        for literal, name, format, conversion in parsed:
            if literal:
                pieces.append(literal)
            if name is None:
                continue
            if format or conversion:
                raise self._label_error(d, name, "formats are not supported")
            with tracing(Trace("label", d.name)):
                try:
                    pieces.append(eval(name, {**function.__globals__, **outer}, arguments))
                except SpecError as error:
                    raise self._label_error(d, name, error.found) from None
                except Exception as error:
                    raise self._label_error(d, name, str(error)) from None
        return tuple(pieces)

    def _label_error(self, d: Declaration, text: str, why: str) -> SpecError:
        return SpecError("E0607", f"the docstring of {d.name} has {{{text}}}: {why}", expected="expressions over the parameters",
                         write='"""message[{sender.kind[cpu]}] = 1""", or {{ and }} for braces', place=d.place)

    def parts(self, d: Declaration, parameters: dict[str, Any], kind: str) -> Iterator[tuple[str, Expr, Trace]]:
        for arguments, chosen in self.calls(d, parameters):
            result, trace = self.run_function(d, kind, arguments)
            if result is None:
                raise SpecError("E0608", f"{d.name} returns nothing", expected="a condition", write="return every(...)", place=d.place)
            try:
                found = condition(result, f"{d.name}")
            except SpecError as error:
                raise SpecError(error.code, error.found, expected="a returned condition", write=error.write, place=d.place) from None
            text = ", ".join(f"{name}={value_text(value)}" for name, value in chosen)
            yield text, found, trace

    def property(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Property]:
        found = list(self.parts(d, parameters, d.kind))
        premises = tuple(p for _, _, trace in found for p in trace.premises)
        text = (inspect.getdoc(d.function) or "").strip().partition("\n")[0]
        yield Property(d.name, d.kind, d.place, text, tuple((t, e) for t, e, _ in found), premises)

    def conditions(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Condition]:
        for _, expr, _ in self.parts(d, parameters, d.kind):
            yield Condition(expr, d.place)

    def constraint(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[str, Condition]]:
        for _, expr, _ in self.parts(d, parameters, d.kind):
            yield d.name, Condition(expr, d.place)

    def observation(self, d: Declaration, parameters: dict[str, Any]) -> Iterator[Observation]:
        for arguments, chosen in self.calls(d, parameters):
            result, _ = self.run_function(d, "observe", arguments)
            inner = ", ".join(value_text(value) for _, value in chosen)
            yield Observation(f"{d.name}[{inner}]" if inner else d.name, result)


_MAKERS: dict[str, Any] = {
    "action": _Grounder.action, "invariant": _Grounder.property, "step": _Grounder.property, "terminal": _Grounder.conditions,
    "initial": _Grounder.conditions, "constraint": _Grounder.constraint, "observe": _Grounder.observation}


def _is_component(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, State)


def signature(d: Declaration) -> dict[str, Any]:
    """The parameters of a declared function with their annotations."""
    try:
        hints = typing.get_type_hints(d.function, include_extras=True)
    except NameError as error:
        raise SpecError("E0304", f"{d.name} uses the unknown name {error.name!r} in an annotation", expected="an imported name",
                        write=f"import or define {error.name}", place=d.place) from None
    found = {}
    for name, parameter in inspect.signature(d.function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SpecError("E0609", f"{d.name} has the parameter *{name}", expected="named parameters with annotations",
                            write=f"{name}: Component", place=d.place)
        if name not in hints:
            raise SpecError("E0610", f"parameter {name!r} of {d.name} has no annotation",
                            expected="a State class or a domain", write=f"{name}: Component, or {name}: Cpu", place=d.place)
        if hints[name] is State:
            raise SpecError("E0610", f"parameter {name!r} of {d.name} is annotated State", expected="a class of one's own",
                            write=f"{name}: Component", place=d.place)
        found[name] = hints[name]
    return found


def domain_values(d: Declaration, name: str, annotation: Any) -> tuple[Any, ...]:
    found = resolve(annotation, d.place)
    if not is_finite_domain(found):
        raise SpecError("E0611", f"parameter {name!r} of {d.name} ranges over {found.name}",
                        expected="bool, an enum, a Range, a Scalarset, or a record of those", write="a simpler domain", place=d.place)
    return found.values()


def _options(value: AnyOf) -> list[Any]:
    """The values a free choice stands for: the members of a single domain, or those listed."""
    if len(value.choices) == 1:
        try:
            found = resolve(value.choices[0], value.place)
        except SpecError:
            if inspect.isclass(value.choices[0]):
                raise
            return list(value.choices)
        if isinstance(found, SetType) or is_finite_domain(found) or not isinstance(found, ScalarType):
            return list(found.values())
    return list(value.choices)


def _cell_names(variable: str, path: str, dimensions: list[tuple[str, ...]]) -> list[str]:
    names = []
    for indices in itertools.product(*dimensions):
        text = path
        for index in indices:
            text = text.replace("[]", f"[{index}]", 1)
        names.append(variable + text)
    return names


def _innermost(error: BaseException, fallback: Place) -> Place:
    """The last line of the author's own code in a traceback."""
    from explorer.language.errors import _PACKAGE

    found, tb = fallback, error.__traceback__
    while tb is not None:
        if not tb.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            found = Place(tb.tb_frame.f_code.co_filename, tb.tb_lineno)
        tb = tb.tb_next
    return found


def _shown(obj: Any) -> str:
    return repr(obj)


