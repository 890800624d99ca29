"""`python -m explorer export SPEC --to rv`: a monitor for the kernel's runtime verification."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.conform.mapping import ON, read_mapping
from explorer.conform.monitor import LONGEST, Monitor, dot
from explorer.conform.monitor import monitor as build
from explorer.ir.model import Model
from explorer.render.text.terminal import counted
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes


def monitor(options: Namespace, model: Model) -> int:
    """Write the automaton and what belongs to it; the exit code."""
    for name, value in (("--map", options.mapping), ("--cpu", options.cpu or options.object)):
        if value is None:
            raise UsageError(
                f"export --to rv: no {name}; write: python -m explorer export spec/ipi_fixed.py --to rv --map"
                " docs/conform/ipi.toml --cpu 42"
            )
    mapping, of = read_mapping(options.mapping, model), _whose(options)
    found = build(model, mapping, of, options.most)
    ((field, value),) = of.items()
    owner = value if field == ON else mapping.filled(f"{{{field}}}", of)
    name = re.sub(r"\W", "_", f"{model.name}_{owner}")[:LONGEST]
    folder = options.out or Path("out") / model.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{name}.dot", dot(found))
        write_whole(folder / f"{name}.txt", "\n".join(_notes(found)) + "\n")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    lines = [str(folder / f"{name}.dot"), str(folder / f"{name}.txt"), *_summary(found)]
    kind = "per_cpu" if field == ON else "per_obj"
    say("\n".join([*lines, "run in a kernel tree:", f"  rvgen monitor -c da -s {name}.dot -t {kind}"]))
    return exit_codes.OK


def _whose(options: Namespace) -> dict[str, str]:
    """The field and the value that tell whose events are followed."""
    if options.object is None:
        return {ON: options.cpu}
    field, sign, value = options.object.partition("=")
    if options.cpu is not None:
        raise UsageError("export --to rv: --cpu and --object: one monitor is of one of them")
    if not (field and sign and value) or field == ON:
        raise UsageError(
            f"--object {options.object}: write: a field of the mapping and its value, as --object csd=X"
        )
    return {field: value}


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
