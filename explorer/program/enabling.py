"""Which actions may make which others possible, read off their guards and writes. Knows nothing of states."""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.model import Instance, Model
from explorer.program.facts import cells_of, reads

PAIRS = 250_000
"""Pairs of instances that are compared; in a larger model nothing is said."""


@dataclass(frozen=True, slots=True)
class _Footprint:
    """What a guard reads, what is written, and where both are a number: cells that the guard wants, and that
    the step sets.
    """

    read: int
    written: int
    wanted: dict[int, int]
    given: dict[int, int]


def enabling(model: Model) -> dict[str, list[str]]:
    """For each action the others of which an instance writes what a guard of it reads, and does not leave
    there a number that this guard rules out. Empty lists in a model of too many instances.
    """
    result: dict[str, dict[str, None]] = {action.name: {} for action in model.actions}
    known = [(instance.action.name, _footprint(instance)) for instance in model.instances]
    if len(known) ** 2 > PAIRS:
        return {name: [] for name in result}
    for name, here in known:
        found, wanted = result[name], here.wanted.items()
        for other, there in known:
            if not here.read & there.written or other in found or other == name:
                continue
            if all(there.given.get(cell, code) == code for cell, code in wanted):
                found[other] = None
    order = list(result)
    return {name: sorted(others, key=order.index) for name, others in result.items()}


def _footprint(instance: Instance) -> _Footprint:
    read, written = 0, 0
    wanted, given = dict[int, int](), dict[int, int]()
    for condition in instance.guard:
        expr = condition.expr
        read |= reads(expr)[0]
        if expr.op == "eq":
            load = next((a for a in expr.args if a.op == "load"), None)
            code = next((a for a in expr.args if ex.is_const(a)), None)
            if load is not None and code is not None:
                family, index = load.value
                wanted[family.first + index] = code.value
    for write in instance.writes:
        index = write.index.value if ex.is_const(write.index) else None
        written |= cells_of(write.family, index, primed=False)
        if index is not None and ex.is_const(write.expr):
            given[write.family.first + index] = write.expr.value
    return _Footprint(read, written, wanted, given)
