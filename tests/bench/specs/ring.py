"""A token goes round a ring of NODES; whoever has it may count. NODES * MODULUS ** NODES states, at most two
steps from each.

Everything is one strongly connected component, so that liveness has to look at all of it.
"""

from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Formula,
    Map,
    Range,
    Spec,
    State,
    Var,
    action,
    always_eventually,
    constant,
    initially,
    ite,
    leads_to,
    temporal,
)

NODES, MODULUS = constant("NODES", 4), constant("MODULUS", 10)
Node = Annotated[int, Range(0, NODES - 1)]


class Ring(State):
    token: Var[Node] = initially(0)
    value: Map[Node, Annotated[int, Range(0, MODULUS - 1)]] = initially(0)


@action
def count(ring: Ring, node: Node) -> None:
    """{node} counts, whether it has the token or not"""
    now = ring.value[node]
    now.next = ite(now == MODULUS - 1, 0, now + 1)


@action(fair=WEAK)
def hand_on(ring: Ring) -> None:
    """{ring.token} hands the token on"""
    ring.token.next = (ring.token + 1) % NODES


@temporal
def goes_round(ring: Ring) -> Formula:
    """The token comes to node 0 again and again."""
    return always_eventually(ring.token == 0)


@temporal
def comes_to_all(ring: Ring) -> Formula:
    """From node 0 it comes to the last one."""
    return leads_to(ring.token == 0, ring.token == NODES - 1)


spec = Spec(expect=HOLDS)
