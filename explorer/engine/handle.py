"""How engines name states and steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

Handle = Any
"""A state as an engine keeps it: a tuple of codes in the reference, a packed integer elsewhere."""

Edge = tuple[Handle, int, Handle]
"""A state, the number of the action instance taken, and the state after it."""


class Level(Protocol):
    """The states at one distance, each once, in the engine's order."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Handle]: ...
