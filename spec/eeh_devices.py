"""EEH of Linux 5.4: eehd reports an error to the drivers of a PE while hotplug removes the card. The next
device is known to the traversal, and is gone.

A card with two functions, pulled while the first one's driver is told of the error.
"""

from actions.eeh import devices

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    devices,
    expect=violates("no_poison_is_followed", steps=6),
    variants=[
        variant("5.4", violates("no_poison_is_followed", steps=6), "two functions"),
        variant("three", violates("no_poison_is_followed", steps=7), "three functions", functions=3),
        variant("locked", HOLDS, "no kernel: the whole traversal excludes hotplug", walk_locked=True),
    ],
)
