"""Values for the constants of a spec: from `-D` texts, from a variant, from keyword arguments. Raises
UsageError or SpecError where something is no constant or no value.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

from explorer.ir.errors import SpecError, nearest
from explorer.language.constants import Constant, parse
from explorer.language.spec import Spec
from explorer.language.variants import Variant, constants_of_variant
from explorer.run.options import UsageError


def bindings(spec: Spec, definitions: list[str]) -> list[dict[str, Any]]:
    """Every combination of the values given with -D; SpecError or UsageError for what is no constant or no
    value.
    """
    if not definitions:
        return [{}]
    with suppress(UsageError):  # most constants are known before anything is grounded
        return _combinations(spec.known_constants(), definitions)
    known, wrong = _met(spec)
    try:
        return _combinations(known, definitions)
    except UsageError:
        if wrong is not None:
            raise wrong from None  # a malformed spec is reported before wrong options
        raise


def _met(spec: Spec) -> tuple[dict[str, Constant], SpecError | None]:
    from explorer.ground.ground import meet_constants

    return meet_constants(spec)


def _combinations(known: dict[str, Constant], definitions: list[str]) -> list[dict[str, Any]]:
    choices: dict[str, list[Any]] = {}
    for definition in definitions:
        name, equals, text = definition.partition("=")
        if not name:
            raise UsageError(f"-D {definition}: no name; write: -D NAME=VALUE")
        if not equals:
            raise UsageError(f"-D {definition}: no value; write: -D {name}=VALUE")
        if name not in known:
            raise UsageError(f"-D {name}: no such constant; {nearest(name, list(known))}")
        if name in choices:
            raise UsageError(f"-D {definition}: {name} is given twice; write: -D {name}=a,b for a matrix")
        try:
            choices[name] = [parse(known[name], part) for part in _parts(text)]
        except ValueError as error:
            raise UsageError(f"-D {definition}: {error}") from None
    return [dict(zip(choices, picked)) for picked in itertools.product(*choices.values())]


def _parts(text: str) -> list[str]:
    first, dots, last = text.partition("..")
    if dots and first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
        if int(first) > int(last):
            raise ValueError(f"{text} is empty; write the smaller number first")
        return [str(i) for i in range(int(first), int(last) + 1)]
    return text.split(",")


def single(bindings: list[dict[str, Any]]) -> dict[str, Any]:
    for name, _value in bindings[0].items():
        texts = list(dict.fromkeys(str(getattr(b[name], "name", b[name])) for b in bindings))
        if len(texts) > 1:
            raise UsageError(
                f"-D {name}={','.join(texts)}: this command takes one value for each constant; write: -D"
                f" {name}={texts[0]}"
            )
    return bindings[0]


def constants_of(spec: Spec, row: Variant) -> dict[str, Any]:
    """The constants of a variant; text is read as on the command line."""
    with suppress(SpecError):
        return constants_of_variant(spec.known_constants(), row)
    known, wrong = _met(spec)
    try:
        return constants_of_variant(known, row)
    except SpecError as error:
        raise wrong or error from None
