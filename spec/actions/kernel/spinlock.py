"""A spinlock: one holder. Who gets a turn is said by the fairness of the action that acquires."""

from explorer import *

from .irqs import Cpu


class Spinlock(State):
    """The CPU that holds the lock."""

    holder: Var[Cpu | None] = initially(None)

    def acquire(self, cpu: Cpu) -> None:
        """spin_lock: waits until the lock is free."""
        when(self.holder.is_none)
        self.holder.next = cpu

    def release(self, cpu: Cpu) -> None:
        """spin_unlock"""
        when(self.holder == cpu)
        self.holder.next = None

    def held_by(self, cpu: Cpu) -> Value[bool]:
        """Whether this CPU has the lock."""
        return self.holder == cpu
