"""Before Linux 5.4: petitboot's kernel does not know of the dump, and writes over it."""

from actions.fadump import boot, clients, machine, properties, register, release, state

from explorer import Spec, violates

spec = Spec(
    machine,
    state,
    clients,
    boot,
    register,
    release,
    properties,
    preserve=False,
    expect=violates("vmcore_is_untouched", steps=9),
)
