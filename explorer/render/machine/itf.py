"""A counterexample in the Informal Trace Format (Apalache's decision record 015), and back. A pure function
of the trace and what it was found in.

The format has no place for the action, so it stands in the free `#meta` of each state: index, action,
instance, params, actor, source. Booleans are JSON's, whole numbers `#bigint`, maps `#map`, sets `#set`,
queues arrays; identities, enum members, records and optional values are their texts. `loop` is where a lasso
goes back to; on the last state it stutters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from explorer.render.text.text import reasons
from explorer.trace.trace import Step, Trace
from explorer.verdict.record import Origin, VariableRecord

WHOLE = re.compile(r"Range\(.*\)")


def itf(origin: Origin, trace: Trace) -> str:
    """A trace with what it was found in. An attempted last step is left out: it has no state."""
    variables = origin["variables"]
    steps = [step for step in trace.steps if not step.failed]
    meta = {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "source": origin["file"],
        "spec": origin["spec"],
        "constants": {key: str(value) for key, value in origin["bound"].items()},
        "property": trace.property,
        "kind": trace.kind,
        "status": "ok" if trace.kind == "walk" and not trace.why else "violation",
        "digest": origin["digest"],
        "description": reasons(trace.why),
    }
    result: dict[str, Any] = {
        "#meta": meta,
        "params": [],
        "vars": [variable["name"] for variable in variables],
        "states": [_state(step, variables) for step in steps],
    }
    if trace.loop is not None:
        result["loop"] = trace.loop
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def _state(step: Step, variables: Sequence[VariableRecord]) -> dict[str, Any]:
    meta = {
        "index": step.index,
        "action": step.action,
        "instance": step.instance,
        "params": step.parameters,
        "actor": step.actor,
        "label": step.label,
        "source": step.place,
        "code": step.source,
    }
    return {"#meta": meta, **{variable["name"]: _variable(step.state, variable) for variable in variables}}


def _variable(state: dict[str, str], variable: VariableRecord) -> Any:
    """A variable from its texts: `x` alone, or `x[a][b]` for every key; of a memory a text for each
    location.
    """
    name, type = variable["name"], variable["type"]
    if variable["locations"]:
        return {location: state[location] for location in variable["locations"]}
    if name in state:
        return _value(state[name], type)
    start, cuts = len(name) + 1, _depth(type) - 1
    return _map(
        [
            (tuple(entry[start:-1].split("][", cuts)), text)
            for entry, text in state.items()
            if entry[:start] == f"{name}["
        ],
        type,
    )


def _depth(type: str) -> int:
    """How many maps stand in each other."""
    return 1 + _depth(_parts(type)[-1]) if type.startswith("Map[") else 0


def _map(entries: list[tuple[tuple[str, ...], str]], type: str) -> dict[str, Any]:
    inner = _parts(type)[-1]
    if len(entries[0][0]) == 1:
        return {"#map": [[path[0], _value(text, inner)] for path, text in entries]}
    groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for path, text in entries:
        groups.setdefault(path[0], []).append((path[1:], text))
    return {"#map": [[key, _map(group, inner)] for key, group in groups.items()]}


def _value(text: str, type: str) -> Any:
    if type == "bool":
        return text == "True"
    if WHOLE.fullmatch(type):
        return {"#bigint": text}
    if type.startswith("Set["):
        return {"#set": [_value(item, _parts(type)[0]) for item in split(text[1:-1])]}
    if type.startswith("Queue["):
        return [_value(item, _parts(type)[0]) for item in split(text[1:-1])]
    return text


def _parts(type: str) -> list[str]:
    """What stands in the brackets of `Map[K, V]`, `Set[T]` and `Queue[T, n]`."""
    return split(type[type.index("[") + 1 : -1])


def split(text: str) -> list[str]:
    """The items of a list, separated by commas outside any brackets."""
    return list(_split(text)) if text else []


def _split(text: str) -> Iterator[str]:
    depth = start = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def read(text: str) -> tuple[list[tuple[str, dict[str, str]]], int | None]:
    """Instance and texts of every state, as `trace.replay` takes them, and the loop."""
    result = json.loads(text)
    walk = []
    for state in result["states"]:
        texts: dict[str, str] = {}
        for name in result["vars"]:
            _flatten(name, state[name], texts)
        walk.append((state["#meta"]["instance"], texts))
    return walk, result.get("loop")


def _flatten(name: str, value: Any, texts: dict[str, str]) -> None:
    if isinstance(value, dict) and "#map" in value:
        for key, inner in value["#map"]:
            _flatten(f"{name}[{key}]", inner, texts)
    elif isinstance(value, dict) and not any(key.startswith("#") for key in value):
        for key, inner in value.items():
            _flatten(key, inner, texts)
    else:
        texts[name] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return (
            str(value["#bigint"]) if "#bigint" in value else "{" + ", ".join(map(_text, value["#set"])) + "}"
        )
    return str(value)
