"""A counterexample as data: steps with their texts, states in the author's words, and why the property fails.

Everything here is text and numbers; no model is needed to show or store it. Knows nothing of file formats.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from explorer.ir.data import dataclass

STILL = "stutter"
"""The name of the action and of the instance of a step that changes nothing, in the story of a formula that
sees stuttering.
"""


class Change(tuple[str, str]):
    """A variable's text before and after a step. Of a set or a queue also its `elements` before and after."""

    elements: tuple[Sequence[str], Sequence[str]] | None

    def __new__(
        cls, old: str, new: str, elements: tuple[Sequence[str], Sequence[str]] | None = None
    ) -> Change:
        made = super().__new__(cls, (old, new))
        made.elements = elements
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (*self, self.elements)

    def __str__(self) -> str:
        """`old → new`; of a set or a queue what went (-) and what came (+), and what it is now."""
        old, new = map(Counter, self.elements or ((), ()))
        moves = [f"-{x}" for x in (old - new).elements()] + [f"+{x}" for x in (new - old).elements()]
        return f"{' '.join(moves) or self[0]} → {self[1]}"

    def then(self, later: Change) -> Change:
        """Both changes in one."""
        first, last = self.elements, later.elements
        return Change(self[0], later[1], (first[0], last[1]) if first and last else None)


@dataclass(frozen=True, slots=True)
class Step:
    """One step and the state after it. Step 0 is the initial state: its `action` is empty.

    `state` maps each variable (each key of a map) to its text, `changed` those that changed to (old, new).
    `remarks` say what neither label nor changes show: which way it went at a branch, and what its accesses to
    a memory did.
    `opens` and `closes` are keys of deferred effects that this step issues or makes visible; `sends` are
    (receiver, text). `failed` marks an attempted last step whose evaluation failed: no state follows it,
    `state` is the one before.
    """

    index: int
    action: str
    instance: str
    parameters: dict[str, str]
    actor: str
    label: str
    function: str
    source: str
    place: str
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    sends: tuple[tuple[str, str], ...]
    state: dict[str, str]
    changed: dict[str, Change]
    observed: dict[str, str]
    failed: bool = False
    remarks: tuple[str, ...] = ()

    def words(self) -> str:
        """The step's own text, and to whom it sends where the text does not say."""
        return with_receivers(self.label, (receiver for receiver, _ in self.sends))


def with_receivers(label: str, receivers: Iterable[str]) -> str:
    """A label, and to whom its step sends where it does not say."""
    return label + "".join(f" -> {receiver}" for receiver in receivers if receiver not in label)


@dataclass(frozen=True, slots=True)
class Fair:
    """Why a cycle is fair to a group of instances: `how` is taken (in the step with that index) or disabled
    (after it). It `decides` where the group is possible at times: there a stronger promise would forbid the
    cycle.
    """

    group: str
    fairness: str
    how: str
    step: int
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a store of a memory, made in step `store`, comes to one that looks at its location, the lane
    `reader`: `step` makes it reach that one, or none does (None). It is not `seen` where another store had
    come over it by then. `key` says what is stored where.
    """

    key: str
    store: int
    reader: str
    step: int | None
    seen: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """The shortest way to a violation. `length` counts steps; `lanes` are all actors in their fixed order;
    `lost` is the step after which nothing could save a temporal property (None: something still could).
    `why` are sentences that name the part of the property that fails, and its values.

    A temporal property's trace is a lasso: the behaviour goes on for ever from the state of step `loop`,
    which is that of the last step; where `loop` is the last step, it stutters. `fairness` has an entry for
    every group of fair actions. `story` counts the counterexamples of one property (`stories.py`).

    `arrivals` are those of all stores to memories.
    """

    property: str
    kind: str
    length: int
    lanes: tuple[str, ...]
    steps: tuple[Step, ...]
    why: tuple[str, ...]
    loop: int | None = None
    fairness: tuple[Fair, ...] = ()
    lost: int | None = None
    arrivals: tuple[Arrival, ...] = ()
    story: int = 1

    @builtins.property
    def key(self) -> str:
        """The name of the story among those of a run, and of its files."""
        return self.property if self.story == 1 else f"{self.property}-{self.story}"

    def broken_after(self) -> int:
        """How many steps it takes to break the property: all of them where only the whole behaviour does."""
        return self.length if self.lost is None else self.lost
