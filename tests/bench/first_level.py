"""`python tests/bench/first_level.py SPEC [NAME=VALUE ...]`: the native engine until its first level is left.

The caller looks at the clock. Imports nothing of the tests, whose package imports pytest.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does

from explorer.engine.limits import Limits, Progress
from explorer.engine.native import search as native
from explorer.ground.ground import ground
from explorer.ir.kept import default_directory, keep
from explorer.language.constants import parse
from explorer.run.kept_models import KeptModel
from explorer.run.load import load
from explorer.symmetry.find import find


def main(path: str, *define: str) -> None:
    keep(default_directory() / "made")  # as the command does
    spec = load(path)
    known = spec.known_constants()
    given = dict(text.split("=") for text in define)
    values = {name: parse(known[name], value) for name, value in given.items()}
    file = str(Path(path).resolve())
    kept = KeptModel(spec, values, file)
    model = kept.read() or ground(spec, values, file)

    def stop(progress: Progress) -> None:
        """Ends the process at the first report."""
        print(progress.states, flush=True)
        kept.write(model)
        os._exit(0)

    native.explore(model, Limits(), stop, symmetry=model.once(("symmetry", ()), lambda: find(model)))
    raise AssertionError("no level was left")


if __name__ == "__main__":
    main(*sys.argv[1:])
