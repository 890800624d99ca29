"""A Linux 5.4 guest with a passed-through MSI and one mend, of 2021: get_irqchip_state ignores P of a
disabled interrupt. synchronize_irq returns; what is broken in xive_shutdown is broken here.

The guest's driver requests the MSI without enabling it, and calls synchronize_irq. The host has raised P in
the ESB that both share. `python -m explorer table spec/xive_passthrough_fixed.py` has the guests before, and
the row `unlazy`, which holds.
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
from actions.xive.irq_chip import Callback
from actions.xive_passthrough import host, probe

from explorer import HOLDS, Spec, variant, violates

STALE = ("flag_truth", "no_early_end", "no_early_return")
STUCK = ("no_stuck_cppr", "cppr_opens")
RELEASED = (*STALE, *STUCK, "no_dead_source", "one_entry", "no_blind_unmask", "probe_ends")
ENDLESS = ("deadlock", "free_ends", "no_endless_poll", "probe_ends")

UNLAZY = {"disable": "unlazy", "resend": False}
"""What each of the rows shows is then its own."""

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    host,
    probe,
    no_autoen=True,
    events=0,
    callback=Callback.MENDED,
    expect=violates("no_stale_pop", steps=26, also=RELEASED),
    survivors={
        "acknowledge: queue.raised[cpu].next": "an exception too many is a look at an empty ring",
        "enable_irq: saved.next = False": "the entry that it tells of exists, and its EOI clears it",
        "free_irq: self.stale_p[source].next": "P of a disabled interrupt does not count since 2021",
        "mask_eas: eas.masked[source].next": "the source is masked already: PQ is 01",
        "handle: self.at[cpu] == step": "it has the number from the pop on, and the rest is under desc.lock",
        "eoi: self.stale_p[source].next": "P of a disabled interrupt does not count since 2021",
        "eoi: self.raised[cpu].next": "the same EOI peeks at the ring",
        "host_ends: host.host_stale_p[source].next": (
            "nobody asks the host while the interrupt is the guest's"
        ),
        "pass_through: host.host_stale_p[source].next": (
            "nobody asks the host while the interrupt is the guest's"
        ),
        "synchronize_irq: probe.call[source] == Call.BEFORE": "a second call is like the first",
        "synchronize_irq: descriptors.requested(source)": (
            "a call at another time finds nothing outstanding either"
        ),
        "synchronized: probe.call[source] == Call.WITHIN": (
            "that a call ends that has not begun changes nothing else"
        ),
    },
    variants=[
        variant("unlazy", HOLDS, "2021; a driver with IRQ_DISABLE_UNLAZY, nothing to resend", **UNLAZY),
        variant(
            "5.3",
            violates("no_stale_pop", steps=10, also=(*STUCK, *STALE)),
            "5.3 guest; unlazy",
            callback="absent",
            stale_p=False,
            mask_keeps_saved_p=False,
            shutdown_keeps_saved_p=False,
            drop="never",
            **UNLAZY,
        ),
        variant(
            "V10",
            violates("no_endless_probe", steps=3, also=(*ENDLESS, "no_stale_pop", *RELEASED[:-1])),
            "5.4 guest",
            callback="released",
        ),
        variant(
            "V10u",
            violates("no_endless_probe", steps=3, also=ENDLESS),
            "5.4 guest; unlazy",
            callback="released",
            **UNLAZY,
        ),
        variant(
            "V10'",
            violates("no_stale_pop", steps=10, also=(*STALE, *STUCK)),
            "2021, but shutdown clears saved_p; unlazy",
            shutdown_keeps_saved_p=False,
            **UNLAZY,
        ),
    ],
)
