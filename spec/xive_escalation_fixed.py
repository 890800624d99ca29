"""The teardown of a vCPU with its escalation interrupt, as the model says it should be. No kernel is known
that does all of it.

Beside Linux 5.4: guest entry and teardown heed every sign of an entry that is still queued, and the teardown
waits for the EOI of an earlier event. `python -m explorer table spec/xive_escalation_fixed.py` has 5.3, 5.4,
and each part left out.
"""

from actions.xive import esb, event_queue, irq_chip, irq_desc, irq_flow, irq_properties, presentation
from actions.xive.esb import PQ
from actions.xive.irq_desc import Disable
from actions.xive_escalation import teardown, vcpu

from explorer import HOLDS, Spec, variant, violates

ENDLESS = ("deadlock", "free_ends", "teardown_ends")
STUCK = ("no_stuck_cppr", "cppr_opens")

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
    irq_desc,
    irq_flow,
    irq_properties,
    vcpu,
    teardown,
    pq=PQ.OFF,
    no_eoi=True,
    handler_body=True,
    driver_frees=False,
    disable=Disable.NEVER,
    resend=False,
    expect=HOLDS,
    survivors={
        "acknowledge: queue.raised[cpu].next": "an exception too many is a look at an empty ring",
        "mask_eas: eas.masked[source].next": "the source is masked already: PQ is 01",
        "handle: self.at[cpu] == step": "it has the number from the pop on, and the rest is under desc.lock",
        "eoi: self.saved_p[source].next": "the same EOI sets stale_p",
        "runs.abort: self.pq[source].next": "the next entry heeds Q, which is set, as well",
        "cleanup_vcpu.esc_off: vcpu.esc_on.next": "PQ is 01: neither P nor stale_p counts any more",
        "cleanup_vcpu.free: self.stale_p[source].next": (
            "where it stays 1 there is no entry, and the answer is the same"
        ),
        "cleanup_vcpu.end: yield": "a second end changes nothing",
        "cleanup_vcpu.end: esb.all_ones": "nobody looks at the page of an interrupt that is freed",
        "cleanup_vcpu.end: vcpu.mutex.next": "without a CAM word the vCPU does not enter again",
    },
    variants=[
        variant(
            "5.3",
            violates(
                "no_stale_pop",
                steps=15,
                also=("cppr_opens", "no_early_end", "no_push_to_disabled_vp", "no_stuck_cppr", "one_entry"),
            ),
            "5.3, but for its H_CEDE",
            entry_heeds="p",
            teardown_heeds="none",
            synchronizes=False,
            stale_update=False,
            vp_first=True,
            clears_cam_word=False,
            callback="absent",
            stale_p=False,
            mask_keeps_saved_p=False,
            shutdown_keeps_saved_p=False,
            drop="never",
        ),
        variant(
            "V12",
            violates("no_stale_pop", steps=16, also=(*STUCK, "no_early_end", "one_entry")),
            "5.4",
            entry_heeds="p",
            teardown_heeds="none",
            synchronizes=False,
        ),
        variant(
            "V12a",
            violates("no_stale_pop", steps=17, also=(*STUCK, "no_early_end")),
            "the teardown discards P",
            teardown_heeds="none",
        ),
        variant(
            "V12b",
            violates("no_stale_pop", steps=20, also=(*STUCK, "no_early_end")),
            "the teardown heeds P only",
            teardown_heeds="p",
        ),
        variant(
            "M1",
            violates("one_entry", steps=13, also=(*STUCK, "no_early_end", "no_stale_pop")),
            "guest entry heeds P only",
            entry_heeds="p",
        ),
        variant(
            "M2",
            violates("no_stale_pop", steps=28, also=(*STUCK, "no_early_end")),
            "the teardown does not wait for an earlier EOI",
            synchronizes=False,
        ),
        variant(
            "V7",
            violates("no_endless_poll", steps=8, also=ENDLESS),
            "VP disabled before free_irq (237aed48c642)",
            vp_first=True,
        ),
        variant(
            "E5",
            violates("no_stale_pop", steps=27, also=(*STUCK, "no_early_end")),
            "no xive_cleanup_single_escalation",
            stale_update=False,
        ),
        variant("V2", violates("no_endless_poll", steps=19, also=ENDLESS), "no stale_p", stale_p=False),
        variant(
            "V5",
            violates("no_endless_poll", steps=21, also=ENDLESS),
            "EOI without stale_p = 1",
            eoi_sets_stale_p=False,
        ),
        variant(
            "cam",
            violates("no_push_to_disabled_vp", steps=11),
            "the CAM word is not cleared (8d4ba9c931bc)",
            clears_cam_word=False,
        ),
    ],
)
