"""Linux 5.3: the XIVE-native device is offered whatever firmware can do, and migration fails where it is
found out.
"""

from kvm_capability_fixed import spec as fixed

from explorer import violates

spec = fixed.variant(
    violates("promise_is_kept", steps=8, also=("capability_is_honest", "device_needs_calls")),
    kernel_a="5.3",
    kernel_b="5.3",
    migrations=1,
)
