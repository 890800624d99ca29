"""Initial values: from what an author gave `initially(...)` to the alternatives of every cell. Knows nothing
of actions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from explorer.ground.signatures import crash
from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError
from explorer.ir.model import Choice
from explorer.ir.places import Path
from explorer.ir.types import (
    LargeSetType,
    MapType,
    RecordType,
    ScalarType,
    SetType,
    Type,
    is_finite_domain,
    value_text,
)
from explorer.language.annotations import resolve
from explorer.language.assignment import assign_cells
from explorer.language.domains import MAX_DOMAIN
from explorer.language.lifting import lift
from explorer.language.state import AnyOf
from explorer.language.tracing import Trace, tracing
from explorer.language.values import Value


def choices(path: Path, type: Type, value: Any, place: Place) -> Iterator[Choice]:
    """The initial alternatives of a place: one choice for every cell, or group of cells, that varies
    alone.
    """
    role = f"the initial value of `{path}`"
    if inspect.isfunction(value) and not inspect.signature(value).parameters:
        value = _call(value, (), role, place)
    mapped = isinstance(type, MapType) and not isinstance(type, LargeSetType)
    if isinstance(type, MapType) and mapped and not isinstance(value, (Value, AnyOf)):
        keys = type.key.values()
        if isinstance(value, dict):
            missing = [value_text(k) for k in keys if k not in value]
            extra = [value_text(k) for k in value if k not in keys]
            if missing or extra:
                wrong = f"no value for {', '.join(missing)}" if missing else f"the unknown key {extra[0]}"
                raise SpecError(
                    "E0234",
                    f"a map with {wrong} as {role}",
                    expected="a value for every key",
                    place=place,
                    write="{key: value for key in domain(...)} or initially(lambda key: ...)",
                )
        for i, key in enumerate(keys):
            one = (
                value[key]
                if isinstance(value, dict)
                else _call(value, (key,), role, place)
                if inspect.isfunction(value)
                else value
            )
            yield from choices(path.at(ex.const(i), len(keys)), type.value, one, place)
        return
    if isinstance(type, MapType) and mapped and isinstance(value, AnyOf):
        for i in range(type.key.size):
            yield from choices(path.at(ex.const(i), type.key.size), type.value, value, place)
        return
    options = options_of(value) if isinstance(value, AnyOf) else [value]
    alternatives = [_codes(path, type, option, role, place) for option in options]
    cells = tuple(cell for cell, _ in alternatives[0])
    distinct = dict.fromkeys(tuple(code for _, code in alternative) for alternative in alternatives)
    yield Choice(cells, tuple(distinct))


def _codes(path: Path, type: Type, option: Any, role: str, place: Place) -> list[tuple[int, int]]:
    """The cells of a place and the codes that a concrete value gives them."""
    with tracing(Trace("action", role)) as trace:
        try:
            lifted = lift(type, option, role)
        except SpecError as error:
            raise SpecError(
                error.code, error.found, expected=error.expected, write=error.write, place=place
            ) from None
        assign_cells(path, type, lifted, place)
    return [(w.family.first + w.index.value, w.expr.value) for w in trace.writes]


def options_of(value: AnyOf) -> list[Any]:
    """The values a free choice stands for: the members of a single domain, or those listed."""
    if len(value.choices) == 1:
        try:
            type = resolve(value.choices[0], value.place)
        except SpecError:
            if inspect.isclass(value.choices[0]):
                raise
            return list(value.choices)
        if isinstance(type, ScalarType | RecordType) and type.size > MAX_DOMAIN:
            raise SpecError(
                "E0116",
                f"any_of({type.name}) among {type.size} values",
                expected=f"at most {MAX_DOMAIN} values",
                write="a smaller domain, or the values one by one",
                place=value.place,
            )
        if isinstance(type, SetType) or is_finite_domain(type) or not isinstance(type, ScalarType):
            return list(type.values())
    return list(value.choices)


def _call(function: Callable[..., Any], keys: tuple[Any, ...], role: str, place: Place) -> Any:
    """An initial value by an author's function of the key, or of nothing but constants."""
    try:
        return function(*keys)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        of = f" for {value_text(keys[0])}" if keys else ""
        raise crash(error, f"computing {role}{of}", place) from error
