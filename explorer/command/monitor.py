"""`python -m explorer export SPEC --to rv --map MAPPING --cpu CPU`: a monitor for the kernel's runtime
verification.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.conform.mapping import read_mapping
from explorer.conform.monitor import LONGEST, Monitor, dot
from explorer.conform.monitor import monitor as build
from explorer.ir.model import Model
from explorer.render.text.terminal import counted
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes


def monitor(options: Namespace, model: Model) -> int:
    """Write the automaton and what belongs to it; the exit code."""
    for name, value in (("--map", options.mapping), ("--cpu", options.cpu)):
        if value is None:
            raise UsageError(
                f"export --to rv: no {name}; write: python -m explorer export spec/ipi_fixed.py --to rv --map"
                " docs/conform/ipi.toml --cpu 42"
            )
    found = build(model, read_mapping(options.mapping, model), options.cpu, options.most)
    name = re.sub(r"\W", "_", f"{model.name}_{options.cpu}")[:LONGEST]
    folder = options.out or Path("out") / model.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{name}.dot", dot(found))
        write_whole(folder / f"{name}.txt", "\n".join(_notes(found)) + "\n")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    lines = [str(folder / f"{name}.dot"), str(folder / f"{name}.txt"), *_summary(found)]
    say("\n".join([*lines, "run in a kernel tree:", f"  rvgen monitor -c da -s {name}.dot -t per_cpu"]))
    return exit_codes.OK


def _summary(found: Monitor) -> Iterator[str]:
    yield f"{counted(len(found.steps), 'state')}, {counted(len(found.events), 'event')}"
    if not found.starts:
        yield "no event always leads to the initial state: start the monitor while the CPU is in it"
    if not found.recurs:
        yield (
            "from some states no way leads back to the initial one: where the spec bounds how often something"
            " happens, a machine that goes on raises an alarm"
        )


def _notes(found: Monitor) -> Iterator[str]:
    """The trace points to attach, and what each state stands for."""
    yield "event: the line of a trace that it is"
    yield from (f"  {event}: {line}" for event, line in found.events.items())
    yield f"events that start the monitor: {', '.join(found.starts) or 'none'}"
    yield "state: how many states of the spec it stands for"
    yield from (f"  s{number}: {many:,}" for number, many in enumerate(found.stands_for))
