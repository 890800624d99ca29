"""A litmus test in the calls that a protocol makes: each CPU in program order, its dependencies named at the
loads.

A load that an address comes from, or that a branch before an isync depends on, is saved; the loads that
depend on it come `after`. Nothing is said of data and of branches before stores: the program order of a load
and a later store holds anyway.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from explorer.litmus.expressions import ReadOf, Value, evaluate, reads
from explorer.litmus.judge import MODELS
from explorer.litmus.paths import Event, Kind, Path, paths
from explorer.litmus.program import LitmusTest
from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.operations import Ordering
from explorer.memory.state import Memory
from tests.support.in_order import Exchange, Fence, Instruction, Load, Store, outcomes


def final_states(
    test: LitmusTest, hints: bool = True, bound: int = 0, model: str = ""
) -> set[tuple[Value, ...]]:
    """The values of the observed places in every run; `hints=False`: dependencies are not named."""
    finals = set()
    each = [paths(test.file, number, thread).paths for number, thread in enumerate(test.threads)]
    for combination in itertools.product(*each):
        assert not any(path.assumptions for path in combination), "a branch that decides something"
        finals |= _final_states(test, combination, hints, bound, model or MODELS[test.architecture])
    return finals


def _final_states(
    test: LitmusTest, combination: tuple[Path, ...], hints: bool, bound: int, model: str
) -> set[tuple[Value, ...]]:
    events = [event for path in combination for event in path.events if event.kind != Kind.FENCE]
    names = sorted({str(evaluate(event.address, lambda _: 0)) for event in events})
    memory = Memory(
        ARCHITECTURES[model],
        len(combination),
        len(names),
        slots=max(len(path.events) for path in combination) if hints else 0,
        acquires=any(event.acquire for event in events),
        eieio=True,
        bound=bound,
        settle=True,
    )
    if not memory.architecture.early_loads:
        memory = replace(memory, slots=0)
    program = tuple(tuple(_thread(path, names, memory.slots > 0)) for path in combination)
    loads = [[k for k, event in enumerate(path.events) if event.kind == Kind.READ] for path in combination]
    finals = set()
    for outcome in outcomes(memory, program):

        def read(each: ReadOf, outcome: tuple[tuple[int, ...], ...] = outcome) -> Value:
            return outcome[each.thread][loads[each.thread].index(each.event)]

        finals.add(
            tuple(
                dict(zip(names, outcome[-1])).get(place.name, 0)
                if place.thread is None
                else evaluate(combination[place.thread].registers.get(place.name, 0), read)
                for place in test.observed
            )
        )
    return finals


def _thread(path: Path, names: list[str], hints: bool) -> list[Instruction]:
    made: list[Instruction] = []
    ordered: frozenset[int] = frozenset()
    needed = {each.event for event in path.events for each in reads(event.address)}
    needed |= {k for event in path.events for k in event.control_isync}
    for index, event in enumerate(path.events):
        if hints and event.control_isync != ordered:
            ordered = event.control_isync
            made.append(Fence(Barrier.ISYNC, tuple(sorted(ordered))))
        how = _ordering(event, index, needed) if hints else Ordering(acquire=event.acquire)
        made += _event(path, names, index, event, how)
    return made


def _ordering(event: Event, index: int, needed: set[int]) -> Ordering:
    after = tuple(sorted({each.event for each in reads(event.address)}))
    return Ordering(after=after, save=index if index in needed else None, acquire=event.acquire)


def _event(path: Path, names: list[str], index: int, event: Event, how: Ordering) -> list[Instruction]:
    if event.fence is not None:
        return [Fence(event.fence)]
    location = names.index(str(evaluate(event.address, lambda _: 0)))
    if event.kind == Kind.READ:
        exchanged = index + 1 < len(path.events) and path.events[index + 1].pair == index
        return [] if exchanged else [Load(location, how)]
    value = evaluate(event.value, lambda _: 0)
    assert isinstance(value, int)
    return [Exchange(location, value) if event.pair is not None else Store(location, value, event.release)]
