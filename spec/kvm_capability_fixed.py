"""Linux 5.4 (commit 2ad7a27deaf6): the XIVE-native device is offered only where firmware can save and restore
its queues.
"""

from actions.kvm_capability import guest, hosts, kernel, properties, qemu

from explorer import HOLDS, Spec, variant, violates

OLD = {"kernel_a": "5.3", "kernel_b": "5.3"}
ABLE = {"a_lacks": "nothing", "b_lacks": "nothing", "events": 2}
LATE = {**ABLE, "late_triggers": True}

spec = Spec(
    kernel,
    hosts,
    guest,
    qemu,
    properties,
    expect=HOLDS,
    variants=[
        variant(
            "V0",
            violates("promise_is_kept", steps=9, also=("capability_is_honest", "device_needs_calls")),
            "5.3, A lacks GET_QUEUE_STATE",
            **OLD,
            a_lacks="get",
            b_lacks="nothing",
        ),
        variant(
            "V1",
            violates("promise_is_kept", steps=12, also=("capability_is_honest", "device_needs_calls")),
            "5.3, B lacks SET_QUEUE_STATE",
            **OLD,
            a_lacks="nothing",
            b_lacks="set",
        ),
        variant(
            "V1'",
            violates("capability_is_honest", steps=3, also=("device_needs_calls",)),
            "V1, a queue that was never used",
            **OLD,
            a_lacks="nothing",
            b_lacks="set",
            events=0,
        ),
        variant(
            "V2",
            violates("promise_is_kept", steps=12, also=("capability_is_honest", "device_needs_calls")),
            "looks for GET only",
            kernel_a="get",
            kernel_b="get",
            b_lacks="set",
        ),
        variant(
            "V2'",
            violates("promise_is_kept", steps=9, also=("capability_is_honest", "device_needs_calls")),
            "looks for SET only",
            kernel_a="set",
            kernel_b="set",
            a_lacks="get",
        ),
        variant(
            "V3",
            violates("capability_is_honest", steps=2, also=("device_needs_calls",)),
            "looks when a migration begins",
            kernel_a="migration",
            a_lacks="get",
            b_lacks="nothing",
        ),
        variant(
            "V4",
            violates("device_needs_calls", steps=2),
            "looks for the capability only",
            kernel_a="capability",
            a_lacks="both",
        ),
        variant(
            "V4'",
            violates("capability_is_honest", steps=2, also=("promise_is_kept",)),
            "looks for the device only",
            kernel_a="device",
            a_lacks="both",
        ),
        variant("V5", HOLDS, "5.4, only A has the calls", a_lacks="nothing", b_lacks="both"),
        variant(
            "V6",
            violates("able_hosts_migrate", steps=10, also=("promise_is_kept",)),
            "targets restored before queues",
            **ABLE,
            order="target_first",
        ),
        variant(
            "V6a",
            HOLDS,
            "and the kernel does not refuse",
            **ABLE,
            order="target_first",
            target_needs_queue=False,
        ),
        variant(
            "V6b",
            violates("no_lost_event", steps=14, also=("p_is_outstanding",)),
            "and PQ restored before queues",
            **LATE,
            order="source_first",
            target_needs_queue=False,
            keeps_late_triggers=True,
        ),
        variant(
            "V7",
            violates("no_lost_event", steps=13, also=("queue_agrees", "p_is_outstanding")),
            "no wait for events on their way",
            **ABLE,
            eq_sync="no_flush",
        ),
        variant(
            "V7'",
            violates("no_lost_event", steps=14, also=("queue_agrees", "p_is_outstanding")),
            "queue pages not marked dirty",
            **ABLE,
            eq_sync="no_dirty",
        ),
        variant(
            "V8",
            violates("no_lost_event", steps=9),
            "stopped with PQ=01",
            **LATE,
            stop_latches=False,
            keeps_late_triggers=True,
        ),
        variant("V8'", HOLDS, "stopped with PQ=10", **LATE, keeps_late_triggers=True),
        variant("V9", violates("no_lost_event", steps=12), "QEMU, a device triggers while stopped", **LATE),
        variant(
            "V10",
            violates("promise_is_kept", steps=8, also=("capability_is_honest", "device_needs_calls")),
            "firmware lacks GET_VP_STATE alone",
            a_lacks="vp",
            b_lacks="nothing",
        ),
        variant("able", HOLDS, "two events, both hosts have the calls", **ABLE),
    ],
    survivors={
        "qemu.starting: ic_mode": "a guest may have XIVE from the start whatever its options",
        "qemu.negotiate: running": "negotiating again changes nothing",
        "device_triggers: guest.events.next": "the bound of the search",
        "drop: guest.in_flight[host]": "nothing is dropped",
        "qemu.migrate: on_xive": "a guest of XICS has no state here, so it migrates too",
        "qemu.migrate: migration.begun.next": "the bound of the search",
        "qemu.incoming: guest.page": "what was dirty is copied again when the guest is stopped",
        "qemu.precopied: guest.pq": "matters where devices trigger while the guest is stopped: V8",
    },
)
