"""Linux 5.4: `smp_mb` in front of `host_ipi = 1` and behind `host_ipi = 0` (commit 3a83f677a6ee). No IPI is
lost.
"""

from typing import Any

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

from explorer import HOLDS, MemoryModel, Spec, variant, violates

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
REAL_MODE = {"real_mode": True, "message_types": 3}
THREE = {"senders": 3, "guest": False, "locks": False, "napping": False, "soft_masked": False, **REAL_MODE}
"""One CPU that opens a round, one that posts a host action, one that destroys the VM; and nothing else."""


def lost(steps: int, *also: str) -> Any:
    """An IPI is lost after so many steps."""
    return violates("no_lost_ipi", steps=steps, also=(*LOST, *also))


KERNELS: list[tuple[str, Any, str, dict[str, Any]]] = [
    ("V0", lost(21), "Linux 5.3", V0),
    ("V1", HOLDS, "Linux 5.4", {}),
    ("V2", HOLDS, "barrier at set only", {"clear_barrier": "none"}),
    ("V2' relaxed", lost(22), "and a relaxed exchange", {"clear_barrier": "none", "exchange": "relaxed"}),
    ("V2' load", lost(22), "and a demultiplexer that loads", {"clear_barrier": "none", "exchange": "load"}),
    ("V3", lost(22), "barrier at clear only", {"set_barrier": "none"}),
    (
        "V4",
        lost(24),
        "set barrier behind the flag",
        {"set_barrier": "none", "set_barrier_after": "sync"},
    ),
    (
        "V5",
        lost(23),
        "clear barrier in front of the clear, relaxed exchange",
        {"clear_barrier": "none", "clear_barrier_before": "sync", "exchange": "relaxed"},
    ),
    ("V6", HOLDS, "smp_wmb at set", {"set_barrier": "lwsync"}),
    ("V6'", lost(24), "and a demultiplexer that loads", {"set_barrier": "lwsync", "exchange": "load"}),
    ("V7", lost(24), "flag before message", {"flag_first": True}),
    ("V8", lost(23), "drain before clear", {"drain_first": True}),
    (
        "V9 immediate",
        lost(9, STALE),
        "no ppc_msgsnd_sync, msgsnd rings at once",
        {"msgsnd_sync": False},
    ),
    (
        "V9 buffered",
        lost(9, STALE),
        "no ppc_msgsnd_sync, msgsnd ordered like a store",
        {"msgsnd_sync": False, "msgsnd": "buffered"},
    ),
    (
        "V9' immediate",
        violates(STALE, steps=12),
        "the same without a guest",
        {"msgsnd_sync": False, "guest": False},
    ),
    (
        "V9' buffered",
        violates(STALE, steps=12),
        "the same without a guest",
        {"msgsnd_sync": False, "msgsnd": "buffered", "guest": False},
    ),
    ("V10", lost(10, STALE), "no msgsync", {"msgsync": False}),
    ("V11", HOLDS, "the host's handler tests the flag too", {"host_tests_flag": True}),
    ("V12", lost(20), "5.3, an IPI even where the list is not empty", {"always_send": True, **V0}),
]
PSO: dict[str, Any] = {"V6'": HOLDS, "V10": HOLDS}
"""What turns where all CPUs see a store at once and loads are in order."""

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
        *(variant(name, expect, text, **constants) for name, expect, text, constants in KERNELS),
        variant(
            "V10 context",
            HOLDS,
            "no msgsync, and an interrupt that orders loads",
            msgsync=False,
            interrupt_synchronises=True,
        ),
        *(
            variant(f"{name} pso", PSO.get(name, expect), text, memory=MemoryModel.PSO, **constants)
            for name, expect, text, constants in KERNELS
        ),
        variant(
            "C6 V0",
            violates("no_lost_ipi", steps=21, also=LOST),
            "5.3, inside the guest the CPU always naps",
            always_naps=True,
            **V0,
        ),
        variant("C6", HOLDS, "5.4, the same", always_naps=True),
        variant(
            "C8 V0",
            violates("no_lost_ipi", steps=15, also=LOST),
            "5.3, one sender and a kick by KVM",
            senders=1,
            kicks=1,
            **V0,
        ),
        variant("C8", HOLDS, "5.4, two senders and a kick", kicks=1),
        variant("X0", violates("no_lost_ipi", steps=25, also=(*LOST, STALE)), "XICS, 5.3", **XICS, **V0),
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
            violates("no_lost_ipi", steps=12, also=(*LOST, STALE)),
            "XICS, no sync in out_8",
            msgsnd_sync=False,
            **XICS,
        ),
        variant(
            "X no recheck",
            violates("no_lost_ipi", steps=12, also=(*LOST, STALE)),
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
            violates("no_lost_ipi", steps=25, also=(*LOST, STALE)),
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
            violates("no_lost_ipi", steps=13, also=("no_ignored_message", STALE)),
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
    ],
)
