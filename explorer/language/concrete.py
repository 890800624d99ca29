"""The author's values that symbolic ones have in a state. Knows nothing of how states are found."""

from __future__ import annotations

from typing import Any

from explorer.ir.semantics import State, evaluate
from explorer.ir.types import MapType, OptionalRecord, QueueType, RecordType, ScalarType
from explorer.language.structure import parts_of
from explorer.language.values import Value


def concrete(value: Any, state: State, after: State | None = None) -> Any:
    """The author's value that a symbolic one has in a state: enum members, records, dicts, lists."""
    if not isinstance(value, Value):
        return value
    found = value._type
    if isinstance(found, ScalarType):
        return found.decode(evaluate(value._expr, state, after))
    parts = dict(parts_of(value))
    if isinstance(found, RecordType):
        return found.cls(**{name: concrete(part, state, after) for name, part in parts.items()})
    if isinstance(found, OptionalRecord):
        return concrete(parts["content"], state, after) if concrete(parts["present"], state, after) else None
    if isinstance(found, MapType):
        return {key: concrete(parts[i], state, after) for i, key in enumerate(found.key.values())}
    assert isinstance(found, QueueType)
    return [concrete(parts[i], state, after) for i in range(concrete(parts["length"], state, after))]
