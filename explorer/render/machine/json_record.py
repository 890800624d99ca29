"""verdict.json: the record as text. Keys stay in the record's order; numbers and texts as they are."""

from __future__ import annotations

import json
import math
from typing import Any


def to_json(record: dict[str, Any]) -> str:
    """The record as JSON that every reader takes: stable order, no NaN or infinity (null instead), a newline
    at the end.

    What JSON has no word for is written as its text.
    """
    return json.dumps(_finite(record), indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
