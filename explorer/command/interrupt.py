"""Ctrl-C while the command is still being imported: one line and exit code 130, as later. Imports nothing
that takes time.
"""

import os
import sys
import time

from explorer.verdict.exit_codes import INTERRUPTED

BEGUN = time.monotonic()
"""When the process began, nearly."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


def say_interrupted_in_one_line() -> None:
    """Where this process is the command itself: let no Ctrl-C end in a traceback. Elsewhere an importer's
    interrupts are its own.
    """
    if not _is_command():
        return
    hook, unraisable = sys.excepthook, sys.unraisablehook

    def tell(kind: "type[BaseException]", error: "BaseException", traceback: "TracebackType | None") -> None:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                _leave()
            cause = cause.__cause__
        hook(kind, error, traceback)

    def tell_unraisable(what: "sys.UnraisableHookArgs") -> None:
        if issubclass(
            what.exc_type, KeyboardInterrupt
        ):  # in a callback of the import system, which would swallow it
            _leave()
        unraisable(what)

    sys.excepthook, sys.unraisablehook = tell, tell_unraisable


def _is_command() -> bool:
    """`python -m explorer`, or the script `explorer`."""
    name = sys.argv[0] if sys.argv else ""
    if name == "-m":  # as long as the module is looked for
        given = sys.orig_argv
        return "-mexplorer" in given or ("-m" in given and given[given.index("-m") + 1] == "explorer")
    return os.path.splitext(os.path.basename(name))[0] == "explorer"


def _leave() -> None:
    print("explorer: interrupted", file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)
