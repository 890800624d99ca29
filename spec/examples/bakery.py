"""Lamport's bakery (1974): mutual exclusion as in a shop, by numbered tickets.

A process looks at everybody's number, takes a higher one, and waits for all whose number is lower. Two can
take the same number, for looking and taking are two steps: then their names decide. While one is `choosing`,
the others wait for it.

Shows: ordered identities (names are compared with <: a Range, not a Scalarset), an unbounded number made
finite, and two mistakes with two consequences.
"""

import enum
from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Formula,
    Map,
    Range,
    Spec,
    State,
    Value,
    action,
    constant,
    count,
    domain,
    implies,
    initially,
    invariant,
    ite,
    leads_to,
    temporal,
    variant,
    violates,
    when,
)

PROCESSES = constant("PROCESSES", 2)

TICKETS = constant("TICKETS", 4)
"""The highest number. The algorithm's own have no bound; here nobody begins to choose where the numbers could
run out.
"""

CHOOSING = constant("CHOOSING", True)
"""Whether the others wait for a process that is choosing."""

NAMES_DECIDE = constant("NAMES_DECIDE", True)
"""Whether of two equal numbers the lower name goes first."""

Process = Annotated[int, Range(0, PROCESSES - 1)]
Ticket = Annotated[int, Range(0, TICKETS)]


class At(enum.Enum):
    """What the process does next."""

    OUTSIDE, LOOK, TAKE, CHECK_CHOOSING, CHECK_NUMBER, CRITICAL = range(6)


class Shop(State):
    """`number` is 0 for who has none; `seen` is the highest one seen, `other` whom the process compares
    itself with.
    """

    at: Map[Process, At] = initially(At.OUTSIDE, quiet=True)
    number: Map[Process, Ticket] = initially(0)
    seen: Map[Process, Ticket] = initially(0, quiet=True)
    other: Map[Process, Process] = initially(0, quiet=True)

    def choosing(self, process: int) -> Value[bool]:
        """Lamport's variable of this name is set in front of looking and cleared behind taking."""
        return (self.at[process] == At.LOOK) | (self.at[process] == At.TAKE)

    def goes_first(self, process: int, other: int) -> Value[bool]:
        """Whether the process need not wait for the other."""
        mine, theirs = self.number[process], self.number[other]
        return (theirs == 0) | (mine < theirs) | ((mine == theirs) & (NAMES_DECIDE and process < other))


def highest(numbers: Map[int, int]) -> Value[int]:
    """The highest of all processes' numbers."""
    found: Value[int] = numbers[0]
    for process in range(1, PROCESSES):
        found = ite(found < numbers[process], numbers[process], found)
    return found


@action(actor="process")
def choose(shop: Shop, process: Process) -> None:
    """choosing[{process}] = true

    A free choice, hence not fair. Each of those who are choosing raises the highest number by one at most.
    """
    when(shop.at[process] == At.OUTSIDE)
    others = count(shop.choosing(other) for other in domain(Process))
    when((highest(shop.number) + others < TICKETS) & (highest(shop.seen) + others < TICKETS))
    shop.at[process].next = At.LOOK


@action(actor="process", fair=WEAK)
def look(shop: Shop, process: Process) -> None:
    """sees {highest(shop.number)} as the highest number"""
    when(shop.at[process] == At.LOOK)
    shop.seen[process].next = highest(shop.number)
    shop.at[process].next = At.TAKE


@action(actor="process", fair=WEAK)
def take(shop: Shop, process: Process) -> None:
    """number[{process}] = {shop.seen[process] + 1}; choosing[{process}] = false"""
    when(shop.at[process] == At.TAKE)
    shop.number[process].next = shop.seen[process] + 1
    shop.seen[process].next = 0
    shop.at[process].next = At.CHECK_CHOOSING


@action(actor="process", fair=WEAK)
def check_choosing(shop: Shop, process: Process, other: Process) -> None:
    """await !choosing[{other}]"""
    when(shop.at[process] == At.CHECK_CHOOSING)
    when(shop.other[process] == other)
    when(not CHOOSING or ~shop.choosing(other))
    shop.at[process].next = At.CHECK_NUMBER


@action(actor="process", fair=WEAK)
def check_number(shop: Shop, process: Process, other: Process) -> None:
    """await number[{other}] == 0 or ({process}'s ticket comes first)"""
    when(shop.at[process] == At.CHECK_NUMBER)
    when(shop.other[process] == other)
    when(process == other or shop.goes_first(process, other))
    last = other == PROCESSES - 1
    shop.other[process].next = 0 if last else other + 1
    shop.at[process].next = At.CRITICAL if last else At.CHECK_CHOOSING


@action(actor="process", fair=WEAK)
def leave(shop: Shop, process: Process) -> None:
    """number[{process}] = 0"""
    when(shop.at[process] == At.CRITICAL)
    shop.number[process].next = 0
    shop.at[process].next = At.OUTSIDE


@invariant
def mutual_exclusion(shop: Shop) -> Value[bool]:
    """At most one process is in its critical section."""
    return count(shop.at[process] == At.CRITICAL for process in domain(Process)) <= 1


@invariant
def in_order(shop: Shop, process: Process, other: Process) -> Value[bool]:
    """Who is in the critical section has the lowest ticket of all."""
    return implies(shop.at[process] == At.CRITICAL, process == other or shop.goes_first(process, other))


@temporal
def no_starvation(shop: Shop, process: Process) -> Formula:
    """Whoever enters the shop is served."""
    return leads_to(shop.at[process] == At.LOOK, shop.at[process] == At.CRITICAL)


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("B2", HOLDS, "two processes"),
        variant("B3", HOLDS, "three processes", PROCESSES=3),
        variant(
            "NC",
            violates("mutual_exclusion", steps=14, also=("in_order",)),
            "nobody waits for one who is choosing",
            CHOOSING=False,
        ),
        variant(
            "NN",
            violates("deadlock", steps=10, also=("no_starvation",)),
            "equal numbers wait for each other",
            NAMES_DECIDE=False,
        ),
    ],
)
