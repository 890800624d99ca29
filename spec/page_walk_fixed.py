"""Linux 5.4: addr_to_pfn reads `*ptep` with interrupts off (commit d9101bfa6adc). Every walk is safe, every
teardown ends.
"""

from typing import Any

from actions.page_walk import cross_call, liveness, page_table, properties, teardown, walker
from actions.page_walk.kernel import Serialize

from explorer import HOLDS, MemoryModel, Spec, variant, violates

PFN = "pfn_was_mapped"
TYPE = "no_type_confusion"
UAF = "no_use_after_free"

OUTSIDE = {"dereference_inside": False}
Row = tuple[str, Any, str, dict[str, Any]]

KERNELS: list[Row] = [
    ("5.4", HOLDS, "*ptep is read with interrupts off", {}),
    ("V0", violates(UAF, steps=12, also=(PFN, TYPE)), "5.3: interrupts restored first", OUTSIDE),
    ("V0 MCE", HOLDS, "V0 in a machine check: MSR[EE] = 0", {**OUTSIDE, "machine_check": True}),
    (
        "V2",
        violates(UAF, steps=11, also=(PFN, TYPE)),
        "IPI before the clear",
        {"serialize": Serialize.BEFORE},
    ),
    (
        "V3a",
        violates(UAF, steps=10, also=(PFN,)),
        "no smp_mb before mm_cpumask is read",
        {"teardown_fence": False},
    ),
    ("V4", violates(TYPE, steps=6, also=(PFN,)), "the walker reads the pmd twice", {"read_once": False}),
    (
        "V5",
        violates(TYPE, steps=18, also=(PFN,)),
        "the walker ignores serializing",
        {"test_serializing": False},
    ),
    ("munmap", violates(PFN, steps=5), "5.4 with munmap and faults", {"unmap": True}),
    ("munmap, present", HOLDS, "5.8: one read, pte_present", {"unmap": True, "test_present": True}),
    (
        "munmap, twice",
        violates(PFN, steps=6),
        "pte_present, and another read, as 5.4 reads",
        {"unmap": True, "test_present": True, "pte_once": False},
    ),
]
UNBOUNDED: list[Row] = [
    ("V1", violates(UAF, steps=7, also=(PFN, TYPE)), "no IPI", {"serialize": Serialize.NEVER}),
    (
        "V3b",
        violates(UAF, steps=12, also=(PFN, TYPE)),
        "no smp_mb in switch_mm_irqs_off",
        {"switch_fence": False},
    ),
    (
        "V6",
        violates(UAF, steps=9, also=(PFN, TYPE)),
        "nobody waits for the IPI",
        {"serialize": Serialize.NO_WAIT},
    ),
]
"""Kernels in which the pmd changes for ever while a walk lasts. Where loads may be early, as on POWER, no
bound is enough for the stores that the walk may still read."""

spec = Spec(
    page_table,
    walker,
    teardown,
    cross_call,
    properties,
    liveness,
    targets=2,
    memory=MemoryModel.POWER,
    expect=HOLDS,
    variants=[
        *(variant(name, expect, text, **constants) for name, expect, text, constants in KERNELS),
        *(
            variant(f"{name} pso", expect, text, memory=MemoryModel.PSO, **constants)
            for name, expect, text, constants in KERNELS + UNBOUNDED
        ),
    ],
    survivors={
        "tears_down.call: self.done": "a promise makes states fewer, no more",
        "local_irq_restore: self.done": "a promise makes states fewer, no more",
        "do_nothing: table.done": "a promise makes states fewer, no more",
        "do_nothing: Step.DEREFERENCE) == walking": "it says only which loads the promise is about",
        "pmd_lock: kernel.UNMAP": "without `unmap` the other tasks have no steps",
        "find: walkers.pmd[cpu].next": "the copy is dead by now; forgetting it makes fewer states",
        "pmd_lock: teardown.kind.is_none": (
            "before the first step the same task begins again; after it the pmd fits no task"
        ),
        "local_irq_restore: self.ptep[cpu].next": (
            "the pointer is dead by now, and set before it is followed again"
        ),
        "local_irq_restore: self.mapped[cpu][pfn].next": (
            "what was mapped is dead by now, and set when the next walk begins"
        ),
        "do_nothing: teardown.pending[cpu]": "an IPI that nobody sent does nothing",
    },
)
