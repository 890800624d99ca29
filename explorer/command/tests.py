"""`python -m explorer tests SPEC --cover WHAT`: behaviours that cover a spec, as tests of the real thing."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.ir.model import Model
from explorer.render.machine.adapter_tests import Behaviour, Refused, adapter_tests
from explorer.render.machine.itf import itf
from explorer.render.machine.schedule import schedule
from explorer.render.text.terminal import clean, counted
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.trace.behaviour import behaviour
from explorer.trace.cover import Covering, Tour, cover
from explorer.trace.step_builder import StepBuilder
from explorer.verdict import exit_codes
from explorer.verdict.report_context import origin

SHOWN = 12
"""So many things that no behaviour covers are named."""


def tests(options: Namespace, model: Model) -> int:
    """Find the behaviours and write them; the exit code."""
    covering = cover(model, options.cover, most_steps=options.steps, max_states=options.max_states)
    if not covering.goals:
        raise UsageError(f"tests {options.spec}: nothing happens in it, and there is nothing to cover")
    builder = StepBuilder(model)
    behaviours: list[Behaviour] = [
        (behaviour(builder, tour.taken, tour.states, "walk"), _refused(builder, tour))
        for tour in covering.tours
    ]
    folder = Path("out") / Path(options.spec).stem / "tests" if options.out is None else options.out
    _write(folder, _files(model, behaviours, f"its {options.cover}"))
    say("\n".join([*_summary(model, options.cover, covering), f"written: {folder}/"]))
    return exit_codes.UNDETERMINED if covering.limit else exit_codes.OK


def _files(model: Model, behaviours: list[Behaviour], what: str) -> Iterator[tuple[str, str]]:
    found, traces = origin(model), [trace for trace, _ in behaviours]
    for number, trace in enumerate(traces, 1):
        yield f"behaviour_{number}.itf.json", itf(found, trace)
    name = re.sub(r"\W", "_", model.name)
    yield f"test_{name}.py", adapter_tests(found, behaviours, what)
    yield "schedule.h", schedule(found, traces, what)


def _write(folder: Path, files: Iterator[tuple[str, str]]) -> None:
    """Write the files; those of an earlier run, which may have had more behaviours, go."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("behaviour_*.itf.json"):
            old.unlink()
        for name, text in files:
            write_whole(folder / name, text)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from None


def _summary(model: Model, kind: str, covering: Covering) -> Iterator[str]:
    steps = sum(len(tour.taken) for tour in covering.tours)
    refusals = sum(len(tour.refusals) for tour in covering.tours)
    what = f"{covering.goals:,} {'guards and actions' if kind == 'guards' else kind} are"
    yield (
        f"{model.name}: {f'1 {kind[:-1]} is' if covering.goals == 1 else what} covered by"
        f" {counted(len(covering.tours), 'behaviour')} of {counted(steps, 'step')}"
        + (f" and {counted(refusals, 'refusal')}" if refusals else "")
    )
    if covering.limit:
        yield f"undetermined: {covering.limit}; what other states have is not covered"
    for text in covering.missing[:SHOWN]:
        yield f"  {'not seen' if covering.limit else 'cannot be covered'}: {clean(text)}"
    if len(covering.missing) > SHOWN:
        yield f"  ... and {len(covering.missing) - SHOWN:,} more"


def _refused(builder: StepBuilder, tour: Tour) -> list[Refused]:
    return [
        Refused(
            after=one.after,
            actor=builder.actor(one.wait.instance),
            action=one.wait.instance.action.name,
            parameters=one.wait.instance.parameters,
            why=one.wait.text(tour.states[one.after]),
        )
        for one in tour.refusals
    ]
