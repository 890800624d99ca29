"""State components and their initial values. Knows nothing of how states are stored."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer.ir.data import dataclass
from explorer.ir.errors import (
    Place,
    SpecError,
    attribute_place,
    caller,
    class_place,
    closest,
    declared_twice,
    nearest,
)
from explorer.language.collections import Map, Set
from explorer.language.constants import value_of
from explorer.language.queues import Queue
from explorer.language.tracing import is_tracing
from explorer.language.values import Var


@dataclass(frozen=True, slots=True)
class Initial:
    """What a variable holds at first: a value, `any_of(...)`, a dict by key, or a function of the keys."""

    value: Any
    place: Place
    quiet: bool = False
    exists: Any = True

    def __get__(self, instance: State | None, owner: type[State]) -> Initial:
        """Of a component only variables are asked for that exist: those are attributes of its own."""
        name = next(n for n in dir(owner) if inspect.getattr_static(owner, n) is self)
        if instance is not None:
            raise instance._unknown(name)
        if not is_tracing():
            return self
        one = owner.__name__.lower()
        raise SpecError(
            "E0302",
            f"`{owner.__name__}.{name}`: the class in place of its component",
            expected=f"a parameter annotated with {owner.__name__}",
            write=f"{one}.{name}, with the parameter {one}: {owner.__name__}",
        )

    @property
    def is_there(self) -> bool:
        """Whether there is such a variable under the constants at hand."""
        return bool(self.exists() if inspect.isfunction(self.exists) else value_of(self.exists))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A free choice among values, made separately for every cell of a map."""

    choices: tuple[Any, ...]
    place: Place


def initially(value: Any, *, quiet: bool = False, exists: bool | Callable[[], bool] = True) -> Any:
    """The value of a variable in every initial state.

    `value` is a value of the variable's type or, for a map, of its values (every key gets it), a dict with a
    value for every key, a function of the key, or `any_of(domain)` for a free choice. A `quiet` variable (a
    program counter) is not listed among the changes of a step; whole states still show it. Where constants
    decide whether there is such a variable, `exists` says so: a constant, or a function without parameters.

    A function of no parameters is called when constants have their values. One whose parameters are annotated
    with State classes gives a value that depends on the first values of other variables; its other parameters
    are the keys of the map.
    """
    return Initial(value, caller(), quiet, exists)


def any_of(*choices: Any) -> Any:
    """A free choice: `any_of(Barrier)` among a domain, `any_of(1, 3)` among the values listed."""
    if not choices:
        raise SpecError(
            "E0301", "any_of() without a choice", expected="a domain or values", write="any_of(Barrier)"
        )
    if len(choices) == 1 and isinstance(choices[0], (list, tuple, set, frozenset, dict)):
        inside = ", ".join(map(repr, choices[0])) or "Barrier"
        raise SpecError(
            "E0301",
            f"any_of() of one {type(choices[0]).__name__}",
            expected="a domain or values",
            write=f"any_of({inside})",
        )
    return AnyOf(choices, caller())


class State:
    """A component of the state: `class Sender(State): at: Map[Cpu, Step] = initially(Step.IDLE)`."""

    _namespace = typing.cast("dict[str, Any]", {})
    is_component = False
    """Whether this is a class of an author's own, and no base for such."""

    def __init_subclass__(cls, base: bool = False) -> None:
        cls._namespace = sys._getframe(1).f_globals
        cls.is_component = not base

    def __init__(self) -> None:
        raise SpecError(
            "E0302",
            f"{type(self).__name__}() is instantiated",
            expected="a parameter annotated with the class",
            write=f"def action(x: {type(self).__name__}): ...",
        )

    if not TYPE_CHECKING:

        def __setattr__(self, name, value):
            if name in vars(self):
                known = sys._getframe(1).f_locals.items()
                own = next((key for key, value in known if value is self), type(self).__name__.lower())
                raise SpecError(
                    "E0233",
                    f"`{own}.{name} = ...`",
                    expected="an assignment to the next value",
                    write=f"{own}.{name}.next = ...",
                )
            raise self._unknown(name)

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            raise self._unknown(name)

    def _unknown(self, name: str) -> SpecError:
        if isinstance(inspect.getattr_static(type(self), name, None), Initial):
            return SpecError(
                "E0303",
                f"{type(self).__name__} has no variable {name!r} under these constants",
                expected="a use under the condition that its exists= has",
                write="if CONSTANT: around the use",
            )
        known = list(vars(self))
        declaration = f"{name}: Var[...] = initially(...) in class {type(self).__name__}"
        return SpecError(
            "E0303",
            f"{type(self).__name__} has no variable {name!r}",
            expected=nearest(name, known),
            write=closest(name, known, declaration),
        )


def component(cls: type[State], variables: dict[str, Any]) -> State:
    """The object a traced function receives for a component: variables are symbolic places."""
    built = cls.__new__(cls)
    vars(built).update(variables)
    return built


def declared(cls: type[State]) -> list[tuple[str, Any, Initial]]:
    """The variables of a component: name, annotation, initial value. Every mistake in the class is reported
    here.
    """
    place = class_place(cls)
    try:
        hints = typing.get_type_hints(cls, cls._namespace, include_extras=True)
    except NameError as error:
        raise SpecError(
            "E0304",
            f"{cls.__name__} uses the unknown name {error.name!r} in an annotation",
            expected="an imported name",
            write=f"import or define {error.name}",
            place=place,
        ) from None
    twice = declared_twice(cls)
    if twice is not None:
        raise SpecError(
            "E0310",
            f"{cls.__name__} has two variables {twice[0]!r}, of which Python keeps the last",
            expected="one declaration of each variable",
            write="another name for one of them",
            place=twice[1],
        )
    variables = []
    for name, annotation in hints.items():
        initial = getattr(cls, name, None)
        if not isinstance(initial, Initial):
            shown, value = (
                (f"the plain value {initial!r}", repr(initial))
                if hasattr(cls, name)
                else ("no initial value", "value")
            )
            raise SpecError(
                "E0305",
                f"{cls.__name__}.{name} has {shown}",
                expected="initially(...)",
                place=attribute_place(cls, name),
                write=f"{name}: ... = initially({value})",
            )
        if not initial.is_there:
            continue
        variables.append((name, _variable_type(cls, name, annotation, initial.place), initial))
    forgotten = [n for n, v in vars(cls).items() if isinstance(v, Initial) and n not in hints]
    if forgotten:
        raise SpecError(
            "E0306",
            f"{cls.__name__}.{forgotten[0]} has no annotation",
            expected="a type",
            write=f"{forgotten[0]}: Var[...] = initially(...)",
            place=vars(cls)[forgotten[0]].place,
        )
    return variables


def _variable_type(cls: type, name: str, annotation: Any, place: Place) -> Any:
    origin = typing.get_origin(annotation)
    base = typing.get_args(annotation)[0] if origin is typing.Annotated else annotation
    if typing.get_origin(base) is Var:
        return typing.get_args(base)[0]
    if typing.get_origin(base) in (Map, Set, Queue):
        return annotation
    shown = getattr(annotation, "__name__", None) or repr(annotation)
    raise SpecError(
        "E0307",
        f"{cls.__name__}.{name} is annotated {shown}",
        expected="Var[T], Map[K, V], Set[T] or a Queue",
        write=f"{name}: Var[{'...' if annotation is Var else shown}]",
        place=place,
    )
