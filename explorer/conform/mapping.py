"""The mapping: which events of a log are which actions of a spec, and what of the state they show. Knows
nothing of logs and of search.

A file in TOML. Texts may have `{field}` for a field of the event, `{on}` for the CPU on which it happened;
where the mapping names the values of a field (`[names.field]`) its name stands there. CPUs on which events
happen have the names of `cpu` where they have none of their own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from explorer.conform.records import FORMATS
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, nearest
from explorer.ir.model import Instance, Model
from explorer.ir.types import LargeSetType, MapType, ScalarType, Type
from explorer.language.memory_wiring import MemoryType
from explorer.run.options import UsageError
from explorer.trace.step_builder import variable_texts

SETTINGS = ("format", "skew", "silent", "silent_steps", "begins", "names", "event")
OF_EVENT = ("name", "exit", "key", "match", "action", "with", "before", "after")
UNITS = {"": 1, "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
NEXT = "next"
"""The exit of an event whose box lasts until the next mapped event of its CPU."""

ON = "on"
"""The field of every event that says on which CPU it happened."""

FIELD = re.compile(r"\{(\w[\w.]*)\}")

Texts = Mapping[str, str]

Values = Mapping[str, Sequence[str]]
"""Variables, and the texts of which each shows one."""

NOTHING: Texts = {}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What an event means. Its box ends with the event `exit` of the same CPU and the same `key` fields, or
    with whatever is NEXT there; it is a point where there is none. `match` are values of which fields must
    have one, `parameters` those of the action; `before` and `after` what variables show when it happens.
    Without actions it shows values only.
    """

    number: int
    place: Place
    name: str
    exit: str = ""
    key: tuple[str, ...] = ()
    match: Values = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    parameters: Texts = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventMap:
    """A mapping that fits its model. `skew` is by how much the clocks of two CPUs may differ, `names` what
    values of fields are called in the spec; `silent` are actions that may also happen unseen, `silent_steps`
    bounds the unseen steps between two events; `begins` is what variables show where the log begins.
    """

    file: str
    format: str = ""
    skew: int = 0
    silent: frozenset[str] = frozenset()
    silent_steps: int | None = None
    begins: Values = field(default_factory=dict)
    names: Mapping[str, Texts] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    variables: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """What each variable may show; None where that is too much to list."""

    def misread(self, values: Values) -> str:
        """What is wrong where a variable is none, or never shows a text; "" where nothing is."""
        for name, texts in values.items():
            if name not in self.variables:
                return f"no variable {name!r}; {nearest(name, list(self.variables))}"
            known = self.variables[name]
            for text in texts:
                if known is not None and text not in known:
                    return f"{name} is never {text!r}; {nearest(text, list(known))}"
        return ""

    def named(self, field: str) -> Texts | None:
        """What the values of a field are called; None where they are taken as they are."""
        return self.names.get(field, self.names.get("cpu") if field == ON else None)

    def filled(self, template: str, fields: Texts) -> str | None:
        """A text with the fields of an event; None where a value has no name. Raises KeyError for a field
        that the event has not.
        """
        parts = FIELD.split(template)
        for n in range(1, len(parts), 2):
            value = fields[parts[n]]
            known = self.named(parts[n])
            if known is not None:
                if value not in known:
                    return None
                value = known[value]
            parts[n] = value
        return "".join(parts)

    def may_show(self, row: Row, instance: Instance, fixed: Texts = NOTHING) -> bool:
        """Whether some event of a row can be a step of this instance, with these values of some fields."""
        own = instance.parameters
        if any(name in row.match and value not in row.match[name] for name, value in fixed.items()):
            return False
        return instance.action.name in row.actions and all(
            self._pattern(row, template, fixed).fullmatch(own[name])
            for name, template in row.parameters.items()
        )

    def visible(self, model: Model, fixed: Texts = NOTHING) -> frozenset[int]:
        """The instances whose steps a log shows; those of one CPU where the fields are fixed."""
        return frozenset(
            instance.number
            for instance in model.instances
            if any(self.may_show(row, instance, fixed) for row in self.rows)
        )

    def _pattern(self, row: Row, template: str, fixed: Texts) -> re.Pattern[str]:
        """What a text of a row may be, whatever its fields are."""
        parts = FIELD.split(template)
        for n, part in enumerate(parts):
            if n % 2 == 0:
                parts[n] = re.escape(part)
                continue
            known = self.named(part)
            values = [fixed[part]] if part in fixed else row.match.get(part)
            if known is not None:
                values = [known[value] for value in known if values is None or value in values]
            parts[n] = ".+" if values is None else f"(?:{'|'.join(map(re.escape, values))})"
        return re.compile("".join(parts))


def read_mapping(path: Path, model: Model) -> EventMap:
    """The mapping of a file. UsageError with file and line for what means nothing, or nothing in this
    model.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"conform --map {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"conform --map {path}: not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        text, _, where = str(error).partition(" (at line ")
        line = f":{where.partition(',')[0]}" if where else ""
        raise UsageError(f"conform --map {path}{line}: no TOML: {text}") from None
    return _Reading(path, text, content, model).mapping()


class _Reading:
    def __init__(self, path: Path, text: str, content: dict[str, Any], model: Model):
        self.path, self.content, self.model = path, content, model
        self.lines = text.splitlines()
        self.heads = [n for n, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*event\s*\]\]", line)]
        self.variables = _variables(model)
        self.actions = {action.name: action for action in model.actions}

    def mapping(self) -> EventMap:
        for key in self.content:
            if key not in SETTINGS:
                raise self.wrong(f"unknown setting {key!r}; {nearest(key, list(SETTINGS))}", key)
        format = self.text(self.content, "format", "")
        if format and format not in FORMATS:
            raise self.wrong(f"format is {format!r}; {nearest(format, list(FORMATS))}", "format")
        names = self.tables()
        rows = self.content.get("event")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise self.wrong('no event is mapped; write: [[event]] with name = "..." and action = "..."')
        return EventMap(
            file=str(self.path),
            format=format,
            skew=self.skew(),
            silent=frozenset(self.known_actions(self.content, "silent")),
            silent_steps=self.silent_steps(),
            begins=self.values(self.content, "begins"),
            names=names,
            rows=tuple(self.row(number, row) for number, row in enumerate(rows)),
            variables=self.variables,
        )

    def skew(self) -> int:
        value = self.content.get("skew", 0)
        found = re.fullmatch(r"(\d+)\s*(|ns|us|ms|s)", str(value))
        if found is None or isinstance(value, bool):
            raise self.wrong(
                f'skew is {value!r}; expected how far clocks may differ, such as skew = "2us"', "skew"
            )
        return int(found[1]) * UNITS[found[2]]

    def silent_steps(self) -> int | None:
        value = self.content.get("silent_steps")
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise self.wrong(f"silent_steps is {value!r}; expected a number of steps", "silent_steps")
        return value

    def tables(self) -> dict[str, Texts]:
        names = self.content.get("names", {})
        if not isinstance(names, dict):
            raise self.wrong('names has no tables; write: [names.cpu] and below it 0 = "A"', "names")
        return {field: self.texts(names, field) for field in names}

    def row(self, number: int, content: dict[str, Any]) -> Row:
        for key in content:
            if key not in OF_EVENT:
                near = nearest(key, list(OF_EVENT))
                raise self.wrong(f"unknown setting {key!r} of an event; {near}", key, number)
        name = self.text(content, "name", "", number)
        if not name:
            raise self.wrong('an event without a name; write: name = "doorbell_entry"', "", number)
        row = Row(
            number=number,
            place=self.place("", number),
            name=name,
            exit=self.text(content, "exit", "", number),
            key=tuple(self.list_of(content, "key", number)),
            match=self.lists(content, "match", number),
            actions=tuple(self.known_actions(content, "action", number)),
            parameters=self.texts(content, "with", number),
            before=self.values(content, "before", number),
            after=self.values(content, "after", number),
        )
        if not (row.actions or row.before or row.after):
            raise self.wrong(
                f'{name} means nothing; write: action = "..." or before = {{ "variable" = "value" }}',
                "name",
                number,
            )
        if row.key and not row.exit:
            raise self.wrong('key is for events with an exit; write: exit = "..."', "key", number)
        self.check_parameters(row)
        return row

    def check_parameters(self, row: Row) -> None:
        for action in row.actions:
            known = list(self.actions[action].parameters)
            for name in row.parameters:
                if name not in known:
                    raise self.wrong(
                        f"{action} has no parameter {name!r}; {nearest(name, known)}", name, row.number
                    )
        whole = EventMap(file="", names=self.tables(), rows=(row,))
        if row.actions and not whole.visible(self.model):
            said = ", ".join(f"{name} = {value!r}" for name, value in row.parameters.items())
            raise self.wrong(
                f"no instance of {' or '.join(row.actions)} has {said}; there are:"
                f" {', '.join(self.some_instances(row))}",
                "with",
                row.number,
            )

    def some_instances(self, row: Row) -> Iterator[str]:
        names = [i.name for i in self.model.instances if i.action.name in row.actions]
        yield from names[:6]
        if len(names) > 6:
            yield "..."
        if not names:
            yield "none with these constants"

    def known_actions(self, content: Mapping[str, Any], key: str, row: int | None = None) -> list[str]:
        names = self.list_of(content, key, row)
        for name in names:
            if name not in self.actions:
                raise self.wrong(f"no action {name!r}; {nearest(name, list(self.actions))}", key, row)
        return names

    def values(self, content: Mapping[str, Any], key: str, row: int | None = None) -> Values:
        """Variables and what they show. A name with fields in it is looked for when they are known."""
        found = self.lists(content, key, row)
        for name in found:
            pattern = re.compile(".+".join(map(re.escape, FIELD.split(name)[::2])))
            if not any(pattern.fullmatch(known) for known in self.variables):
                raise self.wrong(f"no variable {name!r}; {nearest(name, list(self.variables))}", name, row)
        plain = {
            name: [text for text in texts if not FIELD.search(text)]
            for name, texts in found.items()
            if not FIELD.search(name)
        }
        wrong = EventMap(file="", variables=self.variables).misread(plain)
        if wrong:
            raise self.wrong(wrong, next(name for name in plain if name in wrong), row)
        return found

    def lists(self, content: Mapping[str, Any], key: str, row: int | None = None) -> Values:
        """A table of texts, or of lists of them."""
        table = content.get(key, {})
        if not isinstance(table, dict) or any(isinstance(value, dict) for value in table.values()):
            raise self.wrong(f'{key} is {table!r}; expected a table: {key} = {{ name = "text" }}', key, row)
        return {
            name: tuple(map(_shown, value)) if isinstance(value, list) else (_shown(value),)
            for name, value in table.items()
        }

    def texts(self, content: Mapping[str, Any], key: str, row: int | None = None) -> Texts:
        value = content.get(key, {})
        if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
            raise self.wrong(f'{key} is {value!r}; expected a table: {key} = {{ name = "text" }}', key, row)
        return {name: _shown(one) for name, one in value.items()}

    def list_of(self, content: Mapping[str, Any], key: str, row: int | None = None) -> list[str]:
        value = content.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(f"{key} is {value!r}; expected a name, or a list of names", key, row)
        return value

    def text(self, content: Mapping[str, Any], key: str, default: str, row: int | None = None) -> str:
        value = content.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(f"{key} is {value!r}; expected a text", key, row)
        return value

    def wrong(self, what: str, key: str = "", row: int | None = None) -> UsageError:
        return UsageError(f"conform --map {self.place(key, row)}: {what}")

    def place(self, key: str, row: int | None) -> Place:
        """The line of a key, within its [[event]]; tomllib does not tell lines."""
        first, last = 0, len(self.lines)
        if row is not None and row < len(self.heads):
            first = self.heads[row]
            last = self.heads[row + 1] if row + 1 < len(self.heads) else last
        word = re.compile(rf"(^|[^\w]){re.escape(key)}([^\w]|$)")
        lines: Sequence[int] = [n for n in range(first, last) if key and word.search(self.lines[n])]
        return Place(str(self.path), (lines[0] if lines else first) + 1)


LISTED = 1000
"""Values that a variable may have, at most, where a text that it never shows is told."""


def _variables(model: Model) -> dict[str, frozenset[str] | None]:
    """Every variable that a state shows, and the texts that it may have."""
    first = next(model.initial_states(), None)
    if first is None:
        raise UsageError(f"conform: {model.name} has no initial state, and no behaviour")
    found: dict[str, frozenset[str] | None] = {}
    for variable in model.variables:
        type: Type = variable.type
        while isinstance(type, MapType) and not isinstance(type, LargeSetType):
            type = type.value
        few = isinstance(type, ScalarType) and not isinstance(type, MemoryType) and type.size <= LISTED
        texts = frozenset(type.name_of(value) for value in type.values()) if few else None
        found.update(dict.fromkeys(variable_texts(variable, first), texts))
    return found


def _shown(value: Any) -> str:
    """Values as the spec's texts write them: True, 3, a text."""
    return value if isinstance(value, str) else str(value)
