"""Linux 5.3: the XIVE-native device is offered whatever firmware can do, and migration fails where it is
found out.
"""

from actions.kvm_capability import guest, hosts, kernel, migration, properties
from actions.kvm_capability.kernel import Kernel

from explorer import Spec, violates

spec = Spec(
    kernel,
    hosts,
    guest,
    migration,
    properties,
    kernel_a=Kernel.NONE,
    kernel_b=Kernel.NONE,
    migrations=1,
    expect=violates("promise_is_kept", steps=8, also=("capability_is_honest", "device_needs_calls")),
)
