"""The kernel's lock-less list of each CPU, with an entry of each: whoever finds it empty tells its owner.

The order of entries is left out: `llist_del_all` takes them all.
"""

from explorer import *

from .irqs import Cpu


class LlistHeads(State):
    """`on` says whose entries are on the list of a CPU."""

    on: Map[Cpu, Map[Cpu, bool]] = initially(False)

    def add(self, owner: Cpu, entry: Cpu) -> Value[bool]:
        """llist_add, a full barrier. Whether the list was empty."""
        when(~self.on[owner][entry])
        self.on[owner][entry].next = True
        return self.empty(owner)

    def empty(self, owner: Cpu) -> Value[bool]:
        """llist_empty"""
        return every(~self.on[owner][entry] for entry in Cpu)

    def delete_all(self, owner: Cpu) -> None:
        """llist_del_all"""
        for entry in domain(Cpu):
            self.on[owner][entry].next = False
