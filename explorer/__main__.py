"""`python -m explorer`, and the command `explorer`."""

import atexit
import contextlib
import gc
import os
import sys

YOUNG = 200_000
"""Objects made before Python looks for circles among them: expressions form none, and a start of the command
makes 200,000.
"""


def command() -> None:
    """Run a command and leave the process, without giving back one by one the objects that it has made."""
    gc.set_threshold(YOUNG)
    from explorer.command.main import main

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing here multiplies matrices
    done = None
    if any(word.partition("=")[0] == "--cluster" for word in sys.argv[1:]):
        from explorer.command.apart import go_apart

        done = go_apart(sys.argv[1:])
    code = main()
    if done is not None:
        _flush()
        done(code)
    atexit._run_exitfuncs()
    _flush()
    os._exit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more: nothing is lost
            stream.flush()


if __name__ == "__main__":
    command()
