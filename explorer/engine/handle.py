"""How engines name states and steps."""

from __future__ import annotations

from typing import Any

Handle = Any
"""A state as an engine keeps it: a tuple of codes in the reference, a packed integer elsewhere."""

Edge = tuple[Handle, int, Handle]
"""A state, the number of the action instance taken, and the state after it."""
