"""What the tests of symmetry share: a lock whose CPUs are interchangeable, and what a reduced run must have
in common with a full one.
"""

from __future__ import annotations

import random
import re

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry, find
from tests.support.comparison import model_of, reported
from tests.support.generators import spec_of
from tests.support.symmetric import symmetric_text

HEAD = """\
import enum
from dataclasses import dataclass
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = constant("CPUS", 3)
    names = ("A", "B", "C")

class Job(Scalarset):
    size = 2

class Step(enum.Enum):
    IDLE, WAIT, OWNER = range(3)

class Lock(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)
    owner: Var[Cpu | None] = initially(None)

@action(actor="cpu", fair=WEAK)
def take(lock: Lock, cpu: Cpu):
    when(lock.owner == None)
    lock.owner.next = cpu
    lock.at[cpu].next = Step.OWNER

@action(actor="cpu")
def give(lock: Lock, cpu: Cpu):
    when(lock.owner == cpu)
    lock.owner.next = None
    lock.at[cpu].next = Step.IDLE

@invariant
def owner_knows(lock: Lock, cpu: Cpu):
    return (lock.owner == cpu) == (lock.at[cpu] == Step.OWNER)
"""

RICH = """
@dataclass(frozen=True)
class Note:
    who: Cpu
    job: Job | None

class Rich(State):
    mail: Map[Cpu, Annotated[Queue[Note], Capacity(2)]] = initially([])
    known: Map[Job, Set[Cpu]] = initially(set())
    link: Map[Cpu, Map[Cpu, bool]] = initially(False)
    last: Var[Note | None] = initially(None)

@action(actor="cpu")
def send(rich: Rich, cpu: Cpu, other: Cpu, job: Job):
    when(~rich.mail[other].full & ~rich.link[cpu][other])
    rich.mail[other].next = rich.mail[other].push(Note(cpu, job))
    rich.link[cpu][other].next = True

@action(actor="cpu")
def receive(rich: Rich, cpu: Cpu, job: Job):
    when(~rich.mail[cpu].empty)
    when(rich.mail[cpu].head.job == job)
    rich.last.next = rich.mail[cpu].head
    rich.known[job].next = rich.known[job].add(rich.mail[cpu].head.who)
    rich.mail[cpu].next = rich.mail[cpu].pop()

@invariant
def noted(rich: Rich, cpu: Cpu):
    return implies(~rich.last.is_none, some(rich.known[job].contains(rich.last.value.who) for job in Job))
"""
"""Identities in queues, sets, records and pairs; goes behind HEAD."""

FIRST_WAITS = """
@invariant
def first_waits(lock: Lock):
    return lock.at[domain(Cpu)[0]] != Step.OWNER
"""
"""An invariant that tells A from B."""


def model(*blocks: str, **constants: int) -> Model:
    return ground(spec_of("\n".join([HEAD, *blocks, "spec = Spec()\n"])), constants)


def random_symmetric(seed: int) -> tuple[Model, Symmetry] | None:
    """A random spec and its symmetry, if the text makes one whose states are worth renaming."""
    spec = model_of(symmetric_text(random.Random(seed), 1 + seed % 4))
    found = find(spec) if spec else None
    return (
        (spec, found)
        if spec and found and found.proven and python.Compiled(spec, found).quotient is not None
        else None
    )


def same_answers(plain: StateSpace, reduced: StateSpace) -> None:
    """Levels are the representatives of the levels, orbits add up, and every story is the same."""
    assert reduced.quotient is not None
    form = reduced.quotient.canonical
    assert [{form(s) for s in level} for level in plain.levels] == [set(level) for level in reduced.levels]
    assert reduced.represented == plain.distinct
    assert (plain.least, plain.most, plain.depth, plain.stopped) == (
        reduced.least,
        reduced.most,
        reduced.depth,
        reduced.stopped,
    )
    assert {n: (v.kind, v.level) for n, v in plain.violations.items()} == {
        n: (v.kind, v.level) for n, v in reduced.violations.items()
    }
    full, small = reported(plain), reported(reduced)
    assert full["traces"] == small["traces"]
    for record in (full["record"], small["record"]):  # what an engine says of itself is its own
        record["findings"] = [f for f in record["findings"] if f["kind"] != "engine"]
    for key in ("verdict", "exit_code", "findings", "traces", "expectation_met"):
        assert full["record"][key] == small["record"][key], key
    for a, b in zip(full["record"]["properties"], small["record"]["properties"]):
        a, b = ({**p, "reason": re.sub(r"\d+ states?", "n states", p["reason"])} for p in (a, b))
        assert a == b
    assert [(r["instance"], r["blocked_by"] == "") for r in full["record"]["coverage"]] == [
        (r["instance"], r["blocked_by"] == "") for r in small["record"]["coverage"]
    ]


def check(spec: Model, found: Symmetry, limits: Limits | None = None) -> StateSpace:
    """Assert that a run with symmetry has the answers of one without; the reduced space."""
    plain, reduced = python.explore(spec, limits), python.explore(spec, limits, symmetry=found)
    same_answers(plain, reduced)
    return reduced


def same_facts(a: StateSpace, b: StateSpace) -> None:
    """Assert that two reduced runs visited the same representatives, counted the same, and tell the same
    stories.
    """
    assert [set(level) for level in a.levels] == [set(level) for level in b.levels]
    assert (a.represented, a.enabled, a.changed) == (b.represented, b.enabled, b.changed)
    assert (a.expanded, a.least, a.most) == (b.expanded, b.least, b.most)
    assert reported(a)["traces"] == reported(b)["traces"]
