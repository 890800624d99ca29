"""`pnv_tce`: finding the leaf of a two-level TCE table for an entry, and making it where it is missing
(56090a3902c8).

Two CPUs that map pages behind one slot of the first level may both find it empty. The stores of a CPU become
visible in program order: cmpxchg is a full barrier, and what a plain store without one would add is what
`publish_first` shows.
"""

import enum

from explorer import *

CPUS = constant("cpus", 2)
ENTRIES = constant("leaf_entries", 2)

CMPXCHG = constant("cmpxchg", True)
"""A leaf is published by cmpxchg against 0, and the loser uses the winner's. Linux 5.3 tests, then stores."""

PUBLISH_FIRST = constant("publish_first", False)
"""The leaf is published before it is zeroed."""

FREES_ALL = constant("frees_all", True)
"""The loser frees all pages of its leaf. Linux 5.4 passes a shift for a size: of two pages it frees one."""

ALLOC_FAILS = constant("alloc_fails", False)
"""The atomic allocation of a leaf may fail."""

TESTS_NULL = constant("tests_null", False)
"""pnv_tce_build tests what pnv_tce returns; Linux 5.4 does not."""


class Cpu(Scalarset):
    """A CPU that maps pages for a device."""

    size = CPUS
    names = ("A", "B", "C")


class Node(Scalarset):
    """The pages of a leaf: one for each CPU and one more, so that there is always one to allocate."""

    size = constant("nodes", 3)
    names = ("n0", "n1", "n2", "n3")


Index = Annotated[int, Range(0, ENTRIES - 1)]


class Pages(enum.Enum):
    """HALF_LEAKED: one of two pages was freed, and nobody knows the other one any more."""

    FREE = 0
    ALLOCATED = 1
    HALF_LEAKED = 2


class Tce(enum.Enum):
    """An entry: 0, a page of some CPU, or what was in memory before it was zeroed."""

    ZERO = 0
    PAGE = 1
    GARBAGE = 2


class Step(enum.Enum):
    """What a CPU does next."""

    IDLE = 0
    READ_SLOT = 1
    ALLOCATE = 2
    ZERO = 3
    PUBLISH = 4
    FREE_LEAF = 5
    WRITE_TCE = 6
    MAPPED = 7


class Tree(State):
    """The first-level slot, the leaves and their entries."""

    slot: Var[Node | None] = initially(None)
    pages: Map[Node, Pages] = initially(Pages.FREE)
    tce: Map[Node, Map[Index, Tce]] = initially(Tce.GARBAGE, quiet=True)


class Builders(State):
    """Where each CPU is, the entry it maps, the leaf it has allocated, and the leaf that pnv_tce gives it."""

    at: Map[Cpu, Step] = initially(Step.IDLE, quiet=True)
    idx: Map[Cpu, Index | None] = initially(None)
    own: Map[Cpu, Node | None] = initially(None)
    leaf: Map[Cpu, Node | None] = initially(None)


def publication(node: Node) -> str:
    return f"cmpxchg(&tmp[n], 0, {node})" if CMPXCHG else f"tmp[n] = {node}"


# Fair: no CPU stops in the middle of a function. Mapping and unmapping is free.


@action(actor="cpu", source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_tce_build")
def pnv_tce_build(builders: Builders, cpu: Cpu, idx: Index) -> None:
    """pnv_tce_build({idx})

    iommu_range_alloc gives every CPU an entry of its own.
    """
    when(builders.at[cpu] == Step.IDLE)
    when(every(builders.idx[other] != idx for other in Cpu))
    builders.idx[cpu].next = idx
    builders.at[cpu].next = Step.READ_SLOT


@action(actor="cpu", fair=WEAK, source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_tce")
def read_slot(builders: Builders, tree: Tree, cpu: Cpu) -> None:
    """READ_ONCE(tmp[n]) == {tree.slot}"""
    when(builders.at[cpu] == Step.READ_SLOT)
    builders.leaf[cpu].next = tree.slot
    builders.at[cpu].next = ite(tree.slot.is_none, Step.ALLOCATE, Step.WRITE_TCE)


@action(
    actor="cpu",
    fair=WEAK,
    per=("cpu",),
    source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_alloc_tce_level",
)
def allocate(builders: Builders, tree: Tree, cpu: Cpu, node: Node) -> None:
    """alloc_pages_node() == {node}"""
    when(builders.at[cpu] == Step.ALLOCATE)
    when(tree.pages[node] == Pages.FREE)
    tree.pages[node].next = Pages.ALLOCATED
    builders.own[cpu].next = node
    builders.at[cpu].next = Step.PUBLISH if PUBLISH_FIRST else Step.ZERO


@action(actor="cpu", source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_alloc_tce_level")
def allocation_fails(builders: Builders, cpu: Cpu) -> None:
    """alloc_pages_node() == NULL  // GFP_ATOMIC"""
    when(ALLOC_FAILS)
    when(builders.at[cpu] == Step.ALLOCATE)
    builders.idx[cpu].next = None if TESTS_NULL else builders.idx[cpu]
    builders.at[cpu].next = Step.IDLE if TESTS_NULL else Step.WRITE_TCE


@action(
    actor="cpu",
    fair=WEAK,
    per=("cpu",),
    source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_alloc_tce_level",
)
def zero(builders: Builders, tree: Tree, cpu: Cpu, node: Node) -> None:
    """memset({node}, 0)"""
    when(builders.at[cpu] == Step.ZERO)
    when(builders.own[cpu] == node)
    for idx in domain(Index):
        tree.tce[node][idx].next = Tce.ZERO
    builders.own[cpu].next = None if PUBLISH_FIRST else builders.own[cpu]
    builders.at[cpu].next = Step.WRITE_TCE if PUBLISH_FIRST else Step.PUBLISH


@action(actor="cpu", fair=WEAK, per=("cpu",), source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_tce")
def publish(builders: Builders, tree: Tree, cpu: Cpu, node: Node) -> None:
    """{publication(node)}"""
    when(builders.at[cpu] == Step.PUBLISH)
    when(builders.own[cpu] == node)
    wins = tree.slot.is_none | (not CMPXCHG)
    tree.slot.next = ite(wins, node, tree.slot)
    builders.leaf[cpu].next = ite(wins, node, tree.slot)
    after = Step.ZERO if PUBLISH_FIRST else Step.WRITE_TCE
    builders.own[cpu].next = ite(wins & (not PUBLISH_FIRST), None, node)
    builders.at[cpu].next = ite(wins, after, Step.FREE_LEAF)


@action(
    actor="cpu",
    fair=WEAK,
    per=("cpu",),
    source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_pci_ioda2_table_do_free_pages",
)
def free_leaf(builders: Builders, tree: Tree, cpu: Cpu, node: Node) -> None:
    """frees {node}  // the winner's leaf is {tree.slot}"""
    when(CMPXCHG)
    when(builders.at[cpu] == Step.FREE_LEAF)
    when(builders.own[cpu] == node)
    give_back(tree, node, FREES_ALL)
    builders.own[cpu].next = None
    builders.at[cpu].next = Step.WRITE_TCE


def give_back(tree: Tree, node: Node, whole: bool) -> None:
    """free_pages: the pages may be given to anybody, and hold anything."""
    tree.pages[node].next = Pages.FREE if whole else Pages.HALF_LEAKED
    for idx in domain(Index):
        tree.tce[node][idx].next = Tce.GARBAGE


@action(
    actor="cpu", fair=WEAK, per=("cpu",), source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_tce_build"
)
def write_tce(builders: Builders, tree: Tree, cpu: Cpu, node: Node, idx: Index) -> None:
    """{node}[{idx}] = page"""
    when(builders.at[cpu] == Step.WRITE_TCE)
    when((builders.leaf[cpu] == node) & (builders.idx[cpu] == idx))
    tree.tce[node][idx].next = Tce.PAGE
    builders.leaf[cpu].next = None
    builders.at[cpu].next = Step.MAPPED


@action(actor="cpu", source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_tce_free")
def pnv_tce_free(builders: Builders, tree: Tree, cpu: Cpu, node: Node, idx: Index) -> None:
    """pnv_tce_free({idx})"""
    when(builders.at[cpu] == Step.MAPPED)
    when((tree.slot == node) & (builders.idx[cpu] == idx))
    tree.tce[node][idx].next = Tce.ZERO
    builders.idx[cpu].next = None
    builders.at[cpu].next = Step.IDLE


@action(actor="PCI", source="arch/powerpc/platforms/powernv/pci-ioda-tce.c:pnv_pci_ioda2_table_free_pages")
def free_table(builders: Builders, tree: Tree, node: Node) -> None:
    """pnv_pci_ioda2_table_free_pages(tbl)"""
    when(every(builders.at[cpu] == Step.IDLE for cpu in Cpu))
    when(tree.slot == node)
    tree.slot.next = None
    give_back(tree, node, True)


def used(builders: Builders, tree: Tree, node: Node) -> Value[bool]:
    """Whether somebody knows the leaf: the tree, or the CPU that has allocated it."""
    return (tree.slot == node) | some(builders.own[cpu] == node for cpu in Cpu)
