"""Records that an author computes field by field. Knows nothing of actions."""

from __future__ import annotations

import dataclasses
from typing import Any

from explorer.ir.errors import SpecError, caller
from explorer.ir.types import RecordType
from explorer.language.annotations import resolve
from explorer.language.lifting import examples, lift
from explorer.language.structure import combine
from explorer.language.values import D, RecordLocation, no_field


def record(cls: type[D], **fields: Any) -> RecordLocation[D]:
    """A record with symbolic fields: `record(Store, address=a, value=sender.kind[cpu])`."""
    type = resolve(cls, caller()) if dataclasses.is_dataclass(cls) else None
    if not isinstance(type, RecordType):
        raise SpecError(
            "E0236",
            f"record({getattr(cls, '__name__', cls)}, ...)",
            expected="a dataclass",
            write="@dataclass(frozen=True)",
        )
    inner = dict(type.fields)
    wrong = [name for name in fields if name not in inner]
    if wrong:
        raise no_field(type, wrong[0])
    missing = [name for name in inner if name not in fields]
    if missing:
        raise SpecError(
            "E0237",
            f"record({type.name}, ...) without {', '.join(missing)}",
            expected="every field",
            write=examples(type),
        )
    built: RecordLocation[D] = combine(
        type, lambda key: lift(inner[key], fields[key], f"field {key!r} of {type.name}"), inner
    )
    return built
