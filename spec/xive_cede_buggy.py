"""Linux 5.3: H_CEDE sets PQ to 00 while an entry of the escalation interrupt is queued, and xive_esc_on only
afterwards.
"""

from actions.xive import esb, event_queue, presentation
from actions.xive.esb import PQ
from actions.xive_cede import properties, vcpu
from actions.xive_cede.vcpu import Sign

from explorer import Spec, violates

spec = Spec(
    esb,
    event_queue,
    presentation,
    vcpu,
    properties,
    events=0,
    pq=PQ.OFF,
    parks=False,
    on_first=False,
    heeds=Sign.P,
    expect=violates("one_entry", steps=17, also=("esc_on_is_true",)),
)
