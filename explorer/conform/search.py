"""The search: which states a run may be in, event by event. Only the frontier is kept.

The frontier has a set of nodes for each choice of which of the open boxes have happened already. Where a box
closes, its event must have happened: what is left has it taken, last, or before other boxes that are open.
Every node of the frontier stands right behind an event, so that unseen steps are counted from there.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Mapping

from explorer.conform.behaviours import Behaviours, Nodes, OutOfBounds
from explorer.conform.timeline import AFTER, CLOSE, EARLY, GAP, OPEN, Kind, Operation, Timeline
from explorer.ir.data import dataclass

Key = tuple[frozenset[int], tuple[tuple[int, int], ...]]
"""The open boxes that have happened, and of gaps how many unseen events they have had."""

NOTHING: Key = (frozenset(), ())

Frontier = dict[Key, Nodes]

BETWEEN = 1000
"""Events between two checkpoints, from which the way to a node is found again."""


@dataclass(frozen=True, slots=True)
class Box:
    """An open box, or a gap in which at most `lost` steps of a kind may have happened (0: an event)."""

    number: int
    kind: Kind
    line: int
    behind: frozenset[int]
    lost: int = 0


Open = dict[int, Box]


@dataclass(frozen=True, slots=True)
class Fits:
    """Some behaviours explain the whole log; the frontier behind it."""

    frontier: Frontier


@dataclass(frozen=True, slots=True)
class Unexplained:
    """No behaviour explains an event beside all that is before it: the box, the nodes from which it was
    looked for, the other boxes that were open, and the number of the operation that closed it.
    """

    box: Box
    at: int
    nodes: Nodes
    open: tuple[Box, ...]
    frontier: Frontier


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A limit ended the search at a line: every event before it is explained."""

    line: int
    limit: str


class Sweep:
    """The frontier while operations are taken one by one."""

    def __init__(self, behaviours: Behaviours, timeline: Timeline, wild: Mapping[str, Kind], start: Nodes):
        self.behaviours, self.timeline, self.wild = behaviours, timeline, wild
        self.numbers = {kind: n for n, kind in enumerate([*timeline.kinds, *wild.values()])}
        self.frontier: Frontier = {NOTHING: behaviours.one(start)}
        self.open: Open = {}
        self.expected: set[int] = set()
        """Boxes that others come after, and that are not open yet."""
        self.behind: dict[int, set[int]] = {}
        self.capped = False
        """Whether a gap might have stood for more steps than were looked at."""

    def apply(self, operation: Operation) -> Frontier | None:
        """Take an operation. Where no behaviour is left: what was looked at (the frontier stays)."""
        kind, of, other, line = operation
        if kind == OPEN:
            self.expected.discard(of)
            behind = frozenset(self.behind.pop(of, ()))
            self.open[of] = Box(of, self.timeline.kinds[other], line, behind)
        elif kind == AFTER:
            if other in self.open or other in self.expected or line == EARLY:
                if other not in self.open:
                    self.expected.add(other)
                self.behind.setdefault(of, set()).add(other)
        elif kind == GAP:
            self.open_gap(of, other, self.timeline.cpus[line])
        elif of in self.open:
            return self.close(self.open[of])
        return None

    def open_gap(self, number: int, many: int, cpu: str) -> None:
        behind = frozenset(self.behind.pop(number, ()))
        kind, most = self.wild[cpu], self.behaviours.bounds.lost
        if kind.instances and many:
            self.open[number] = Box(number, kind, 0, behind, min(many, most + 1))

    def close(self, box: Box) -> Frontier | None:
        if not box.lost and len(self.open) == 1 and len(self.frontier) == 1 and NOTHING in self.frontier:
            nodes = self.frontier[NOTHING]
            left = self.behaviours.after(nodes, box.kind)
            self.behaviours.check(len(left))
            if not left:
                return {NOTHING: nodes}
            self.frontier = {NOTHING: left}
        else:
            looked_at, left_over = self.taken(box)
            if not left_over:
                return looked_at
            self.frontier = self.forgotten(left_over, box)
        del self.open[box.number]
        return None

    def taken(self, box: Box) -> tuple[Frontier, Frontier]:
        """What was looked at where the box has not happened, and what is left where it has: the nodes right
        behind it. Of a gap nothing need have happened: the frontier and the nodes right behind its steps.
        """
        ahead: dict[int, Frontier] = {}
        looked_at: Frontier = {}
        left: Frontier = {}
        for key, nodes in self.frontier.items():
            if box.lost or box.number in key[0]:
                left[key] = nodes
            if box.lost or box.number not in key[0]:
                ahead.setdefault(_rank(key), {})[key] = nodes
        while ahead:
            rank = min(ahead)
            for key, nodes in ahead.pop(rank).items():
                looked_at[key] = nodes
                for target, other in self.options(key):
                    after = self.behaviours.after(nodes, other.kind)
                    if not after:
                        continue
                    if other is box:
                        self.add(left, target, after)
                    if box.lost or other is not box:
                        self.add(ahead.setdefault(rank + 1, {}), target, after)
            self.behaviours.check(sum(map(len, left.values())) + sum(map(len, looked_at.values())))
        return looked_at, left

    def add(self, frontier: Frontier, key: Key, nodes: Nodes) -> None:
        known = frontier.get(key)
        frontier[key] = self.behaviours.one(nodes if known is None else known | nodes)

    def options(self, key: Key) -> Iterator[tuple[Key, Box]]:
        """The open boxes that may happen next, and the gaps of which a step may; and the key behind that."""
        happened, used = key
        counts = dict(used)
        for box in self.open.values():
            if box.number in happened or any(self.waits(other, happened) for other in box.behind):
                continue
            if not box.lost:
                gone = {other for other in box.behind if other in counts}
                left = tuple(pair for pair in used if pair[0] not in gone) if gone else used
                yield (happened | {box.number}, left), box
            elif not any(box.number in self.open[other].behind for other in happened if other in self.open):
                count = counts.get(box.number, 0)
                if count < min(box.lost, self.behaviours.bounds.lost):
                    yield (happened, tuple(sorted({**counts, box.number: count + 1}.items()))), box
                elif box.lost > self.behaviours.bounds.lost:
                    self.capped = True

    def waits(self, other: int, happened: frozenset[int]) -> bool:
        """Whether another box must happen first. A gap need not: it is over then."""
        box = self.open.get(other)
        if box is None:
            return other in self.expected
        return not box.lost and other not in happened

    def forgotten(self, frontier: Frontier, box: Box) -> Frontier:
        """The frontier without a box, which is over."""
        result: Frontier = {}
        for key, nodes in frontier.items():
            self.add(result, without(key, box), nodes)
        return result

    def saved(self) -> bytes:
        boxes = [(b.number, self.numbers[b.kind], b.line, b.behind, b.lost) for b in self.open.values()]
        return pickle.dumps((self.frontier, boxes, self.expected, self.behind), pickle.HIGHEST_PROTOCOL)

    def restore(self, saved: bytes) -> None:
        frontier, boxes, self.expected, self.behind = pickle.loads(saved)
        self.frontier = {key: self.behaviours.one(nodes) for key, nodes in frontier.items()}
        kinds = list(self.numbers)
        self.open = {number: Box(number, kinds[kind], *rest) for number, kind, *rest in boxes}


def _rank(key: Key) -> int:
    return len(key[0]) + sum(count for _, count in key[1])


def without(key: Key, box: Box) -> Key:
    """A key that does not speak of a box."""
    happened, used = key
    return happened - {box.number}, tuple(pair for pair in used if pair[0] != box.number)


class Checkpoints:
    """Frontiers on the way, in a file: the number of the operation that comes next, and the sweep then."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int, int]] = []
        self._file = tempfile.TemporaryFile()

    def close(self) -> None:
        self._file.close()

    def add(self, number: int, sweep: Sweep) -> None:
        saved = sweep.saved()
        self.places.append((number, self._file.seek(0, 2), len(saved)))
        self._file.write(saved)

    def load(self, at: int, sweep: Sweep) -> int:
        """Set the sweep back to a checkpoint; the number of the operation that comes next."""
        number, place, size = self.places[at]
        self._file.seek(place)
        sweep.restore(self._file.read(size))
        return number


def search(sweep: Sweep, checkpoints: Checkpoints) -> Fits | Unexplained | Unfinished:
    """Take the operations of the whole log."""
    closed = 0
    checkpoints.add(0, sweep)
    for number, operation in sweep.timeline.operations():
        if operation.kind == CLOSE:
            closed += 1
            if closed % BETWEEN == 0 and number > 0:
                checkpoints.add(number, sweep)
        try:
            stuck = sweep.apply(operation)
        except OutOfBounds as limit:
            return Unfinished(sweep.open[operation.of].line, str(limit))
        if stuck is not None:
            nodes = frozenset(node for found in stuck.values() for node in found)
            box = sweep.open[operation.of]
            others = tuple(other for other in sweep.open.values() if other is not box)
            return Unexplained(box, number, nodes, others, sweep.frontier)
    return Fits(sweep.frontier)
