"""The text of a step in pieces: `{expression}` in it is evaluated on the state before the step. Knows
nothing of actions and processes.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

from explorer.ir.errors import SpecError, closest
from explorer.language.concrete import expressions_of
from explorer.language.tracing import Trace, tracing

Refuse = Callable[[str, str], SpecError]
"""Makes the error for a part of the text, and why it means nothing."""


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> CodeType:
    return compile(expression.strip(), "<label>", "eval")


def pieces(
    text: str,
    subject: str,
    outer: dict[str, Any],
    local: dict[str, Any],
    refuse: Refuse,
    names: Mapping[int, str],
) -> tuple[Any, ...]:
    """Texts and values, in order. `outer` and `local` are the names that expressions see; `names` are the
    texts of objects that have one, by `id`.
    """
    result: list[Any] = []
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise refuse(f'"{text}"', str(error)) from None
    for literal, name, format, conversion in parsed:
        if literal:
            result.append(literal)
        if name is None:
            continue
        if format or conversion:
            shown = f"{name}{'!' + conversion if conversion else ''}{':' + format if format else ''}"
            raise refuse(f"{{{shown}}}", "formats are not supported")
        with tracing(Trace("label", subject)):
            try:
                piece = eval(_compiled(name), outer, local)
                list(expressions_of(piece))  # raises where it is a place that cannot be read so
                result.append(names.get(id(piece), piece))
            except SpecError as error:
                meant = f"; {error.expected}" if error.expected.startswith("did you mean") else ""
                raise refuse(f"{{{name}}}", f"{error.found}{meant}") from None
            except NameError as error:
                meant = closest(error.name or "", list(local))
                said = f"; did you mean {meant!r}?" if meant else f"; known: {', '.join(local) or 'none'}"
                raise refuse(f"{{{name}}}", f"{error}{said}") from None
            except SyntaxError:
                raise refuse(f"{{{name}}}", "not an expression") from None
            except Exception as error:
                raise refuse(f"{{{name}}}", str(error)) from None
    return tuple(result)
