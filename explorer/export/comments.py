"""What stands in comments of an exported model: where each thing comes from, in the author's words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from explorer.export.flat import Flat, place_of
from explorer.ir.errors import Place
from explorer.ir.expressions import Family
from explorer.ir.model import Action, Instance, Model
from explorer.ir.types import value_text
from explorer.trace.step_builder import StepBuilder


def head(flat: Flat, language: str, temporal: bool = True) -> list[str]:
    """What the file is, from which spec, with which constants; that `temporal` properties are left out."""
    model = flat.model
    lines = [f"{model.name} in {language}, from {_file(Place(model.file, 1))}, digest {model.digest}"]
    if model.constants:
        lines.append(
            "constants: "
            + ", ".join(f"{name}={value_text(value)}" for name, value in sorted(model.constants.items()))
        )
    left = [p.name for p in model.temporal]
    if left and temporal:
        lines.append(f"not in this file, since they are temporal: {', '.join(left)}")
    return lines


def place(where: Place) -> str:
    """A file and a line: the file as it is called from the directory of the spec."""
    return f"{_file(where)}:{where.line}"


def _file(where: Place) -> str:
    return where.shown if not Path(where.shown).is_absolute() else Path(where.file).name


def family(of: Family) -> str:
    """The type of cells, and where they are declared."""
    return f"{of!r}: {of.type.name}, {place(of.place)}"


def property(flat: Flat, name: str) -> str:
    """A property with its line."""
    where = place_of(flat.model, name)
    return name + (f", {place(where)}" if where else "")


class Labels:
    """What each action and each instance says of itself."""

    def __init__(self, model: Model):
        self._builder = StepBuilder(model)

    def action(self, action: Action) -> str:
        """Its name, its line, who takes it, and the source that it models."""
        parts = [f"{action.name}({', '.join(action.parameters)}), {place(action.place)}"]
        parts += [f"actor {action.actor}"] if action.actor else []
        parts += [f"source {action.source}"] if action.source else []
        return ", ".join(parts)

    def instance(self, instance: Instance) -> str:
        """Who does what."""
        actor, label = self._builder.actor(instance), self._builder.template(instance)
        return " ".join(f"{actor + ': ' if actor else ''}{label}".split())


def grouped(flat: Flat) -> Iterator[tuple[Action | None, int]]:
    """For each step its number, and its action where that is another one than before."""
    last = None
    for number, step in enumerate(flat.steps):
        action = step.instance.action
        yield (action if action is not last else None), number
        last = action
