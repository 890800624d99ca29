"""Deliberate mistakes: a type checker must reject every line marked `# error`, and no other."""

import enum
from dataclasses import dataclass
from typing import Annotated

from explorer import (
    Capacity,
    Formula,
    Map,
    Queue,
    Range,
    Scalarset,
    Set,
    State,
    Steps,
    Value,
    Var,
    action,
    always,
    always_eventually,
    branch,
    count,
    domain,
    eventually,
    every,
    initially,
    invariant,
    ite,
    process,
    record,
    temporal,
    when,
)


class Cpu(Scalarset):
    size = 2


class Device(Scalarset):
    size = 1


class Step(enum.Enum):
    IDLE, BUSY = range(2)


class Kind(enum.Enum):
    READ, WRITE = range(2)


Slot = Annotated[int, Range(0, 3)]


@dataclass(frozen=True)
class Request:
    kind: Kind
    slot: Slot


class Host(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)
    ready: Map[Cpu, Map[Kind, bool]] = initially(False)
    waiting: Set[Cpu] = initially(set())
    order: Annotated[Queue[Cpu], Capacity(2)] = initially([])
    pending: Annotated[Queue[Request], Capacity(2)] = initially([])
    owner: Var[Cpu | None] = initially(None)
    slot: Var[Slot] = initially(0)
    last: Var[Request | None] = initially(None)
    stopped: Var[bool] = initially(False)


@action
def assignments(host: Host, cpu: Cpu, kind: Kind) -> None:
    host.at[cpu].next = Kind.READ  # error
    host.at[cpu] = Step.BUSY  # error
    host.at = Step.BUSY  # error
    host.stopped = True  # error
    host.slot.next = "three"  # error
    host.slot.next = host.owner  # error
    host.stopped.next = Step.IDLE  # error
    host.owner.next = Step.IDLE  # error
    host.waiting.next = host.waiting.add(kind)  # error
    host.waiting.next = host.order  # error
    host.order.next = host.order.push(Step.IDLE)  # error
    host.pending.next = host.pending.push(cpu)  # error
    host.last.next = host.order.head  # error
    host.ready[cpu][kind].next = 3  # error
    host.stoped.next = True  # error
    cpu.next = cpu  # error
    host.slot.nxt = 3  # error
    (host.slot + 1).next = 3  # error


@action
def indices(host: Host, cpu: Cpu, kind: Kind) -> None:
    when(host.ready[kind][cpu])  # error
    when(host.at[kind] == Step.IDLE)  # error
    when(host.at[host.slot] == Step.IDLE)  # error
    when(host.ready[cpu, kind])  # error
    when(host.ready[cpu])  # error
    when(host.order["first"] == cpu)  # error


@action
def conditions(host: Host, cpu: Cpu, kind: Kind) -> None:
    when(host.slot)  # error
    when(3)  # error
    when(host.at[cpu] == Kind.READ)  # error
    when(host.at[cpu] != 0)  # error
    when(host.at[cpu] < Step.BUSY)  # error
    when(host.owner == kind)  # error
    when(~host.slot)  # error
    when(host.stopped & host.slot)  # error
    when(host.waiting.contains(kind))  # error
    when(host.order.contains(Step.IDLE))  # error
    when(host.order.head == kind)  # error
    when(cpu in host.waiting)  # error
    when(len(host.waiting) == 0)  # error
    when(host.waiting.empty())  # error
    when(every(host.stopped))  # error
    when(count(host.slot for _ in Cpu) == 1)  # error
    when(host.slot == ite(host.stopped, "a", "b"))  # error
    when(host.last.kind == Kind.READ)  # error
    if host.stopped:  # error to mypy alone
        host.slot.next = 0
    for other in host.waiting:  # error
        host.at[other].next = Step.IDLE
    for slot in range(host.slot):  # error
        host.slot.next = slot


@action(fair=True)  # error
def unfair(host: Host) -> None:
    host.stopped.next = True


@action(actr="cpu")  # error
def misspelled(host: Host, cpu: Cpu) -> None:
    host.stopped.next = True


@invariant
def returned(host: Host) -> Value[bool]:
    return host.slot  # error


@invariant
def concrete(host: Host) -> Value[bool]:
    return every(host.at[d] == Step.IDLE for d in domain(Device))  # error


@invariant
def made(host: Host) -> Value[bool]:
    return host.last == record(Step, kind=Kind.READ)  # error


@temporal
def unsettled(host: Host) -> Formula:
    return eventually(host.slot)  # error


@temporal
def chosen(host: Host) -> Formula:
    return always(host.stopped) if always(host.stopped) else eventually(host.stopped)  # error to mypy alone


@invariant
def not_one_state(host: Host) -> Value[bool]:
    return always_eventually(host.stopped)  # error


@process
def numbered(host: Host) -> Steps:
    yield 3  # error
    host.stopped.next = True


@process  # error
def plain(host: Host) -> None:
    host.stopped.next = True


@process
def undecided(host: Host) -> Steps:
    yield "looks"
    if branch(host.stopped):  # error to mypy alone
        host.stopped.next = True
    if (yield branch(host.slot)):  # error
        host.stopped.next = True
