"""How the states of one search are hashed, what of a hash is compared, and what that may have cost. Knows
nothing of where states are kept.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.checkpoint import Saved
from explorer.engine.native import hashing
from explorer.engine.native.tree import ROOT_BITS
from explorer.engine.space_builder import SpaceBuilder
from explorer.program.layout import Layout


class Fingerprints:
    """The hashing of a search, which may be widened while it runs; `omitted` is the probability that a state
    was left out before.

    `options` has `storage`, `fingerprint` and `max_omission` (see `native.search.Options`).
    """

    def __init__(self, layout: Layout, options: Any):
        self.options, self.compact = options, options.storage == "compact"
        width = ROOT_BITS if layout.stored is None else layout.stored
        self.hashing = (
            hashing.compact(width, options.fingerprint or hashing.NARROW)
            if self.compact
            else hashing.exact(width)
        )
        self.omitted = 0.0

    @property
    def bits(self) -> int:
        """How many bits of the hash of a state are compared; 0 where nothing is lost."""
        return self._compared if self.compact else 0

    @property
    def _compared(self) -> int:
        return self.hashing.partition_bits + self.hashing.key_bits

    def omission(self, states: int) -> float:
        """The probability that one of so many states is taken for another, at the present width."""
        lossless = self._compared >= self.hashing.bits
        return 0.0 if lossless or not self.compact else hashing.omission_probability(states, self._compared)

    def too_narrow_for(self, states: int) -> bool:
        """Whether so many states could pass half of the bound, where wider fingerprints prevent it."""
        fixed = not self.compact or self.options.fingerprint is not None or self.hashing == self._wide
        return not fixed and self.omission(states) > self.options.max_omission / 2

    @property
    def _wide(self) -> hashing.Hashing:
        return hashing.compact(self.hashing.bits, hashing.WIDE)

    def widen(self, states: int = 0) -> None:
        """As wide as an entry allows from now on. Of the states so far one may have been left out, and stays
        so: what the narrow fingerprints may have cost is added to the probability.
        """
        self.omitted += self.omission(states)
        self.hashing = self._wide

    def go_on(self, saved: Saved) -> None:
        """Take over what an earlier search may have left out."""
        self.omitted = saved.counts["omitted"]
        if saved.counts["fingerprint"] not in (0, self._compared):
            self.omitted += hashing.omission_probability(saved.states, saved.counts["fingerprint"])

    def tell(self, space: SpaceBuilder) -> None:
        """Say at the end what was compared, and what that may have cost."""
        space.fingerprint = self.bits
        space.omission = min(1.0, self.omitted + self.omission(space.distinct))
