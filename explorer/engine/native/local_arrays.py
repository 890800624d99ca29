"""The arrays of steps that are known by parts of a state (`local_kernels.py`), as `arrays.py`.

A part is some words of a state that lie under one node of the tree; a group is a set of parts, and the rules
that depend on no more than these. A *row* is a content of a group and the steps that its rules make there.
"""

from __future__ import annotations

from typing import NamedTuple

from explorer.engine.native.arrays import NumberRows, Numbers, Slots, Words

ROWS, STEPS, CHANGES, PATTERNS, FLAT, REST, FULL, WANTED = range(8)
"""Places in `Local.totals`: how many there are of each; states that were left aside; the node whose
dictionary is full, or -1; and what else there is no room for: one of the places before, `TREE`, `KEYS` or
`NUMBERS`, or -1."""
TREE, KEYS, NUMBERS = 8, 9, 10
TRIED = REST
"""Where `learn` counts the states that have something new, or would have if they were not flagged."""


class Local(NamedTuple):
    """What is known of steps. P parts, G groups."""

    upper: Numbers
    """the nodes of the tree that are parts or above them, parents first"""
    inner: Numbers
    """those that are above"""
    parts: Numbers
    """[P]: the node of each part"""
    covers: Words
    """[nodes]: the parts at or below a node, as bits, if it is in `upper`"""
    groups: NumberRows
    """[G, 4]: where the numbers of a group begin in `row_of`, how many have room; its links"""
    links: NumberRows
    """[links, 2]: a part's node; the dictionary in which it is joined to the parts before it"""
    group_of: Numbers
    """[rules]"""
    row_of: Slots
    """the row of each number of each group, from 1, or 0"""
    begins: Numbers
    """[rows + 1]: the first step of a row"""
    steps: Words
    """rule, pattern << 16, first change << 32; pattern 0 changes nothing"""
    changes: Slots
    """the new numbers of the parts that a step changes, in their order"""
    masks: Words
    """[patterns]: the parts that are changed, as bits"""
    patterns: NumberRows
    """[patterns, 4]: where the nodes of the changed parts begin in `flat`, where the nodes above them begin,
    children first, and where these end; the changed part, or -1 if there are more"""
    flat: Numbers
    paths: NumberRows
    """[links, 3]: from a part up to the root: a node above it, the node's other child, and where the number
    of this one stands in the pair"""
    path_begins: Numbers
    """[P + 1]: the first link of a part"""
    totals: Numbers
    """[8]"""
