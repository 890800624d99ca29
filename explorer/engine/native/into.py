"""The steps from some states into others, by the code that expands states in the search: none is compiled for
a spec.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.engine.lanes import Lanes
from explorer.engine.native.arrays import Counters, Hash, Into, Level, Numbers, Search, WordRows
from explorer.engine.native.machine import NOBODY, Machine
from explorer.engine.native.packing import Packing
from explorer.engine.native.ways import ArrayCosts
from explorer.engine.native.worker import buckets
from explorer.program.layout import WORD, Layout

ROOM, OWNERS = 1 << 15, 7
"""Steps that are listed at once; bits of the number of a bucket."""


class StepsInto:
    """Lists steps for one program. Not for one with constraints: the search does not leave the states that
    they cut.
    """

    def __init__(self, machine: Machine, layout: Layout):
        rules = len(machine.numbers)
        self.machine, self.bits, self.together = machine, layout.stored or 0, 1
        self.packing = None if layout.dense is None else Packing(machine.trees, layout.words)
        partition = min(self.bits, WORD - (rules + 1).bit_length())
        spare = OWNERS - (self.bits - partition)
        self.possible = rules < NOBODY and spare >= 0 and self.bits < WORD
        if not self.possible:
            return
        if layout.words == 1:
            self.together = 1 << min(spare, WORD - self.bits)
        plain = Hash(*map(np.uint64, (WORD - 1, 1, 1, (1 << WORD) - 1, partition)))
        known = np.zeros((rules + 1, -(-rules // WORD) or 1), np.uint64)
        owners, columns = self.together << self.bits - partition, layout.words + 1
        self.buckets = buckets(owners, 2 * rules + 64, 1 if layout.stored else columns)
        counters = Counters(*(np.zeros(n, np.int64) for n in (rules, rules, 1, 1 << OWNERS + 1, 5)))
        self.scratch = self.buckets, counters, Search(machine.rules, known, plain)

    def before(self, into: Any, states: WordRows, later: ArrayCosts, lanes: Lanes) -> ArrayCosts:
        """The costs of those of some states from which a step leads to a state with a cost, by the function
        `into` of `into_kernels.py`. No state is its own successor on such a step.
        """
        wanted = self._wanted(later.states if self.packing is None else self.packing.fold(later.states))
        level = Level(states, np.zeros(max(len(states), self.together), np.uint16))
        lane_of = np.array([lanes.of[number] for number in self.machine.numbers], np.int64)
        expand, at, origins, costs = self.machine.search.expand, 0, list[Numbers](), list[Numbers]()
        while at < len(states):
            with self.machine.running():
                span = at, len(states)
                at = into(expand, level, span, wanted, *self.scratch)
            n = int(wanted.length[0])
            if n:
                seen = lane_of[wanted.rules[:n]]
                first, best = _best(wanted.origins[:n], seen, later.costs[wanted.targets[:n]], lanes.number)
                origins.append(first)
                costs.append(best)
        if not origins:
            return ArrayCosts(states[:0], np.empty(0, np.int64))
        return ArrayCosts(states[np.concatenate(origins)], np.concatenate(costs))

    def _wanted(self, targets: WordRows) -> Into:
        room = ROOM + self.buckets.states.shape[0] * self.buckets.states.shape[1]
        return Into(
            np.ascontiguousarray(targets),
            slots=np.zeros(1 << (2 * len(targets)).bit_length() + 1, np.uint32),
            bits=np.uint64(self.bits),
            together=self.together,
            origins=np.empty(room, np.int64),
            rules=np.empty(room, np.int64),
            targets=np.empty(room, np.int64),
            length=np.zeros(2, np.int64),
        )


def _best(origins: Numbers, lanes: Numbers, behind: Numbers, number: int) -> tuple[Numbers, Numbers]:
    """The states where some steps begin, in order, and their costs (see `Lanes.costs`)."""
    changes = (behind >> number) + 1 - (behind >> lanes & 1)
    first = np.flatnonzero(np.diff(origins, prepend=-1))
    least = np.minimum.reduceat(changes, first)
    many = np.diff(first, append=len(origins))
    bits = np.where(changes == np.repeat(least, many), 1 << lanes, 0)
    return origins[first], least << number | np.bitwise_or.reduceat(bits, first)
