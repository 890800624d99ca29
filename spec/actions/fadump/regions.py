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
"""What was taken is subtracted once. Up to 5.17 mem_size and cur_size both change, and it counts twice."""

HOLES = constant("holes", True)
"""Holes are skipped ("support holes in kernel boot memory area"). Otherwise boot memory is the range from 0.
"""

REFUSE_HOLES = constant("refuse_holes", True)
"""Boot memory with a hole in it is refused: fadump is off."""

LARGEST = PAGE * PAGES
WANTED = 3 * LARGEST
LAST = 4 * LARGEST

BLOCKS = 3

Block = Annotated[int, Range(0, BLOCKS - 1)]
Early = Annotated[int, Range(0, 1)]
Pages = Annotated[int, Range(1, PAGES)]
Gap = Annotated[int, Range(0, PAGES)]
Boot = Annotated[int, Range(1, 3 * PAGES)]
Address = Annotated[int, Range(0, 5 * LARGEST + LAST)]
Signed = Annotated[int, Range(-5 * LARGEST - LAST, 5 * LARGEST + LAST)]


class Verdict(enum.Enum):
    """Whether the registration of the regions can go on."""

    NONE, ACCEPTED, REFUSED = range(3)


class Layout(State):
    """In pages: two blocks, any holes before the second and the third, boot_memory_size. None changes."""

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
        holes = sum(self.hole(each) for each in range(block + 1))
        return sum((self.size(each) for each in range(block)), holes)

    def end(self, block: int) -> int | Value[int]:
        return self.base(block) + self.size(block)


class Loop(State):
    """The variables of the loops, a region for each block, the verdict. The second loop begins at `start`."""

    current: Var[Signed] = initially(0)
    hole_size: Var[Address] = initially(0)
    region: Map[Block, Signed] = initially(0)
    top: Var[Address] = initially(0)
    start: Var[Address] = initially(0)
    verdict: Var[Verdict] = initially(Verdict.NONE)


FADUMP = "arch/powerpc/kernel/fadump.c"


@process(actor="kernel", fair=WEAK, source=f"{FADUMP}:fadump_reserve_mem")
def reserve_mem(layout: Layout, loop: Loop) -> Steps:
    if HOLES:
        yield from boot_mem_regions(layout, loop)
    else:
        yield "boot memory is one range: 0 to {layout.wanted()}"
        loop.region[0].next = layout.wanted()
        loop.top.next = layout.wanted()
        yield from is_range_contiguous(layout, loop)


@procedure(source=f"{FADUMP}:fadump_get_boot_mem_regions")
def boot_mem_regions(layout: Layout, loop: Loop) -> Steps:
    """A region begins where its block does, so the check of a region comes to this: it ends in that block."""
    for block in range(BLOCKS):
        yield "for_each_memblock(memory, reg)  // block {block}: {layout.base(block)} to {layout.end(block)}"
        size = layout.size(block)
        limit = layout.wanted() if SUBTRACT_ONCE else layout.wanted() - loop.current
        hole_size = loop.hole_size + layout.hole(block)
        loop.hole_size.next = hole_size
        if (yield branch(loop.current + size >= limit)):
            loop.region[block].next = limit - loop.current
            loop.top.next = layout.wanted() + hole_size
            break
        loop.region[block].next = size
        loop.current.next = loop.current + size
    contiguous = f"{FADUMP}:is_fadump_boot_mem_contiguous"
    yield step("is_fadump_boot_mem_contiguous()  // each region", source=contiguous)
    regions = [(loop.region[block], layout.size(block)) for block in range(BLOCKS)]
    fine = every((region >= 0) & (region <= size) for region, size in regions)
    loop.verdict.next = ite(fine | (not REFUSE_HOLES), Verdict.ACCEPTED, Verdict.REFUSED)


@procedure(source=f"{FADUMP}:is_fadump_mem_area_contiguous")
def is_range_contiguous(layout: Layout, loop: Loop) -> Steps:
    """It goes on one address behind a block's end, and takes a later block for one behind a hole."""
    for block in range(BLOCKS):
        yield "is_fadump_mem_area_contiguous()  // block {block}, from d_start = {loop.start}"
        reaches_end = loop.top <= layout.end(block)
        looks = loop.start < ite(reaches_end, loop.top, layout.end(block))
        hole = looks & (layout.base(block) > loop.start)
        if not REFUSE_HOLES or (yield branch(looks & ~hole & reaches_end)):
            loop.verdict.next = Verdict.ACCEPTED
            return
        if block == BLOCKS - 1 or (yield branch(hole)):
            loop.verdict.next = Verdict.REFUSED
            return
        loop.start.next = ite(looks, layout.end(block) + 1, loop.start)


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
    """No size is negative (the kernel's are unsigned), and all regions together are what was wanted."""
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
