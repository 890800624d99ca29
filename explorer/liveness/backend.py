"""The algorithms of `components.py` and `paths.py` at the speed that a graph needs: as they stand, or as
machine code.

Knows nothing of graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from explorer.liveness import fair_components as components
from explorer.liveness import paths
from explorer.liveness.arrays import Array


class Plain:
    """CPython on lists."""

    native = False
    run: Any = SimpleNamespace(
        **{
            name: made
            for module in (components, paths)
            for name, made in vars(module).items()
            if callable(made)
        }
    )

    def array(self, kind: str, size: int) -> Array:
        """`size` zeros; kind: flag (0 to 255), label (16 bits) and number (32 bits) without sign, whole (64
        bits).
        """
        return bytearray(size) if kind == "flag" else [0] * size

    def of(self, kind: str, values: Sequence[int]) -> Array:
        return bytearray(values) if kind == "flag" else list(values)

    def ones(self, size: int) -> Array:
        return bytearray(b"\1") * size


def backend_source() -> str:
    """The algorithms as a module for Numba."""
    texts = (Path(__file__).with_name(name).read_text() for name in ("fair_components.py", "paths.py"))
    functions = (text.replace("\n\n\ndef ", "\n\n\n@njit(nogil=True, cache=True)\ndef ") for text in texts)
    return "\n\n".join(["from numba import njit", *functions])


def graph_source() -> str:
    """What makes a graph, as a module for Numba; all specs share it."""
    return Path(__file__).with_name("graph_kernels.py").read_text()


class Native:
    """Numba on arrays."""

    native = True

    def __init__(self) -> None:
        import numpy

        from explorer.engine.native.jit import Jit, default_directory

        self.numpy = numpy
        self.run: Any = Jit(default_directory()).module(backend_source())

    def array(self, kind: str, size: int) -> Array:
        from explorer.engine.native.visited import reserve

        kinds = {
            "flag": self.numpy.uint8,
            "label": self.numpy.uint16,
            "number": self.numpy.uint32,
            "whole": self.numpy.int64,
        }
        zeros: Array = reserve(size, kinds[kind])[:size]
        return zeros

    def of(self, kind: str, values: Sequence[int]) -> Array:
        result = self.array(kind, len(values))
        result[:] = values
        return result

    def ones(self, size: int) -> Array:
        return self.numpy.ones(size, self.numpy.uint8)


Backend = Plain | Native
