"""A round of a search: what every actor has answered, and whose messages are whose. They stay with Ray; here
are their references.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

from explorer.engine.native.cluster.share import Told
from explorer.ir.data import dataclass


def asked(method: Any, actors: int, *given: Any) -> list[Any]:
    """Call what returns something to say, and a message for each other actor: the references of that."""
    refs = method.options(num_returns=actors).remote(*given)
    return refs if actors > 1 else [refs]


@dataclass(slots=True)
class Round:
    """What each actor says, and the references of its answer (`asked`). Without either: none is done yet."""

    told: list[Told] = field(default_factory=list)
    answers: list[list[Any]] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether the level needs another round."""
        return not self.told or any(one.busy for one in self.told)

    def deliveries(self, actors: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
        """Each actor, with what the others have for it."""
        for j, actor in enumerate(actors):
            came = []
            for i, (told, refs) in enumerate(zip(self.told, self.answers)):
                at = j if j < i else j - 1
                if i != j and told.to[at]:
                    came.append(refs[1 + at])
            yield actor, came
