"""The host under an ultravisor, as Linux 5.4 has it: the entry of one LPID in the partition table, from one
VM to the next.

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

    FIRST = 0
    SECOND = 1


class Mmu(enum.Enum):
    """Who walks page tables for the LPID."""

    CORE = 0
    NEST = 1


class Phase(enum.Enum):
    """Of the VM that has the LPID. COPY and CALL: mmu_partition_table_set_entry, in its setup and its
    teardown."""

    NONE = 0
    SETUP_COPY = 1
    SETUP_CALL = 2
    RUNS = 3
    FREE_TABLE = 4
    CLEAR_COPY = 5
    CLEAR_CALL = 6
    FREE_LPID = 7


class Partition(State):
    """`vm`: whose turn the LPID is. `copy` is partition_tb's entry, `entry` the ultravisor's; `cached`: the
    table that an MMU's caches have translations of."""

    phase: Var[Phase] = initially(Phase.NONE, quiet=True)
    vm: Var[Table] = initially(Table.FIRST, quiet=True)
    allocated: Map[Table, bool] = initially(False)
    copy: Var[Table | None] = initially(None)
    entry: Var[Table | None] = initially(None)
    cached: Map[Mmu, Table | None] = initially(None)
    walks: Map[Mmu, Table | None] = initially(None, quiet=True)
    refused: Var[Annotated[int, Range(0, REFUSALS)]] = initially(0, quiet=True)

    def turn(self, phase: Phase, following: Phase) -> None:
        when(self.phase == phase)
        self.phase.next = following

    def sees(self, mmu: Mmu) -> Value[Table | None]:
        """What an MMU reads where it has nothing cached."""
        return self.entry if mmu == Mmu.CORE and ULTRAVISOR else self.copy

    def flush(self) -> None:
        """Behind it no cache has anything, and every translation that was under way is done."""
        if FLUSHES:
            for mmu in Mmu:
                when(self.walks[mmu].is_none)
                self.cached[mmu].next = None


def teardown() -> list[Phase]:
    """The steps of kvmppc_core_destroy_vm_hv in this kernel, in program order."""
    clear = [Phase.CLEAR_COPY, Phase.CLEAR_CALL]
    return [Phase.FREE_TABLE, *clear] if FREES_FIRST else [*clear, Phase.FREE_TABLE]


def behind(phase: Phase) -> Phase:
    """The step of the teardown after this one."""
    steps = [*teardown(), Phase.FREE_LPID]
    return steps[steps.index(phase) + 1]


SET_ENTRY = "arch/powerpc/mm/book3s64/pgtable.c:mmu_partition_table_set_entry"
DESTROY = "arch/powerpc/kvm/book3s_hv.c:kvmppc_core_destroy_vm_hv"

# Fair: what is begun goes on; STRONG where a flush waits for translations, which come and go. Creating and
# destroying a VM, and walking, are free choices.


@action(actor="KVM", source="arch/powerpc/kvm/book3s_hv.c:kvmppc_core_init_vm_hv")
def create(partition: Partition, table: Table) -> None:
    """kvmppc_alloc_lpid(); kvmppc_init_vm_radix()  // page table {table}"""
    when(partition.vm == table)
    when(~partition.allocated[table])
    partition.turn(Phase.NONE, Phase.SETUP_COPY)
    partition.allocated[table].next = True


@action(actor="KVM", fair=WEAK, source=SET_ENTRY)
def setup_copy(partition: Partition) -> None:
    """partition_tb[lpid] = {partition.vm}"""
    partition.turn(Phase.SETUP_COPY, Phase.SETUP_CALL)
    partition.copy.next = partition.vm


@action(actor="KVM", fair=STRONG, source=SET_ENTRY)
def setup_call(partition: Partition) -> None:
    """{"uv_register_pate" if ULTRAVISOR else "flush_partition"}()  // {partition.vm}"""
    partition.turn(Phase.SETUP_CALL, Phase.RUNS)
    partition.entry.next = partition.vm
    partition.flush()


@action(actor="KVM", source=DESTROY)
def destroy(partition: Partition) -> None:
    """kvmppc_free_vcores()  // no vcpu is left"""
    partition.turn(Phase.RUNS, teardown()[0])
    when(partition.walks[Mmu.CORE].is_none)
    if NEST_DETACHED:
        when(partition.walks[Mmu.NEST].is_none)


@action(actor="KVM", fair=WEAK, source=DESTROY)
def free_table(partition: Partition, table: Table) -> None:
    """kvmppc_free_radix()  // page table {table}"""
    when(partition.vm == table)
    partition.turn(Phase.FREE_TABLE, behind(Phase.FREE_TABLE))
    partition.allocated[table].next = False


@action(actor="KVM", fair=WEAK, source=SET_ENTRY)
def clear_copy(partition: Partition) -> None:
    """partition_tb[lpid] = 0"""
    partition.turn(Phase.CLEAR_COPY, Phase.CLEAR_CALL)
    partition.copy.next = None


@action(actor="KVM", fair=STRONG, source=SET_ENTRY)
def clear_call(partition: Partition) -> None:
    """{"uv_register_pate(lpid, 0, 0)" if ULTRAVISOR else "flush_partition()"}"""
    partition.turn(Phase.CLEAR_CALL, behind(Phase.CLEAR_CALL))
    partition.entry.next = None
    partition.flush()


@action(actor="KVM", fair=WEAK, source=DESTROY)
def free_lpid(partition: Partition) -> None:
    """kvmppc_free_lpid()  // the next VM gets it"""
    partition.turn(Phase.FREE_LPID, Phase.NONE)
    partition.vm.next = ite(partition.vm == Table.FIRST, Table.SECOND, Table.FIRST)


@action(actor="ultravisor", source="arch/powerpc/include/asm/ultravisor.h:uv_register_pate")
def refuse(partition: Partition) -> None:
    """UV_WRITE_PATE fails  // nothing is written or flushed, and nobody looks"""
    when(ULTRAVISOR and REFUSALS > 0)
    when(partition.refused < REFUSALS)
    setup = partition.phase == Phase.SETUP_CALL
    when(setup | (partition.phase == Phase.CLEAR_CALL))
    partition.refused.next = partition.refused + 1
    partition.phase.next = ite(setup, Phase.RUNS, behind(Phase.CLEAR_CALL))


@action(actor="mmu", source="hardware")
def walk(partition: Partition, mmu: Mmu, table: Table) -> None:
    """translates through {table}

    The cores do so while a vcpu runs, a device through the nest MMU until it is detached.
    """
    cached = partition.cached[mmu]
    running = partition.phase == Phase.RUNS
    attached = running if mmu == Mmu.CORE or NEST_DETACHED else partition.phase != Phase.NONE
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
    running = partition.phase == Phase.RUNS
    return implies(running & (partition.walks[mmu] == table), partition.vm == table)


@invariant
def pool_is_clean(partition: Partition, mmu: Mmu) -> Value[bool]:
    """An LPID in the pool has no entry and no translation."""
    return implies(
        partition.phase == Phase.NONE,
        partition.copy.is_none & partition.entry.is_none & partition.cached[mmu].is_none,
    )


@temporal
def teardown_ends(partition: Partition) -> Formula:
    """Setup and teardown end."""
    rests = (partition.phase == Phase.NONE) | (partition.phase == Phase.RUNS)
    return leads_to(~rests, rests)
