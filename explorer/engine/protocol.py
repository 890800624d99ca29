"""What every engine is: one call from a model to its state space."""

from __future__ import annotations

from typing import Protocol

from explorer.engine.limits import Limits, Observer
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry


class Engine(Protocol):
    """Visits every reachable state of a model, or one of each orbit where a symmetry is given, until a limit
    is reached.

    The observer hears of progress. All engines give the same counts, levels and violations.
    """

    def __call__(
        self, model: Model, limits: Limits, observer: Observer, /, *, symmetry: Symmetry | None = None
    ) -> StateSpace: ...
