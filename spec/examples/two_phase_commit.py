"""Two-phase commit, as Gray and Lamport describe it ("Consensus on transaction commit", 2006): all commit, or
all abort.

Every resource manager prepares and says so. Once all have, the transaction manager may commit; until then it
may abort. What was said stays said: messages are never taken away, so losing one is the same as not reading
it.

Shows: sets, a scalarset, a protocol that is checked against a simpler one (`@step_invariant`), and a property
that depends on somebody not stopping. The numbers are those of the TLA+ specification: 288 states for 3
resource managers, 8,832 for 5.
"""

import enum

from explorer import *

MANAGERS = constant("MANAGERS", 3)

IMPATIENT = constant("IMPATIENT", False)
"""A mistake: the transaction manager commits once all but one have prepared."""

FICKLE = constant("FICKLE", False)
"""A mistake: a resource manager may abort although it said that it is prepared."""

CRASH = constant("CRASH", False)
"""Whether the transaction manager may stop for ever."""


class Manager(Scalarset):
    """A resource manager."""

    size = MANAGERS
    names = ("rm1", "rm2", "rm3", "rm4", "rm5", "rm6")


class Resource(enum.Enum):
    WORKING, PREPARED, COMMITTED, ABORTED = range(4)


class Decision(enum.Enum):
    OPEN, COMMIT, ABORT, CRASHED = range(4)


class Transaction(State):
    """`said_prepared` and `said` are the messages; `heard_prepared` is what the transaction manager has read
    of them.
    """

    resource: Map[Manager, Resource] = initially(Resource.WORKING)
    said_prepared: Set[Manager] = initially(set())
    heard_prepared: Set[Manager] = initially(set())
    decision: Var[Decision] = initially(Decision.OPEN)

    def decided(self, manager: Manager) -> Value[bool]:
        return (self.resource[manager] == Resource.COMMITTED) | (self.resource[manager] == Resource.ABORTED)


@action(actor="manager", fair=WEAK)
def prepare(transaction: Transaction, manager: Manager) -> None:
    """prepares, and says so"""
    when(transaction.resource[manager] == Resource.WORKING)
    transaction.resource[manager].next = Resource.PREPARED
    transaction.said_prepared.next = transaction.said_prepared.add(manager)


@action(actor="manager")
def choose_to_abort(transaction: Transaction, manager: Manager) -> None:
    """aborts, and says nothing"""
    working = transaction.resource[manager] == Resource.WORKING
    when(working | (FICKLE & (transaction.resource[manager] == Resource.PREPARED)))
    transaction.resource[manager].next = Resource.ABORTED


@action(actor="TM", fair=WEAK)
def hear_prepared(transaction: Transaction, manager: Manager) -> None:
    """hears that {manager} is prepared"""
    when(transaction.decision == Decision.OPEN)
    when(transaction.said_prepared.contains(manager))
    transaction.heard_prepared.next = transaction.heard_prepared.add(manager)


@action(actor="TM", fair=WEAK)
def decide_commit(transaction: Transaction) -> None:
    """says Commit"""
    when(transaction.decision == Decision.OPEN)
    when(transaction.heard_prepared.size >= (MANAGERS - 1 if IMPATIENT else MANAGERS))
    transaction.decision.next = Decision.COMMIT


@action(actor="TM", fair=WEAK)
def decide_abort(transaction: Transaction) -> None:
    """says Abort  // for whatever reason: a time-out, a user

    Fair, so that nobody waits for ever for one that aborted without a word.
    """
    when(transaction.decision == Decision.OPEN)
    transaction.decision.next = Decision.ABORT


@action(actor="TM")
def crash(transaction: Transaction) -> None:
    """stops"""
    when(CRASH)
    when(transaction.decision == Decision.OPEN)
    transaction.decision.next = Decision.CRASHED


@action(actor="manager", fair=WEAK)
def hear_commit(transaction: Transaction, manager: Manager) -> None:
    """hears Commit"""
    when(transaction.decision == Decision.COMMIT)
    transaction.resource[manager].next = Resource.COMMITTED


@action(actor="manager", fair=WEAK)
def hear_abort(transaction: Transaction, manager: Manager) -> None:
    """hears Abort"""
    when(transaction.decision == Decision.ABORT)
    transaction.resource[manager].next = Resource.ABORTED


@terminal
def all_have_decided(transaction: Transaction) -> Value[bool]:
    return every(transaction.decided(manager) for manager in Manager)


@invariant
def consistent(transaction: Transaction, one: Manager, other: Manager) -> Value[bool]:
    """No manager has committed where another has aborted."""
    return ~(
        (transaction.resource[one] == Resource.COMMITTED) & (transaction.resource[other] == Resource.ABORTED)
    )


# What a transaction is, whatever the protocol: managers work, prepare, and commit once none can object. Every
# step above is a
# step of that, or changes nothing of it.


@step_invariant
def commits_when_all_are_ready(transaction: Transaction, manager: Manager) -> Value[bool]:
    """Nobody commits before all are prepared or committed."""
    commits = (transaction.resource[manager] != Resource.COMMITTED) & (
        transaction.resource[manager].next == Resource.COMMITTED
    )
    ready = every(
        (transaction.resource[one] == Resource.PREPARED) | (transaction.resource[one] == Resource.COMMITTED)
        for one in Manager
    )
    return implies(commits, ready)


@step_invariant
def decisions_are_final(transaction: Transaction, manager: Manager) -> Value[bool]:
    """Committed stays committed, aborted stays aborted."""
    return implies(
        transaction.decided(manager), transaction.resource[manager].next == transaction.resource[manager]
    )


@temporal
def everybody_decides(transaction: Transaction, manager: Manager) -> Formula:
    """In the end every manager has committed or aborted."""
    return eventually(transaction.decided(manager))


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("3", HOLDS, "three resource managers"),
        variant("5", HOLDS, "five", MANAGERS=5),
        variant(
            "IM",
            violates("consistent", steps=7, also=("commits_when_all_are_ready", "decisions_are_final")),
            "commits when all but one have prepared",
            IMPATIENT=True,
        ),
        variant(
            "FI",
            violates("consistent", steps=9, also=("commits_when_all_are_ready", "decisions_are_final")),
            "a prepared manager may abort",
            FICKLE=True,
        ),
        variant(
            "CR",
            violates("deadlock", steps=4, also=("everybody_decides",)),
            "the transaction manager may stop: the prepared wait",
            CRASH=True,
        ),
    ],
)
