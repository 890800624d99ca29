"""`python -m tests.bench`, from the root of the repository: measure the engines, and print what must be and
what is.

Takes about a quarter of an hour and 2 GiB; `--quick` takes less than a minute, its numbers mean nothing but
that everything works. Exit code 1 where an engine or a peer counts other states than there are. A slow
machine is no failure.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from .estimates import estimates
from .every_spec import specs
from .liveness import liveness
from .measures import GROUPS, Bench, WrongCount
from .memory import memory
from .models import models
from .sizes import FULL, QUICK, ROOT
from .stories import stories
from .table import append, load, machine, markdown

GROUPS["liveness"] = liveness
GROUPS["models"] = models
GROUPS["power"] = memory
GROUPS["stories"] = stories
GROUPS["estimates"] = estimates
GROUPS["specs"] = specs


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.bench", description="Measure the engines against what is asked of them."
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small sizes, less than a minute; nothing is added to the CSV file",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(GROUPS),
        metavar="NAME",
        help=f"these groups of lines: {', '.join(GROUPS)}",
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="where the rows are added (default: docs/performance/measurements.csv)",
    )
    parser.add_argument(
        "--specs",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="spec files, or folders of them, that the group specs takes besides the shipped ones",
    )
    options = parser.parse_args()
    described, busy = machine(), load()
    print(described + (f"\n{busy}" if busy else ""), flush=True)
    bench = Bench(
        QUICK if options.quick else FULL,
        lambda text: print(f"  {text}", file=sys.stderr, flush=True),
        [path.resolve() for path in options.specs],
    )
    rows, wrong = [], 0
    for name in options.only or GROUPS:
        try:
            rows += [
                replace(row, must=None, aim=None) if options.quick else row for row in GROUPS[name](bench)
            ]
        except WrongCount as error:
            wrong += 1
            print(f"{name}: {error}", file=sys.stderr)
    print("\n" + markdown(rows))
    target = options.csv or (None if options.quick else ROOT / "docs" / "performance" / "measurements.csv")
    if target is not None:
        append(target, rows, described + (f" ({busy})" if busy else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
