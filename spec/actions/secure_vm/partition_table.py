"""The host under an ultravisor, as 5.4 has it: one LPID's partition table entry, from one VM to the next.

The MMU of the cores reads the entry that the ultravisor keeps in secure memory (UV_WRITE_PATE), the nest MMU
a copy in normal memory, `partition_tb`. Without an ultravisor both read `partition_tb`. A guest's page table
is freed before the entry is cleared, and the LPID goes back to the pool after that.
"""

import enum

from explorer import *

ULTRAVISOR = constant("ultravisor", True)

REFUSALS = constant("refusals", 0)
"""How often UV_WRITE_PATE returns an error and does nothing. 5.4 does not look at what it returns."""

FLUSHES = constant("flushes", True)
"""Setting an entry flushes the TLBs and caches of its LPID: the ultravisor's part, or flush_partition."""

NEST_DETACHED = constant("nest_detached", True)
"""No device translates through the nest MMU for a VM that is being destroyed."""

FREES_FIRST = constant("frees_first", True)
"""kvmppc_free_radix before the entry is cleared, as in 5.4."""


class Table(enum.Enum):
    """The first-level page tables of two guests that have the LPID one after the other."""

    FIRST, SECOND = range(2)


class Mmu(enum.Enum):
    """Who walks page tables for the LPID."""

    CORE, NEST = range(2)


class Partition(State):
    """`copy` is partition_tb's entry, `entry` the ultravisor's; `cached`: the table that an MMU's caches have
    translations of."""

    allocated: Map[Table, bool] = initially(False)
    copy: Var[Table | None] = initially(None)
    entry: Var[Table | None] = initially(None)
    cached: Map[Mmu, Table | None] = initially(None)
    walks: Map[Mmu, Table | None] = initially(None, quiet=True)
    refused: Var[Annotated[int, Range(0, REFUSALS)]] = initially(0, quiet=True)

    def sees(self, mmu: Mmu) -> Value[Table | None]:
        """What an MMU reads where it has nothing cached."""
        return self.entry if mmu == Mmu.CORE and ULTRAVISOR else self.copy

    def flush(self) -> None:
        """Behind it no cache has anything, and every translation that was under way is done."""
        if FLUSHES:
            for mmu in Mmu:
                when(self.walks[mmu].is_none)
                self.cached[mmu].next = None


HV = "arch/powerpc/kvm/book3s_hv.c"

# Fair: what is begun goes on; STRONG where a flush waits for translations, which come and go. Creating and
# destroying a VM, and walking, are free choices.


@process(actor="KVM", fair=WEAK, restart=True, atomic=True, source=f"{HV}:kvmppc_core_destroy_vm_hv")
def vm(partition: Partition) -> Steps:
    """One VM after the other has the LPID."""
    for table in Table:
        creates = "kvmppc_alloc_lpid(); kvmppc_init_vm_radix()  // page table {table}"
        yield step(creates, name="none", fair=UNFAIR, source=f"{HV}:kvmppc_core_init_vm_hv")
        partition.allocated[table].next = True
        yield from set_entry(partition, table)
        yield step("kvmppc_free_vcores()  // no vcpu is left", name=f"runs {table.name}", fair=UNFAIR)
        for mmu in Mmu if NEST_DETACHED else [Mmu.CORE]:
            when(partition.walks[mmu].is_none)
        for frees in (FREES_FIRST, not FREES_FIRST):
            if frees:
                yield "kvmppc_free_radix()  // page table {table}"
                partition.allocated[table].next = False
            else:
                yield from set_entry(partition, None)
        yield "kvmppc_free_lpid()  // the next VM gets it"


@procedure(source="arch/powerpc/mm/book3s64/pgtable.c:mmu_partition_table_set_entry")
def set_entry(partition: Partition, table: Table | None) -> Steps:
    yield f"partition_tb[lpid] = {table.name if table else 0}"
    partition.copy.next = table
    call = "uv_register_pate" if ULTRAVISOR else "flush_partition"
    cleared = "(lpid, 0, 0)" if ULTRAVISOR else "()"
    yield step(call + (f"()  // {table.name}" if table else cleared), fair=STRONG)
    if ULTRAVISOR and REFUSALS > 0 and (yield choose("sets", "refuses")) == "refuses":
        fails = "UV_WRITE_PATE fails  // nothing is written or flushed, and nobody looks"
        register = "arch/powerpc/include/asm/ultravisor.h:uv_register_pate"
        outcome(fails, name="refuse", actor="ultravisor", fair=UNFAIR, source=register)
        when(partition.refused < REFUSALS)
        partition.refused.next = partition.refused + 1
        return
    partition.entry.next = table
    partition.flush()


def running() -> Value[bool]:
    return some(at(vm, f"runs {table.name}") for table in Table)


@action(actor="mmu", source="hardware")
def walk(partition: Partition, mmu: Mmu, table: Table) -> None:
    """translates through {table}

    The cores do so while a vcpu runs, a device through the nest MMU until it is detached.
    """
    cached = partition.cached[mmu]
    attached = running() if mmu == Mmu.CORE or NEST_DETACHED else ~at(vm, "none")
    when(attached & partition.walks[mmu].is_none)
    when((cached == table) | (cached.is_none & (partition.sees(mmu) == table)))
    partition.walks[mmu].next = table
    cached.next = table


@action(actor="mmu", fair=WEAK, source="hardware")
def walked(partition: Partition, mmu: Mmu) -> None:
    """the translation is done"""
    when(~partition.walks[mmu].is_none)
    partition.walks[mmu].next = None


@invariant
def no_freed_table_is_walked(partition: Partition, mmu: Mmu, table: Table) -> Value[bool]:
    """What is walked is allocated."""
    return implies(partition.walks[mmu] == table, partition.allocated[table])


@invariant
def own_table_is_walked(partition: Partition, mmu: Mmu, table: Table) -> Value[bool]:
    """While a VM runs, its LPID translates through its own table."""
    return implies(running() & (partition.walks[mmu] == table), at(vm, f"runs {table.name}"))


@invariant
def pool_is_clean(partition: Partition, mmu: Mmu) -> Value[bool]:
    """An LPID in the pool has no entry and no translation."""
    clean = partition.copy.is_none & partition.entry.is_none & partition.cached[mmu].is_none
    return implies(at(vm, "none"), clean)


@temporal
def teardown_ends() -> Formula:
    """Setup and teardown end."""
    rests = at(vm, "none") | running()
    return leads_to(~rests, rests)
