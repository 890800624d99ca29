"""EEH of Linux 5.3: hotplug frees the PE of an event that is queued, and the recovery thread uses it."""

from actions.eeh import events, pe, properties, slot, thread
from actions.eeh.kernel import Mark, Prune

from explorer import Spec, violates

spec = Spec(
    pe,
    events,
    slot,
    thread,
    properties,
    mark=Mark.THREAD,
    removal_respects_recovering=False,
    presence_check=False,
    prune=Prune.NEVER,
    prune_upwards=False,
    one_step_end=False,
    end_on_return=False,
    clear_if_last=False,
    expect=violates(
        "no_freed_pe_is_handled",
        steps=6,
        also=("recovering_has_an_event", "invalid_is_freed", "present_device_comes_back"),
    ),
)
