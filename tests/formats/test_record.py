"""The record's types and verdict.schema.json say the same, and records have these types."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from explorer.render.machine.json_record import plain, to_json
from explorer.verdict.record import CheckedRecord, MalformedRecord
from tests.support.house import ROOT
from tests.support.stories import dekker, record_of

SCHEMA = json.loads((ROOT / "explorer/render/machine/verdict.schema.json").read_text())
SCALARS = {str: "string", int: "integer", bool: "boolean", float: "number", type(None): "null"}
Shape = Any
"""A set of scalars' names, ("array", shape), ("map", shape), or an object: a dictionary of shapes."""


def of_type(type_: Any) -> Shape:
    """The shape of what is written for a value of a type."""
    if type_ in SCALARS:
        return {SCALARS[type_]}
    if is_typeddict(type_):
        assert type_.__required_keys__ == frozenset(get_type_hints(type_)), f"{type_.__name__} is not total"
        return {name: of_type(inner) for name, inner in get_type_hints(type_).items()}
    if is_dataclass(type_):
        hints = get_type_hints(type_)
        return {field.name: of_type(hints[field.name]) for field in fields(type_)}
    type_ = getattr(type_, "__orig_bases__", (type_,))[0]  # a tuple with more to say is written as a tuple
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (types.UnionType, Union):
        return joined([of_type(argument) for argument in arguments])
    if origin in (Mapping, dict):
        return ("map", of_type(arguments[1]))
    assert origin in (Sequence, tuple, list), type_
    return ("array", of_type(arguments[0]))


def of_schema(schema: dict[str, Any]) -> Shape:
    """The shape of what a schema takes."""
    if "$ref" in schema:
        return of_schema(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "oneOf" in schema:
        return joined([of_schema(choice) for choice in schema["oneOf"]])
    if "enum" in schema or "const" in schema:
        return {SCALARS[type(value)] for value in schema.get("enum", [schema.get("const")])}
    if isinstance(schema["type"], list):
        return set(schema["type"])
    if schema["type"] == "array":
        return ("array", of_schema(schema["items"]))
    if schema["type"] != "object":
        return {schema["type"]}
    if "properties" not in schema:
        return ("map", of_schema(schema["additionalProperties"]))
    assert schema["additionalProperties"] is False and {*schema["required"]} == {*schema["properties"]}
    return {name: of_schema(inner) for name, inner in schema["properties"].items()}


def joined(shapes: list[Shape]) -> Shape:
    if all(isinstance(shape, set) for shape in shapes):
        return set().union(*shapes)
    (other,) = (shape for shape in shapes if shape != {"null"})
    return ("or null", other)


def test_the_types_and_the_schema_say_the_same() -> None:
    """Every key of one is a key of the other, with the same type and required in both."""
    assert of_type(CheckedRecord) == of_schema(SCHEMA["$defs"]["checked"])
    assert of_type(MalformedRecord) == of_schema(SCHEMA["$defs"]["malformed"])


def test_a_key_that_one_of_them_lacks_is_noticed() -> None:
    """The comparison goes down to the keys of a step and the types of its values."""
    checked = of_type(CheckedRecord)
    steps = checked["traces"][1]["steps"][1]
    assert steps["sends"] == ("array", ("array", {"string"})) and steps["index"] == {"integer"}
    for shape in (checked["states"], checked["guards"][1][1], checked["waiting"], steps):
        without = dict(shape)
        without.pop(next(iter(without)))
        assert without != shape


def test_a_written_trace_has_every_field(tmp_path: Path) -> None:
    """Traces are objects in the record and dictionaries in JSON, with a key for each field of a step."""
    record = record_of(dekker(tmp_path))
    trace = record["traces"]["exclusion"]
    written = json.loads(to_json(record))["traces"]["exclusion"]
    assert written == plain(trace)
    assert [step["label"] for step in written["steps"]] == [step.label for step in trace.steps]
    assert written["steps"][-1]["changed"] == {k: list(v) for k, v in trace.steps[-1].changed.items()}
