"""What the compiler reads off an author's function: its parameters, their values, and the line where it
failed.
"""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from explorer.ir.errors import Place, SpecError, is_ours
from explorer.ir.types import SetType, Type, is_finite_domain, value_text
from explorer.language.annotations import resolve
from explorer.language.declarations import Declaration
from explorer.language.domains import MAX_DOMAIN, check_name
from explorer.language.options import defaults_of, settled_options
from explorer.language.python_errors import told
from explorer.language.state import State
from explorer.language.values import Var

_LIBRARY = os.path.dirname(os.__file__) + os.sep
"""Python's own modules: an error that they raise is the author's who called them."""


def is_component(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, State)


def signature(d: Declaration) -> dict[str, Any]:
    """The parameters of a declared function with their annotations."""
    try:
        hints = typing.get_type_hints(d.function, include_extras=True)
    except NameError as error:
        raise SpecError(
            "E0304",
            f"{d.name} uses the unknown name {error.name!r} in an annotation",
            expected="an imported name",
            write=f"import or define {error.name}",
            place=d.place,
        ) from None
    parameters = {}
    for name, parameter in inspect.signature(d.function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            raise SpecError(
                "E0609",
                f"{d.name} has the parameter {stars}{name}",
                expected="named parameters with annotations",
                write=f"{name}: Component",
                place=d.place,
            )
        if parameter.default is not parameter.empty:
            raise SpecError(
                "E0609",
                f"parameter {name!r} of {d.name} has the default {value_text(parameter.default)}",
                expected="a parameter that takes every value of its domain",
                write=f"{name} without a default, and when({name} == ...)",
                place=d.place,
            )
        if name not in hints:
            raise SpecError(
                "E0610",
                f"parameter {name!r} of {d.name} has no annotation",
                expected="a State class or a domain",
                write=f"{name}: Component, or {name}: Cpu",
                place=d.place,
            )
        if hints[name] is State:
            raise SpecError(
                "E0610",
                f"parameter {name!r} of {d.name} is annotated State",
                expected="a class of one's own",
                write=f"{name}: Component",
                place=d.place,
            )
        parameters[name] = hints[name]
    return parameters


def settled(d: Declaration, others: list[Declaration]) -> Declaration:
    """The declaration with the values of the constants among its options, and the defaults of its file."""
    if d.kind not in ("action", "process"):
        return d
    known = list(inspect.signature(d.function).parameters)
    default = defaults_of(d.function)
    if default is not None and default.actor not in known:
        beside = [o.function for o in others if o.function.__globals__ is d.function.__globals__]
        if any(default.actor in inspect.signature(function).parameters for function in beside):
            default = replace(default, actor=None)
    return replace(d, options=settled_options(f"{d.kind} {d.name}", known, d.options, default, d.place))


def check_actor(d: Declaration, quantified: tuple[str, ...]) -> None:
    """SpecError where the actor is a quantified parameter misspelt. Any other text is a fixed lane."""
    actor = d.options["actor"]
    if actor:
        check_name(actor, f"the actor of {d.name}", d.place)
    meant = next((name for name in quantified if actor != name and _is_slip(actor or "", name)), None)
    if meant is not None and actor not in quantified:
        raise SpecError(
            "E0404",
            f"actor={actor!r} on action {d.name}",
            expected=f"did you mean {meant!r}?",
            write=f'@action(actor="{meant}")',
            place=d.place,
        )


def _is_slip(text: str, name: str) -> bool:
    """Whether two names differ only in capitals, in the order of their letters, or in one letter more or
    less. (Two lanes may be `cpu0` and `cpu1`, or `tx` and `rx`.)
    """
    text, name = text.lower(), name.lower()
    if sorted(text) == sorted(name):
        return True
    short, long = sorted((text, name), key=len)
    cuts = (long[:i] + long[i + 1 :] for i in range(len(long)) if long[i].isalpha())
    return len(short) > 2 and short in cuts


def domain_of(d: Declaration, name: str, annotation: Any) -> Type:
    """The domain that a parameter is quantified over; SpecError where its values cannot be listed."""
    if typing.get_origin(annotation) is Var:
        raise SpecError(
            "E0611",
            f"parameter {name!r} of {d.name} is annotated Var[...]",
            expected="a State class or a domain",
            write="the domain alone, without Var",
            place=d.place,
        )
    try:
        type = resolve(annotation, d.place)
    except SpecError as error:
        raise SpecError(
            error.code,
            f"parameter {name!r} of {d.name}: {error.found}",
            expected=error.expected,
            write=error.write,
            place=error.place,
        ) from None
    small, runs = isinstance(type, SetType), d.kind == "process"
    if not is_finite_domain(type) and (runs or not small):
        sets = "" if runs else "a small set, "
        raise SpecError(
            "E0611",
            f"parameter {name!r} of {d.name} ranges over {type.name}",
            expected=f"bool, an enum, a Range, a Scalarset, {sets}or a record of those",
            write=f"{name} = yield choose({type.name}) in a step"
            if runs and small
            else "parameters for the parts, or the State class that holds it",
            place=d.place,
        )
    if type.size > MAX_DOMAIN:
        raise SpecError(
            "E0116",
            f"parameter {name!r} of {d.name} ranges over {type.size} values",
            place=d.place,
            expected=f"at most {MAX_DOMAIN} values",
            write="a smaller domain",
        )
    return type


def crash(error: BaseException, doing: str, place: Place) -> SpecError:
    """What to tell an author whose own code raised an exception."""
    place = _innermost(error, place)
    known = told(error)
    if known is not None:
        found = f"{known.found} (while {doing})"
        return SpecError("E0604", found, expected=known.expected, write=known.write, place=place)
    return SpecError(
        "E0604",
        f"{type(error).__name__} while {doing}: {error}",
        expected="code that runs while the spec is compiled",
        write="a correction on that line; on state only operations of the language work",
        place=place,
    )


def _innermost(error: BaseException, fallback: Place) -> Place:
    """The last line of the author's own code in a traceback."""
    place, tb = fallback, error.__traceback__
    while tb is not None:
        file = tb.tb_frame.f_code.co_filename
        if not (is_ours(file) or file.startswith((_LIBRARY, "<frozen "))):
            place = Place(file, tb.tb_lineno)
        tb = tb.tb_next
    return place


def first_paragraph(function: Callable[..., Any]) -> str:
    """The first paragraph of a docstring on one line: the label of an action, the text of a property."""
    paragraph = (inspect.getdoc(function) or "").strip().partition("\n\n")[0]
    return " ".join(line.strip() for line in paragraph.splitlines())
