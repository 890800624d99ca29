"""Linux 5.4, with the commit of its merge "dump kernel log before carrying out fadump or kdump": on a system
reset the log is dumped before fadump takes over. In panic it is not (row `panic`).
"""

from actions.fadump import crash_path

from explorer import HOLDS, Spec, variant, violates

LOST = violates("log_is_dumped_before", steps=1)

spec = Spec(
    crash_path,
    expect=HOLDS,
    variants=[
        variant("reset", HOLDS, "5.4, system reset"),
        variant("reset 5.3", LOST, "5.3, system reset", reset_dumps_log=False),
        variant("oops", HOLDS, "5.3 and 5.4, an oops", way="oops"),
        variant("panic", LOST, "5.3 and 5.4, panic: its notifiers come first", way="panic"),
        variant(
            "log first", HOLDS, "no kernel: panic dumps the log first", way="panic", panic_dumps_first=True
        ),
    ],
)
