"""One behaviour that explains a log up to a node: found again from the last checkpoint before it, backwards.
Every step is walked once more by the reference. Knows nothing of texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from explorer.conform.search import Box, Checkpoints, Frontier, Key, Sweep, without
from explorer.conform.timeline import CLOSE, Operation
from explorer.engine.reference import step as execute
from explorer.ir.data import dataclass
from explorer.ir.model import Instance
from explorer.ir.semantics import State


@dataclass(frozen=True, slots=True)
class Explained:
    """A step with the state after it, and the line of the log that it is: None where it is unseen. No
    instance where the line only shows values.
    """

    instance: Instance | None
    after: State
    line: int | None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The end of a behaviour: a state and the steps from there. `whole` says whether the log begins in it."""

    first: State
    steps: tuple[Explained, ...]
    whole: bool


Target = tuple[Key, int]

_Piece = tuple[int | None, int, int | None]
"""An instance, the node after it, a line."""


@dataclass(frozen=True, slots=True)
class _Closing:
    """What a box met when it closed."""

    box: Box
    frontier: Frontier
    open: dict[int, Box]


def explain(
    sweep: Sweep, checkpoints: Checkpoints, target: Target, end: int | None, most: int | None
) -> Behaviour:
    """The last steps, `most` or a few more (None: all), of a behaviour to a node of the frontier behind the
    operation in front of number `end` (None: behind the last).
    """
    pieces: list[_Piece] = []
    whole = False
    for at in range(len(checkpoints.places) - 1, -1, -1):
        for closing in reversed(list(_closings(sweep, checkpoints, at, end))):
            target, found = _backwards(sweep, closing, target)
            pieces.extend(reversed(found))
            if most is not None and len(pieces) >= most:
                break
        else:
            end = checkpoints.places[at][0]
            whole = at == 0
            continue
        break
    pieces.reverse()
    return _walked(sweep, target[1], pieces, whole)


def _closings(sweep: Sweep, checkpoints: Checkpoints, at: int, end: int | None) -> Iterator[_Closing]:
    """Every closing between a checkpoint and the operation with number `end`."""
    first = checkpoints.load(at, sweep)
    for number, operation in sweep.timeline.operations(first):
        if end is not None and number >= end:
            return
        if _closes(sweep, operation):
            yield _Closing(sweep.open[operation.of], sweep.frontier, dict(sweep.open))
        if sweep.apply(operation) is not None:
            return


def _closes(sweep: Sweep, operation: Operation) -> bool:
    return operation.kind == CLOSE and operation.of in sweep.open


def _backwards(sweep: Sweep, closing: _Closing, target: Target) -> tuple[Target, list[_Piece]]:
    """A node of the frontier when the box closed from which the target is reached, and the way."""
    box, (key, node) = closing.box, target
    for before, nodes in closing.frontier.items():
        if node in nodes and without(before, box) == key and (box.lost or box.number in before[0]):
            return (before, node), []
    sweep.open = dict(closing.open)
    return _Way(sweep, closing, target).found()


class _Way:
    """The shortest way, of unseen steps and of open boxes, to where a box happens in a node."""

    def __init__(self, sweep: Sweep, closing: _Closing, target: Target):
        self.sweep, self.box, self.target = sweep, closing.box, target
        self.starts = [
            (key, node, 0)
            for key, nodes in closing.frontier.items()
            if self.box.lost or self.box.number not in key[0]
            for node in nodes
        ]
        self.came: dict[tuple[Key, int, int], tuple[tuple[Key, int, int], _Piece] | None] = dict.fromkeys(
            self.starts
        )

    def found(self) -> tuple[Target, list[_Piece]]:
        ahead = deque(self.starts)
        while ahead:
            at = ahead.popleft()
            for reached, piece, by in self.onward(at):
                ends = by is not None and by.number == self.box.number
                if ends and (without(reached[0], self.box), reached[1]) == self.target:
                    origin, pieces = self.way(at)
                    return origin, [*pieces, piece]
                if reached not in self.came and (not ends or self.box.lost):
                    self.came[reached] = at, piece
                    ahead.append(reached)
        raise AssertionError("a node of the frontier is reached")

    def onward(self, at: tuple[Key, int, int]) -> Iterator[tuple[tuple[Key, int, int], _Piece, Box | None]]:
        """The moves from a node: where each leads, what it is, and of which box."""
        key, node, unseen = at
        behaviours = self.sweep.behaviours
        for after, box in self.sweep.options(key):
            line = None if box.lost else box.line
            for instance, reached in behaviours.moves(node, box.kind):
                yield (after, reached, 0), (instance, reached, line), box
        bound = behaviours.silent_steps
        if bound is None or unseen < bound:
            for instance, reached in behaviours.steps(node):
                if instance in behaviours.silent:
                    yield (key, reached, 0 if bound is None else unseen + 1), (instance, reached, None), None

    def way(self, at: tuple[Key, int, int]) -> tuple[Target, list[_Piece]]:
        pieces = []
        while (origin := self.came[at]) is not None:
            at, piece = origin
            pieces.append(piece)
        pieces.reverse()
        return (at[0], at[1]), pieces


def _walked(sweep: Sweep, first: int, pieces: list[_Piece], whole: bool) -> Behaviour:
    """The behaviour in states of the reference, which takes every step."""
    behaviours = sweep.behaviours
    state = start = behaviours.state(first)
    steps = []
    for number, node, line in pieces:
        instance = None if number is None else behaviours.model.instances[number]
        if instance is not None:
            after = execute(instance, state)
            assert after == behaviours.state(node), instance.name
            state = after
        steps.append(Explained(instance, state, line))
    return Behaviour(start, tuple(steps), whole)
