"""Dijkstra's dining philosophers (1971): each needs the forks on both sides, and a fork is in one hand at a
time.

Three ways to take them. `left`: everybody the left one first; all can end with one fork each, for ever.
`asymmetric`: the last philosopher takes the right one first; nobody is stuck. `polite`: who does not get the
second fork puts the first one down.

Who eats is then a matter of fairness. A fork that lies there again and again, but not for ever, need not be
taken by a WEAKly fair philosopher: the neighbour may always be quicker. STRONG fairness gets it. The
asymmetric table needs it for everybody to eat; the polite one needs it for anybody to eat, and even with it
somebody can starve.

Shows: a ring (neighbours are computed, so philosophers are not interchangeable), deadlock, weak and strong
fairness.
"""

import enum

from explorer import *

SEATS = constant("SEATS", 3)


class Method(enum.Enum):
    LEFT = "left"
    POLITE = "polite"
    ASYMMETRIC = "asymmetric"


METHOD = constant("METHOD", Method.ASYMMETRIC)

MEEK = constant("MEEK", False)
"""Whether philosophers take forks with weak fairness only."""

Seat = Annotated[int, Range(0, SEATS - 1)]
"""A philosopher, and the fork at the left hand. The fork at the right hand is the next one's."""


class At(enum.Enum):
    THINKING, HUNGRY, ONE_FORK, EATING = range(4)


class Table(State):
    at: Map[Seat, At] = initially(At.THINKING)
    taken: Map[Seat, bool] = initially(False)


def first_fork(seat: int) -> int:
    last_one = seat == SEATS - 1
    return right(seat) if METHOD == Method.ASYMMETRIC and last_one else seat


def second_fork(seat: int) -> int:
    return seat if first_fork(seat) != seat else right(seat)


def right(seat: int) -> int:
    return (seat + 1) % SEATS


def take(table: Table, seat: int, fork: int) -> None:
    """Take the fork; the philosopher has then one more."""
    first = fork == first_fork(seat)
    when(first or fork == second_fork(seat))
    when(table.at[seat] == (At.HUNGRY if first else At.ONE_FORK))
    when(~table.taken[fork])
    table.taken[fork].next = True
    table.at[seat].next = At.ONE_FORK if first else At.EATING


@action(actor="seat")
def get_hungry(table: Table, seat: Seat) -> None:
    """gets hungry  // or thinks for ever"""
    when(table.at[seat] == At.THINKING)
    table.at[seat].next = At.HUNGRY


@action(actor="seat", fair=STRONG)
def take_fork(table: Table, seat: Seat, fork: Seat) -> None:
    """takes fork {fork}"""
    when(not MEEK)
    take(table, seat, fork)


@action(actor="seat", fair=WEAK)
def take_fork_meekly(table: Table, seat: Seat, fork: Seat) -> None:
    """takes fork {fork}"""
    when(MEEK)
    take(table, seat, fork)


@action(actor="seat", fair=WEAK)
def put_back(table: Table, seat: Seat) -> None:
    """puts fork {first_fork(seat)} back, for {second_fork(seat)} is taken"""
    when(METHOD == Method.POLITE)
    when(table.at[seat] == At.ONE_FORK)
    when(table.taken[second_fork(seat)])
    table.taken[first_fork(seat)].next = False
    table.at[seat].next = At.HUNGRY


@action(actor="seat", fair=WEAK)
def finish(table: Table, seat: Seat) -> None:
    """has eaten, puts both forks back"""
    when(table.at[seat] == At.EATING)
    table.taken[seat].next = False
    table.taken[right(seat)].next = False
    table.at[seat].next = At.THINKING


@invariant
def neighbours_take_turns(table: Table, seat: Seat) -> Value[bool]:
    """Two neighbours never eat at the same time."""
    return ~((table.at[seat] == At.EATING) & (table.at[right(seat)] == At.EATING))


@temporal
def somebody_eats(table: Table) -> Formula:
    """Where somebody is hungry, somebody will eat."""
    return leads_to(
        some(table.at[seat] == At.HUNGRY for seat in domain(Seat)),
        some(table.at[seat] == At.EATING for seat in domain(Seat)),
    )


@temporal
def nobody_starves(table: Table, seat: Seat) -> Formula:
    """Whoever is hungry will eat."""
    return leads_to(table.at[seat] == At.HUNGRY, table.at[seat] == At.EATING)


spec = Spec(
    expect=HOLDS,
    variants=[
        variant(
            "DL",
            violates("deadlock", steps=6, also=("somebody_eats", "nobody_starves")),
            "everybody takes the left fork first",
            METHOD=Method.LEFT,
        ),
        variant(
            "PM",
            violates("somebody_eats", also=("nobody_starves",)),
            "polite, weak fairness: all take, all put back",
            METHOD=Method.POLITE,
            MEEK=True,
        ),
        variant("PO", violates("nobody_starves", steps=7), "polite, strong fairness", METHOD=Method.POLITE),
        variant(
            "AM", violates("nobody_starves"), "asymmetric, weak fairness", METHOD=Method.ASYMMETRIC, MEEK=True
        ),
        variant("AS", HOLDS, "asymmetric, strong fairness", METHOD=Method.ASYMMETRIC),
        variant("A5", HOLDS, "the same with five", METHOD=Method.ASYMMETRIC, SEATS=5),
    ],
)
