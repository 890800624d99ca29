"""The arrays that the algorithms of `fair_components.py` take, grouped by what they are for.

An `Array` is a bytearray or list under CPython and a C-contiguous numpy array under Numba: `flag` has 8 bits,
`label` 16 and `number` 32, all without sign, `whole` 64 with one. N is the number of nodes, E of edges, S of
states, F of edges between states, R of renamings, G of fair groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from explorer.symmetry.group import Table


class Array(Protocol):
    """Numbers of one width, in one of the two forms."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __getitem__(self, at: Any, /) -> Any: ...
    def __setitem__(self, at: Any, value: Any, /) -> None: ...


class Edges(NamedTuple):
    """Rows of edges: those of node v are `to[start[v]:start[v + 1]]`, with their labels in `by`."""

    start: Array
    """[N + 1], whole"""
    to: Array
    """[E], number; N lies outside of the graph"""
    by: Array
    """[E], label"""


class Demands(NamedTuple):
    """What a fair cycle must meet: all of some marks, and the groups that are enabled on it."""

    start: Array
    """[S + 1], whole: rows of `by`"""
    by: Array
    """[F], label: what is enabled in a state"""
    base: Array
    """[N], number: the state of a node; [0] where node v is state v"""
    group: Table
    """[labels + 1], whole: the group of a label, or -1"""
    strong: Array
    """[G], flag"""
    marks: Array
    """[N], whole: bits that a node meets"""
    all_of: int
    """The bits that a cycle must meet."""


class Components(NamedTuple):
    """Strongly connected components, and what is known of them."""

    order: Array
    """[N], number: nodes, component by component"""
    last: Array
    """[N], flag: up at the last node of a component in `order`"""
    rank: Array
    """[N + 1], number: one for each component"""
    fair: Array
    """[N], flag: up where a fair cycle fills the node's component"""
    dead: int
    """The rank of a node that is not looked at any more."""


class Walk(NamedTuple):
    """What the depth-first walk of `components` remembers: [N] each, number."""

    stack: Array
    path: Array
    cursor: Array


class Tally(NamedTuple):
    """What the groups do in one component: [G + 1] each, whole."""

    enabled: Array
    """At how many nodes it is enabled."""
    taken: Array
    """1 where an edge of the component takes it: it is enabled there."""
    seen: Array
    """The node, plus 1, that was counted last."""
    touched: Array
    """The groups that are enabled somewhere."""


class Renamings(NamedTuple):
    """A group of permutations of identities."""

    size: int
    products: Table
    """[R * R], label: `products[p * R + q]` is p after q"""
    inverse: Table
    """[R], label"""
    image: Table
    """[R * G], label: `image[p * G + g]` is what p makes of group g"""
    groups: int


class Around(NamedTuple):
    """How a component of representatives comes back to its first node."""

    through: Array
    """[N], label: what renames up to a node along some path"""
    queue: Array
    """[N], number"""
    root: Array
    """[G + 1], whole: one group for all that come back as each other"""
    weight: Array
    """[G + 1], whole: how many those are"""
    met: Any
    """[R], whole: where a renaming was met, plus 1"""
