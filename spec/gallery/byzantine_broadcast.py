"""A liveness check that passed because fairness made the faulty cooperate (tlaplus/Examples#39, #40).

Broadcast of Bracha and Toueg with ECHO and READY: of N processes at most F are faulty, and say anything to
anybody. Fairness must promise that messages of correct processes arrive. If it promises those of faulty ones
too, a protocol that lets one process accept alone looks live.
"""

import enum

from explorer import *

N = constant("n", 4)
F = constant("f", 1)
T = constant("t", 1)
"""The protocol stands this many faulty processes."""

ACCEPTS = constant("accepts", 3)
"""READYs that are enough to accept: 2T + 1."""

READY = constant("ready", 2)
"""READYs that are enough to believe: T + 1."""

FAULTY_IS_FAIR = constant("faulty_is_fair", False)
"""Messages of faulty processes are promised to arrive."""


class Process(Scalarset):
    """A process."""

    size = N


class Place(enum.Enum):
    """V0, V1: the initial value; ECHO and READY are sent; ACCEPTED; FAULTY."""

    V0 = 0
    V1 = 1
    ECHO = 2
    READY = 3
    ACCEPTED = 4
    FAULTY = 5


Many = Annotated[int, Range(0, N)]


class Broadcast(State):
    """Where each process is, how many ECHO and READY it has received, how many correct ones have sent, and
    how many processes are faulty.
    """

    at: Map[Process, Place] = initially(any_of(Place.V0, Place.V1))
    echo: Map[Process, Many] = initially(0)
    ready: Map[Process, Many] = initially(0)
    echos: Var[Many] = initially(0)
    readies: Var[Many] = initially(0)
    faulty: Var[Annotated[int, Range(0, F)]] = initially(0)

    def correct(self, process: Process) -> Value[bool]:
        """Whether a process is not faulty."""
        return self.at[process] != Place.FAULTY

    def believes(self, process: Process) -> Value[bool]:
        """Whether it has received enough to say so itself."""
        return (self.echo[process] >= (N + T + 2) // 2) | (self.ready[process] >= READY)


@action(actor="process")
def becomes_faulty(state: Broadcast, process: Process) -> None:
    """becomes faulty"""
    when((state.at[process] == Place.V0) | (state.at[process] == Place.V1))
    when(state.faulty < F)
    state.faulty.next = state.faulty + 1
    state.at[process].next = Place.FAULTY


@action(actor="process", fair=WEAK, group="correct", per=())
def receive_echo(state: Broadcast, process: Process) -> None:
    """receives ECHO"""
    when(state.correct(process))
    when(state.echo[process] < state.echos + state.faulty)
    fair_when(FAULTY_IS_FAIR or state.echo[process] < state.echos)
    state.echo[process].next = state.echo[process] + 1


@action(actor="process", fair=WEAK, group="correct", per=())
def receive_ready(state: Broadcast, process: Process) -> None:
    """receives READY"""
    when(state.correct(process))
    when(state.ready[process] < state.readies + state.faulty)
    fair_when(FAULTY_IS_FAIR or state.ready[process] < state.readies)
    state.ready[process].next = state.ready[process] + 1


@action(actor="process", fair=WEAK, group="correct", per=())
def send_echo(state: Broadcast, process: Process) -> None:
    """sends ECHO"""
    when((state.at[process] == Place.V1) | ((state.at[process] == Place.V0) & state.believes(process)))
    state.echos.next = state.echos + 1
    state.at[process].next = Place.ECHO


@action(actor="process", fair=WEAK, group="correct", per=())
def send_ready(state: Broadcast, process: Process) -> None:
    """sends READY"""
    when((state.at[process] == Place.ECHO) & state.believes(process))
    state.readies.next = state.readies + 1
    state.at[process].next = Place.READY


@action(actor="process", fair=WEAK, group="correct", per=())
def accept(state: Broadcast, process: Process) -> None:
    """accepts"""
    when((state.at[process] == Place.READY) & (state.ready[process] >= ACCEPTS))
    state.at[process].next = Place.ACCEPTED


@invariant
def unforgeable(state: Broadcast, process: Process) -> Value[bool]:
    """Where nobody has the value at first, no correct process ever accepts it."""
    nobody = every(state.at[other] == Place.V0 for other in Process)
    return implies(at_first(nobody), state.at[process] != Place.ACCEPTED)


@temporal
def correct(state: Broadcast) -> Formula:
    """Where all have the value at first, some correct process accepts it."""
    return implies(
        every(state.at[process] == Place.V1 for process in Process),
        eventually(some(state.at[process] == Place.ACCEPTED for process in Process)),
    )


@temporal
def agreement(state: Broadcast) -> Formula:
    """Where one accepts, all correct ones do."""
    all_done = every(~state.correct(process) | (state.at[process] == Place.ACCEPTED) for process in Process)
    return leads_to(some(state.at[process] == Place.ACCEPTED for process in Process), all_done)


@terminal
def at_rest(state: Broadcast) -> Value[bool]:
    """Nothing that was sent is still on its way."""
    return every(())


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("right", HOLDS, "2T + 1 READYs, fairness of correct messages"),
        variant("early", violates("agreement", also=()), "T + 1 READYs are enough to accept", accepts=2),
        variant(
            "early, old",
            HOLDS,
            "the same, and messages of faulty processes are promised",
            accepts=2,
            faulty_is_fair=True,
        ),
        variant("old", HOLDS, "2T + 1, and the old fairness", faulty_is_fair=True),
        variant(
            "forged",
            violates("unforgeable", steps=10),
            "T READYs are enough to believe",
            ready=1,
        ),
    ],
)
