"""Initial values that depend on those of other variables: each becomes a part of the choice that they make.
Knows nothing of actions.
"""

from __future__ import annotations

import inspect
import itertools
import typing
from collections.abc import Callable, Iterator
from typing import Any

from explorer.ground.signatures import crash, is_component
from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError
from explorer.ir.expressions import Expr
from explorer.ir.model import Choice
from explorer.ir.places import Path
from explorer.ir.semantics import EvaluationError, evaluate
from explorer.ir.types import MapType, Type
from explorer.language.assignment import assign_cells
from explorer.language.domains import MAX_DOMAIN
from explorer.language.lifting import lift
from explorer.language.state import Initial, State
from explorer.language.tracing import Trace, tracing

Dependent = tuple[Path, Type, Initial]
"""A variable, its type, and the function that gives its first value."""
Components = dict[type[State], State]


def depends(value: Any) -> bool:
    """Whether an initial value is a function of other parts of the state."""
    return inspect.isfunction(value) and any(map(is_component, _annotations(value).values()))


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    if not getattr(function, "__annotations__", None):
        return {}
    return {n: a for n, a in typing.get_type_hints(function).items() if n != "return"}


def settle(waiting: list[Dependent], components: Components, choices: list[Choice]) -> None:
    """Give every dependent variable its values, those first that depend on nothing unsettled.

    Raises SpecError where variables depend on each other in a circle.
    """
    todo = [(path, initial, list(_cells(path, type, initial, components))) for path, type, initial in waiting]
    while todo:
        settled = {cell for choice in choices for cell in choice.cells}
        ready = [item for item in todo if all(_reads(expr) <= settled for _, expr in item[2])]
        if not ready:
            names = ", ".join(str(path) for path, _, _ in todo)
            raise SpecError(
                "E0308",
                f"the first values of {names} depend on each other",
                expected="a first value that can be computed from others",
                write="any_of(...), and an @initial condition",
                place=todo[0][1].place,
            )
        for _, initial, cells in ready:
            _join(cells, choices, initial.place)
        todo = [item for item in todo if item not in ready]


def _cells(path: Path, type: Type, initial: Initial, components: Components) -> Iterator[tuple[int, Expr]]:
    """The cells of a variable, and what each is at first."""
    function, role = initial.value, f"the initial value of `{path}`"
    hints = _annotations(function)
    names = list(inspect.signature(function).parameters)
    fixed = {name: components[hints[name]] for name in names if is_component(hints.get(name))}
    keys = [name for name in names if name not in fixed]
    for place, inner, given in _under(path, type, len(keys)):
        try:
            with tracing(Trace("initial", role)):
                value = function(**fixed, **dict(zip(keys, given)))
        except SpecError:
            raise
        except (Exception, SystemExit) as error:
            raise crash(error, f"computing {role}", initial.place) from error
        with tracing(Trace("action", role)) as trace:
            assign_cells(place, inner, lift(inner, value, role), initial.place)
        for write in trace.writes:
            yield write.family.first + write.index.value, write.expr


def _under(path: Path, type: Type, depth: int) -> Iterator[tuple[Path, Type, tuple[Any, ...]]]:
    """The places of a map under so many keys."""
    if depth == 0 or not isinstance(type, MapType):
        yield path, type, ()
        return
    for i, key in enumerate(type.key.values()):
        for place, inner, keys in _under(path.at(ex.const(i), type.key.size), type.value, depth - 1):
            yield place, inner, (key, *keys)


def _reads(expr: Expr) -> set[int]:
    """The cells that an expression may read."""
    cells: set[int] = set()
    for at in ex.walk(expr):
        if at.op == "load":
            cells.add(at.value[0].first + at.value[1])
        elif at.op == "loadat":
            cells |= set(range(at.value.first, at.value.first + at.value.size))
    return cells


def _join(cells: list[tuple[int, Expr]], choices: list[Choice], place: Place) -> None:
    """Choices on which the cells depend become one, which settles the cells, too."""
    read = set().union(*(_reads(expr) for _, expr in cells))
    mine = [choice for choice in choices if set(choice.cells) & read]
    number = 1
    for choice in mine:
        number *= len(choice.alternatives)
    if number > MAX_DOMAIN:
        raise SpecError(
            "E0116",
            f"an initial value that depends on {number} combinations of others",
            expected=f"at most {MAX_DOMAIN} combinations",
            write="a value that depends on fewer variables",
            place=place,
        )
    known = [cell for choice in mine for cell in choice.cells]
    size = max([*known, 0]) + 1
    alternatives = []
    for picked in itertools.product(*(choice.alternatives for choice in mine)):
        codes = [code for chosen in picked for code in chosen]
        state = [0] * size
        for cell, code in zip(known, codes):
            state[cell] = code
        try:
            new = [evaluate(expr, tuple(state)) for _, expr in cells]
        except EvaluationError as error:
            raise SpecError(
                "E0309",
                f"an initial value has no value: {error.failure.message}",
                expected="a value for every choice of the others",
                write="ite(...) around what may have no value",
                place=place,
            ) from None
        alternatives.append((*codes, *new))
    choices[:] = [choice for choice in choices if choice not in mine]
    choices.append(Choice((*known, *(cell for cell, _ in cells)), tuple(dict.fromkeys(alternatives))))
