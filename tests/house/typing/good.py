"""Every construct of the language, once: must pass `mypy --strict`, and compile."""

import enum
from dataclasses import dataclass
from typing import Annotated

from explorer import (
    HOLDS,
    IRQ,
    STRONG,
    UNFAIR,
    WEAK,
    Capacity,
    Formula,
    Map,
    Queue,
    Range,
    Scalarset,
    Set,
    Spec,
    State,
    Steps,
    Value,
    Var,
    action,
    after,
    always,
    always_eventually,
    any_of,
    at,
    at_first,
    branch,
    choose,
    closes,
    constant,
    constraint,
    count,
    domain,
    eventually,
    eventually_always,
    every,
    fair_when,
    first_that,
    implies,
    initial,
    initially,
    invariant,
    is_in,
    ite,
    keep,
    last_that,
    leads_to,
    lookup,
    maximum,
    minimum,
    next_step,
    observe,
    opens,
    process,
    record,
    refines,
    release,
    sends,
    some,
    step,
    step_invariant,
    subset,
    taken,
    temporal,
    terminal,
    until,
    when,
    where,
)

CPUS = constant("CPUS", 2)
EAGER = constant("EAGER", True)


class Cpu(Scalarset):
    size = CPUS


class Device(Scalarset):
    size = 1
    names = ("disk",)


class Step(enum.Enum):
    IDLE, BUSY, DONE = range(3)


class Kind(enum.Enum):
    READ, WRITE = range(2)


Slot = Annotated[int, Range(0, 3)]
Budget = Annotated[int, Range(0, CPUS + 1)]


@dataclass(frozen=True)
class Request:
    kind: Kind
    slot: Slot


class Host(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)
    ready: Map[Cpu, Map[Kind, bool]] = initially(False)
    used: Map[Cpu, Slot] = initially(lambda cpu: 0)
    kind: Map[Cpu, Kind] = initially(any_of(Kind))
    waiting: Set[Cpu] = initially(set())
    lists: Map[Device, Set[Cpu]] = initially(set())
    pending: Annotated[Queue[Request], Capacity(2)] = initially([])
    order: Annotated[Queue[Cpu], Capacity(2)] = initially([])
    boxes: Map[Cpu, Annotated[Queue[Kind], Capacity(1)]] = initially([])
    owner: Var[Cpu | Device | None] = initially(None)
    slot: Var[Slot] = initially(0)
    budget: Var[Budget] = initially(any_of(0, 1))
    last: Var[Request | None] = initially(None)
    current: Var[Request] = initially(Request(Kind.READ, 0))
    requests: Map[Cpu, Request] = initially(Request(Kind.READ, 0))
    stopped: Var[bool] = initially(False)


def idle(host: Host, cpu: Cpu) -> Value[bool]:
    return host.at[cpu] == Step.IDLE


def finish(host: Host, cpu: Cpu, step: Step) -> None:
    host.at[cpu].next = step


@action(actor="cpu", fair=WEAK, per=("cpu",), source="kernel/smp.c:request")
def request(host: Host, cpu: Cpu, slot: Slot) -> None:
    """{cpu} requests {host.kind[cpu]} in {slot}"""
    when(idle(host, cpu) & ~host.pending.full)
    when((slot == host.slot) | (host.slot < slot))
    when(every(host.at[other] != Step.BUSY for other in Cpu))
    host.pending.next = host.pending.push(record(Request, kind=host.kind[cpu], slot=slot))
    host.requests[cpu].next = Request(Kind.WRITE, slot)
    host.waiting.next = host.waiting.add(cpu).union({cpu})
    host.ready[cpu][Kind.READ].next = True
    host.used[cpu].next = ite(host.used[cpu] < 3, host.used[cpu] + 1, 0)
    opens(cpu, host.kind[cpu])
    sends("disk", "request")
    finish(host, cpu, Step.BUSY)


@action(actor="disk", fair=STRONG)
def serve(host: Host, cpu: Cpu) -> None:
    when(~host.pending.empty)
    when(host.waiting.contains(cpu))
    if EAGER:
        when(host.pending.head.kind == host.pending[0].kind)
    host.last.next = host.pending.head
    host.current.kind.next = host.pending.head.kind
    host.current.slot.next = host.slot
    host.pending.next = ite(host.pending.length == 2, host.pending.remove_at(0), host.pending.pop())
    host.order.next = ite(host.order.full, host.order, host.order.push(cpu))
    host.waiting.next = ite(
        host.stopped, set(), host.waiting.remove(cpu).difference(host.lists[Device.identities()[0]])
    )
    host.at[cpu].next = Step.DONE
    host.owner.next = ite(host.owner.is_none, cpu, None)
    host.stopped.next = host.stopped | (host.order.length > 0)
    closes(cpu, host.kind[cpu])


@action
def move(host: Host, device: Device, kind: Kind) -> None:
    when(~host.last.is_none)
    when(host.last.value.kind == kind)
    when(~host.order.empty)
    host.at[host.order.head].next = Step.IDLE
    host.boxes[host.order.head].next = [kind]
    host.lists[device].next = host.lists[device].intersection(host.waiting)
    host.order.next = host.order.pop()
    host.last.next = None
    host.slot.next = (host.slot + 2 * count(idle(host, cpu) for cpu in Cpu) - 1) % 4


@initial
def enough(host: Host) -> Value[bool]:
    return host.budget >= 1


@invariant
def owners(host: Host, cpu: Cpu) -> Value[bool]:
    """A busy processor waits."""
    return implies(
        (host.at[cpu] == Step.BUSY) & (host.owner == cpu),
        some(host.owner == other for other in domain(Cpu | Device)),
    )


@invariant
def small(host: Host) -> Value[bool]:
    return (host.waiting.size <= CPUS) & host.waiting.issubset(set(Cpu)) & (-host.slot <= 3 - host.slot // 2)


@step_invariant
def monotone(host: Host) -> Value[bool]:
    return (
        implies(host.stopped, host.stopped.next)
        & (host.pending.next.length <= 2)
        & ~host.waiting.next.contains(domain(Cpu)[0])
    )


@temporal
def calms_down(host: Host, cpu: Cpu) -> Formula:
    """A busy processor ends, and the host stops or some processor is idle again and again."""
    idle_again = some(always_eventually(host.at[c] == Step.IDLE) for c in Cpu)
    return leads_to(host.at[cpu] == Step.BUSY, host.at[cpu] != Step.BUSY) & (host.stopped | idle_again)


@temporal
def in_order(host: Host) -> Formula:
    stops = implies(~host.stopped, until(~host.stopped, eventually(host.stopped)))
    return (
        stops
        | ~release(host.stopped, always(host.slot >= 0))
        | next_step(every(eventually_always(host.at[c] != Step.BUSY) for c in Cpu))
    )


@terminal
def finished(host: Host) -> Value[bool]:
    return host.stopped


@constraint
def bounded(host: Host) -> Value[bool]:
    return host.pending.length < 3


@observe
def busy(host: Host) -> Value[int]:
    return count(host.at[cpu] == Step.BUSY for cpu in Cpu)


def helper(host: Host, cpu: Cpu) -> Steps:
    yield step("waits", name="waits", fair=UNFAIR)
    when(host.at[cpu] == Step.IDLE)
    before = yield keep(host.stopped)
    return before


@process(actor="cpu", fair=WEAK, level=IRQ, restart=True)
def worker(host: Host, cpu: Cpu) -> Steps:
    yield "begins"
    other: Cpu = yield choose(Cpu)
    if (yield branch(host.at[other] == Step.BUSY)):
        return
    before: Value[bool] = yield from helper(host, cpu)
    yield "ends"
    host.stopped.next = before


@invariant
def waiting(cpu: Cpu) -> Value[bool]:
    return implies(at(worker, "waits", cpu), ~at(worker, "begins", cpu))


URGENCY = {Step.IDLE: 0, Step.BUSY: 2}


@action(actor="cpu", fair=WEAK, group="moves", per=("cpu",))
def chosen(host: Host, cpu: Cpu, group: Set[Cpu]) -> None:
    when(is_in(host.at[cpu], {Step.IDLE, Step.BUSY}) & group.contains(cpu))
    fair_when(host.stopped)
    busy = subset(Cpu, lambda other: host.at[other] == Step.BUSY)
    heir: Value[Cpu | None] = first_that(Cpu, lambda other: ~busy.contains(other))
    last: Value[int] = last_that(range(3), lambda n: busy.size > n, 0)
    with where(heir.is_none):
        host.stopped.next = maximum(busy.size, lookup(URGENCY, host.at[cpu]), 1) > minimum(last, 2)


def is_idle(host: Host, cpu: Cpu) -> Value[bool]:
    return host.at[cpu] == Step.IDLE


@step_invariant
def moved(host: Host, cpu: Cpu) -> Value[bool]:
    return implies(taken(chosen, cpu), after(is_idle(host, cpu)) == is_idle(host, cpu))


@invariant
def as_at_first(host: Host) -> Value[bool]:
    return host.stopped | ~at_first(host.stopped)


class Stopped(State):
    stopped: Var[bool] = initially(False)


@action(stutters=True)
def change(whole: Stopped) -> None:
    whole.stopped.next = ~whole.stopped


ABSTRACT = Spec(Stopped, change, name="stopped", deadlock=False)
del Stopped, change


@refines(ABSTRACT)
def as_stopped(host: Host) -> dict[str, Value[bool]]:
    return {"stopped": host.stopped}


spec = Spec(CPUS=2, expect=HOLDS)
