"""The rows of a spec's table: constants that differ, and what must be found with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, caller, closest, nearest
from explorer.ir.expectation import Expectation
from explorer.language.constants import Constant, parse, written


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of a family's table: constants that differ from the spec's, what they stand for, and what must be
    found.
    """

    name: str
    expect: Expectation
    text: str
    constants: dict[str, Any]
    place: Place


def variant(name: str, expect: Expectation, text: str = "", /, **constants: Any) -> Variant:
    """`variants=[variant("V1", violates("no_lost_ipi"), "no barrier", set_barrier="none")]`, for `python -m
    explorer table`.

    A constant's value may be given as on the command line, as text.
    """
    if not isinstance(expect, Expectation):
        raise SpecError(
            "E0502",
            f"expect={expect!r} of variant {name!r}",
            expected='HOLDS or violates("property")',
            write="HOLDS",
        )
    for what, said in (("the name", name), ("the text", text)):
        if not isinstance(said, str):
            raise SpecError(
                "E0515",
                f"{what} of a variant is {said!r}",
                expected="a text, and constants by their names",
                write='variant("V1", HOLDS, "with the barrier", barrier="sync")',
            )
    return Variant(name, expect, text, constants, caller())


def constants_of_variant(known: Mapping[str, Constant], row: Variant) -> dict[str, Any]:
    """The constants of a variant; text is read as on the command line. Raises SpecError for what is no
    constant or no value.
    """
    values: dict[str, Any] = {}
    for name, value in row.constants.items():
        if name not in known:
            raise SpecError(
                "E0507",
                f"constant {name!r} of {row.name!r} was never declared",
                place=row.place,
                expected=nearest(name, list(known)),
                write=assignment(name, known, f"constants without {name}"),
            )
        try:
            values[name] = parse(known[name], value) if isinstance(value, str) else value
        except ValueError as error:
            raise SpecError(
                "E0508",
                f"constant {name} of {row.name!r}: {error}",
                place=row.place,
                expected="a value like its default",
                write=f"{name}={written(known[name]._default)}",
            ) from None
    return values


def assignment(name: str, known: Mapping[str, Constant], otherwise: str) -> str:
    """What to write in place of an unknown constant: the known one that is near, or something else."""
    near = closest(name, list(known))
    return f"{near}=..." if near else otherwise


def rows(given: Any, place: Place) -> tuple[Variant, ...]:
    """The rows of a table, each name once. Raises SpecError for anything else."""
    by_name: dict[str, Variant] = {}
    listed = isinstance(given, (list, tuple))
    for row in given if listed else [given]:
        if not (listed and isinstance(row, Variant)):
            raise SpecError(
                "E0515",
                f"variants has {row!r}"
                if listed
                else f"variants is {'one row' if isinstance(given, Variant) else repr(given)}, no list",
                expected="rows made by variant(...)",
                place=place,
                write='variants=[variant("V1", HOLDS, "with the barrier", barrier="sync")]',
            )
        if row.name in by_name:
            raise SpecError(
                "E0515",
                f"two variants named {row.name!r} (the other at {by_name[row.name].place})",
                place=row.place,
                expected="one name for each row",
                write="another name for one of them",
            )
        by_name[row.name] = row
    return tuple(by_name.values())


def row_named(name: Any, rows: Sequence[Variant], spec: str) -> Variant:
    """The row with this name. Raises SpecError where the spec has none."""
    names = [row.name for row in rows]
    if name in names:
        return rows[names.index(name)]
    raise SpecError(
        "E0521",
        f"variant({name!r}), but {spec} has no row of this name",
        expected=nearest(str(name), names) if names else "HOLDS or violates(...), with constants",
        write=f"variant({closest(str(name), names, names[0])!r})" if names else 'variant(violates("safe"))',
    )
