"""The mistakes of a spec, collected so that they are reported together."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from explorer.ir.errors import SpecError, SpecErrors

P = ParamSpec("P")
T = TypeVar("T")


class Mistakes:
    """What is wrong so far, each mistake once."""

    def __init__(self) -> None:
        self.errors: list[SpecError] = []

    def attempt(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Run a part of the work; a mistake there is noted and the rest goes on."""
        try:
            return make(*args, **kwargs)
        except SpecErrors as error:
            self.errors.extend(error.errors)
        except SpecError as error:
            if all((e.code, e.place, e.found) != (error.code, error.place, error.found) for e in self.errors):
                self.errors.append(error)
        return None

    def stop_if_any(self) -> None:
        """Raise what was noted."""
        if self.errors:
            raise self.errors[0] if len(self.errors) == 1 else SpecErrors(self.errors)
