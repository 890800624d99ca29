"""The two barriers between the escalation handler and the teardown, as committed: `smp_wmb` and `smp_mb`."""

from actions.xive_escalation import barriers

from explorer import HOLDS, Spec, variant, violates

LOST = violates("stale_in_the_end", steps=9, also=("stale_for_ever",))
LOST_LATER = violates("stale_in_the_end", steps=10, also=("stale_for_ever",))

spec = Spec(
    barriers,
    expect=HOLDS,
    variants=[
        variant("1 sc", HOLDS, "no barrier", handler_barrier="none", teardown_barrier="none", memory="sc"),
        variant("1 tso", LOST, "no barrier", handler_barrier="none", teardown_barrier="none", memory="tso"),
        variant("1 pso", LOST, "no barrier", handler_barrier="none", teardown_barrier="none"),
        variant("2 sc", HOLDS, "smp_wmb in the handler", teardown_barrier="none", memory="sc"),
        variant("2 tso", LOST, "smp_wmb in the handler", teardown_barrier="none", memory="tso"),
        variant("2 pso", LOST_LATER, "smp_wmb in the handler", teardown_barrier="none"),
        variant("3 sc", HOLDS, "smp_mb in the teardown", handler_barrier="none", memory="sc"),
        variant("3 tso", HOLDS, "smp_mb in the teardown", handler_barrier="none", memory="tso"),
        variant("3 pso", LOST, "smp_mb in the teardown", handler_barrier="none"),
        variant("4 sc", HOLDS, "both, as committed", memory="sc"),
        variant("4 tso", HOLDS, "both, as committed", memory="tso"),
        variant("4 pso", HOLDS, "both, as committed"),
        variant("5 pso", HOLDS, "smp_mb in both", handler_barrier="sync"),
    ],
)
