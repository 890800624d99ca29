"""The ways into crash_fadump, and whether the kernel's log has gone to pstore and nvram (kmsg_dump) before:
crash_fadump does not return where a dump is registered.

A system reset: both calls are in system_reset_exception. An oops: kmsg_dump in oops_exit, then crash_fadump
in oops_end. panic: its notifiers come before its kmsg_dump, and ppc_panic_event is one of them.
"""

import enum

from explorer import *


class Way(enum.Enum):
    """What the kernel dies of."""

    SYSTEM_RESET = "system_reset"
    OOPS = "oops"
    PANIC = "panic"


WAY = constant("way", Way.SYSTEM_RESET)

RESET_DUMPS_LOG = constant("reset_dumps_log", True)
"""system_reset_exception calls kmsg_dump. Not in 5.3."""

PANIC_DUMPS_FIRST = constant("panic_dumps_first", False)
"""panic calls kmsg_dump before its notifiers. No kernel does: what notifiers print belongs in the log."""


class Crash(State):
    """Whether a dump is registered; how many of the two calls are done; whether the log was dumped; whether
    firmware has taken over."""

    registered: Var[bool] = initially(any_of(bool))
    done: Var[Annotated[int, Range(0, 2)]] = initially(0, quiet=True)
    logged: Var[bool] = initially(False)
    gone: Var[bool] = initially(False)

    def turn(self, number: int) -> None:
        """The next call is the one with this number."""
        when((self.done == number) & ~self.gone)
        self.done.next = number + 1


def log_first() -> bool:
    """Whether kmsg_dump is the first of the two calls on this way."""
    if WAY == Way.OOPS:
        return True
    return bool(RESET_DUMPS_LOG if WAY == Way.SYSTEM_RESET else PANIC_DUMPS_FIRST)


@action(actor="cpu that dies", fair=WEAK, source="kernel/printk/printk.c:kmsg_dump")
def dump_log(crash: Crash) -> None:
    """kmsg_dump()"""
    when(WAY != Way.SYSTEM_RESET or RESET_DUMPS_LOG)
    crash.turn(0 if log_first() else 1)
    crash.logged.next = True


@action(actor="cpu that dies", fair=WEAK, source="arch/powerpc/kernel/fadump.c:crash_fadump")
def crash_fadump(crash: Crash) -> None:
    """crash_fadump()  // registered: {crash.registered}"""
    crash.turn(1 if log_first() else 0)
    crash.gone.next = crash.registered


@invariant
def log_is_dumped_before(crash: Crash) -> Value[bool]:
    """Where firmware takes over, the log has been dumped."""
    return implies(crash.gone, crash.logged)


@terminal
def over(crash: Crash) -> Value[bool]:
    return crash.gone | (crash.done > 0)
