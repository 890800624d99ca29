"""What a spec declares about itself: the verdict that a run must find, and within which bounds."""

from __future__ import annotations

import builtins

from explorer.ir.data import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """A spec holds, or the named property is violated (in so many `steps`), and those in `also` too.

    `within` names constraints that may cut, `max_depth` and `max_states` limits that may end a run: what must
    hold must then hold in the states up to there.
    """

    holds: bool
    property: str = ""
    steps: int | None = None
    also: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    max_depth: int | None = None
    max_states: int | None = None

    @builtins.property
    def violated(self) -> tuple[str, ...]:
        """The properties that must be violated."""
        return () if self.holds else (self.property, *self.also)

    @builtins.property
    def bounds(self) -> str:
        """The declared bounds, as text; "" without any."""
        limits = {"depth": self.max_depth, "states": self.max_states}
        named = [
            f"{value:,} states" if name == "states" else f"depth {value}"
            for name, value in limits.items()
            if value is not None
        ]
        return ", ".join([*self.within, *named])

    def __str__(self) -> str:
        within = f" within {self.bounds}" if self.bounds else ""
        if self.holds:
            return f"holds{within}"
        steps = f" in {self.steps} step{'' if self.steps == 1 else 's'}" if self.steps is not None else ""
        return (
            f"{self.property} violated{steps}" + "".join(f", {name} violated" for name in self.also) + within
        )
