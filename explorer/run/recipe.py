"""How another process makes the program of a model: from its spec file, with the same constants. Functions
and classes of a spec cannot be sent; its file can be read again.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.compiled import Compiled
from explorer.ground.ground import ground
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.run.constants import bindings
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.symmetry.find import find


@dataclass(frozen=True, slots=True)
class Recipe:
    """A spec file, what was bound, and the properties that are asked for."""

    file: str
    define: tuple[str, ...]
    properties: tuple[str, ...]

    def __call__(self, symmetric: bool) -> Compiled:
        """The program, under the symmetry that a proof finds, or without any."""
        spec = load(self.file)
        (values,) = bindings(spec, list(self.define))
        model = ground(spec, values, self.file)
        return Compiled(model, find(model, self.properties) if symmetric else None)


def recipe_of(model: Model, properties: tuple[str, ...]) -> Recipe:
    """The recipe of a model that was made from a spec file. UsageError for any other."""
    if not model.file:
        raise UsageError("--cluster: the actors read the spec's file, and there is none; write: a file")
    define = [f"{name}={_text(model.constants[name])}" for name in sorted(model.bound)]
    return Recipe(model.file, tuple(define), properties)


def _text(value: Any) -> str:
    """A value as -D reads it."""
    return str(value).lower() if isinstance(value, bool) else str(getattr(value, "name", value))
