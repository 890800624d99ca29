"""Single-decree Paxos (Lamport, "Paxos made simple", 2001): acceptors agree on one value, though some of them
may be slow for ever.

Messages stay: losing one is the same as not reading it. One proposer for each ballot.

Shows: an action for each quorum (a parameter over sets), two scalarsets at once, and optional values.
"""

from typing import Annotated

from explorer import *

ACCEPTORS = constant("ACCEPTORS", 3)
BALLOTS = constant("BALLOTS", 2)

HALF = constant("HALF", False)
"""A mistake: half of the acceptors are a quorum."""

FORGETFUL = constant("FORGETFUL", False)
"""A mistake: an acceptor votes although it has promised a higher ballot."""

STUBBORN = constant("STUBBORN", False)
"""A mistake: a proposer takes its own value, whatever the promises told."""


class Acceptor(Scalarset):
    """One who promises and votes."""

    size = ACCEPTORS


class Choice(Scalarset):
    """A value that may be chosen."""

    size = 2


Ballot = Annotated[int, Range(0, BALLOTS - 1)]


class Paxos(State):
    """`promises` of a ballot are the acceptors that have answered it; `told_at` and `told` are the vote that
    each of them had cast before, if any.
    """

    asked: Set[Ballot] = initially(set())
    promises: Map[Ballot, Set[Acceptor]] = initially(set())
    told_at: Map[Ballot, Map[Acceptor, Ballot | None]] = initially(None)
    told: Map[Ballot, Map[Acceptor, Choice | None]] = initially(None)
    proposed: Map[Ballot, Choice | None] = initially(None)
    votes: Map[Ballot, Set[Acceptor]] = initially(set())
    highest: Map[Acceptor, Ballot | None] = initially(None)
    voted_at: Map[Acceptor, Ballot | None] = initially(None)
    voted: Map[Acceptor, Choice | None] = initially(None)

    def promised_less(self, acceptor: Acceptor, ballot: int) -> Value[bool]:
        return self.highest[acceptor].is_none | (self.highest[acceptor].value < ballot)


def is_quorum(some_acceptors: Set[Acceptor]) -> Value[bool]:
    return 2 * some_acceptors.size >= ACCEPTORS + (0 if HALF else 1)


@action(actor="proposer")
def ask(paxos: Paxos, ballot: Ballot) -> None:
    """1a: asks for promises, ballot {ballot}"""
    when(~paxos.asked.contains(ballot))
    paxos.asked.next = paxos.asked.add(ballot)


@action(actor="acceptor")
def promise(paxos: Paxos, acceptor: Acceptor, ballot: Ballot) -> None:
    """1b: promises to vote in no ballot below {ballot}, and tells its last vote"""
    when(paxos.asked.contains(ballot) & paxos.promised_less(acceptor, ballot))
    paxos.highest[acceptor].next = ballot
    paxos.promises[ballot].next = paxos.promises[ballot].add(acceptor)
    paxos.told_at[ballot][acceptor].next = paxos.voted_at[acceptor]
    paxos.told[ballot][acceptor].next = paxos.voted[acceptor]


@action(actor="proposer")
def propose(paxos: Paxos, ballot: Ballot, choice: Choice, quorum: Set[Acceptor]) -> None:
    """2a: proposes {choice} in ballot {ballot}, with the promises of {quorum}"""
    when(paxos.proposed[ballot].is_none)
    when(is_quorum(quorum) & quorum.issubset(paxos.promises[ballot]))

    def last_vote(earlier: int) -> Value[bool]:
        """Nobody in the quorum has voted after this ballot, and somebody in it, for the choice."""
        told_at, told = paxos.told_at[ballot], paxos.told[ballot]
        here = some(quorum.contains(a) & (told_at[a] == earlier) & (told[a] == choice) for a in Acceptor)
        later = some(
            quorum.contains(a) & (told_at[a] == b) for a in Acceptor for b in range(earlier + 1, ballot)
        )
        return here & ~later

    free = every(~quorum.contains(a) | paxos.told_at[ballot][a].is_none for a in Acceptor)
    when(STUBBORN | free | some(last_vote(earlier) for earlier in range(ballot)))
    paxos.proposed[ballot].next = choice


@action(actor="acceptor")
def vote(paxos: Paxos, acceptor: Acceptor, ballot: Ballot) -> None:
    """2b: votes in ballot {ballot}"""
    when(~paxos.proposed[ballot].is_none & ~paxos.votes[ballot].contains(acceptor))
    when(FORGETFUL | paxos.promised_less(acceptor, ballot) | (paxos.highest[acceptor] == ballot))
    paxos.highest[acceptor].next = ballot
    paxos.voted_at[acceptor].next = ballot
    paxos.voted[acceptor].next = paxos.proposed[ballot]
    paxos.votes[ballot].next = paxos.votes[ballot].add(acceptor)


@invariant
def one_value_is_chosen(paxos: Paxos, choice: Choice, other: Choice) -> Value[bool]:
    """Two ballots in which a quorum has voted have one value."""

    def chosen(choice: Choice) -> Value[bool]:
        return some(is_quorum(paxos.votes[b]) & (paxos.proposed[b] == choice) for b in domain(Ballot))

    return (choice == other) | ~(chosen(choice) & chosen(other))


spec = Spec(
    expect=HOLDS,
    deadlock=False,
    variants=[
        variant("2", HOLDS, "two ballots"),
        variant(
            "HA",
            violates("one_value_is_chosen", steps=12),
            "half of four acceptors are a quorum",
            HALF=True,
            ACCEPTORS=4,
        ),
        variant("FO", violates("one_value_is_chosen", steps=12), "votes below a promise", FORGETFUL=True),
        variant(
            "ST", violates("one_value_is_chosen", steps=12), "does not listen to earlier votes", STUBBORN=True
        ),
    ],
)
