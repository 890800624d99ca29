"""Who takes part: the CPUs of the report of Linux commit 3a83f677a6ee, in classes of like CPUs."""

from explorer import *


class Sender(Scalarset):
    """A host CPU that sends IPIs. `X` is the commit message's name for the first one."""

    size = constant("senders", 2)
    names = ("X", "105", "31", "64", "17", "8")


class Target(Scalarset):
    """A host CPU that receives them, and runs KVM guests in between."""

    size = constant("targets", 1)
    names = ("42", "43", "44", "46")


class Spinner(Scalarset):
    """A CPU that wants a spinlock which a sender holds."""

    size = constant("spinners", 1)
    names = ("45", "24", "124")


Cpu = Sender | Target
