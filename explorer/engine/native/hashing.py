"""How packed states are hashed: a bijection for states of one word, 64 mixed bits for wider ones. Knows
nothing of tables.

The bijection on `bits` bits alternates xor-shifts by half the width and multiplications by odd numbers (the
finalizer of MurmurHash3 cut to the width); each step can be undone, so a hash is as good as the state.
"""

from __future__ import annotations

import numpy as np

from explorer.codegen.mixer import FIRST, SECOND
from explorer.engine.native.arrays import Entry, Hash
from explorer.ir.data import dataclass


@dataclass(frozen=True, slots=True)
class Hashing:
    """The constants of a hash for states of `bits` bits cut into 2**partition_bits partitions.

    `key_bits` of what follows the partition are stored: all of it, or fewer in compact storage.
    """

    bits: int
    partition_bits: int
    key_bits: int

    @property
    def there(self) -> Hash:
        """From a state to its hash, and on to the partition."""
        whole = (1 << self.bits) - 1
        return self._permutation(FIRST & whole, SECOND & whole)

    @property
    def back(self) -> Hash:
        """From a hash to its state."""
        size = 1 << self.bits
        return self._permutation(pow(SECOND, -1, size), pow(FIRST, -1, size))

    def _permutation(self, first: int, second: int) -> Hash:
        half, whole = (self.bits + 1) // 2, (1 << self.bits) - 1
        return Hash(*map(np.uint64, (half, first, second, whole, self.bits - self.partition_bits)))

    @property
    def rules(self) -> int:
        """How many rules can be told apart in a word that has a hash without its partition (`Buckets`)."""
        return 1 << 64 - self.bits + self.partition_bits

    @property
    def entry(self) -> Entry:
        """How entries of the visited set are made."""
        high = max(0, self.key_bits - 32)
        numbers = (
            self.bits - self.partition_bits - self.key_bits,
            (1 << self.key_bits) - 1,
            high,
            self.key_bits - high,
            (1 << self.entry_bits) - 1,
            min(self.entry_bits, 63),
        )
        return Entry(*map(np.uint64, numbers))

    @property
    def entry_bits(self) -> int:
        """How many bits of an entry the key takes (it is stored plus one)."""
        return self.key_bits + 1

    @property
    def narrow(self) -> bool:
        """Whether the key alone fits a slot of 32 bits."""
        return self.entry_bits <= 32


PARTITION_BITS = 9

NARROW, WIDE = 40, 64
"""Bits of a fingerprint: with the partition's they leave an entry of 32 bits, and one of 64.
"""

MAX_OMISSION = 1e-6
"""The probability of an omitted state up to which nothing that was not seen to fail is said to hold."""


def exact(bits: int) -> Hashing:
    """For states of one word: nothing is lost."""
    bits = max(bits, 2)
    partition = min(PARTITION_BITS, bits // 2)
    return Hashing(bits, partition, bits - partition)


def compact(bits: int, fingerprint: int) -> Hashing:
    """For fingerprints of so many bits of a hash of `bits` bits (64 for states of several words)."""
    bits = max(bits, 2)
    partition = min(PARTITION_BITS, bits // 2)
    return Hashing(bits, partition, min(bits, fingerprint) - partition)


def omission_probability(states: int, fingerprint: int) -> float:
    """An upper bound of the probability that at least one state was taken for another and omitted.

    With n states hashed uniformly to 2**b fingerprints, the probability that all differ is the product of
    (1 - i / 2**b) for i < n; its complement is computed from the sum of the logarithms (Stern and Dill 1995,
    Stern 1997).
    """
    if states < 2:
        return 0.0
    n, size = float(states), 2.0**fingerprint
    if n > size:
        return 1.0
    # Stirling's form of log(size! / ((size - n)! size**n)), stable for n far below size.
    ratio = n / size
    if ratio < 1e-4:
        logarithm = -(n * (n - 1) / (2 * size)) * (1 + (2 * n - 1) / (6 * size))
    else:
        logarithm = -(size - n + 0.5) * float(np.log1p(-ratio)) - n
    return float(-np.expm1(logarithm))
