"""Judges of small programs by axioms: POWER, Arm and x86-TSO, as published, over all candidate executions.

POWER: Alglave, Maranget, Tautschnig, "Herding cats", TOPLAS 36(2), 2014 (`ppc.cat`). Arm: Pulte, Flur,
Deacon, French, Sarkar, Sewell, "Simplifying ARM concurrency", POPL 2018. x86: Owens, Sarkar, Sewell, "A
better x86 memory model", 2009. The lines of events come from explorer/litmus/paths.py; everything after that
is independent of the explorer. Pick dependencies and reads whose value goes nowhere: Arm ARM, chapter B2.3.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from explorer.litmus.expressions import Expression, ReadOf, Value, evaluate, picks, reads
from explorer.litmus.paths import Event, Kind, Path, paths
from explorer.litmus.program import LitmusTest
from explorer.memory.architecture import Barrier
from tests.support.relations import (
    Relation,
    acyclic,
    both,
    inverse,
    irreflexive,
    members,
    reflexive,
    relation,
    restricted,
    star,
    then,
    union,
)


@dataclass
class Execution:
    """A candidate: the events of one path of each thread, with a reads-from and a coherence order."""

    size: int
    events: list[Event]
    thread: list[int]
    base: list[int]
    location: list[str | None]
    po: Relation
    reads: int
    writes: int
    addr: Relation
    data: Relation
    ctrl: Relation
    ctrl_isync: Relation
    addr_isync: Relation
    rmw: Relation
    pick_addr: Relation
    pick_value: Relation
    pick_ctrl: Relation
    rf: Relation = field(default_factory=list)
    co: Relation = field(default_factory=list)

    def prepare(self) -> None:
        """What does not depend on rf and co."""
        same = [
            members(lambda j, i=i: self.location[j] == self.location[i] is not None, self.size)
            for i in range(self.size)
        ]
        self.po_loc = both(self.po, same)
        self.internal = [
            members(lambda j, i=i: self.thread[j] == self.thread[i], self.size) for i in range(self.size)
        ]

    def complete(self) -> None:
        """What follows from rf and co; a read of the initial value comes before all writes of its
        location.
        """
        source = inverse(self.rf)
        self.fr = then(source, self.co)
        for i in range(self.size):
            if self.reads >> i & 1 and not source[i]:
                self.fr[i] = members(
                    lambda j, i=i: bool(self.writes >> j & 1) and self.location[j] == self.location[i],
                    self.size,
                )
        self.rfe, self.rfi = self.split(self.rf)
        self.coe, self.coi = self.split(self.co)
        self.fre, _ = self.split(self.fr)

    def split(self, a: Relation) -> tuple[Relation, Relation]:
        """The external and the internal part."""
        return [row & ~own for row, own in zip(a, self.internal)], both(a, self.internal)

    def fence(self, *kinds: Barrier) -> Relation:
        """Pairs of accesses with such a barrier between them."""
        pairs = []
        for f, event in enumerate(self.events):
            if event.fence in kinds and not event.locked:
                mine = [k for k in range(self.size) if self.thread[k] == self.thread[f] and self.location[k]]
                pairs += [(a, b) for a in mine if a < f for b in mine if b > f]
        return relation(self.size, pairs)

    def coherent(self) -> bool:
        """SC per location, and nothing between the two halves of an atomic."""
        if not acyclic(union(self.po_loc, self.rf, self.fr, self.co)):
            return False
        return not any(both(self.rmw, then(self.fre, self.coe)))


def power_in_order(x: Execution) -> bool:
    """The same, where each store also waits for all earlier loads of its thread: the calls of protocols."""
    return power(x, restricted(x.po, x.reads, x.writes))


def power(x: Execution, more: Relation | None = None) -> bool:
    """The axioms no-thin-air, observation, propagation and the order of conditional stores, of `ppc.cat`."""
    dd = union(x.addr, x.data)
    rdw = both(x.po_loc, then(x.fre, x.rfe))
    detour = both(x.po_loc, then(x.coe, x.rfe))
    ci0 = union(x.ctrl_isync, detour)
    ii0 = union(dd, x.rfi, rdw)
    cc0 = union(dd, x.po_loc, x.ctrl, then(x.addr, x.po))
    ci, ii, cc, ic = ci0, ii0, cc0, [0] * x.size
    while True:
        new = (
            union(ci0, then(ci, ii), then(cc, ci)),
            union(ii0, ci, then(ic, ci), then(ii, ii)),
            union(cc0, ci, then(ci, ic), then(cc, cc)),
            union(ii, cc, then(ic, cc), then(ii, ic)),
        )
        if new == (ci, ii, cc, ic):
            break
        ci, ii, cc, ic = new
    ppo = union(restricted(ii, x.reads, x.reads), restricted(ic, x.reads, x.writes))
    ppo = union(ppo, more or ppo)
    strong = x.fence(Barrier.SYNC)
    lwsync = x.fence(Barrier.LWSYNC)
    both_ways = restricted(lwsync, x.writes, x.reads)
    light = [row & ~not_ordered for row, not_ordered in zip(lwsync, both_ways)]
    eieio = restricted(x.fence(Barrier.EIEIO), x.writes, x.writes)
    fence = union(strong, light, eieio)
    hb = union(ppo, fence, x.rfe)
    if not acyclic(hb):
        return False
    hb_star = star(hb)
    base = then(union(fence, then(x.rfe, fence)), hb_star)
    chapo = union(x.rfe, x.fre, x.coe, then(x.fre, x.rfe), then(x.coe, x.rfe))
    prop = union(
        restricted(base, x.writes, x.writes),
        then(then(then(reflexive(chapo), star(base)), strong), hb_star),
    )
    if not irreflexive(then(then(x.fre, prop), hb_star)) or not acyclic(union(x.co, prop)):
        return False
    exclusive = members(lambda k: x.events[k].pair is not None, x.size)
    return acyclic(union(x.co, restricted(x.po, exclusive, exclusive)))


def arm_in_order(x: Execution) -> bool:
    """The same, where each store also waits for all earlier loads of its thread."""
    return arm(x, restricted(x.po, x.reads, x.writes))


def arm(x: Execution, more: Relation | None = None) -> bool:
    """The external visibility axiom of Armv8."""
    acquires = members(lambda k: x.events[k].acquire, x.size)
    strong_acquires = members(lambda k: x.events[k].acquire and not x.events[k].weakly, x.size)
    releases = members(lambda k: x.events[k].release, x.size)
    everything = (1 << x.size) - 1
    halves = members(lambda k: x.events[k].pair is not None, x.size)
    dob = union(
        x.addr,
        x.data,
        restricted(x.ctrl, everything, x.writes),
        restricted(union(x.ctrl_isync, x.addr_isync), everything, x.reads),
        restricted(then(x.addr, x.po), everything, x.writes),
        then(union(x.addr, x.data), x.rfi),
        then(union(x.ctrl, x.data), x.coi),
    )
    aob = union(x.rmw, then(x.rmw, restricted(x.rfi, halves, acquires)))
    told = members(lambda k: not x.events[k].silent, x.size) & x.reads
    full = x.fence(Barrier.SYNC)
    for f, event in enumerate(x.events):
        if event.locked and event.kind == Kind.FENCE:
            after = [k for k in range(f + 3, x.size) if x.thread[k] == x.thread[f] and x.location[k]]
            before = [k for k in range(f) if x.thread[k] == x.thread[f] and x.location[k]]
            full = union(full, relation(x.size, itertools.product(before, after)))
    bob = union(
        full,
        restricted(x.po, releases, strong_acquires),
        restricted(x.fence(Barrier.DMB_LD), told, everything),
        restricted(x.po, acquires, everything),
        restricted(x.fence(Barrier.EIEIO), x.writes, x.writes),
        restricted(x.po, everything, releases),
        then(restricted(x.po, everything, releases), x.coi),
    )
    lob = union(dob, aob, bob, more or dob)
    return acyclic(union(x.rfe, x.fre, x.coe, lob, pick_ordered(x, lob)))


def pick_ordered(x: Execution, lob: Relation) -> Relation:
    """What pick dependencies order: a write behind the reads that decided that it happens, its value, its
    address or an earlier address (`pob` and `pick-lob` of `aarch64.cat`); and what stands behind an ISB.
    """
    everything = (1 << x.size) - 1
    between = then(restricted(x.po_loc, x.writes, x.writes), restricted(x.po_loc, x.writes, x.reads))
    lmrs = [row & ~not_next for row, not_next in zip(restricted(x.po_loc, x.writes, x.reads), between)]
    step = union(x.pick_addr, x.pick_value, lmrs)
    basic = restricted(then(step, star(step)), x.reads, everything)
    onward = reflexive(basic)
    ctrl, addr = then(onward, x.pick_ctrl), then(onward, x.pick_addr)
    picked = union(basic, ctrl, addr, then(addr, x.po))
    isync = restricted(then(onward, union(x.ctrl_isync, x.addr_isync)), everything, x.reads)
    ordered = restricted(then(lob, star(lob)), everything, x.writes)
    return union(restricted(picked, everything, x.writes), then(union(basic, ctrl, addr), ordered), isync)


def tso(x: Execution) -> bool:
    """The order of x86-TSO: program order but for a store before a load, and what MFENCE and LOCK add."""
    ppo = [row & ~(x.reads if x.writes >> i & 1 else 0) for i, row in enumerate(x.po)]
    return acyclic(union(ppo, x.fence(Barrier.SYNC), x.rfe, x.fr, x.co))


def sc(x: Execution) -> bool:
    """Lamport's order."""
    return acyclic(union(x.po, x.rf, x.fr, x.co))


MODELS: dict[str, Callable[[Execution], bool]] = {
    "power": power,
    "power in order": power_in_order,
    "arm": arm,
    "arm in order": arm_in_order,
    "tso": tso,
    "sc": sc,
}


def final_states(test: LitmusTest, model: str) -> set[tuple[Value, ...]]:
    """The values of the observed places in every execution that the model allows."""
    finals = set()
    each = [paths(test.file, number, thread).paths for number, thread in enumerate(test.threads)]
    for combination in itertools.product(*each):
        for execution, values in candidates(test, combination):
            execution.complete()
            if execution.coherent() and MODELS[model](execution):
                finals.add(_final(test, combination, execution, values))
    return finals


def candidates(test: LitmusTest, combination: tuple[Path, ...]) -> Iterator[tuple[Execution, list[Value]]]:
    """Every candidate with a coherent order of each location whose values keep the assumptions of its
    paths.
    """
    x = _skeleton(combination)
    options = [list(_orders(x, location)) for location in sorted({each for each in x.location if each})]
    for choice in itertools.product(*options):
        x.rf = union([0] * x.size, *(rf for rf, _ in choice))
        x.co = union([0] * x.size, *(co for _, co in choice))
        values = _values(test, combination, x)
        if values is not None:
            yield x, values


def _skeleton(combination: tuple[Path, ...]) -> Execution:
    events = [event for path in combination for event in path.events]
    thread = [number for number, path in enumerate(combination) for _ in path.events]
    base = [sum(len(path.events) for path in combination[:number]) for number in range(len(combination))]
    size = len(events)

    def sources(expression: Expression, mentions: Callable[..., Iterator[ReadOf]] = reads) -> set[int]:
        return {base[each.thread] + each.event for each in mentions(expression)}

    location = [
        str(evaluate(event.address, lambda _: 0)) if event.kind != Kind.FENCE else None for event in events
    ]
    memory = [k for k in range(size) if location[k]]
    po = relation(size, ((a, b) for a in memory for b in memory if a < b and thread[a] == thread[b]))

    def pairs(of: Callable[[Event, int], set[int]]) -> Relation:
        return relation(size, ((a, k) for k in memory for a in of(events[k], base[thread[k]])))

    x = Execution(
        size=size,
        events=events,
        thread=thread,
        base=base,
        location=location,
        po=po,
        reads=members(lambda k: events[k].kind == Kind.READ, size),
        writes=members(lambda k: events[k].kind == Kind.WRITE, size),
        addr=pairs(lambda event, _: sources(event.address)),
        data=pairs(lambda event, _: sources(event.value)),
        ctrl=pairs(lambda event, first: {first + k for k in event.control}),
        ctrl_isync=pairs(lambda event, first: {first + k for k in event.control_isync}),
        addr_isync=pairs(lambda event, first: {first + k for k in event.addresses_isync}),
        pick_addr=pairs(lambda event, _: sources(event.address, picks)),
        pick_value=pairs(lambda event, _: sources(event.value, picks) | sources(event.decided, picks)),
        pick_ctrl=pairs(lambda event, first: {first + k for k in event.picked}),
        rmw=relation(
            size, ((base[thread[k]] + (events[k].pair or 0), k) for k in memory if events[k].pair is not None)
        ),
    )
    x.prepare()
    return x


def _orders(x: Execution, location: str) -> Iterator[tuple[Relation, Relation]]:
    """The coherent reads-from and coherence orders of one location."""
    here = [k for k in range(x.size) if x.location[k] == location]
    writes = [k for k in here if x.writes >> k & 1]
    loads = [k for k in here if x.reads >> k & 1]
    one = members(here.__contains__, x.size)
    po = restricted(x.po, one, one)
    for order in itertools.permutations(writes):
        co = relation(x.size, itertools.combinations(order, 2))
        if not acyclic(union(po, co)):
            continue
        for sources in itertools.product([None, *writes], repeat=len(loads)):
            rf = relation(x.size, ((w, r) for w, r in zip(sources, loads) if w is not None))
            fr = relation(
                x.size,
                (
                    (r, w)
                    for source, r in zip(sources, loads)
                    for w in (writes if source is None else order[order.index(source) + 1 :])
                ),
            )
            if acyclic(union(po, rf, co, fr)):
                yield rf, co


def _values(test: LitmusTest, combination: tuple[Path, ...], x: Execution) -> list[Value] | None:
    """What each read and write has as its value; None where they depend on themselves or an assumption
    fails.
    """
    source = inverse(x.rf)
    values: list[Value | None] = [None] * x.size

    def known(each: ReadOf) -> Value | None:
        return values[x.base[each.thread] + each.event]

    changed = True
    while changed:
        changed = False
        for k, event in enumerate(x.events):
            if values[k] is not None or event.kind == Kind.FENCE:
                continue
            if event.kind == Kind.READ:
                place = x.location[k]
                values[k] = (
                    test.memory.get(str(place), 0) if not source[k] else values[source[k].bit_length() - 1]
                )
            elif all(known(each) is not None for each in reads(event.value)):
                values[k] = evaluate(event.value, known)  # type: ignore[arg-type]
            changed = changed or values[k] is not None
    if any(value is None and event.kind != Kind.FENCE for value, event in zip(values, x.events)):
        return None
    for path in combination:
        for condition, outcome in path.assumptions:
            if bool(evaluate(condition, known)) != outcome:  # type: ignore[arg-type]
                return None
    return values  # type: ignore[return-value]


def _final(
    test: LitmusTest, combination: tuple[Path, ...], x: Execution, values: list[Value]
) -> tuple[Value, ...]:
    def last(location: str) -> Value:
        writes = [k for k in range(x.size) if x.writes >> k & 1 and x.location[k] == location]
        return next((values[k] for k in writes if not x.co[k]), test.memory.get(location, 0))

    return tuple(
        last(place.name)
        if place.thread is None
        else evaluate(
            combination[place.thread].registers.get(place.name, 0),
            lambda each: values[x.base[each.thread] + each.event],
        )
        for place in test.observed
    )
