"""Which steps a line of somebody's story means: its text against the labels of a model's action instances.

A text means a label that it equals; else one that it equals without comments, or of which it is one
alternative, `a()/b()`; else one that it would equal but for a wrong letter in a word. Numbers and signs are
never guessed. A line that means no label, or several, is a mistake. Knows nothing of files, and nothing of
behaviours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from explorer.ir.data import dataclass
from explorer.ir.model import Instance, Model
from explorer.language.memory_wiring import MemoryType
from explorer.trace.step_builder import UNKNOWN, StepBuilder, with_choices
from explorer.trace.trace import with_receivers

LONG = 4
"""A wrong letter is looked for in words of so many letters."""

NEAREST = 3
"""So many labels are shown where none is meant."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a story: who acts ("" for nobody), its text, how far in it stands, and its arrow: `opens`
    where a store is deferred, `closes` where one becomes visible, or ""; and the column of that.
    """

    actor: str
    text: str
    indent: int = 0
    arrow: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a line means. `kind` is `step`, `function`, `call` (of a function, which may be a step too),
    `comment`, or `arrival` (of a deferred store, where the memory has no step for it). A step is one of
    `instances`, with this `label`, of which the line says `wanted`; `how` is what was overlooked for that.
    """

    kind: str
    instances: frozenset[int] = frozenset()
    label: str = ""
    wanted: str = ""
    how: str = ""

    def is_said_of(self, instance: Instance, label: str, receivers: Sequence[str]) -> tuple[bool, bool]:
        """Whether the line says the label that a step has, and whether it says what a memory chose in it."""
        plain, told = _versions(instance, label, receivers)
        whole = any(_agrees(self.how, one, self.wanted) for one in told)
        return whole or any(_agrees(self.how, one, self.wanted) for one in plain), whole


class NoMeaning(Exception):
    """A line that means no label, or several; says which ones are near."""


class Labels:
    """The labels of a model's instances, by actor."""

    def __init__(self, model: Model):
        self.model = model
        self.steps = StepBuilder(model)
        self.actors = list(dict.fromkeys(self.steps.actor(i) for i in model.instances))
        self.functions = {_function(instance): None for instance in model.instances}
        self.has_memory = any(isinstance(family.type, MemoryType) for family in model.families)

    def meanings(self, lines: Sequence[Said]) -> Iterator[Meaning | NoMeaning]:
        """What each line means, in order. Lines further in are of the function that their actor is in."""
        inside: dict[str, tuple[str, int]] = {}
        deferred: set[tuple[str, str]] = set()
        for line in lines:
            function, depth = inside.get(line.actor, ("", 0))
            function = function if line.indent > depth else ""
            if self.has_memory and line.arrow == "closes" and (line.actor, line.text) in deferred:
                yield Meaning("arrival")
                continue
            try:
                meaning = self.meaning(line, function)
            except NoMeaning as error:
                yield error
                continue
            if line.arrow == "opens":
                deferred.add((line.actor, line.text))
            if meaning.kind == "function":
                function = meaning.label
            elif meaning.kind == "call" or (meaning.kind == "step" and not function):
                function = _called(line.text)
            inside[line.actor] = (function, line.indent if line.indent <= depth else depth)
            yield meaning

    def meaning(self, line: Said, function: str = "") -> Meaning:
        """What a line in a function means. Raises NoMeaning."""
        if line.actor not in self.actors:
            if line.text.startswith("//"):
                return Meaning("comment")
            known = ", ".join(filter(None, self.actors)) or "nobody"
            raise NoMeaning(f"no actor of the spec is called {line.actor or 'nothing'}; known: {known}")
        if line.text.startswith("//"):
            return self._step(line, line.text[2:], function, ("",)) or Meaning("comment")
        whole = self._step(line, line.text, function, ("",))
        head, rest = _split(line.text)
        if whole is not None or not head:
            return whole or self._sure(line, line.text, function)
        if rest:
            return self._sure(line, rest, self._known(head))
        name = self._known(head)
        call = self._step(line, head, function, ("",))
        return replace(call, kind="call") if call else Meaning("function", label=name)

    def _known(self, head: str) -> str:
        """The function of the spec with this name, or called so. Raises NoMeaning."""
        for name in (head, _called(head)):
            if name and name in self.functions:
                return name
        near = difflib.get_close_matches(
            _called(head) or head, list(filter(None, self.functions)), NEAREST, 0.5
        )
        raise NoMeaning(
            f"the spec has no function {head}"
            + (f"; near: {', '.join(near)}" if near else "")
            + "; write // in front of what is no step"
        )

    def _sure(self, line: Said, text: str, function: str) -> Meaning:
        meaning = self._step(line, text, function, HOW)
        if meaning is None:
            raise self._nothing(line, text)
        return meaning

    def _step(self, line: Said, text: str, function: str, ways: Iterable[str]) -> Meaning | None:
        """The step that a text means, overlooking no more than it must; None where it means none. Raises
        NoMeaning where it means several.
        """
        own = self._of(line)
        for how in ways:
            for wanted in text.split("/") if how == ONE_OF else [text]:
                found = [i for i in own if any(_agrees(how, x, wanted) for x in self._labels(i))]
                if found:
                    here = [i for i in found if function and _function(i) == function]
                    return self._one(here or found, wanted, how)
        return None

    def _one(self, found: list[Instance], wanted: str, how: str) -> Meaning:
        labels = list(dict.fromkeys(self.steps.template(i) for i in found))
        if len(labels) > 1:
            raise NoMeaning(f"may mean {_listed(labels)}; write one of them")
        return Meaning("step", frozenset(i.number for i in found), labels[0], wanted, how)

    def _of(self, line: Said) -> list[Instance]:
        """The instances of the line's actor that its arrow allows. A memory's stores have none of their
        own.
        """
        result = []
        for instance in self.model.instances:
            if self.steps.actor(instance) == line.actor:
                drawn = {mark.kind for mark in instance.marks} & {"opens", "closes"}
                if line.arrow in drawn or (not drawn and (self.has_memory or not line.arrow)):
                    result.append(instance)
        return result

    def draws(self, meaning: Meaning) -> bool:
        """Whether the step has an arrow of its own: those of a memory's stores follow from who reads what."""
        return any(
            mark.kind in ("opens", "closes")
            for number in meaning.instances
            for mark in self.model.instances[number].marks
        )

    def _labels(self, instance: Instance) -> list[str]:
        plain, told = _versions(instance, self.steps.template(instance), self.steps.receivers(instance))
        return [*plain, *told]

    def _nothing(self, line: Said, text: str) -> NoMeaning:
        arrow = {"opens": " that defers a store", "closes": " that makes a store visible"}.get(line.arrow, "")
        labels = list(dict.fromkeys(self.steps.template(i) for i in self._of(line)))
        near = difflib.get_close_matches(text, labels, NEAREST, 0.4) or labels[:NEAREST]
        return NoMeaning(
            f"no step{arrow} of {line.actor or 'nobody'} has this label"
            + (f"; near: {_listed(near)}" if near else "")
            + "; write // in front of what is no step"
        )


WITHOUT_COMMENT, ONE_OF, MISSPELT = "without its comment", "one of several", "a letter differs"
HOW = ("", WITHOUT_COMMENT, ONE_OF, MISSPELT)
"""What may be overlooked, the least first."""


def _versions(instance: Instance, label: str, receivers: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a line may say of a step: its label, with receivers or not; the same with what a memory chose."""
    plain = [label, with_receivers(label, receivers)]
    chosen = with_choices(label, instance)
    return plain, [chosen, with_receivers(chosen, receivers)]


def _agrees(how: str, label: str, text: str) -> bool:
    """Whether a text says a label, which may have unknown parts, if so much is overlooked."""
    if how == MISSPELT:
        return _misspelt(_code(label), _code(text))
    if how:
        label, text = _code(label), _code(text)
    label, text = _squeezed(label), _squeezed(text)
    if UNKNOWN not in label:
        return label == text and bool(text)
    pieces = map(re.escape, label.split(UNKNOWN))
    return re.fullmatch(".*".join(pieces), text) is not None and text != ""


def _squeezed(text: str) -> str:
    """A text without white space: lines are broken where there is no room."""
    return re.sub(r"\s", "", text).rstrip(";")


def _code(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//.*", "", text).strip()


def _misspelt(label: str, text: str) -> bool:
    """Whether both are the same but for one letter in some words: one other, one too few, one too many."""
    ours, theirs = (re.findall(r"\w+|[^\w\s]", one) for one in (label, text))
    pairs = [(a, b) for a, b in zip(ours, theirs) if a != b]
    return len(ours) == len(theirs) and bool(pairs) and all(_one_letter(a, b) for a, b in pairs)


def _one_letter(a: str, b: str) -> bool:
    if min(len(a), len(b)) < LONG or re.sub(r"\D", "", a) != re.sub(r"\D", "", b):
        return False
    if len(a) > len(b):
        a, b = b, a
    at = next((n for n, (x, y) in enumerate(zip(a, b)) if x != y), len(a))
    return a[at + (len(a) == len(b)) :] == b[at + 1 :] or (len(a) == len(b) and _swapped(a, b, at))


def _swapped(a: str, b: str, at: int) -> bool:
    """Whether two neighbouring letters changed places."""
    return a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :]


def _split(text: str) -> tuple[str, str]:
    """A call or a name in front of a colon, and the step behind it: `f(x): y = 1`; ("", "") where there is no
    such colon.
    """
    code = _code(text)
    if code.endswith(":"):
        return code[:-1].strip(), ""
    called = re.match(r"([A-Za-z_]\w*\([^()]*\)):\s+(\S.*)", text)
    return (called[1], called[2]) if called else ("", "")


def _called(text: str) -> str:
    """The function that a text calls; "" where it is no call."""
    found = re.match(r"([A-Za-z_]\w*)\(", text)
    return found[1] if found else ""


def _function(instance: Instance) -> str:
    return instance.action.source.rpartition(":")[2].strip()


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels)
