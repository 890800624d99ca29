"""States of several words as one word each by their layout alone (`program/dense.py`). Knows nothing of
search.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.engine.native.arrays import WordRows
from explorer.engine.native.tree import Tree


class Packing:
    """From states of `words` words to the word that each is stored as, and back: as `tree.Tree`, without
    dictionaries.
    """

    def __init__(self, kernels: Any, words: int):
        self.kernels, self.words = kernels, words

    def fold(self, states: WordRows) -> WordRows:
        """The stored words (uint64 [n, 1]) of states (uint64 [n, words])."""
        roots = np.empty((len(states), 1), np.uint64)
        self.kernels.fold(np.ascontiguousarray(states), roots)
        return roots

    def known(self, states: WordRows) -> WordRows:
        """The same: the stored word of a state is known without a dictionary."""
        return self.fold(states)

    def unfold(self, roots: WordRows) -> WordRows:
        """The states of stored words."""
        states = np.empty((len(roots), self.words), np.uint64)
        self.unfold_some(roots, (0, len(roots)), states)
        return states

    def unfold_some(self, roots: WordRows, span: tuple[int, int], states: WordRows) -> None:
        """The states of some stored words, into `states`."""
        self.kernels.unfold(np.ascontiguousarray(roots), span, states)


Folding = Tree | Packing
"""How states of several words are stored as one word each."""
