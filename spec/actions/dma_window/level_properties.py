"""What must hold of a TCE table that grows while it is used (I7 of the fact sheet)."""

from explorer import *

from .levels import Builders, Cpu, Index, Node, Pages, Tce, Tree, maps, used


@invariant
def no_tce_lost(builders: Builders, tree: Tree, cpu: Cpu, idx: Index) -> Value[bool]:
    """The device finds the page that was mapped: otherwise its DMA faults."""
    found = some((tree.slot == node) & (tree.tce[node][idx] == Tce.PAGE) for node in Node)
    return implies(at(maps, "mapped", cpu) & (builders.idx[cpu] == idx), found)


@invariant
def one_leaf(builders: Builders, tree: Tree, cpu: Cpu) -> Value[bool]:
    """Whoever is about to write an entry has the leaf that the table has."""
    return implies(at(maps, "write_tce", cpu) & ~builders.leaf[cpu].is_none, builders.leaf[cpu] == tree.slot)


@invariant
def no_null_leaf(builders: Builders, cpu: Cpu) -> Value[bool]:
    """Nobody writes an entry through a NULL pointer."""
    return implies(at(maps, "write_tce", cpu), ~builders.leaf[cpu].is_none)


@invariant
def no_garbage(builders: Builders, tree: Tree, node: Node) -> Value[bool]:
    """What the device can walk is zero or a page of this table; what is mapped was mapped by somebody."""

    def mapped(idx: Index) -> Value[bool]:
        return some((builders.idx[cpu] == idx) & at(maps, "mapped", cpu) for cpu in Cpu)

    entries = [(i, tree.tce[node][i]) for i in domain(Index)]
    fine = every((tce == Tce.ZERO) | ((tce == Tce.PAGE) & mapped(i)) for i, tce in entries)
    return implies(tree.slot == node, fine)


@invariant
def no_leak(builders: Builders, tree: Tree, node: Node) -> Value[bool]:
    """Pages that are not free are known to somebody."""
    known = (tree.pages[node] == Pages.ALLOCATED) & used(builders, tree, node)
    return implies(tree.pages[node] != Pages.FREE, known)


@invariant
def no_use_after_free(builders: Builders, tree: Tree, node: Node) -> Value[bool]:
    """Pages that somebody knows are not free."""
    return implies(used(builders, tree, node), tree.pages[node] == Pages.ALLOCATED)


@temporal
def building_ends(cpu: Cpu) -> Formula:
    """pnv_tce_build returns."""
    return leads_to(at(maps, "read_slot", cpu), at(maps, "mapped", cpu) | at(maps, "idle", cpu))
