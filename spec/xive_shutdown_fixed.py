"""Linux 5.4 as released: with commit da15c03b047d free_irq waits until XIVE no longer has the interrupt
outstanding. It is violated all the same: interrupts are disabled lazily, and resent when they are enabled.

The row `unlazy`, a driver that sets IRQ_DISABLE_UNLAZY and has nothing to resend, holds; most other rows are
made from it by one change. `python -m explorer table spec/xive_shutdown_fixed.py` has them.
"""

from actions.xive import (
    esb,
    event_queue,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    irq_thread,
    presentation,
)
from actions.xive_shutdown import all_ones, forwarding, offline

from explorer import HOLDS, Spec, variant, violates

ENDLESS = ("deadlock", "free_ends")
STALE = ("flag_truth", "no_early_end")
STUCK = ("no_stuck_cppr", "cppr_opens")
RELEASED = (*STALE, *STUCK, "no_dead_source", "one_entry", "no_blind_unmask")

UNLAZY = {"disable": "unlazy", "resend": False, "sources": 2}
"""The driver for which 5.4 holds: what a row shows is then its own."""

NEVER = {"disable": "never", "resend": False}

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    irq_thread,
    all_ones,
    forwarding,
    offline,
    expect=violates("no_stale_pop", steps=23, also=RELEASED),
    survivors={
        "acknowledge: queue.raised[cpu].next": "an exception too many is a look at an empty ring",
        "disable_irq: ~descriptors.disabled[source]": "masking twice is like masking once: saved_p is kept",
        "enable_irq: saved.next = False": "the entry that it tells of exists, and its EOI clears it",
        "free_irq: self.stale_p[source].next": (
            "where it stays 1 there is no entry, and the answer is the same"
        ),
        "mask_eas: eas.masked[source].next": "the source is masked already: PQ is 01",
        "check: self.irq[cpu] == source": "what a CPU has popped still has its descriptor",
        "handle: self.at[cpu] == step": "it has the number from the pop on, and the rest is under desc.lock",
        "eoi: self.stale_p[source].next": "it matters where P stays 1: variants V2 and V5",
        "eoi: self.raised[cpu].next": "the same EOI peeks at the ring",
    },
    variants=[
        variant("unlazy", HOLDS, "5.4; a driver with IRQ_DISABLE_UNLAZY, nothing to resend", **UNLAZY),
        variant(
            "oneshot",
            violates(
                "no_stale_pop", steps=16, also=(*STALE, *STUCK, *ENDLESS, "mask_truth", "no_blind_unmask")
            ),
            "5.4; threaded handlers, one event of each interrupt",
            oneshot=True,
            events=1,
            **NEVER,
            sources=2,
        ),
        variant(
            "V0",
            violates("no_stale_pop", steps=7, also=RELEASED),
            "5.3",
            callback="absent",
            stale_p=False,
            mask_keeps_saved_p=False,
            shutdown_keeps_saved_p=False,
            drop="never",
        ),
        variant(
            "V0'",
            violates("no_stale_pop", steps=7, also=(*STALE, *STUCK)),
            "5.3; unlazy",
            callback="absent",
            stale_p=False,
            mask_keeps_saved_p=False,
            shutdown_keeps_saved_p=False,
            drop="never",
            **UNLAZY,
        ),
        variant(
            "V1",
            violates("no_stale_pop", steps=7, also=("no_early_end", *STUCK)),
            "the callback reads P only",
            callback="p_only",
            **UNLAZY,
        ),
        variant(
            "V2",
            violates("no_endless_poll", steps=10, also=ENDLESS),
            "no stale_p; a source without EOI",
            stale_p=False,
            no_eoi=True,
            **UNLAZY,
        ),
        variant("V2'", HOLDS, "a source without EOI", no_eoi=True, **UNLAZY),
        variant(
            "V3",
            violates("no_stale_pop", steps=8, also=(*STALE, *STUCK, *ENDLESS)),
            "masking sets saved_p to P",
            mask_keeps_saved_p=False,
            **UNLAZY,
        ),
        variant(
            "V4",
            violates("no_stale_pop", steps=7, also=(*STALE, *STUCK)),
            "shutdown clears saved_p",
            shutdown_keeps_saved_p=False,
            **UNLAZY,
        ),
        variant(
            "V5",
            violates("no_endless_poll", steps=10, also=ENDLESS),
            "EOI without stale_p = 1; a source without EOI",
            eoi_sets_stale_p=False,
            no_eoi=True,
            **UNLAZY,
        ),
        variant(
            "V6",
            violates("flag_truth", steps=3, also=("no_early_end", "no_stale_pop", "one_entry", *STUCK)),
            "source EOI without stale_p = 0; forwarding",
            eoi_clears_stale_p=False,
            forwards=2,
            **NEVER,
        ),
        variant("V6'", HOLDS, "forwarding", forwards=2, **NEVER),
        variant(
            "V7",
            violates("no_endless_poll", steps=3, also=ENDLESS),
            "VP disabled before free_irq",
            all_ones="before_free",
            **(UNLAZY | {"sources": 1}),
        ),
        variant(
            "V8",
            violates("no_endless_scan", steps=12, also=(*ENDLESS, *STUCK, "no_stale_pop", "no_early_end")),
            "the scan drops when it peeks, too; no callback",
            callback="absent",
            drop="peeked",
            **UNLAZY,
        ),
        variant("V8'", HOLDS, "the scan drops when it peeks, too", drop="peeked", **UNLAZY),
        variant(
            "V9",
            violates("no_early_end", steps=9),
            "the chip is asked without desc.lock",
            poll_locked=False,
            **UNLAZY,
        ),
        variant(
            "V11",
            violates("no_endless_poll", steps=3, also=ENDLESS),
            "PHB in error",
            all_ones="any_time",
            **(UNLAZY | {"sources": 1}),
        ),
        variant("off-line", HOLDS, "a CPU goes off-line", offline=True, cpus=2, **(UNLAZY | {"sources": 1})),
        variant(
            "V13",
            violates("no_endless_poll", steps=6, also=(*ENDLESS, "mask_truth")),
            "no kernel: a CPU that goes off-line flushes what it never acknowledged",
            offline=True,
            cpus=2,
            flush_all=True,
            **NEVER,
        ),
        variant(
            "in flight",
            violates("no_endless_poll", steps=4, also=ENDLESS),
            "P changes before the ring does",
            in_flight=True,
            **UNLAZY,
        ),
        variant("2021", HOLDS, "the callback as mended in 2021", callback="mended", **UNLAZY),
        variant(
            "M1",
            violates("no_stale_pop", steps=8, also=("no_early_end", *STUCK)),
            "mended in 2021; PHB in error",
            callback="mended",
            all_ones="any_time",
            **(UNLAZY | {"sources": 1}),
        ),
        variant(
            "M2",
            violates("one_entry", steps=11, also=(*STALE, *STUCK, "no_blind_unmask", "no_stale_pop")),
            "5.4; not lazy, but enable_irq resends",
            disable="unlazy",
        ),
        variant(
            "M3",
            violates("no_dead_source", steps=10),
            "5.4; lazy, but nothing to resend",
            resend=False,
        ),
    ],
)
