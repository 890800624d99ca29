"""EEH of Linux 5.4 (commit 799abe283e51), with the repairs that the model asks for: no PE is used after it
was freed.
"""

from actions.eeh import events, pe, properties, slot, special, thread
from actions.eeh.kernel import Mark, Prune

from explorer import HOLDS, Spec, variant, violates

FREED = "no_freed_pe_is_handled"
EVENT = "recovering_has_an_event"
LEAK = "invalid_is_freed"
KEEP = "keep_implies_recovering"
BACK = "present_device_comes_back"

LINUX_5_4 = {
    "prune": Prune.STATE,
    "prune_upwards": False,
    "one_step_end": False,
    "end_on_return": False,
    "clear_if_last": False,
}
LINUX_5_3 = {
    **LINUX_5_4,
    "mark": Mark.THREAD,
    "removal_respects_recovering": False,
    "presence_check": False,
    "prune": Prune.NEVER,
}

spec = Spec(
    pe,
    events,
    slot,
    thread,
    special,
    properties,
    expect=HOLDS,
    variants=[
        variant("repaired", HOLDS, "5.4 with all repairs"),
        variant("V0", violates(FREED, steps=6, also=(EVENT, LEAK, BACK)), "5.3", **LINUX_5_3),
        variant("5.4", violates(FREED, steps=10, also=(EVENT, LEAK, KEEP, BACK)), "as released", **LINUX_5_4),
        variant(
            "mark only",
            violates(FREED, steps=7, also=(LEAK, BACK)),
            "removal respects KEEP only",
            removal_respects_recovering=False,
        ),
        variant(
            "removal only",
            violates(FREED, steps=6, also=(LEAK,)),
            "the thread sets RECOVERING",
            mark=Mark.THREAD,
        ),
        variant(
            "V1",
            violates(FREED, steps=9, also=(EVENT, LEAK, KEEP, BACK)),
            "RECOVERING after the push",
            mark=Mark.AFTER_PUSH,
        ),
        variant(
            "V1 detector",
            violates(FREED, steps=6, also=(EVENT, LEAK, KEEP, BACK)),
            "and removal waits for no driver",
            mark=Mark.AFTER_PUSH,
            driver_stops_first=False,
        ),
        variant(
            "V2",
            violates(FREED, steps=10, also=(KEEP,)),
            "children not marked: freed under the traversal",
            mark_children=False,
        ),
        variant(
            "V3 leak",
            violates(LEAK, steps=14, also=(BACK,)),
            "pruned by the bit in pe->state",
            prune=Prune.STATE,
        ),
        variant("V3 use", violates(FREED, steps=9, also=(LEAK,)), "pruned, then used", one_step_end=False),
        variant(
            "V4",
            violates(EVENT, steps=8, also=(LEAK, BACK)),
            "early returns leave RECOVERING",
            end_on_return=False,
        ),
        variant(
            "dead PHB",
            violates(EVENT, steps=6, also=(LEAK,)),
            "a special event purges the events of a dead PHB",
            dead_phb=True,
        ),
        variant(
            "second event",
            violates(FREED, steps=15, also=(KEEP, LEAK)),
            "RECOVERING cleared under another event",
            clear_if_last=False,
        ),
        variant(
            "upwards",
            violates(LEAK, steps=10, also=(BACK,)),
            "the parent of a pruned PE stays",
            prune_upwards=False,
        ),
        variant(
            "detector",
            violates(FREED, steps=7, also=(LEAK,)),
            "removal does not wait for the driver",
            driver_stops_first=False,
        ),
    ],
    survivors={
        "driver.eeh_dev_check_failure: yield": "one sender at a time is a bound of the model",
        "driver.eeh_dev_check_failure: root == Pe.BUS": "recovering the child first is only slower",
        "freeze: pes.edev[pe]": "an error of a device that no driver uses is seen by nobody",
        "freeze: ~pes.frozen[pe]": "an error while frozen changes nothing but the count",
        "unplug: pes.present[pe]": "what is pulled cannot be pulled again",
        "remove: pes.edev[pe]": "nothing is there to remove",
    },
)
