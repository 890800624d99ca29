"""A location of a memory: a place that only a CPU's load reads. Knows nothing of memories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from explorer.ir.errors import SpecError
from explorer.ir.places import Path
from explorer.ir.types import ScalarType, Type
from explorer.language.symbolic import Role, represents
from explorer.language.values import Location

T_co = TypeVar("T_co", covariant=True)


@represents(ScalarType, Role.SHARED)
class SharedLocation(Location[T_co]):
    """Where CPUs store and load. It has no value of its own: what a CPU sees is what its load gives."""

    __slots__ = ()

    def __init__(self, type: Type, path: Path):
        object.__setattr__(self, "_type", type)
        object.__setattr__(self, "_path", path)

    if not TYPE_CHECKING:

        @property
        def _expr(self) -> Any:
            raise SpecError(
                "E0702",
                f"`{self._path}` is read without a CPU, and it is a location of a memory",
                expected="a load by a CPU, or memory.newest(...) in a property",
                write=f"memory.load(cpu, {self._path})",
            )
