"""What an author declares that a run of a spec shall find. Knows nothing of specs."""

from __future__ import annotations

from typing import Any

from explorer.ir.errors import SpecError
from explorer.ir.expectation import Expectation

HOLDS = Expectation(True)


def holds_within(
    *constraints: str, max_depth: int | None = None, max_states: int | None = None
) -> Expectation:
    """`expect=holds_within("clock_constraint")`: everything holds in the states that the named constraints
    leave, and in the first `max_depth` steps or the first `max_states` states where a limit ends the run.
    """
    _check_bounds("holds_within", constraints, max_depth, max_states)
    if not constraints and max_depth is None and max_states is None:
        raise SpecError(
            "E0501",
            "holds_within() without a bound",
            expected="names of constraints, as text, max_depth or max_states",
            write="expect=HOLDS, where there is no bound",
        )
    return Expectation(True, within=constraints, max_depth=max_depth, max_states=max_states)


def violates(
    property: str,
    *,
    steps: int | None = None,
    also: tuple[str, ...] = (),
    within: tuple[str, ...] | str = (),
    max_depth: int | None = None,
    max_states: int | None = None,
) -> Expectation:
    """`expect=violates("no_lost_ipi", steps=21)`: this property fails, its shortest story has so many steps.

    Every other property must hold, but for those named in `also`, which must fail too: `within` constraints,
    in the first `max_depth` steps or `max_states` states, where these are given. "deadlock" and "evaluation"
    are properties of every spec.
    """
    if not isinstance(property, str) or not property:
        shown = getattr(property, "__name__", None) or repr(property)
        raise SpecError(
            "E0501",
            f"violates({shown})",
            expected="the name of a property, as text",
            write=f'violates("{shown if shown.isidentifier() else "no_lost_ipi"}")',
        )
    if steps is not None and not _is_count(steps):
        raise SpecError(
            "E0501",
            f"violates({property!r}, steps={steps!r})",
            expected="the number of steps of the shortest story",
            write=f"steps={int(steps)}" if str(steps).isdecimal() else "steps=21",
        )
    if not isinstance(also, (tuple, list)) or not all(isinstance(name, str) for name in also):
        raise SpecError(
            "E0501",
            f"violates({property!r}, also={also!r})",
            expected="a tuple of names of properties, as text",
            write=f"also=({also!r},)" if isinstance(also, str) else 'also=("deadlock",)',
        )
    constraints = (within,) if isinstance(within, str) else tuple(within)
    _check_bounds(f"violates({property!r}, ...)", constraints, max_depth, max_states)
    return Expectation(
        holds=False,
        property=property,
        steps=steps,
        also=tuple(also),
        within=constraints,
        max_depth=max_depth,
        max_states=max_states,
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_bounds(what: str, constraints: tuple[Any, ...], max_depth: Any, max_states: Any) -> None:
    """Refuse bounds that are none."""
    for name in constraints:
        if not isinstance(name, str) or not name:
            shown = getattr(name, "__name__", None) or repr(name)
            raise SpecError(
                "E0501",
                f"{what} within {shown}",
                expected="the name of a constraint, as text",
                write=f'"{shown if shown.isidentifier() else "clock_constraint"}"',
            )
    for name, value in (("max_depth", max_depth), ("max_states", max_states)):
        if value is not None and not _is_count(value):
            raise SpecError("E0501", f"{what} with {name}={value!r}", expected="a number", write=f"{name}=20")
