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
    """Whether a dump is registered, the log was dumped, firmware has taken over."""

    registered: Var[bool] = initially(any_of(bool))
    logged: Var[bool] = initially(False)
    gone: Var[bool] = initially(False)


@process(actor="cpu that dies", fair=WEAK)
def dies(crash: Crash) -> Steps:
    """It comes by kmsg_dump before crash_fadump, after it, or not at all."""
    if WAY == Way.OOPS or (RESET_DUMPS_LOG if WAY == Way.SYSTEM_RESET else PANIC_DUMPS_FIRST):
        yield from dump_log(crash)
    crashes = "crash_fadump()  // registered: {crash.registered}"
    yield step(crashes, source="arch/powerpc/kernel/fadump.c:crash_fadump")
    crash.gone.next = crash.registered
    if not (yield branch(crash.registered)) and WAY == Way.PANIC and not PANIC_DUMPS_FIRST:
        yield from dump_log(crash)


@procedure(source="kernel/printk/printk.c:kmsg_dump")
def dump_log(crash: Crash) -> Steps:
    yield "kmsg_dump()"
    crash.logged.next = True


@invariant
def log_is_dumped_before(crash: Crash) -> Value[bool]:
    """Where firmware takes over, the log has been dumped."""
    return implies(crash.gone, crash.logged)
