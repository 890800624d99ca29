"""`python -m explorer`, and the command `explorer`."""

import atexit
import contextlib
import os
import sys

from explorer.command.main import main


def command() -> None:
    """Run a command and leave the process, without giving back one by one the objects that it has made."""
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more: nothing is lost
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    command()
