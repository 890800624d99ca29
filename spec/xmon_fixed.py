"""Linux 5.4 (commits b4868ff55d08, 5896163f7f91, 855d9140a394, c3e0dbd7f780): xmon shows XIVE everywhere, and
changes nothing.
"""

from actions.opal import firmware
from actions.xive import esb, event_queue
from actions.xmon import commands, kernel, machine, properties

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    firmware,
    esb,
    event_queue,
    kernel,
    machine,
    commands,
    properties,
    cpus=2,
    sources=2,
    busy_spells=1,
    expect=HOLDS,
    variants=[
        variant(
            "V0",
            violates("no_crash", steps=3, also=("commands_return",)),
            "5.3",
            dx_tests_hv=False,
            dx_tests_xc=False,
            config="direct",
            walk="none",
        ),
        variant(
            "V0a",
            violates("no_crash", steps=3, also=("commands_return",)),
            "dx calls OPAL everywhere",
            dx_tests_hv=False,
        ),
        variant("V0b", HOLDS, "dx reads through NULL: caught", dx_tests_xc=False),
        variant("V1", violates("no_exception", steps=3), "no get_irq_config for pseries", config="no_hcall"),
        variant("V1'", violates("no_exception", steps=3), "none for powernv", config="no_opal"),
        variant(
            "V2",
            violates("p_is_outstanding", steps=5, also=("observer",)),
            "shows PQ with an EOI load",
            load="eoi",
            sources=1,
        ),
        variant(
            "V2'",
            violates("p_is_outstanding", steps=5, also=("observer",)),
            "with a SET_PQ_00 load",
            load="set_pq_00",
            sources=1,
        ),
        variant("V3", violates("observer", steps=4), "mapping a page counts", strict=True),
        variant(
            "V4",
            violates("handler_data_is_xive", steps=4),
            "a second irq_chip with the same numbers",
            colliding=True,
            sources=1,
        ),
        variant(
            "V4a",
            violates("no_exception", steps=3),
            "and the chip tested (5.6)",
            colliding=True,
            walk="chip",
            sources=1,
        ),
        variant("V4b", HOLDS, "and the XIVE domain walked (2021)", colliding=True, walk="domain", sources=1),
        variant(
            "V5", violates("shows_what_is", steps=5), "CPUs torn down by kexec", teardown=True, sources=1
        ),
        variant(
            "V6",
            violates("commands_return", steps=3, also=("deadlock",)),
            "hypervisor busy for ever",
            busy_ends=False,
        ),
        variant("V7", violates("no_exception", steps=4), "an ESB page faults", esb_faults=True, sources=1),
        variant("V7'", HOLDS, "and dxi is guarded", esb_faults=True, dxi_guarded=True, sources=1),
    ],
    survivors={
        "becomes_busy: busy.next": "firmware that is never busy",
        "becomes_ready: when(firmware.busy)": "firmware that is not busy may become ready",
        "trigger: kind[source]": "events of another irq_chip's interrupts do no harm",
        "trigger: events.next": "the bound of the search",
        "debugger.hcall_get_source_config: called(": "both kinds of firmware answer alike",
        "debugger.hcall_get_source_config: firmware.ready": "as a hypervisor that is never busy",
    },
)
