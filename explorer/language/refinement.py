"""Refinement: what a state stands for in a more abstract spec. Knows nothing of how it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from explorer.ir.errors import SpecError
from explorer.language.declarations import declare
from explorer.language.spec import Spec
from explorer.language.symbolic import shown

M = TypeVar("M", bound=Callable[..., Mapping[str, Any]])


def refines(abstract: Spec) -> Callable[[M], M]:
    """A refinement mapping (Abadi and Lamport 1991): the function takes components and gives the expression
    that each variable of the abstract spec stands for, by name. One of the same name and type may be missing.

    Every first state must stand for a first state of the abstract spec, and every step for a step of it, or
    for none (stuttering). Safety only: fairness and temporal properties are not compared.
    """
    if not isinstance(abstract, Spec):
        raise SpecError(
            "E0523",
            f"@refines({shown(abstract)})",
            expected="a Spec",
            write="from abstract_lock import spec as abstract, and @refines(abstract)",
        )

    def decorate(function: M) -> M:
        return declare("refinement", function, abstract=abstract)

    return decorate
