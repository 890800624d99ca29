"""Linux 5.4: `smp_mb` in front of `host_ipi = 1` and behind `host_ipi = 0` (commit 3a83f677a6ee). No IPI is
lost.
"""

from actions.ipi import (
    calls,
    consistency,
    doorbell,
    guest,
    liveness,
    locks,
    memory,
    offline,
    properties,
    real_mode,
    receiver,
    sender,
    xics,
)

from explorer import HOLDS, Spec, variant, violates

HANG = (
    "no_soft_lockup",
    "no_stuck_spinner",
    "every_call_completes",
    "every_wakeup_arrives",
    "every_lock_is_passed_on",
)
LOST = (*HANG, "no_ignored_message")
"""What fails too where a doorbell that was the host's is dropped, and its caller hangs."""

STALE = "no_stale_flag"
"""This costs a guest exit for nothing: no IPI is lost by it."""

V0 = {"set_barrier": "none", "clear_barrier": "none"}
XICS = {"controller": "xics"}
OPAL = {"controller": "xics_opal"}
OFFLINE = {"offline": True}
POWER = {"memory": "power"}
REAL_MODE = {"real_mode": True, "message_types": 3}
THREE = {"senders": 3, "guest": False, "locks": False, "napping": False, "soft_masked": False, **REAL_MODE}
"""One CPU that opens a round, one that posts a host action, one that destroys the VM; and nothing else."""

spec = Spec(
    sender,
    calls,
    doorbell,
    xics,
    receiver,
    guest,
    offline,
    real_mode,
    memory,
    locks,
    properties,
    consistency,
    liveness,
    expect=HOLDS,
    variants=[
        variant("V0", violates("no_lost_ipi", steps=22, also=LOST), "Linux 5.3", **V0),
        variant("V1", HOLDS, "Linux 5.4"),
        variant("V2", HOLDS, "barrier at set only", clear_barrier="none"),
        variant(
            "V2' relaxed",
            violates("no_lost_ipi", steps=23, also=LOST),
            "and a relaxed exchange",
            clear_barrier="none",
            exchange="relaxed",
        ),
        variant(
            "V2' load",
            violates("no_lost_ipi", steps=23, also=LOST),
            "and a demultiplexer that loads",
            clear_barrier="none",
            exchange="load",
        ),
        variant(
            "V3", violates("no_lost_ipi", steps=23, also=LOST), "barrier at clear only", set_barrier="none"
        ),
        variant(
            "V4",
            violates("no_lost_ipi", steps=25, also=LOST),
            "set barrier behind the flag",
            set_barrier="none",
            set_barrier_after="sync",
        ),
        variant(
            "V5",
            violates("no_lost_ipi", steps=24, also=LOST),
            "clear barrier in front of the clear, relaxed exchange",
            clear_barrier="none",
            clear_barrier_before="sync",
            exchange="relaxed",
        ),
        variant("V6", HOLDS, "smp_wmb at set", set_barrier="lwsync"),
        variant("V6'", HOLDS, "and a demultiplexer that loads", set_barrier="lwsync", exchange="load"),
        variant("V7", violates("no_lost_ipi", steps=24, also=LOST), "flag before message", flag_first=True),
        variant("V8", violates("no_lost_ipi", steps=23, also=LOST), "drain before clear", drain_first=True),
        variant(
            "V9 immediate",
            violates("no_lost_ipi", steps=10, also=(*LOST, STALE)),
            "no ppc_msgsnd_sync, msgsnd rings at once",
            msgsnd_sync=False,
        ),
        variant(
            "V9 buffered",
            violates("no_lost_ipi", steps=10, also=(*LOST, STALE)),
            "no ppc_msgsnd_sync, msgsnd in the store queue",
            msgsnd_sync=False,
            msgsnd="buffered",
        ),
        variant(
            "V9' immediate",
            violates(STALE, steps=13),
            "the same without a guest",
            msgsnd_sync=False,
            guest=False,
        ),
        variant(
            "V9' buffered",
            violates(STALE, steps=13),
            "the same without a guest",
            msgsnd_sync=False,
            msgsnd="buffered",
            guest=False,
        ),
        variant("V10", HOLDS, "no msgsync", msgsync=False),
        variant("V11", HOLDS, "the host's handler tests the flag too", host_tests_flag=True),
        variant(
            "V12",
            violates("no_lost_ipi", steps=21, also=LOST),
            "5.3, an IPI even where the list is not empty",
            always_send=True,
            **V0,
        ),
        variant(
            "C6 V0",
            violates("no_lost_ipi", steps=22, also=LOST),
            "5.3, inside the guest the CPU always naps",
            always_naps=True,
            **V0,
        ),
        variant("C6", HOLDS, "5.4, the same", always_naps=True),
        variant(
            "C8 V0",
            violates("no_lost_ipi", steps=16, also=LOST),
            "5.3, one sender and a kick by KVM",
            senders=1,
            kicks=1,
            **V0,
        ),
        variant("C8", HOLDS, "5.4, two senders and a kick", kicks=1),
        variant("X0", violates("no_lost_ipi", steps=26, also=(*LOST, STALE)), "XICS, 5.3", **XICS, **V0),
        variant("X1", violates(STALE, steps=15), "XICS, 5.4, with a kick", kicks=1, **XICS),
        variant(
            "X2",
            violates(STALE, steps=23),
            "XICS, barrier at set only, relaxed exchange",
            clear_barrier="none",
            exchange="relaxed",
            **XICS,
        ),
        variant(
            "X9",
            violates("no_lost_ipi", steps=13, also=(*LOST, STALE)),
            "XICS, no sync in out_8",
            msgsnd_sync=False,
            **XICS,
        ),
        variant(
            "X no recheck",
            violates("no_lost_ipi", steps=13, also=(*LOST, STALE)),
            "XICS, KVM looks at the flag once",
            recheck=False,
            kicks=1,
            **XICS,
        ),
        variant(
            "X late reset",
            violates("no_lost_ipi", steps=21, also=(*HANG, STALE)),
            "XICS, MFRR reset behind the demultiplexer",
            mfrr_last=True,
            **XICS,
        ),
        variant(
            "O0",
            violates("no_lost_ipi", steps=26, also=(*LOST, STALE)),
            "XICS through OPAL, 5.3",
            **OPAL,
            **V0,
        ),
        variant("O1", violates(STALE, steps=15), "XICS through OPAL, 5.4, with a kick", kicks=1, **OPAL),
        variant(
            "O no replay",
            violates("no_lost_ipi", steps=21, also=(*HANG, STALE)),
            "OPAL, what opal_int_eoi reports is not replayed",
            force_replay=False,
            **OPAL,
        ),
        variant("L1", HOLDS, "the target goes off-line and comes back", **OFFLINE),
        variant("L1 xics", violates(STALE, steps=24), "the same on XICS", **OFFLINE, **XICS),
        variant(
            "L2",
            violates("no_lost_ipi", steps=13, also=LOST),
            "senders ignore cpu_online_mask, in-order memory",
            send_to_offline=True,
            memory="sc",
            **OFFLINE,
        ),
        variant(
            "R1",
            violates("no_action_on_a_freed_vcpu", steps=26),
            "5.4, a host action, the VM destroyed, and a third CPU's call",
            **THREE,
        ),
        variant("R1 two", HOLDS, "5.4, the same without the third CPU", **REAL_MODE),
        variant(
            "R1 xics",
            violates("no_action_on_a_freed_vcpu", steps=26, also=(STALE,)),
            "5.4 on XICS, with the third CPU",
            **THREE,
            **XICS,
        ),
        variant("R1 xics two", violates(STALE, steps=22), "5.4 on XICS, two CPUs", **REAL_MODE, **XICS),
        variant(
            "R3 xics",
            violates("no_lost_ipi", steps=14, also=("no_ignored_message", STALE)),
            "XICS, no smp_mb behind the flag in real mode",
            rm_smp_mb=False,
            **REAL_MODE,
            **XICS,
        ),
        variant(
            "R2",
            violates("no_action_on_a_freed_vcpu", steps=24),
            "CALL_FUNCTION looked at first",
            host_action_first=False,
            **REAL_MODE,
        ),
        variant("P0", violates("no_lost_ipi", steps=21, also=LOST), "5.3 on POWER", **POWER, **V0),
        variant("P1", HOLDS, "5.4 on POWER", **POWER),
        variant("P2", HOLDS, "POWER, barrier at set only", clear_barrier="none", **POWER),
        variant(
            "P2' relaxed",
            violates("no_lost_ipi", steps=22, also=LOST),
            "and a relaxed exchange",
            clear_barrier="none",
            exchange="relaxed",
            **POWER,
        ),
        variant(
            "P2' load",
            violates("no_lost_ipi", steps=22, also=LOST),
            "and a demultiplexer that loads",
            clear_barrier="none",
            exchange="load",
            **POWER,
        ),
        variant(
            "P3",
            violates("no_lost_ipi", steps=22, also=LOST),
            "POWER, barrier at clear only",
            set_barrier="none",
            **POWER,
        ),
        variant("P6", HOLDS, "POWER, smp_wmb at set", set_barrier="lwsync", **POWER),
        variant(
            "P6'",
            violates("no_lost_ipi", steps=24, also=LOST),
            "and a demultiplexer that loads",
            set_barrier="lwsync",
            exchange="load",
            **POWER,
        ),
        variant(
            "P10",
            violates("no_lost_ipi", steps=10, also=(*LOST, STALE)),
            "POWER, no msgsync",
            msgsync=False,
            **POWER,
        ),
        variant(
            "P10 context",
            HOLDS,
            "and an interrupt that orders loads",
            msgsync=False,
            interrupt_synchronises=True,
            **POWER,
        ),
    ],
)
