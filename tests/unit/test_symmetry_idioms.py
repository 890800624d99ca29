"""Usual ways to write a protocol are proved symmetric, and what is proved is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer import check

HEAD = """
from itertools import combinations
from typing import Annotated
from explorer import *

class Proc(Scalarset):
    size = constant("PROCS", 3)

"""

QUORUMS = """
Ballot = Annotated[int, Range(0, 1)]

class Acceptors(State):
    highest: Map[Proc, Annotated[int, Range(-1, 1)]] = initially(-1)
    promised: Map[Ballot, Map[Proc, bool]] = initially(False)
    votes: Map[Ballot, Set[Proc]] = initially(set())

def quorums():
    members = list(Proc)
    return combinations(members, len(members) // 2 + 1)

@action
def promise(s: Acceptors, p: Proc, b: Ballot):
    when(s.highest[p] < b)
    s.highest[p].next = b
    s.promised[b][p].next = True

@action
def vote(s: Acceptors, p: Proc, b: Ballot):
    when(some(every(s.promised[b][q] for q in quorum) for quorum in quorums()))
    when((s.highest[p] <= b) & ~s.votes[b].contains(p))
    s.votes[b].next = s.votes[b].add(p)

@invariant
def quorums_meet(s: Acceptors):
    return some(every(~s.votes[b].contains(p) | (s.votes[b].size >= 1) for b in range(2)) for p in Proc)
"""

MAJORITY = """
class Election(State):
    vote: Map[Proc, Proc | None] = initially(None)
    leader: Var[Proc | None] = initially(None)

@action
def vote(s: Election, voter: Proc, p: Proc):
    when(s.vote[voter].is_none)
    s.vote[voter].next = p

@action
def elect(s: Election, p: Proc):
    when((count(s.vote[voter] == p for voter in Proc) * 2 > len(list(Proc))) & s.leader.is_none)
    s.leader.next = p

@invariant
def a_majority_elected(s: Election):
    return s.leader.is_none | some(
        (s.leader == p) & (count(s.vote[voter] == p for voter in Proc) * 2 > len(list(Proc))) for p in Proc
    )
"""

RING = """
SIZE = 3

class Ring(State):
    slot: Map[Annotated[int, Range(0, SIZE - 1)], Proc | None] = initially(None)
    head: Var[Annotated[int, Range(0, 5)]] = initially(0)
    tail: Var[Annotated[int, Range(0, 5)]] = initially(0)

@action
def put(s: Ring, p: Proc):
    when((s.tail - s.head) % 6 < SIZE)
    when(every(s.slot[i] != p for i in range(SIZE)))
    s.slot[s.tail % SIZE].next = p
    s.tail.next = (s.tail + 1) % 6

@action
def get(s: Ring):
    when(s.head != s.tail)
    s.slot[s.head % SIZE].next = None
    s.head.next = (s.head + 1) % 6

@invariant
def the_head_is_taken(s: Ring):
    return (s.head == s.tail) | ~s.slot[s.head % SIZE].is_none
"""

QUEUE = """
class Resource(Scalarset):
    size = 2

class Allocator(State):
    wanted: Map[Proc, Set[Resource]] = initially(set())
    given: Map[Proc, Set[Resource]] = initially(set())
    order: Annotated[Queue[Proc], Capacity(3)] = initially([])

@action
def request(s: Allocator, p: Proc, r: Resource):
    when(s.order.length < 3)
    when(s.wanted[p].empty & ~s.order.contains(p))
    s.wanted[p].next = s.wanted[p].add(r)
    s.order.next = s.order.push(p)

@action
def give(s: Allocator, p: Proc, r: Resource):
    when(s.wanted[p].contains(r) & every(~s.given[q].contains(r) for q in Proc))
    s.wanted[p].next = s.wanted[p].remove(r)
    s.given[p].next = s.given[p].add(r)

@invariant
def those_in_the_queue_want_or_have(s: Allocator, i: Annotated[int, Range(0, 2)], r: Resource):
    before = some(s.wanted[s.order[j]].contains(r) | s.given[s.order[j]].contains(r) for j in range(i))
    return (i >= s.order.length) | before | ~before | s.given[s.order[i]].contains(r)

@invariant
def few(s: Allocator, p: Proc):
    return s.given[p].size <= 2
"""

END = """
@terminal
def end(s: {state}): return True

spec = Spec()
"""

IDIOMS = {"Acceptors": QUORUMS, "Election": MAJORITY, "Ring": RING, "Allocator": QUEUE}


def written(tmp_path: Path, state: str) -> Path:
    path = tmp_path / f"{state.lower()}.py"
    path.write_text(HEAD + IDIOMS[state] + END.format(state=state))
    return path


@pytest.mark.parametrize("state", IDIOMS)
def test_a_usual_way_to_write_is_proved_symmetric(state: str, tmp_path: Path) -> None:
    """Quorums, majorities, rings and queues are no obstacle, and orbits stand for all states."""
    path = written(tmp_path, state)
    reduced, whole = check(path), check(path, no_symmetry=True)
    assert [f for f in reduced["findings"] if "not used as a symmetry" in f["text"]] == []
    assert reduced["states"]["represented"] == whole["states"]["distinct"] > reduced["states"]["distinct"]
    assert reduced["verdict"] == whole["verdict"]


HARD = """
@invariant
def hard(s: Allocator):
    return every(
        s.wanted[p].size * s.given[q].size * s.order.length % 7 != s.wanted[q].size * s.given[p].size % 7 + 7
        for p in Proc for q in Proc if p.index < q.index
    )

@invariant
def few(s"""


def test_a_property_that_is_not_asked_for_costs_no_symmetry(tmp_path: Path) -> None:
    """`--property` leaves a property out of the proof; the budget of one is not another's."""
    path = written(tmp_path, "Allocator")
    path.write_text(path.read_text().replace("@invariant\ndef few(s", HARD.lstrip("\n"), 1))
    asked = check(path, property="few")
    assert [f for f in asked["findings"] if "not used as a symmetry" in f["text"]] == []
    (text,) = [f["text"] for f in check(path)["findings"] if "not used as a symmetry" in f["text"]]
    assert text.startswith(
        "Proc is not used as a symmetry: property hard may tell Proc0 from Proc1 (too large to be proved: ((("
    )
    assert "size(wanted[Proc0]) * size(given[Proc1])" in text


MANY = """
class Count(State):
    at: Map[Proc, Annotated[int, Range(0, 2)]] = initially(0)

@action
def step(s: Count, p: Proc):
    when(s.at[p] < 2)
    s.at[p].next = s.at[p] + 1

@invariant
def few(s: Count):
    return count(s.at[p] == 2 for p in Proc) <= len(list(Proc))

@terminal
def end(s: Count): return True

spec = Spec()
"""


@pytest.mark.parametrize("engine", ["python", "native"])
def test_twelve_identities_are_sorted(engine: str, tmp_path: Path) -> None:
    """More identities than could be permuted one by one: 12 of 3 places each are 3**12 states, 91 orbits."""
    (tmp_path / "many.py").write_text(HEAD + MANY)
    states = check(tmp_path / "many.py", PROCS=12, engine=engine)["states"]
    assert (states["distinct"], states["represented"]) == (91, 3**12)
