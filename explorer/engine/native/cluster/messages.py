"""What actors send each other: states by owner, each once, packed. Knows nothing of levels and of Ray."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.engine.native.arrays import Buckets, Level, WordRows
from explorer.engine.native.hashing import Hashing
from explorer.engine.native.jit import Jit, default_directory
from explorer.engine.native.levels import rows_of
from explorer.engine.native.worker import BUCKET_WORDS, TreeWorker, buckets

Bytes = NDArray[np.uint8]

MOST_ACTORS = 512
"""As many as there are partitions of states of one word."""


class Message(NamedTuple):
    """States for one owner. `counts` has those of each of its partitions, for states of one word; `rules` has
    no columns where nobody asks which rule made a state.
    """

    counts: NDArray[np.int32]
    states: Bytes
    """[states, bytes]"""
    rules: Bytes
    """[states, bytes of a rule]"""

    @property
    def nbytes(self) -> int:
        return self.counts.nbytes + self.states.nbytes + self.rules.nbytes


def kernels() -> Any:
    return Jit(default_directory()).module(Path(__file__).with_name("message_kernels.py").read_text())


class Owners:
    """Whose a state is: one of `number` owners. `hashing` is that of states of one word."""

    def __init__(self, number: int, words: int, hashing: Hashing):
        self.number, self.words, self.hashing = number, words, hashing
        self.partitions = 1 << hashing.partition_bits
        self.kernels = kernels()

    def span(self, owner: int) -> tuple[int, int]:
        """The partitions of an owner, for states of one word: the first, and the one after the last."""
        first, last = (i * self.partitions // self.number for i in (owner, owner + 1))
        return first, last

    def of(self, states: WordRows) -> NDArray[np.int64]:
        """The owner of each state."""
        result = np.empty(len(states), np.int64)
        if self.words > 1:
            self.kernels.owners_of_wide(states, self.number, result)
        else:
            self.kernels.owners_of_one(states, self.hashing.there, self.partitions, self.number, result)
        return result


def rule_width(nobody: int, asked: bool) -> int:
    """The bytes of the number of a rule, of which `nobody` is the greatest; none where they are not asked
    for.
    """
    return 0 if not asked else 1 if nobody < 1 << 8 else 2


def packed_rules(rules: Any, width: int) -> Bytes:
    result: Bytes = rules[:, None].view(np.uint8)[:, :width]
    return np.ascontiguousarray(result)


def unpacked_rules(rules: Bytes, nobody: int) -> Any:
    if not rules.shape[1]:
        return np.full(len(rules), nobody, np.uint16)
    whole = np.zeros((len(rules), 2), np.uint8)
    whole[:, : rules.shape[1]] = rules
    return whole.view(np.uint16)[:, 0].copy()


def from_buckets(owners: Owners, source: Buckets, owner: int, width: int) -> Message:
    """The states of one word in a worker's buckets that an owner is to have; `width` is that of rules."""
    first, last = owners.span(owner)
    sizes = source.sizes[first:last]
    total, most = int(sizes.sum()), int(sizes.max(initial=0))
    shift = owners.hashing.bits - owners.hashing.partition_bits
    counts, keys = np.zeros(last - first, np.int32), np.empty((total, -(-shift // 8)), np.uint8)
    rules, table = np.empty(total, np.uint16), np.empty(4 * max(1, most), np.uint64)
    n = owners.kernels.pack(source, (first, last), shift, table, counts, keys, rules)
    return Message(counts, keys[:n], packed_rules(rules[:n], width))


def to_buckets(owners: Owners, messages: Sequence[Message], owner: int, nobody: int) -> Buckets:
    """The states that came for an owner, as its workers insert them: together, so that a partition of the
    visited set is looked through once.
    """
    first, _ = owners.span(owner)
    most = sum(message.counts.astype(np.int64) for message in messages)
    room = buckets(owners.partitions, max(1, int(np.max(most, initial=0))), 1)
    shift = owners.hashing.bits - owners.hashing.partition_bits
    for message in messages:
        rules = unpacked_rules(message.rules, nobody)
        counts, keys = message.counts.copy(), message.states.copy()
        owners.kernels.unpack(first, shift, counts, keys, rules, room)
    return room


def from_rows(states: WordRows, rules: Any, row: int, width: int) -> Message:
    """Some states of several words, of which `row` bytes say something."""
    packed = np.ascontiguousarray(states.view(np.uint8).reshape(len(states), 8 * states.shape[1])[:, :row])
    return Message(np.empty(0, np.int32), packed, packed_rules(rules, width))


def to_level(message: Message, words: int, nobody: int) -> Level:
    """States of several words with a column before them, as `Tree.fold_alone` takes them."""
    rows = rows_of(message.states.tobytes(), message.states.shape[1], words)
    alone = np.zeros((len(rows), 1 + words), np.uint64)
    alone[:, 1:] = rows
    return Level(alone, unpacked_rules(message.rules, nobody))


class SendingTreeWorker(TreeWorker):
    """A worker for states of several words that sorts out successors which belong to others before they are
    folded. `outgoing` are the buckets by owner.
    """

    def share(self, owners: Owners, own: int) -> None:
        """Whose successors it keeps; before its first expansion."""
        self.owners, self.own = owners, own
        self.margin = self.successors.states.shape[1]
        room = 2 * self.margin + BUCKET_WORDS // self.tree.words // owners.number
        self.outgoing = buckets(owners.number, room, self.tree.words)
        self.slots = np.zeros((owners.number, 1 << (2 * room).bit_length()), np.uint32)

    def _expand_chunk(self) -> bool:
        sizes = self.outgoing.sizes
        if sizes.max() + self.margin > self.outgoing.states.shape[1]:
            return False
        super()._expand_chunk()
        self.owners.kernels.part(self.successors, self.own, self.outgoing, self.slots)
        return True

    def sent(self, row: int, width: int) -> list[Message]:
        """The messages to all owners; the buckets are empty then."""
        result = []
        for owner, n in enumerate(self.outgoing.sizes.tolist()):
            states, rules = self.outgoing.states[owner, :n], self.outgoing.rules[owner, :n]
            result.append(from_rows(states, rules, row, width))
            if n:
                self.slots[owner] = 0
        self.outgoing.sizes[:] = 0
        return result
