"""What a spec declares about itself: the verdict that a run must find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a spec declares about itself: that it holds, or that the named property is violated (in so many
    steps).
    """

    holds: bool
    property: str = ""
    steps: int | None = None
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.holds:
            return "holds"
        steps = f" in {self.steps} step{'' if self.steps == 1 else 's'}" if self.steps is not None else ""
        return f"{self.property} violated{steps}" + "".join(f", {name} violated" for name in self.also)
