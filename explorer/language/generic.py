"""Parts that a function makes, for any domain, named apart. Knows nothing of what they are."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from explorer.ir.errors import SpecError
from explorer.language.declarations import declaration_of
from explorer.language.state import State
from explorer.language.symbolic import shown


def named(prefix: str, /, *parts: Any) -> SimpleNamespace:
    """The State classes, actions and properties that a function made, with a prefix before their names, so
    that a spec can have several of them: `return named(name, Box, post, read)`.

    They are attributes of the result under the names that they had. Kept in a module, it is composed with it.
    """
    if not isinstance(prefix, str) or not prefix.isidentifier():
        raise SpecError(
            "E0524",
            f"named({shown(prefix)}, ...)",
            expected="a name that is an identifier, and the parts",
            write='named("mail", Box, post, read)',
        )
    result = SimpleNamespace()
    for part in parts:
        state = inspect.isclass(part) and issubclass(part, State)
        if "<locals>" not in getattr(part, "__qualname__", "") or not (state or declaration_of(part)):
            raise SpecError(
                "E0524",
                f"named({prefix!r}, ...) of {getattr(part, '__name__', shown(part))}",
                expected="State classes and decorated functions that a function made",
                write=f"def mailbox(...): ...; return named({prefix!r}, Box, post)",
            )
        setattr(result, part.__name__, part)
        part.__name__ = f"{prefix}_{part.__name__}"
    return result
