"""Constructs of the language on small specs: what the reference finds, both engines find, with and without
symmetry.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.engine import python, reference
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.comparison import facts
from tests.support.native import native_engine

HEAD = """
import enum
from dataclasses import dataclass
from explorer import *

class Cpu(Scalarset):
    size = 3

class Step(enum.Enum):
    IDLE, BUSY, DONE = range(3)

"""

SPECS: dict[str, str] = {}
"""A spec for each construct, by name."""

SPECS["fair_when"] = """
class Link(State):
    waiting: Map[Cpu, bool] = initially(True)
    up: Var[bool] = initially(True)

@action(fair=WEAK, group="delivery", per=("cpu",))
def deliver(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu])
    fair_when(link.up)
    link.waiting[cpu].next = False

@action(fair=WEAK, group="delivery", per=("cpu",))
def give_up(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu] & ~link.up)
    link.waiting[cpu].next = False

@action
def flap(link: Link) -> None:
    link.up.next = ~link.up

@action(stutters=True)
def idle(link: Link) -> None:
    pass
"""

SPECS["where"] = """
class Desk(State):
    at: Map[Cpu, Step] = initially(any_of(Step.IDLE, Step.BUSY))
    owner: Var[Cpu | None] = initially(None)
    n: Var[Annotated[int, range(4)]] = initially(0)

@action
def come(desk: Desk, cpu: Cpu) -> None:
    when(is_in(desk.at[cpu], {Step.IDLE, Step.DONE}))
    with where(desk.owner.is_none):
        desk.owner.next = cpu
        desk.at[cpu].next = Step.BUSY
    with where(~desk.owner.is_none):
        desk.at[desk.owner.value].next = Step.DONE
        desk.n.next = maximum(desk.n, subset(Cpu, lambda c: desk.at[c] == Step.DONE).size)

@action
def go(desk: Desk, cpu: Cpu) -> None:
    when(desk.owner == cpu)
    desk.owner.next = ite(some(desk.at[c] == Step.BUSY for c in Cpu), None, cpu)
    desk.n.next = lookup({0: 0, 1: 0, 2: 1, 3: 1}, desk.n)
    desk.at[cpu].next = Step.IDLE

@invariant
def few(desk: Desk) -> Value[bool]:
    return abs(desk.n - 2) <= 2
"""

SPECS["first_that"] = """
class Desk(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)

@action
def wake(desk: Desk) -> None:
    heir = first_that(Cpu, lambda c: desk.at[c] == Step.IDLE)
    when(~heir.is_none)
    desk.at[heir.value].next = Step.BUSY

@action
def rest(desk: Desk) -> None:
    last = last_that(Cpu, lambda c: desk.at[c] == Step.BUSY)
    with where(~last.is_none):
        desk.at[last.value].next = Step.IDLE
"""

SPECS["moments"] = """
class Door(State):
    limit: Var[Annotated[int, range(1, 4)]] = initially(any_of(1, 3))
    boot: Map[Cpu, bool] = initially(any_of(bool))
    inside: Map[Cpu, bool] = initially(False)

def number(door: Door) -> Value[int]:
    return count(door.inside[cpu] for cpu in Cpu)

@action
def step_in(door: Door, cpu: Cpu) -> None:
    when(~door.inside[cpu] & (number(door) < door.limit))
    door.inside[cpu].next = True
    door.boot[cpu].next = False

@action
def step_out(door: Door, cpu: Cpu) -> None:
    when(door.inside[cpu])
    door.inside[cpu].next = False

@step_invariant
def one_by_one(door: Door, cpu: Cpu) -> Value[bool]:
    return implies(taken(step_in, cpu), after(number(door)) == number(door) + 1)

@invariant
def first_in(door: Door, cpu: Cpu) -> Value[bool]:
    return implies(door.inside[cpu], at_first(door.boot[cpu]))

@invariant
def within(door: Door) -> Value[bool]:
    return number(door) <= at_first(door.limit)
"""

SPECS["sets and unions"] = """
class Room(State):
    inside: Set[Cpu] = initially(set())
    last: Var[Cpu | Annotated[int, range(3)]] = initially(0)

@action
def enter(room: Room, group: Set[Cpu]) -> None:
    when(~group.empty & room.inside.intersection(group).empty)
    room.inside.next = room.inside.union(group)
    room.last.next = room.inside.size

@action
def leave(room: Room, cpu: Cpu) -> None:
    when(room.inside.contains(cpu) & room.last.is_number)
    when(room.last.number > 0)
    room.inside.next = room.inside.remove(cpu)
    room.last.next = cpu

@invariant
def two(room: Room) -> Value[bool]:
    return implies(room.last.is_number, room.last.number < 2)
"""

SPECS["dependent"] = """
def doubled(board: "Board") -> Value[int]:
    return board.a * 2

def turned(cpu: Cpu, board: "Board") -> Value[Step]:
    return ite(board.boot[cpu], Step.BUSY, Step.IDLE)

class Board(State):
    b: Var[Annotated[int, range(4)]] = initially(doubled)
    a: Var[Annotated[int, range(4)]] = initially(any_of(0, 1))
    boot: Map[Cpu, bool] = initially(any_of(bool))
    at: Map[Cpu, Step] = initially(turned)

@action
def change(board: Board, cpu: Cpu) -> None:
    when(board.at[cpu] == Step.BUSY)
    board.at[cpu].next = Step.DONE
    board.a.next = board.b
"""

SPECS["refines"] = """
class Owners(State):
    owners: Set[Cpu] = initially(set())

@action
def take(owners: Owners, cpu: Cpu) -> None:
    when(owners.owners.empty)
    owners.owners.next = {cpu}

@action
def give(owners: Owners) -> None:
    owners.owners.next = set()

abstract = Spec(Owners, take, give, name="owners")
del Owners, take, give

class Lock(State):
    wants: Map[Cpu, bool] = initially(any_of(bool))
    inside: Map[Cpu, bool] = initially(False)

@action
def enter(lock: Lock, cpu: Cpu) -> None:
    when(lock.wants[cpu])
    lock.inside[cpu].next = True
    lock.wants[cpu].next = False

@action
def leave(lock: Lock, cpu: Cpu) -> None:
    when(lock.inside[cpu])
    lock.inside[cpu].next = False

@refines(abstract)
def one_at_a_time(lock: Lock):
    return {"owners": subset(Cpu, lambda cpu: lock.inside[cpu])}
"""

SPECS["large sets"] = """
Page = Annotated[int, range(70)]

class Frames(State):
    free: Set[Page] = initially(set(range(66)))
    owner: Map[Cpu, Page] = initially(69)

@action
def take(frames: Frames, cpu: Cpu) -> None:
    when(frames.owner[cpu] == 69)
    page = first_that(range(62, 68), lambda p: frames.free.contains(p), 68)
    frames.owner[cpu].next = page
    frames.free.next = frames.free.remove(page)

@action
def give(frames: Frames, cpu: Cpu) -> None:
    when(frames.owner[cpu] < 68)
    frames.free.next = frames.free.add(frames.owner[cpu])
    frames.owner[cpu].next = 69

@invariant
def apart(frames: Frames, cpu: Cpu) -> Value[bool]:
    return ~frames.free.contains(frames.owner[cpu]) & (frames.free.size > 62)
"""


@pytest.fixture(params=SPECS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    path = tmp_path / f"{request.param}.py"
    path.write_text(HEAD + SPECS[request.param] + "\nspec = Spec(deadlock=False)\n")
    return ground(load(path))


def test_engines_agree_on_every_construct(model: Model) -> None:
    """The same states, steps and violations from the reference, from Python and from machine code."""
    wanted = facts(reference.explore(model))
    engines: list[Callable[[Model], object]] = [python.explore, native_engine(1)]
    for engine in engines:
        assert facts(engine(model)) == wanted  # type: ignore[arg-type]


def test_symmetry_keeps_every_construct(model: Model) -> None:
    """Orbits stand for exactly the states that there are, where the proof succeeds."""
    quotient, whole = python.explore(model, symmetry=find(model)), reference.explore(model)
    assert quotient.represented == whole.distinct
    assert set(quotient.violations) == set(whole.violations)
