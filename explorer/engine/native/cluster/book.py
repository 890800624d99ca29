"""One numbering for all processes of a search, where states have numbers of what is met as the search goes
(decision 0014). The book gives the numbers; every process knows its beginning, as far as it has asked.

Things are JSON texts: equal ones have equal texts. Knows nothing of Ray.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from explorer.engine.numberings import Numbering

Ask = Callable[[int, int, list[str]], list[str]]
"""The numbering that is asked, how many of its things are known, and those that are met: all things from the
first on that is not known, among which those that are met have a place then.
"""


class Book:
    """The things of some numberings, by number."""

    def __init__(self, things: Sequence[Sequence[str]]):
        self.things = [list(several) for several in things]
        self.numbers = [{thing: n for n, thing in enumerate(several)} for several in self.things]

    def ask(self, rank: int, known: int, met: list[str]) -> list[str]:
        """See `Ask`."""
        things, numbers = self.things[rank], self.numbers[rank]
        for thing in met:
            if thing not in numbers:
                numbers[thing] = len(things)
                things.append(thing)
        return things[known:]


def written(numberings: Sequence[Numbering]) -> list[list[str]]:
    """What a process has numbered, as a book begins."""
    return [[json.dumps(thing) for thing in numbering.told(0)] for numbering in numberings]


def share(numberings: Sequence[Numbering], ask: Ask | None) -> None:
    """Number things as all do from now on (None: alone again)."""
    for rank, numbering in enumerate(numberings):
        numbering.ask = None if ask is None else partial(_asked, ask, rank)
    learn(numberings, ask)


def learn(numberings: Sequence[Numbering], ask: Ask | None) -> None:
    """Learn what the others have met. Raises ValueError where something has another number here."""
    if ask is None:
        return
    for rank, numbering in enumerate(numberings):
        known = numbering.known
        numbering.learn(map(json.loads, ask(rank, known, [])), known)


def _asked(ask: Ask, rank: int, known: int, thing: Any) -> list[Any]:
    return [json.loads(text) for text in ask(rank, known, [json.dumps(thing)])]
