"""verdict.json: the record as plain data and as text. Keys stay in the record's order; numbers and texts as
they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def to_json(record: Mapping[str, Any]) -> str:
    """The record as JSON that every reader takes: stable order, no NaN or infinity (null instead), a newline
    at the end.

    What JSON has no word for is written as its text.
    """
    return json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def plain(value: Any) -> Any:
    """A record, or a part of it, as JSON has it: dictionaries, lists and scalars. Traces become dictionaries
    with a key for each field.
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return None if isinstance(value, float) and not math.isfinite(value) else value
