"""What a declaration says of itself (`fair=`, `actor=`, `per=`, `group=`), and what a module says for all of
its own. Knows nothing of states.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, caller, nearest
from explorer.ir.steps import Fairness
from explorer.language.constants import Constant, value_of

_DEFAULTS = "__explorer_defaults__"
OPTIONS = ("actor", "fair", "per", "group")
_FLAGS = ("defensive", "stutters", "restart", "atomic")
_TEXTS = {"source": 'source="kernel/smp.c:smp_call_function"', "name": 'name="inside"'}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for the actions and processes of a module that do not say it themselves."""

    actor: str | None
    fair: Fairness | None
    place: Place


def defaults(*, actor: str | None = None, fair: Fairness | None = None) -> None:
    """For all actions and processes of this file that do not say it themselves: `defaults(actor="cpu",
    fair=WEAK)`.

    An `actor` that is a parameter of some of them is that of those alone; any other is the lane of all. A
    function without fairness says `fair=UNFAIR`.
    """
    space = sys._getframe(1).f_globals
    known = space.get(_DEFAULTS)
    if known is not None and known.place != caller():
        raise SpecError(
            "E0409",
            f"defaults(...) twice in a file (the other at {known.place})",
            expected="one line for the whole file",
            write="both in one: defaults(actor=..., fair=...)",
        )
    check_options("defaults(...)", [], {"actor": actor, "fair": fair, "per": None, "group": None})
    space[_DEFAULTS] = Defaults(actor, fair, caller())


def defaults_of(function: Any) -> Defaults | None:
    """What the file of a function says for all of its own."""
    defaults = function.__globals__.get(_DEFAULTS)
    return defaults if isinstance(defaults, Defaults) else None


def check_kinds(what: str, options: Mapping[str, Any]) -> None:
    """SpecError where an option that is a text on one line, or True or False, is something else."""
    for option, value in options.items():
        flag = option in _FLAGS
        fits = isinstance(value, bool) if flag else isinstance(value, str) and value.isprintable()
        if not fits:
            raise SpecError(
                "E0412",
                f"{option}={value!r} on {what}",
                expected="True or False" if flag else "a text on one line",
                write=f"{option}=True" if flag else _TEXTS[option],
            )


def check_options(
    what: str, known: list[str], options: Mapping[str, Any], *, place: Place | None = None
) -> None:
    """SpecError where an option of an action, a process or a step is no value of its kind. Constants are
    checked late.
    """
    actor, fair, per, group = (options.get(option) for option in OPTIONS)
    if any(isinstance(option, Constant) for option in (actor, fair, per, group)):
        return
    if fair is not None and not isinstance(fair, Fairness):
        raise SpecError(
            "E0403",
            f"fair={fair!r} on {what}",
            expected="WEAK or STRONG",
            write="fair=WEAK",
            place=place,
        )
    if actor is not None and not isinstance(actor, str):
        raise SpecError(
            "E0404",
            f"actor={getattr(actor, '__name__', actor)} on {what}",
            write='actor="cpu"',
            expected="the name of a parameter, as text",
            place=place,
        )
    if per is not None and not isinstance(per, (tuple, list)):
        raise SpecError(
            "E0405",
            f"per={per!r} on {what}",
            expected="a tuple of names of parameters",
            write=f"per=({per!r},)",
            place=place,
        )
    if group is not None and (not isinstance(group, str) or not group.isprintable() or not group.strip()):
        raise SpecError(
            "E0405",
            f"group={getattr(group, '__name__', repr(group))} on {what}",
            expected="a name for the group, as text",
            write='group="delivery"',
            place=place,
        )
    for option, value in (("per", per), ("group", group)):
        if value is not None and fair in (None, Fairness.NONE):
            raise SpecError(
                "E0405",
                f"{option}={value!r} on {what}, which is not fair",
                expected=f"{option}= beside fair=",
                write=f"fair=WEAK, {option}={tuple(value) if option == 'per' else value!r}",
                place=place,
            )
    for item in per or ():
        if item not in known:
            raise SpecError(
                "E0405",
                f"per={item!r} on {what}",
                expected=nearest(item, known),
                write='per=("cpu",) with names of parameters',
                place=place,
            )


def settled_options(
    what: str, known: list[str], options: Mapping[str, Any], default: Defaults | None, place: Place
) -> dict[str, Any]:
    """The options with the values of constants, and what the file says where the function says nothing."""
    result = {option: value_of(value) for option, value in options.items()}
    if default is not None:
        result["actor"] = value_of(default.actor) if result["actor"] is None else result["actor"]
        result["fair"] = value_of(default.fair) if result["fair"] is None else result["fair"]
    if result["fair"] in (None, Fairness.NONE):
        result["fair"] = Fairness.NONE
        if any(isinstance(value, Constant) for value in options.values()):
            result.update({option: None for option in ("per", "group") if option in result})
    check_options(what, known, result, place=place)
    return result
