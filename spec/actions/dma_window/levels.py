"""`pnv_tce`: the leaf of a two-level TCE table is found, and made where it is missing (56090a3902c8).

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

    FREE, ALLOCATED, HALF_LEAKED = range(3)


class Tce(enum.Enum):
    """An entry: 0, a page of some CPU, or what was in memory before it was zeroed."""

    ZERO, PAGE, GARBAGE = range(3)


class Tree(State):
    """The first-level slot, the leaves and their entries."""

    slot: Var[Node | None] = initially(None)
    pages: Map[Node, Pages] = initially(Pages.FREE)
    tce: Map[Node, Map[Index, Tce]] = initially(Tce.GARBAGE, quiet=True)


class Builders(State):
    """The entry that each CPU maps, the leaf it has allocated, and the leaf that pnv_tce gives it."""

    idx: Map[Cpu, Index | None] = initially(None)
    own: Map[Cpu, Node | None] = initially(None)
    leaf: Map[Cpu, Node | None] = initially(None)


def publication(node: Node) -> str:
    return f"cmpxchg(&tmp[n], 0, {node})" if CMPXCHG else f"tmp[n] = {node}"


TCE = "arch/powerpc/platforms/powernv/pci-ioda-tce.c"


# Fair: no CPU stops in the middle of a function. Mapping and unmapping is free.


@process(actor="cpu", fair=WEAK, restart=True, atomic=True)
def maps(builders: Builders, tree: Tree, cpu: Cpu) -> Steps:
    """iommu_range_alloc gives every CPU an entry of its own."""
    yield step("pnv_tce_build({idx})", name="idle", fair=UNFAIR, source=f"{TCE}:pnv_tce_build")
    idx = yield choose(Index)
    when(every(builders.idx[other] != idx for other in Cpu))
    builders.idx[cpu].next = idx
    if not (yield from finds_leaf(builders, tree, cpu)):
        builders.idx[cpu].next = None
        return
    yield step("{node}[{idx}] = page", name="write_tce", source=f"{TCE}:pnv_tce_build")
    node = yield choose(Node)
    when(builders.leaf[cpu] == node)
    tree.tce[node][idx].next = Tce.PAGE
    builders.leaf[cpu].next = None
    yield step("pnv_tce_free({idx})", name="mapped", fair=UNFAIR, source=f"{TCE}:pnv_tce_free")
    node = yield choose(Node)
    when(tree.slot == node)
    tree.tce[node][idx].next = Tce.ZERO
    builders.idx[cpu].next = None


@procedure(source=f"{TCE}:pnv_tce")
def finds_leaf(builders: Builders, tree: Tree, cpu: Cpu) -> Steps:
    """Returns whether pnv_tce_build goes on."""
    yield step("READ_ONCE(tmp[n]) == {tree.slot}", name="read_slot")
    builders.leaf[cpu].next = tree.slot
    if not (yield branch(tree.slot.is_none)):
        return True
    yield step("alloc_pages_node()", name="allocate", source=f"{TCE}:pnv_alloc_tce_level")
    if ALLOC_FAILS and (yield choose("leaf", "NULL")) == "NULL":
        outcome("alloc_pages_node() == NULL  // GFP_ATOMIC", name="allocation_fails", fair=UNFAIR)
        return not TESTS_NULL
    node = yield choose(Node)
    outcome("alloc_pages_node() == {node}", name="allocate")
    when(tree.pages[node] == Pages.FREE)
    tree.pages[node].next = Pages.ALLOCATED
    builders.own[cpu].next = node
    if not PUBLISH_FIRST:
        yield from zeroes(tree, node)
    yield step(publication(node), name="publish")
    wins = not CMPXCHG or (yield branch(tree.slot.is_none))
    builders.leaf[cpu].next = node if wins else tree.slot
    if wins:
        tree.slot.next = node
        if PUBLISH_FIRST:
            yield from zeroes(tree, node)
    else:
        frees = "frees {node}  // the winner's leaf is {tree.slot}"
        yield step(frees, name="free_leaf", source=f"{TCE}:pnv_pci_ioda2_table_do_free_pages")
        give_back(tree, node, FREES_ALL)
    builders.own[cpu].next = None
    return True


@procedure(source=f"{TCE}:pnv_alloc_tce_level")
def zeroes(tree: Tree, node: Node) -> Steps:
    yield step("memset({node}, 0)", name="zero")
    for idx in domain(Index):
        tree.tce[node][idx].next = Tce.ZERO


def give_back(tree: Tree, node: Node, whole: bool) -> None:
    """free_pages: the pages may be given to anybody, and hold anything."""
    tree.pages[node].next = Pages.FREE if whole else Pages.HALF_LEAKED
    for idx in domain(Index):
        tree.tce[node][idx].next = Tce.GARBAGE


@action(actor="PCI", source=f"{TCE}:pnv_pci_ioda2_table_free_pages")
def free_table(tree: Tree, node: Node) -> None:
    """pnv_pci_ioda2_table_free_pages(tbl)"""
    when(every(at(maps, "idle", cpu) for cpu in Cpu))
    when(tree.slot == node)
    tree.slot.next = None
    give_back(tree, node, True)


def used(builders: Builders, tree: Tree, node: Node) -> Value[bool]:
    """Whether somebody knows the leaf: the tree, or the CPU that has allocated it."""
    return (tree.slot == node) | some(builders.own[cpu] == node for cpu in Cpu)
