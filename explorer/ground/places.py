"""The places of a process, named. Knows nothing of registers' contents and of steps.

A place is a position, the registers of choices that are in use there, and those local values that neither the
process's parameters nor its choices determine.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from typing import Any

from explorer.ground.traced import Node, Position, Register
from explorer.ir.data import dataclass
from explorer.ir.errors import closest, nearest
from explorer.language.process import Step

Key = tuple[Position, tuple[tuple[tuple[int, str], Any], ...], frozenset[Register]]


@dataclass(frozen=True, slots=True)
class StepPlace:
    """One value of the variable that says where a process is. `code` counts from 0."""

    name: str
    code: int
    step: Step
    key: Key


class PlaceTable:
    """Every place of a process, over all its copies: for each, the values of the parameters, the node and
    its step.
    """

    def __init__(self, process: str, nodes: Sequence[tuple[tuple[Any, ...], Node, Step]], ends: bool):
        determined = _determined(nodes)
        self.undetermined = {
            position: [name for name in names if not determined[position, name]]
            for position, names in _names(nodes).items()
        }
        steps: dict[Key, Step] = {}
        for _, node, step in nodes:
            steps.setdefault(self.key(node), step)
        texts = _unique(steps)
        self.places = {
            key: StepPlace(texts[key], i, step, key) for i, (key, step) in enumerate(steps.items())
        }
        names = [place.name for place in self.places.values()] + ["done"] * ends
        self.done = len(self.places) if ends else None
        self.type = domain_of_places(process, names)

    def key(self, node: Node) -> Key:
        names = self.undetermined[node.position]
        local = tuple((name, value) for name, value in node.locals if name in names)
        return node.position, local, frozenset(dict(node.chosen))

    def of(self, node: Node) -> StepPlace:
        return self.places[self.key(node)]

    def labelled(self, label: str) -> list[StepPlace]:
        """The places with this name or text."""
        return [p for p in self.places.values() if label in (p.step.name, p.step.text, p.name)]

    def advice(self, label: str) -> tuple[str, str]:
        """What was expected, and what to write, for a label that no place has."""
        known = list(dict.fromkeys(p.step.name or p.step.text for p in self.places.values()))
        return nearest(label, known), closest(label, known, known[0])


def domain_of_places(process: str, names: list[str]) -> type[enum.Enum]:
    """The domain of places. (Type checkers know `enum.Enum(...)` with literals only.)"""
    make: Any = enum.Enum
    cls: type[enum.Enum] = make(process, [(name, i) for i, name in enumerate(names)])
    return cls


def _names(nodes: Iterable[tuple[Any, Node, Step]]) -> dict[Position, list[tuple[int, str]]]:
    by_position: dict[Position, dict[tuple[int, str], None]] = {}
    for _, node, _ in nodes:
        by_position.setdefault(node.position, {}).update(dict.fromkeys(name for name, _ in node.locals))
    return {position: list(names) for position, names in by_position.items()}


def _determined(nodes: Sequence[tuple[Any, Node, Step]]) -> dict[tuple[Position, tuple[int, str]], bool]:
    """Whether a local value at a position is a function of the parameters and the choices."""
    values: dict[tuple[Any, ...], Any] = {}
    determined: dict[tuple[Position, tuple[int, str]], bool] = {}
    for arguments, node, _ in nodes:
        for name, value in node.locals:
            key = (node.position, name, arguments, node.chosen)
            same = values.setdefault(key, value) == value
            determined[node.position, name] = determined.get((node.position, name), True) and same
    return determined


def _unique(steps: dict[Key, Step]) -> dict[Key, str]:
    """A short name for each place: its own, or words of the step's text; then the line, then the local
    values.
    """
    names = {key: step.name or slug(step.text) for key, step in steps.items()}
    for more in (_with_locals, _with_line, _with_number):
        known = list(names.values())
        names = {
            key: more(name, key, known[:i]) if known.count(name) > 1 else name
            for i, (key, name) in enumerate(names.items())
        }
    return names


def _with_line(name: str, key: Key, _: list[str]) -> str:
    return f"{name}_{key[0].line.line}"


def _with_locals(name: str, key: Key, _: list[str]) -> str:
    inner = ", ".join(f"{local}={_shown(value)}" for (_, local), value in key[1] if " " not in local)
    return f"{name}({inner})" if inner else name


def _with_number(name: str, _: Key, before: list[str]) -> str:
    return f"{name}#{before.count(name) + 1}"


def _shown(value: Any) -> str:
    plain = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
    return str(value[1]) if plain else getattr(value, "name", None) or str(value)


def slug(text: str) -> str:
    """The first words of a step's text, without its expressions and its comment: a name."""
    text = re.sub(r"\{[^{}]*\}", " ", text)
    words = re.findall(r"\w+", text.partition("//")[0]) or re.findall(r"\w+", text)
    name = "_".join(words[:5]).strip("_")
    return "step" if not name or name in ("done", "mro") else name
