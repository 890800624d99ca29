"""H_CEDE and the escalation interrupt with commit 959c5d513478, and a guest entry that heeds Q. One entry, no
missed wake-up.

That guest entry must heed Q as well as P is what the model says of Linux 5.4: see the row 5.4, and the family
xive_escalation.
"""

from actions.xive import esb, event_queue, presentation
from actions.xive.esb import PQ
from actions.xive_cede import properties, vcpu

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    esb,
    event_queue,
    presentation,
    vcpu,
    properties,
    events=0,
    pq=PQ.OFF,
    expect=HOLDS,
    variants=[
        variant(
            "5.3",
            violates("one_entry", steps=17, also=("esc_on_is_true",)),
            "before 959c5d513478",
            parks=False,
            on_first=False,
            heeds="p",
        ),
        variant("5.4", violates("one_entry", steps=22), "guest entry heeds P only", heeds="p"),
        variant(
            "A",
            violates("sleeps_in_the_end", also=("esc_on_is_true",)),
            "one half: PQ = 10, but xive_esc_on set late",
            on_first=False,
        ),
        variant(
            "B",
            violates("one_entry", steps=16),
            "the other half: xive_esc_on first, but always PQ = 00",
            parks=False,
        ),
        variant("N", violates("one_entry", steps=17), "guest entry heeds nothing", heeds="none"),
        variant(
            "W",
            violates("no_missed_wakeup", steps=13, also=("interrupt_wakes", "interrupt_arrives", "deadlock")),
            "the handler does not set irq_pending",
            marks_pending=False,
        ),
    ],
    survivors={
        "acknowledge: queue.raised": "the CPU scans its queue once more, and finds nothing",
        "runs.take: when(vcpu.pending)": "nothing to take: the step changes nothing",
        "runs.cede: when(~vcpu.pending)": "an interrupt that is pending is seen when the context is pulled",
        "runs.SET_PQ_10: self.pq": "01 is as good as 10 once guest entry heeds Q; Linux 5.4 needs it",
    },
)
