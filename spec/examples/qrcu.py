"""QRCU (McKenney, perfbook, formal/spinhint.tex): an updater waits for readers without blocking them,
and takes a shortcut where two looks at the counters show that there is none.

The published counterexample without the second look needs two updaters and one reader.
"""

from explorer import *

READERS = constant("READERS", 1)
UPDATERS = constant("UPDATERS", 1)
TWICE = constant("SUM_TWICE", True)


class Reader(Scalarset):
    size = READERS


class Updater(Scalarset):
    size = UPDATERS


Count = Annotated[int, Range(0, READERS + UPDATERS + 1)]
Side = Annotated[int, Range(0, 1)]
Progress = Annotated[int, Range(0, 2)]


class Qrcu(State):
    """Two counters, the side that new readers take, and how far each reader is."""

    ctr: Map[Side, Count] = initially({0: 1, 1: 0})
    idx: Var[Side] = initially(0)
    mutex: Var[bool] = initially(False)
    progress: Map[Reader, Progress] = initially(0)


class Snapshots(State):
    """The readers that an updater found inside (for the property)."""

    seen: Map[Updater, Map[Reader, bool]] = initially(False, quiet=True)


@process(actor="reader", atomic=True)
def read(qrcu: Qrcu, reader: Reader) -> Steps:
    """qrcu_read_lock(), a critical section, qrcu_read_unlock()"""
    while True:
        yield "i = idx"
        i = yield keep(qrcu.idx)
        yield "atomic_inc_not_zero(&ctr[{i}])"
        if (yield branch(qrcu.ctr[i] > 0)):
            qrcu.ctr[i].next = qrcu.ctr[i] + 1
            break
    yield "enters"
    qrcu.progress[reader].next = 1
    yield "leaves"
    qrcu.progress[reader].next = 2
    yield "atomic_dec(&ctr[{i}])"
    qrcu.ctr[i].next = qrcu.ctr[i] - 1


def total(qrcu: Qrcu) -> Steps:
    """The sum of the two counters, read in either order."""
    yield "sum: one counter"
    first = yield choose(0, 1)
    sum = yield keep(qrcu.ctr[first])
    yield "sum: the other"
    sum = yield keep(sum + qrcu.ctr[1 - first], Range(0, 2 * (READERS + UPDATERS + 1)))
    return sum


@process(actor="updater", atomic=True, restart=True)
def update(qrcu: Qrcu, snapshots: Snapshots, updater: Updater) -> Steps:
    """synchronize_qrcu()"""
    yield "snapshot"
    for reader in Reader:
        snapshots.seen[updater][reader].next = qrcu.progress[reader] == 1
    sum = yield from total(qrcu)
    if TWICE:
        yield "sum <= 1?"
        if (yield branch(sum <= 1)):
            sum = yield from total(qrcu)
    yield "sum > 1?"
    if (yield branch(sum > 1)):
        yield "mutex_lock()"
        when(~qrcu.mutex)
        qrcu.mutex.next = True
        yield "ctr[!idx]++"
        qrcu.ctr[1 - qrcu.idx].next = qrcu.ctr[1 - qrcu.idx] + 1
        yield "idx = !idx"
        qrcu.idx.next = 1 - qrcu.idx
        yield "ctr[!idx]--"
        qrcu.ctr[1 - qrcu.idx].next = qrcu.ctr[1 - qrcu.idx] - 1
        yield "ctr[!idx] == 0"
        when(qrcu.ctr[1 - qrcu.idx] == 0)
        yield "mutex_unlock()"
        qrcu.mutex.next = False
    yield "synchronized"
    for reader in Reader:
        snapshots.seen[updater][reader].next = False


@invariant
def no_reader_from_before(qrcu: Qrcu, snapshots: Snapshots, updater: Updater, reader: Reader) -> Value[bool]:
    """Who was inside when the updater began is out when it returns."""
    was_inside = at(update, "synchronized", updater) & snapshots.seen[updater][reader]
    return implies(was_inside, qrcu.progress[reader] != 1)


spec = Spec(expect=HOLDS)
