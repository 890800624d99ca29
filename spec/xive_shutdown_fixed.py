"""Linux 5.4: free_irq waits until XIVE no longer has the interrupt outstanding (commit da15c03b047d).

`python -m explorer table spec/xive_shutdown_fixed.py` has the kernels before it, half-way to it, and after
it. Rows M1 to M5 are the model's own: no report is known.
"""

from actions.xive import (
    esb,
    event_queue,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    presentation,
)
from actions.xive_shutdown import all_ones, forwarding, offline

from explorer import HOLDS, Spec, variant, violates

ENDLESS = ("deadlock", "free_ends")
STALE = ("flag_truth", "no_early_end")

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    all_ones,
    forwarding,
    offline,
    sources=2,
    expect=HOLDS,
    survivors={
        "acknowledge: queue.raised[cpu].next": "an exception too many is a look at an empty ring",
        "disable_irq: ~descriptors.disabled[source]": "masking twice is like masking once: saved_p is kept",
        "enable_irq: saved.next = False": "the entry that it tells of exists, and its EOI clears it",
        "free_irq: self.stale_p[source].next": (
            "where it stays 1 there is no entry, and the answer is the same"
        ),
        "mask_eas: eas.masked[source].next": "the source is masked already: PQ is 01",
        "eoi: self.stale_p[source].next": "it matters where P stays 1: variants V2 and V5",
        "eoi: self.raised[cpu].next": "the same EOI peeks at the ring",
    },
    variants=[
        variant(
            "V0",
            violates("no_stale_pop", steps=7, also=(*STALE, "no_stuck_cppr", "cppr_opens")),
            "5.3",
            callback="absent",
            stale_p=False,
            mask_keeps_saved_p=False,
            shutdown_keeps_saved_p=False,
            drop="never",
        ),
        variant(
            "V1",
            violates("no_stale_pop", steps=7, also=("no_early_end",)),
            "the callback reads P only",
            callback="p_only",
        ),
        variant(
            "V2",
            violates("no_endless_poll", steps=9, also=ENDLESS),
            "no stale_p; a source without EOI",
            stale_p=False,
            no_eoi=True,
        ),
        variant("V2'", HOLDS, "5.4; a source without EOI", no_eoi=True),
        variant(
            "V3",
            violates("no_stale_pop", steps=8, also=STALE),
            "masking sets saved_p to P",
            mask_keeps_saved_p=False,
        ),
        variant(
            "V4",
            violates("no_stale_pop", steps=7, also=STALE),
            "shutdown clears saved_p",
            shutdown_keeps_saved_p=False,
        ),
        variant(
            "V5",
            violates("no_endless_poll", steps=9, also=ENDLESS),
            "EOI without stale_p = 1; a source without EOI",
            eoi_sets_stale_p=False,
            no_eoi=True,
        ),
        variant(
            "V6",
            violates("flag_truth", steps=3, also=("no_early_end", "no_stale_pop", "one_entry")),
            "source EOI without stale_p = 0; forwarding",
            eoi_clears_stale_p=False,
            forwards=2,
            sources=1,
            disable="never",
        ),
        variant("V6'", HOLDS, "5.4; forwarding", forwards=2, sources=1, disable="never"),
        variant(
            "V7",
            violates("no_endless_poll", steps=3, also=ENDLESS),
            "VP disabled before free_irq",
            all_ones="before_free",
            sources=1,
        ),
        variant(
            "V8",
            violates(
                "no_endless_scan", steps=11, also=(*ENDLESS, "no_stale_pop", "no_early_end", "cppr_opens")
            ),
            "the scan drops when it peeks, too; no callback",
            callback="absent",
            drop="peeked",
        ),
        variant("V8'", HOLDS, "5.4; the scan drops when it peeks, too", drop="peeked"),
        variant(
            "V9", violates("no_early_end", steps=8), "the chip is asked without desc.lock", poll_locked=False
        ),
        variant(
            "V11",
            violates("no_endless_poll", steps=3, also=ENDLESS),
            "5.4; PHB in error",
            all_ones="any_time",
            sources=1,
        ),
        variant(
            "V13",
            violates("no_endless_poll", steps=6, also=(*ENDLESS, "mask_truth")),
            "5.4; a CPU goes off-line, all its ring is flushed",
            offline=True,
            cpus=2,
            disable="never",
            sources=1,
            flush_all=True,
        ),
        variant(
            "V13'",
            violates("no_endless_poll", steps=13, also=(*ENDLESS, "mask_truth")),
            "5.4; a CPU goes off-line",
            offline=True,
            cpus=2,
            disable="never",
            events=1,
        ),
        variant(
            "in flight",
            violates("no_endless_poll", steps=4, also=ENDLESS),
            "5.4; P changes before the ring does",
            in_flight=True,
        ),
        variant("2021", HOLDS, "the callback as mended in 2021", callback="mended"),
        variant(
            "M1",
            violates("no_stale_pop", steps=8, also=("no_early_end",)),
            "mended in 2021; PHB in error",
            callback="mended",
            all_ones="any_time",
            sources=1,
        ),
        variant(
            "M2",
            violates("one_entry", steps=10, also=(*STALE, "cppr_opens", "no_blind_unmask", "no_stale_pop")),
            "5.4; enable_irq resends",
            resend=True,
            sources=1,
        ),
        variant(
            "M3",
            violates("no_dead_source", steps=9),
            "5.4; disable_irq does not mask at once",
            disable="lazy",
        ),
        variant(
            "M4",
            violates(
                "no_stale_pop",
                steps=19,
                also=(*STALE, *ENDLESS, "mask_truth", "no_blind_unmask", "no_endless_poll"),
            ),
            "5.4; a CPU goes off-line; disable_irq",
            offline=True,
            cpus=2,
            events=1,
        ),
    ],
)
