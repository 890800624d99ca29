"""Executable formal specifications of interrupt protocols, and an exhaustive explorer for them.

What a spec author writes with is here; `python -m explorer SPEC` checks it.
"""

from explorer.command.interrupt import say_interrupted_in_one_line

say_interrupted_in_one_line()  # before anything that takes time

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.api import check as check
    from explorer.api import explore as explore
    from explorer.api import simulate as simulate
    from explorer.api import walk as walk
    from explorer.language.words import *
    from explorer.run.load import load as load

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The words of the language, the functions of `api.py`, and `load`, imported when they are first asked
    for: a plugin of pytest needs none of them, a spec only the words.
    """
    if name in ("check", "explore", "simulate", "walk"):
        return getattr(import_module("explorer.api"), name)
    if name == "load":
        return import_module("explorer.run.load").load
    if name in __all__:
        words = import_module("explorer.language.words")
        globals().update((word, getattr(words, word)) for word in __all__)  # `import *` asks for all
        return globals()[name]
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "check", "explore", "load", "simulate", "walk"]


__all__ = [
    "HOLDS",
    "IRQ",
    "MAINLINE",
    "NMI",
    "STRONG",
    "UNFAIR",
    "WEAK",
    "Annotated",
    "Barrier",
    "Capacity",
    "Fairness",
    "Formula",
    "Level",
    "Location",
    "Map",
    "Memory",
    "MemoryModel",
    "Queue",
    "Range",
    "RecordLocation",
    "Scalarset",
    "Set",
    "Spec",
    "SpecError",
    "State",
    "Steps",
    "Value",
    "Var",
    "action",
    "after",
    "always",
    "always_eventually",
    "any_of",
    "at",
    "at_first",
    "branch",
    "choose",
    "closes",
    "constant",
    "constraint",
    "count",
    "defaults",
    "domain",
    "eventually",
    "eventually_always",
    "every",
    "fair_when",
    "first_that",
    "holds_within",
    "implies",
    "initial",
    "initially",
    "invariant",
    "is_in",
    "ite",
    "keep",
    "kill",
    "last_that",
    "leads_to",
    "lookup",
    "maximum",
    "minimum",
    "named",
    "next_step",
    "observe",
    "opens",
    "outcome",
    "procedure",
    "process",
    "record",
    "refines",
    "release",
    "sends",
    "some",
    "step",
    "step_invariant",
    "subset",
    "taken",
    "temporal",
    "terminal",
    "until",
    "variant",
    "violates",
    "when",
    "where",
]
