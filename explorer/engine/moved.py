"""How many changes of actor a whole way through a state has at least. Its cost (`lanes.py`) counts those
behind it; before it every actor has moved whose own cells are not as they were at first.

So states through which no best way leads are left out, once the changes of some way are known.
"""

from __future__ import annotations

from heapq import nsmallest

from explorer.engine.compiled import Compiled
from explorer.engine.lanes import Costs, Lanes
from explorer.ir.data import dataclass
from explorer.ir.expressions import Family, is_const
from explorer.program.layout import Layout


@dataclass(frozen=True, slots=True)
class Moved:
    """`own` are lanes with the bits of a packed state that only their steps write and that all initial states
    have as `initial` has them; `number` is that of all lanes.
    """

    own: tuple[tuple[int, int], ...]
    initial: int
    number: int

    def changes(self, state: int, cost: int) -> int:
        """The fewest changes that a way through a state with this cost can have: each lane that has moved
        takes one to come to, but for the first; the last one may go on.
        """
        apart, moved = state ^ self.initial, 0
        for lane, bits in self.own:
            if apart & bits:
                moved |= 1 << lane
        return (cost >> self.number) + moved.bit_count() - (cost & moved != 0)

    def within(self, costs: Costs, most: int | None = None, room: int | None = None) -> Costs:
        """The states through which a way with at most so many changes may lead; only so many of them, those
        of the fewest changes, where there is no more room.
        """
        if not isinstance(costs, dict):
            return costs.within(self, most, room)
        found = [(self.changes(*item), item) for item in costs.items()]
        if most is not None:
            found = [pair for pair in found if pair[0] <= most]
        if room is not None:
            found = nsmallest(room, found, key=lambda pair: pair[0])
        return dict(item for _, item in found)


def moved_of(compiled: Compiled, lanes: Lanes) -> Moved:
    """What states say of the lanes that led there; not for representatives."""
    first, *others = compiled.initial()
    agreed = (1 << compiled.layout.bits) - 1
    for state in others:
        agreed &= ~(state ^ first)
    cells, writes = _Cells(compiled.layout), [0] * lanes.number
    for rule in compiled.program.rules:
        for update in rule.updates:
            index = update.index.value if is_const(update.index) else None
            writes[lanes.of[rule.instance.number]] |= cells.bits(update.family, index)
    once = shared = 0
    for bits in writes:
        shared |= once & bits
        once |= bits
    own = ((lane, bits & agreed & ~shared) for lane, bits in enumerate(writes))
    return Moved(tuple((lane, bits) for lane, bits in own if bits), first, lanes.number)


class _Cells:
    """The bits of cells, those of a whole family found once."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.whole: dict[Family, int] = {}

    def bits(self, family: Family, index: int | None) -> int:
        """The bits of a cell of a family, or of any where its index is computed."""
        field = self.layout.fields[family]
        if index is not None:
            return field.mask << field.shift(index)
        if family not in self.whole:
            self.whole[family] = sum(field.mask << field.shift(k) for k in range(family.size))
        return self.whole[family]
