"""The author's values that symbolic ones have in a state, and the expressions in them. Knows nothing of how
states are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from explorer.ir.expressions import Expr
from explorer.ir.semantics import State, evaluate
from explorer.ir.types import LargeSetType, MapType, OptionalRecord, QueueType, RecordType, ScalarType
from explorer.language.structure import parts_of
from explorer.language.values import Value


def concrete(value: Any, state: State, after: State | None = None) -> Any:
    """The author's value that a symbolic one has in a state: enum members, records, dicts, lists."""
    if not isinstance(value, Value):
        return value
    type = value._type
    if isinstance(type, ScalarType):
        return type.decode(evaluate(value._expr, state, after))
    parts = dict(parts_of(value))
    if isinstance(type, RecordType):
        return type.cls(**{name: concrete(part, state, after) for name, part in parts.items()})
    if isinstance(type, OptionalRecord):
        return concrete(parts["content"], state, after) if concrete(parts["present"], state, after) else None
    if isinstance(type, LargeSetType):
        return frozenset(key for i, key in enumerate(type.key.values()) if concrete(parts[i], state, after))
    if isinstance(type, MapType):
        return {key: concrete(parts[i], state, after) for i, key in enumerate(type.key.values())}
    assert isinstance(type, QueueType)
    return [concrete(parts[i], state, after) for i in range(concrete(parts["length"], state, after))]


def expressions_of(value: Any) -> Iterator[Expr]:
    """The expressions in a symbolic value; nothing for a plain one."""
    if isinstance(value, Value):
        if isinstance(value._type, ScalarType):
            yield value._expr
        else:
            for _, part in parts_of(value):
                yield from expressions_of(part)
