"""What the exporters must get right beyond the IPI model: choices of initial values, simultaneous writes,
computed indices, negative codes, sets, remainders.
"""

from typing import Annotated

from explorer import (
    HOLDS,
    Map,
    Range,
    Scalarset,
    Set,
    Spec,
    State,
    Value,
    Var,
    action,
    any_of,
    initially,
    invariant,
    ite,
    step_invariant,
    when,
)

Digit = Annotated[int, Range(-2, 3)]
Slot = Annotated[int, Range(0, 2)]


class Owner(Scalarset):
    size = 2


class Corners(State):
    left: Var[Digit] = initially(any_of(Digit))
    right: Var[Digit] = initially(1)
    slot: Var[Slot] = initially(0)
    table: Map[Slot, Digit] = initially(-1)
    owner: Var[Owner | None] = initially(None)
    inside: Set[Slot] = initially(set())
    allowed: Set[Slot] = initially(set())


@action
def swap(corners: Corners) -> None:
    when(corners.left != corners.right)
    corners.left.next = corners.right
    corners.right.next = corners.left


@action
def look(corners: Corners) -> None:
    when(corners.table[corners.slot] < corners.left)
    corners.table[corners.slot].next = corners.left
    corners.left.next = corners.table[corners.slot]
    corners.slot.next = ite(corners.slot == 2, 0, corners.slot + 1)


@action
def own(corners: Corners, owner: Owner) -> None:
    when((corners.owner == None) | (corners.right > 1))
    corners.owner.next = owner


@action
def leave(corners: Corners) -> None:
    corners.owner.next = None


@action
def allow(corners: Corners, member: Slot) -> None:
    when(corners.allowed.size < 2)
    corners.allowed.next = corners.allowed.add(member)


@action
def enter(corners: Corners, member: Slot) -> None:
    when(corners.allowed.contains(member) & (corners.left < 2))
    corners.inside.next = corners.inside.add(member)


@action
def clear(corners: Corners) -> None:
    when(corners.slot % 2 == 1)
    corners.inside.next = corners.inside.intersection(corners.allowed).difference({1})


@invariant
def digits(corners: Corners) -> Value[bool]:
    return (corners.table[0] <= 3) & (corners.table[corners.slot] >= -1) & (corners.slot <= 2)


@step_invariant
def slots_turn(corners: Corners) -> Value[bool]:
    return (corners.slot.next == corners.slot) | (corners.left.next < corners.left)


spec = Spec(expect=HOLDS)
