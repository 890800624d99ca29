"""The two barriers between the escalation handler and the teardown, as committed: `smp_wmb` and `smp_mb`.

On POWER they are not enough, as `ppc.cat` says: stale_p can end up 0. Both must be full.
"""

from actions.xive_escalation import barriers

from explorer import HOLDS, Spec, variant, violates

LOST = violates("stale_in_the_end", steps=4, also=("stale_for_ever",))
NONE = {"handler_barrier": "none", "teardown_barrier": "none"}

spec = Spec(
    barriers,
    expect=LOST,
    variants=[
        variant("1 sc", HOLDS, "no barrier", memory="sc", **NONE),
        variant("1 tso", LOST, "no barrier", memory="tso", **NONE),
        variant("1 pso", LOST, "no barrier", memory="pso", **NONE),
        variant("1 power", LOST, "no barrier", **NONE),
        variant("2 sc", HOLDS, "smp_wmb in the handler", teardown_barrier="none", memory="sc"),
        variant("2 tso", LOST, "smp_wmb in the handler", teardown_barrier="none", memory="tso"),
        variant("2 pso", LOST, "smp_wmb in the handler", teardown_barrier="none", memory="pso"),
        variant("2 power", LOST, "smp_wmb in the handler", teardown_barrier="none"),
        variant("3 sc", HOLDS, "smp_mb in the teardown", handler_barrier="none", memory="sc"),
        variant("3 tso", HOLDS, "smp_mb in the teardown", handler_barrier="none", memory="tso"),
        variant("3 pso", LOST, "smp_mb in the teardown", handler_barrier="none", memory="pso"),
        variant("3 power", LOST, "smp_mb in the teardown", handler_barrier="none"),
        variant("4 sc", HOLDS, "both, as committed", memory="sc"),
        variant("4 tso", HOLDS, "both, as committed", memory="tso"),
        variant("4 pso", HOLDS, "both, as committed", memory="pso"),
        variant("4 arm", HOLDS, "both, as committed", memory="arm"),
        variant("4 power", LOST, "both, as committed"),
        variant("5 pso", HOLDS, "smp_mb in both", handler_barrier="sync", memory="pso"),
        variant("5 power", HOLDS, "smp_mb in both", handler_barrier="sync"),
    ],
)
