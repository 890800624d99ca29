"""Linux 5.4: addr_to_pfn reads `*ptep` with interrupts off (commit d9101bfa6adc). Every walk is safe, every
teardown ends.
"""

from actions.page_walk import cross_call, liveness, page_table, properties, teardown, walker
from actions.page_walk.kernel import Serialize

from explorer import HOLDS, Spec, variant, violates

PFN = "pfn_was_mapped"
TYPE = "no_type_confusion"

spec = Spec(
    page_table,
    walker,
    teardown,
    cross_call,
    properties,
    liveness,
    targets=2,
    expect=HOLDS,
    variants=[
        variant("5.4", HOLDS, "*ptep is read with interrupts off"),
        variant(
            "V0",
            violates("no_use_after_free", steps=12, also=(PFN, TYPE)),
            "5.3: interrupts restored first",
            dereference_inside=False,
        ),
        variant(
            "V0 MCE",
            HOLDS,
            "V0 in a machine check: MSR[EE] = 0",
            dereference_inside=False,
            machine_check=True,
        ),
        variant(
            "V1",
            violates("no_use_after_free", steps=7, also=(PFN, TYPE)),
            "no IPI",
            serialize=Serialize.NEVER,
        ),
        variant(
            "V2",
            violates("no_use_after_free", steps=11, also=(PFN, TYPE)),
            "IPI before the clear",
            serialize=Serialize.BEFORE,
        ),
        variant(
            "V3a",
            violates("no_use_after_free", steps=11, also=(PFN,)),
            "no smp_mb before mm_cpumask is read",
            teardown_fence=False,
        ),
        variant(
            "V3b",
            violates("no_use_after_free", steps=12, also=(PFN, TYPE)),
            "no smp_mb in switch_mm_irqs_off",
            switch_fence=False,
        ),
        variant(
            "V4", violates(TYPE, steps=6, also=(PFN,)), "the walker reads the pmd twice", read_once=False
        ),
        variant(
            "V5",
            violates(TYPE, steps=18, also=(PFN,)),
            "the walker ignores serializing",
            test_serializing=False,
        ),
        variant(
            "V6",
            violates("no_use_after_free", steps=9, also=(PFN, TYPE)),
            "nobody waits for the IPI",
            serialize=Serialize.NO_WAIT,
        ),
        variant("munmap", violates(PFN, steps=5), "5.4 with munmap and faults", unmap=True),
        variant("munmap, present", HOLDS, "and a test of pte_present", unmap=True, test_present=True),
    ],
    survivors={
        "cpumask_completes: buffered[cpu])": (
            "one CPU more in mm_cpumask is one IPI too many, which does no harm"
        ),
        "find: walkers.pmd[cpu].next": "the copy is dead by now; forgetting it makes fewer states",
        "pmd_lock: teardown.at == Step.IDLE": (
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
