"""A spinlock: one holder, whoever waits is not told apart. Nobody is promised a turn; fairness of the action
that acquires says who is.
"""

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
