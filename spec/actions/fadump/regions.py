"""The arithmetic of fadump_get_boot_mem_regions, for every small layout of memory.

The layout is rigid: three memory blocks with holes between them, all sizes free. One run of the loop is
checked for each. Addresses count half pages by default, so that "one byte further" is not yet the next page.
"""

import enum

from explorer import *

PAGE = constant("page", 2)
"""Addresses to a page. With 1, a hole of one address is possible: none of the kernel's holes is so small."""

PAGES = constant("pages", 2)
"""The largest block and the largest hole, in pages. The last block is larger than any boot memory."""

SUBTRACT_ONCE = constant("subtract_once", True)
"""What was taken is subtracted from what is wanted once. Up to 5.17 both mem_size and cur_size change, and it
counts twice.
"""

HOLES = constant("holes", True)
"""Holes are skipped ("support holes in kernel boot memory area"). Otherwise boot memory is the range from 0.
"""

REFUSE_HOLES = constant("refuse_holes", True)
"""Boot memory with a hole in it is refused: fadump is off."""

LARGEST = PAGE * PAGES
WANTED = 3 * LARGEST
LAST = 4 * LARGEST

Block = Annotated[int, Range(0, 2)]
Early = Annotated[int, Range(0, 1)]
Pages = Annotated[int, Range(1, PAGES)]
Gap = Annotated[int, Range(0, PAGES)]
Boot = Annotated[int, Range(1, 3 * PAGES)]
Address = Annotated[int, Range(0, 5 * LARGEST + LAST)]
Signed = Annotated[int, Range(-5 * LARGEST - LAST, 5 * LARGEST + LAST)]


class Verdict(enum.Enum):
    """Whether the registration of the regions can go on."""

    NONE = 0
    ACCEPTED = 1
    REFUSED = 2


class Layout(State):
    """In pages: two blocks of any size, any holes before the second and the third, and boot_memory_size.
    Nothing assigns them.
    """

    blocks: Map[Early, Pages] = initially(any_of(Pages))
    gap: Map[Early, Gap] = initially(any_of(Gap))
    boot: Var[Boot] = initially(any_of(Boot))

    def wanted(self) -> Value[int]:
        return self.boot * PAGE

    def size(self, block: int) -> int | Value[int]:
        """The addresses of a block; the last one has more than any boot memory."""
        return self.blocks[block] * PAGE if block < 2 else LAST

    def hole(self, block: int) -> int | Value[int]:
        """The addresses between a block and the one before; memory begins at 0."""
        return self.gap[block - 1] * PAGE if block else 0

    def base(self, block: int) -> int | Value[int]:
        return sum(
            (self.size(each) for each in range(block)), sum(self.hole(each) for each in range(block + 1))
        )

    def end(self, block: int) -> int | Value[int]:
        return self.base(block) + self.size(block)


class Loop(State):
    """The variables of the loop, the regions it adds (one for each block at most) and what it ends with.

    `block` is the block at hand, and 3 more for the second loop, which checks one range for holes from
    `start` on.
    """

    block: Var[Annotated[int, Range(0, 5)]] = initially(0)
    current: Var[Signed] = initially(0)
    hole_size: Var[Address] = initially(0)
    region: Map[Block, Signed] = initially(0)
    top: Var[Address] = initially(0)
    start: Var[Address] = initially(0)
    verdict: Var[Verdict] = initially(Verdict.NONE)


@action(actor="kernel", fair=WEAK, source="arch/powerpc/kernel/fadump.c:fadump_get_boot_mem_regions")
def take_block(layout: Layout, loop: Loop, block: Block) -> None:
    """for_each_memblock(memory, reg)  // block {block}: {layout.base(block)} to {layout.end(block)}"""
    when(HOLES)
    when((loop.block == block) & (loop.top == 0))
    size = layout.size(block)
    limit = layout.wanted() if SUBTRACT_ONCE else layout.wanted() - loop.current
    last = loop.current + size >= limit
    hole_size = loop.hole_size + layout.hole(block)
    loop.hole_size.next = hole_size
    loop.region[block].next = ite(last, limit - loop.current, size)
    loop.top.next = ite(last, layout.wanted() + hole_size, 0)
    loop.current.next = ite(last, loop.current, loop.current + size)
    loop.block.next = ite(last, 3, block + 1)


@action(actor="kernel", fair=WEAK, source="arch/powerpc/kernel/fadump.c:fadump_reserve_mem")
def one_range(layout: Layout, loop: Loop) -> None:
    """boot memory is one range: 0 to {layout.wanted()}"""
    when(not HOLES)
    when(loop.top == 0)
    loop.region[0].next = layout.wanted()
    loop.top.next = layout.wanted()
    loop.block.next = 3


@action(actor="kernel", fair=WEAK, source="arch/powerpc/kernel/fadump.c:is_fadump_boot_mem_contiguous")
def check_regions(layout: Layout, loop: Loop) -> None:
    """is_fadump_boot_mem_contiguous()  // each region

    A region begins where its block does, so the loop over the blocks comes to this: it ends in that block.
    """
    when(HOLES)
    when(loop.top != 0)
    fine = every(
        (loop.region[b] == 0) | ((loop.region[b] > 0) & (loop.region[b] <= layout.size(b))) for b in range(3)
    )
    loop.verdict.next = ite(fine | (not REFUSE_HOLES), Verdict.ACCEPTED, Verdict.REFUSED)


@action(actor="kernel", fair=WEAK, source="arch/powerpc/kernel/fadump.c:is_fadump_mem_area_contiguous")
def check_block(layout: Layout, loop: Loop, block: Block) -> None:
    """is_fadump_mem_area_contiguous()  // block {block}, from d_start = {loop.start}

    It goes on one address behind the end of the block, and takes a block that begins later for one behind a
    hole.
    """
    when(not HOLES)
    when((loop.top != 0) & (loop.verdict == Verdict.NONE))
    when(loop.block == 3 + block)
    reaches_end = loop.top <= layout.end(block)
    looks = loop.start < ite(reaches_end, loop.top, layout.end(block))
    hole = looks & (layout.base(block) > loop.start)
    accepted = (looks & ~hole & reaches_end) | (not REFUSE_HOLES)
    loop.verdict.next = ite(
        accepted, Verdict.ACCEPTED, ite(hole | (block == 2), Verdict.REFUSED, Verdict.NONE)
    )
    loop.start.next = ite(looks & ~hole & ~accepted, layout.end(block) + 1, loop.start)
    loop.block.next = ite(accepted | hole | (block == 2), loop.block, loop.block + 1)


def addresses() -> range:
    """The first address of every page that may lie below boot_mem_top."""
    return range(0, WANTED + 2 * LARGEST, PAGE)


def is_memory(layout: Layout, address: int) -> Value[bool]:
    return some((layout.base(b) <= address) & (address < layout.end(b)) for b in range(3))


def is_taken(layout: Layout, loop: Loop, address: int) -> Value[bool]:
    """Whether some region has the address."""
    return some((layout.base(b) <= address) & (address < layout.base(b) + loop.region[b]) for b in range(3))


@invariant
def boot_memory_is_copied(layout: Layout, loop: Loop) -> Value[bool]:
    """Every address below boot_mem_top that is memory is in a region: nothing that is overwritten is lost."""
    lost = some(is_memory(layout, a) & (loop.top > a) & ~is_taken(layout, loop, a) for a in addresses())
    return implies(loop.verdict == Verdict.ACCEPTED, ~lost)


@invariant
def copied_is_memory(layout: Layout, loop: Loop) -> Value[bool]:
    """Every address of a region is memory."""
    wrong = some(is_taken(layout, loop, a) & ~is_memory(layout, a) for a in addresses())
    return implies(loop.verdict == Verdict.ACCEPTED, ~wrong)


@invariant
def sizes_are_right(layout: Layout, loop: Loop) -> Value[bool]:
    """No size is negative (the kernel's are unsigned), and all regions together are as large as the boot
    memory wanted.
    """
    total = loop.region[0] + loop.region[1] + loop.region[2]
    done = implies(loop.verdict != Verdict.NONE, total == layout.wanted())
    return every(loop.region[block] >= 0 for block in domain(Block)) & done


@invariant
def never_refused(loop: Loop) -> Value[bool]:
    """Any layout of memory will do."""
    return loop.verdict != Verdict.REFUSED


@invariant
def top_is_right(layout: Layout, loop: Loop) -> Value[bool]:
    """Below boot_mem_top there is as much memory as was wanted."""
    below = count(is_memory(layout, a) & (loop.top > a) for a in addresses())
    return implies(loop.verdict == Verdict.ACCEPTED, below == layout.boot)


@temporal
def loop_ends(loop: Loop) -> Formula:
    """Every layout comes to a verdict."""
    return eventually(loop.verdict != Verdict.NONE)


@terminal
def over(loop: Loop) -> Value[bool]:
    return loop.verdict != Verdict.NONE
