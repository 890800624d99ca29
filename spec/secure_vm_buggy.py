"""A secure guest whose kexec does not call UV_UNSHARE_ALL_PAGES: the new kernel writes its secrets into pages
that are still shared.
"""

from actions.secure_vm import guest, hypervisor, machine, properties, ultravisor

from explorer import Spec, violates

spec = Spec(
    machine,
    guest,
    ultravisor,
    hypervisor,
    properties,
    unshare_all=False,
    expect=violates("confidentiality", steps=10, also=("agreement", "integrity", "logs_are_shared")),
)
