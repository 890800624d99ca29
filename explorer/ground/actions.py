"""The instances of an action: its guard, updates and label for each combination of its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from explorer.ground.calls import Argument, Calls
from explorer.ground.labels import pieces
from explorer.ground.signatures import check_actor, first_paragraph, is_component
from explorer.ir.errors import SpecError
from explorer.ir.model import UNNUMBERED, Action, Instance
from explorer.language.declarations import Declaration
from explorer.language.symbolic import shown


def instances(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[Instance]:
    """The instances of an action, without their numbers."""
    options = d.options
    names = tuple(name for name, a in parameters.items() if not is_component(a))
    check_actor(d, names)
    info = Action(
        name=d.name,
        place=d.place,
        actor=options["actor"],
        fair=options["fair"],
        per=() if options["group"] and options["per"] is None else options["per"],
        source=options["source"],
        parameters=names,
        defensive=options["defensive"],
        group=options["group"] or "",
        stutters=options["stutters"],
    )
    for arguments, chosen, result, trace in calls.choices_of(d, parameters):
        if result is not None:
            raise SpecError(
                "E0605",
                f"action {d.name} returns {shown(result)}",
                expected="no return value",
                write="when(condition) for a guard",
                place=d.place,
            )
        if not trace.writes and not trace.impossible and not info.stutters:
            raise SpecError(
                "E0606",
                f"action {d.name} assigns nothing",
                expected="at least one assignment",
                write="component.variable.next = ..., or @action(stutters=True) for no effect",
                place=d.place,
            )
        actor = next((a.text for a in chosen if a.name == info.actor), info.actor or "")
        yield Instance(
            UNNUMBERED,
            info,
            arguments=tuple((argument.name, argument.value) for argument in chosen),
            texts=tuple(argument.text for argument in chosen),
            actor=actor,
            guard=tuple(trace.conditions),
            writes=tuple(trace.writes),
            marks=tuple(trace.marks),
            label=(d.name,) if trace.impossible else _label(d, arguments, chosen),
            promised=trace.promised,
        )


def _label(d: Declaration, arguments: dict[str, Any], chosen: list[Argument]) -> tuple[Any, ...]:
    """The step's text in pieces, from the first paragraph of the docstring."""
    text = first_paragraph(d.function)
    if not text:
        return (f"{d.name}({', '.join(argument.text for argument in chosen)})",)
    names = {id(argument.value): argument.text for argument in chosen}
    function = d.function
    outer = dict(zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ())))
    refuse = partial(_label_error, d)
    return pieces(
        text, d.name, outer={**function.__globals__, **outer}, local=arguments, refuse=refuse, names=names
    )


def _label_error(d: Declaration, text: str, why: str) -> SpecError:
    return SpecError(
        "E0607",
        f"the docstring of {d.name} has {text}: {why}",
        expected="expressions over the parameters",
        write='"""message[{sender.kind[cpu]}] = 1""", or {{ and }} for braces',
        place=d.place,
    )
