"""Steps of a trace in the author's words. Knows nothing of how the steps were found.

Actors and keys of deferred effects are told apart by value: where members of two types print alike, such as
`A` of `Cpu` and `A` of `Device`, the type is part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from explorer.ir.expression_text import show_condition
from explorer.ir.expressions import walk
from explorer.ir.model import Instance, Model
from explorer.ir.places import Path, Variable
from explorer.ir.semantics import EvaluationError, State
from explorer.ir.steps import Role
from explorer.ir.types import LargeSetType, MapType, QueueType, SetType, Type, UnionType, value_text
from explorer.language.concrete import concrete, expressions_of
from explorer.language.memory_wiring import MemoryType
from explorer.language.structure import parts_of, read
from explorer.language.values import Value
from explorer.trace.trace import Change, Step

BRANCH = re.compile(r"line\d+")
"""What a branch without a name of its own is called among the arguments of an instance."""

SHORT = 48
"""A condition of so many characters is told as it is, a longer one by its line."""

UNKNOWN = "…"
"""In a label, stands for what has its value in a state only."""


Told = dict[str, tuple[str, tuple[str, ...] | None]]
"""What a person reads of a variable, by the names of its parts: a text, and those of the elements of a set or
queue.
"""


class VariableTexts:
    """A variable in the author's words. Parts of one type with equal codes have one text, which is
    remembered: most steps leave most parts as they are.
    """

    def __init__(self, variable: Variable):
        self.variable = variable
        self._parts: list[_Part] | None = None
        if not isinstance(variable.type, MemoryType):
            place = read(variable.type, Path(variable, "", (), False))
            self._parts = [_Part(*part) for part in _parts(variable.name, variable.type, place)]
        self._spans = [slice(f.first, f.first + f.size) for f in variable.families.values()]
        self._whole: dict[tuple[int, ...], Told] = {}
        self._known: dict[tuple[int, tuple[int, ...]], tuple[str, tuple[str, ...] | None]] = {}

    def __call__(self, state: State) -> Told:
        """The variable in a state; the same object where its cells are the same."""
        cells = tuple(code for span in self._spans for code in state[span])
        if not cells:
            return self._told(state)
        if cells not in self._whole:
            self._whole[cells] = self._told(state)
        return self._whole[cells]

    def _told(self, state: State) -> Told:
        if self._parts is None:
            assert isinstance(self.variable.type, MemoryType)
            texts = self.variable.type.texts(state[self.variable.families[""].first])
            return {name: (text, None) for name, text in texts.items()}
        result = Told()
        for part in self._parts:
            key = id(part.type), tuple([state[place] for place in part.places])
            if key not in self._known:
                value = concrete(part.value, state)
                self._known[key] = part.type.name_of(value), _elements(part.type, value)
            result[part.name] = self._known[key]
        return result


class _Part:
    """What a person sees of a variable as one: where its cells stand in a state, and its symbolic value."""

    def __init__(self, name: str, type: Type, value: Any):
        self.name, self.type, self.value = name, type, value
        cells = [at.value for expr in expressions_of(value) for at in walk(expr) if at.op == "load"]
        self.places = [family.first + index for family, index in cells]  # every index is a number here


class StateTexts:
    """`state_texts` of a model; what was told is remembered."""

    def __init__(self, model: Model):
        self._of = [(v, VariableTexts(v)) for v in model.variables]

    def __call__(self, state: State) -> dict[str, str]:
        """Every variable of a state in the author's words."""
        return {name: text for _, told in self._of for name, (text, _) in told(state).items()}

    def between(self, before: State, after: State) -> Iterator[tuple[Variable, Told, Told]]:
        """Each variable, and what it is in two states."""
        for variable, told in self._of:
            yield variable, told(before), told(after)


class StepBuilder:
    """Makes the steps of a model's traces."""

    def __init__(self, model: Model):
        self.model = model
        marks = [mark for instance in model.instances for mark in instance.marks]
        receivers = [mark.key[0] for mark in marks if mark.kind == "sends"]
        keys = [piece for mark in marks if mark.kind != "sends" for piece in mark.key]
        self.twins_of_actors = _twins([*map(actor_of, model.instances), *receivers])
        self.twins_of_keys = _twins(keys)
        self.texts = StateTexts(model)
        self._ways: dict[tuple[str, tuple[Any, ...]], set[object]] = {}
        for instance in model.instances:
            for name, value in instance.arguments:
                if isinstance(value, bool):
                    self._ways.setdefault(self._branch(instance, name), set()).add(value)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Every actor once: identities in the order of their domain, then fixed lanes, as the instances name
        them.
        """
        return tuple(dict.fromkeys(self.actor(i) for i in self.model.instances if i.actor))

    def actor(self, instance: Instance) -> str:
        """The lane of an action instance; "" where it has none."""
        return _distinct(actor_of(instance), instance.actor, self.twins_of_actors)

    def first(self, state: State) -> Step:
        """Step 0: the initial state."""
        model = self.model
        texts = self.texts(state)
        chosen = {
            model.cell(cell)[0].variable
            for choice in model.choices
            if len(choice.alternatives) > 1
            for cell in choice.cells
            if "@" not in model.cell(cell)[0].variable  # what a property remembers of the first state
        }
        free = {name: Change("", text) for name, text in texts.items() if name.partition("[")[0] in chosen}
        return Step(
            index=0,
            action="",
            instance="",
            parameters={},
            actor="",
            label="initial state",
            function="",
            source="",
            place="",
            opens=(),
            closes=(),
            sends=(),
            state=texts,
            changed=free,
            observed=self._observed(state),
        )

    def next(self, instance: Instance, index: int, before: State, after: State) -> Step:
        """The step of an instance from one state to the next."""
        new: dict[str, str] = {}
        changed: dict[str, Change] = {}
        for variable, was, is_now in self.texts.between(before, after):
            new.update((name, text) for name, (text, _) in is_now.items())
            if variable.quiet or was is is_now:
                continue
            for name, (text, elements) in was.items():
                now, elements_now = is_now[name]
                if text != now:
                    ends = None if elements is None or elements_now is None else (elements, elements_now)
                    changed[name] = Change(text, now, ends)
        action = instance.action
        return Step(
            index=index,
            action=action.name,
            instance=instance.name,
            parameters=instance.parameters,
            actor=self.actor(instance),
            label=with_choices(self.label(instance, before, after), instance),
            function=action.source.rpartition(":")[2],
            source=action.source,
            place=str(action.place),
            opens=tuple(self.keys(instance, "opens", before, after)),
            closes=tuple(self.keys(instance, "closes", before, after)),
            sends=tuple(self.messages(instance, before, after)),
            state=new,
            changed=changed,
            observed=self._observed(after),
            remarks=tuple(self._way(instance)),
        )

    def _branch(self, instance: Instance, name: str) -> tuple[str, tuple[Any, ...]]:
        """What two ways at a branch have in common that are told alike."""
        same = [(key, repr(value)) for key, value in instance.arguments if key != name]
        return f"{instance.action.name} {name}", (*map(repr, instance.label), *same)

    def _way(self, instance: Instance) -> Iterator[str]:
        """Which way a step goes at branches whose ways have one text: the conditions that hold."""
        for name, value in instance.arguments:
            if BRANCH.fullmatch(name) and len(self._ways.get(self._branch(instance, name), ())) == 2:
                line = int(name[len("line") :])
                here = [c for c in instance.guard if c.place.line == line and c.role is Role.AUTHOR]
                for condition in here[-1:]:  # those before it are of loads that it reads
                    text = show_condition(condition.expr)
                    where = f"{PurePath(condition.place.file).name}:{line}"
                    how = "holds" if value else "fails"
                    yield f"as {text}" if len(text) <= SHORT else f"as the test in {where} {how}"

    def label(self, instance: Instance, before: State, after: State) -> str:
        """What the author says of a step of an instance, without what a memory chose."""
        return "".join(_text(piece, before, after) for piece in instance.label)

    def template(self, instance: Instance) -> str:
        """The label with UNKNOWN for what has its value in a state only."""
        return "".join(UNKNOWN if isinstance(p, Value) else _text(p, (), ()) for p in instance.label)

    def receivers(self, instance: Instance) -> list[str]:
        """To whom a step sends; UNKNOWN for those that a state decides."""
        to = [mark.key[0] for mark in instance.marks if mark.kind == "sends"]
        return [UNKNOWN if isinstance(r, Value) else _text(r, (), (), self.twins_of_actors) for r in to]

    def keys(self, instance: Instance, kind: str, before: State, after: State) -> Iterator[str]:
        """The deferred stores that a step `opens` or `closes` by marks of its own."""
        for mark in instance.marks:
            if mark.kind == kind:
                yield " ".join(_text(piece, before, after, self.twins_of_keys) for piece in mark.key)

    def messages(self, instance: Instance, before: State, after: State) -> Iterator[tuple[str, str]]:
        """To whom a step sends, and what."""
        for mark in instance.marks:
            if mark.kind == "sends":
                receiver, said = mark.key
                yield _text(receiver, before, after, self.twins_of_actors), _text(said, before, after)

    def _observed(self, state: State) -> dict[str, str]:
        return observed_texts(self.model, state)


def actor_of(instance: Instance) -> object:
    """The value of the parameter that acts; the name of a fixed lane."""
    return dict(instance.arguments).get(instance.action.actor or "", instance.actor)


_CHOICES = {" older by ": "as it was before the last", " behind ": "goes behind the last"}
"""What a memory chose in a step, and how it is told."""


def with_choices(label: str, instance: Instance) -> str:
    """A label with what a memory chose: a load that did not see the newest store, a store behind others."""
    told = []
    for part in str(dict(instance.arguments).get("where", "")).split(", "):
        for sign, text in _CHOICES.items():
            name, found, many = part.partition(sign)
            if found:
                number = many.partition(" ")[0]
                told.append(f"{name} {text} {'store' if number == '1' else f'{number} stores'}")
    return label + ("; " if "  // " in label else "  // ") + "; ".join(told) if told else label


def state_texts(model: Model, state: State) -> dict[str, str]:
    """Every variable of a state in the author's words."""
    return StateTexts(model)(state)


def observed_texts(model: Model, state: State) -> dict[str, str]:
    """What a spec asks to be shown beside its variables."""
    return {o.name: _text(o.value, state, state) for o in model.observations}


def variable_texts(variable: Variable, state: State) -> dict[str, str]:
    """A variable of a state in the author's words: a map has an entry for each key, a memory one for each
    location.
    """
    return {name: text for name, (text, _) in VariableTexts(variable)(state).items()}


def _elements(type: Type, value: Any) -> tuple[str, ...] | None:
    """The texts of the elements of a set or queue."""
    if isinstance(type, QueueType):
        return tuple(map(type.element.name_of, value))
    if isinstance(type, (SetType, LargeSetType)):
        domain = type.element if isinstance(type, SetType) else type.key
        return tuple(domain.name_of(x) for x in domain.values() if x in value)
    return None


def _parts(name: str, type: Type, value: Any) -> Iterator[tuple[str, Type, Any]]:
    """What a person sees of a value one by one: names, types, and symbolic values."""
    if isinstance(type, MapType) and not isinstance(type, LargeSetType):
        for (_, inner), key in zip(parts_of(value), type.key.values()):
            yield from _parts(f"{name}[{type.key.name_of(key)}]", type.value, inner)
    else:
        yield name, type, value


def _twins(pieces: Iterable[object]) -> frozenset[type]:
    """Of the types of values and symbolic values those that have a member which prints like one of another
    type.
    """
    values: dict[tuple[type, str], None] = {}
    seen: set[object] = set()
    for piece in pieces:
        kind = piece._type if isinstance(piece, Value) else None
        if isinstance(kind, UnionType):
            if kind not in seen:
                seen.add(kind)
                values.update(((type(member), value_text(member)), None) for member in kind.members)
        elif kind is None:
            values[type(piece), value_text(piece)] = None
    types: dict[str, set[type]] = {}
    for cls, text in values:
        types.setdefault(text, set()).add(cls)
    return frozenset(cls for alike in types.values() if len(alike) > 1 for cls in alike)


def _text(piece: Any, before: State, after: State, twins: frozenset[type] = frozenset()) -> str:
    """A piece of a label or key in words; a symbolic one has a value in the two states."""
    if not isinstance(piece, Value):
        return _distinct(piece, value_text(piece), twins)
    try:
        value = concrete(piece, before, after)
    except EvaluationError as error:  # a label without a value must not hide its step
        return f"<{error.failure.message}>"
    return _distinct(value, piece._type.name_of(value), twins)


def _distinct(value: object, text: str, twins: frozenset[type]) -> str:
    """A text, with the type before it where another type has a member of that text."""
    own = type(value).__name__
    named = type(value) in twins and not isinstance(value, (str, int)) and not text.startswith(f"{own}.")
    return f"{own}.{text}" if named else text
