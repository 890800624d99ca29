"""A model that says what a spec has and nothing more: for a run that ends before the spec is understood.
Knows nothing of instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from explorer.ground.signatures import first_paragraph
from explorer.ir.model import Model, Property, Temporal
from explorer.language.constants import bindings_of
from explorer.language.declarations import Declaration
from explorer.language.spec import Spec


def outline(spec: Spec, values: Mapping[str, Any]) -> Model:
    """The properties of a spec by name, and its constants under these values, without a state."""
    values = bindings_of({**spec.constants, **values}, spec.place)
    known = spec.known_constants()
    declarations = spec.declarations()
    model = Model(
        name=spec.name,
        file=spec.place.file,
        constants={name: values.get(name, c._default) for name, c in known.items()},
        expect=spec.expect,
        variables=(),
        families=(),
        choices=(),
        initial=(),
        actions=(),
        instances=(),
        properties=tuple(_property(d) for d in declarations if d.kind in ("invariant", "step")),
        terminal=(),
        constraints=(),
        observations=(),
        temporal=tuple(
            Temporal(d.name, d.place, first_paragraph(d.function), (), ())
            for d in declarations
            if d.kind == "temporal"
        ),
    )
    model.bound.update({n: v for n, v in values.items() if n in known and v != known[n]._default})
    return model


def _property(d: Declaration) -> Property:
    return Property(
        name=d.name, kind=d.kind, place=d.place, text=first_paragraph(d.function), parts=(), premises=()
    )


def without_parts(model: Model) -> Model:
    """The outline of a model."""
    return replace(
        model,
        variables=(),
        families=(),
        choices=(),
        initial=(),
        actions=(),
        instances=(),
        properties=tuple(replace(p, parts=(), premises=()) for p in model.properties),
        terminal=(),
        constraints=(),
        observations=(),
        temporal=tuple(replace(p, parts=(), premises=()) for p in model.temporal),
        doubts=(),
    )
