"""Directed doorbells, `msgsnd` and `msgclr`: an edge without content, so several may be taken as one.

A doorbell is no store, and is ordered after the stores before it by a `sync` only. Where memory is modelled
too, that sync is the caller's.
"""

from explorer import *

from .irqs import Cpu


class Doorbells(State):
    """`rung` is the pending exception of each CPU."""

    rung: Map[Cpu, bool] = initially(False)

    def send(self, target: Cpu) -> None:
        """msgsnd"""
        self.rung[target].next = True
        sends(target, "doorbell")

    def take(self, cpu: Cpu) -> None:
        """The interrupt is taken, which ends the exception (msgclr where software polls)."""
        when(self.rung[cpu])
        self.rung[cpu].next = False
