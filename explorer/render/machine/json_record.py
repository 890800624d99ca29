"""verdict.json: the record as plain data and as text. Keys stay in the record's order; numbers and texts as
they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from json.encoder import encode_basestring
from typing import Any


def to_json(record: Mapping[str, Any]) -> str:
    """The record as JSON that every reader takes: stable order, no NaN or infinity (null instead), a newline
    at the end.

    What JSON has no word for is written as its text.
    """
    return _text(record, "\n") + "\n"


def _text(value: Any, line: str) -> str:
    """What `json.dumps(plain(value), indent=2, ensure_ascii=False)` gives, in one pass; `line` begins a line
    as deep as the value stands.
    """
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else "null"
    inner = line + "  "
    if isinstance(value, (list, tuple)):
        pieces = [_text(at, inner) for at in value]
        return f"[{inner}{f',{inner}'.join(pieces)}{line}]" if pieces else "[]"
    if is_dataclass(value):
        items = [(field.name, getattr(value, field.name)) for field in fields(value)]
    elif isinstance(value, Mapping):
        items = [*{str(key): at for key, at in value.items()}.items()]
    else:
        return encode_basestring(str(value))
    pieces = [f"{encode_basestring(key)}: {_text(at, inner)}" for key, at in items]
    return f"{{{inner}{f',{inner}'.join(pieces)}{line}}}" if pieces else "{}"


def plain(value: Any) -> Any:
    """A record, or a part of it, as JSON has it: dictionaries, lists and scalars. Traces become dictionaries
    with a key for each field.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return None if isinstance(value, float) and not math.isfinite(value) else value
