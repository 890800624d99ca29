"""`python -m explorer mutate SPEC`: each guard, barrier and update removed in turn, and which property
notices (`mutant_fates.py`): the record, the files, the exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from explorer.command.mutant_fates import EQUIVALENT, NOTICED, SURVIVED, Original, Row, Task, rows
from explorer.command.places import writable
from explorer.command.standard_output import say
from explorer.engine.limits import available_bytes
from explorer.ir.errors import SpecError
from explorer.render.machine.json_record import to_json
from explorer.render.text.mutation_table import MutationRecord
from explorer.render.text.terminal import wants_colour
from explorer.run.options import check_workers
from explorer.verdict import exit_codes
from explorer.verdict.expectation import UNDETERMINED, VIOLATED
from explorer.verdict.verdict import Verdict


def command(options: argparse.Namespace) -> int:
    """The command: files, screen and exit code."""
    from explorer.command.files import forget, in_place_of_earlier

    check_workers(options.workers)
    directory = writable(Path("out") / Path(options.spec).stem if options.out is None else options.out)
    try:
        with in_place_of_earlier(directory, "mutate"):
            return _command(options, directory)
    except SpecError:
        forget(directory, "mutate")
        raise


def _command(options: argparse.Namespace, directory: Path) -> int:
    from explorer.command.files import write_mutations

    with _counting() as tell:
        verdict, record = mutate(
            options.spec,
            options.define,
            max_states=options.max_states,
            timeout=options.timeout,
            workers=options.workers or os.cpu_count() or 1,
            strict=options.strict,
            tell=tell,
        )
    text, notes = write_mutations(record, directory, wants_colour(sys.stdout))
    say(to_json(record).rstrip() if options.json else text, machine=options.json)
    for note in notes:
        print(note, file=sys.stderr)
    enough = _percent(record["counts"]) >= options.at_least
    ended = verdict.verdict == VIOLATED or verdict.stopped is not None
    if not ended and not enough:
        print(
            f"--at-least {options.at_least:g}: only {_percent(record['counts']):.1f} % of the mutants that"
            " differ are noticed",
            file=sys.stderr,
        )
    return exit_codes.of_mutants(verdict.exit_code if ended else None, enough=enough, written=not notes)


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[int, int], None]]:
    """Tells on standard error how many mutants are done, where that is a terminal."""
    shown = sys.stderr.isatty()
    try:
        yield (
            lambda done, all: (
                print(f"\r{done} of {all} mutants", end="", file=sys.stderr, flush=True) if shown else None
            )
        )
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def mutate(
    path: str,
    define: Sequence[str] = (),
    *,
    max_states: int | None = None,
    timeout: float | None = None,
    workers: int = 1,
    strict: bool = False,
    tell: Callable[[int, int], None] = lambda done, all: None,
) -> tuple[Verdict, MutationRecord]:
    """The verdict on the spec itself, and the record of all mutants: none where that spec does not hold or
    was cut short.
    """
    original = Original(
        Task(
            path=path,
            define=tuple(define),
            max_states=max_states,
            timeout=timeout,
            max_memory=available_bytes() * 8 // 10 // workers,
            strict=strict,
        )
    )
    verdict = original.verdict
    judged = rows(original, workers, tell) if verdict.verdict != VIOLATED and not verdict.stopped else []
    unused = _explain(judged, original.spec.survivors) if judged else []
    counts = {
        status: sum(row.status == status for row in judged)
        for status in (NOTICED, SURVIVED, UNDETERMINED, EQUIVALENT)
    }
    own = verdict.record()
    record: MutationRecord = {
        "spec": own["spec"],
        "file": own["file"],
        "digest": own["digest"],
        "constants": own["constants"],
        "bound": own["bound"],
        "verdict": own["verdict"],
        "stopped": own["stopped"],
        "properties": own["properties"],
        "states": own["states"]["distinct"],
        "transitions": own["states"]["transitions"],
        "max_states": max_states,
        "timeout": timeout,
        "strict": strict,
        "counts": counts,
        "share": round(_percent(counts), 1),
        "mutants": [row.record() for row in judged],
        "unused_reasons": unused,
    }
    return verdict, record


def _percent(counts: Mapping[str, int]) -> float:
    """Of the mutants that differ from the original, how many are noticed, in percent; all where none
    differs.
    """
    differ = sum(counts.values()) - counts[EQUIVALENT]
    return 100 * counts[NOTICED] / differ if differ else 100.0


def _explain(judged: Sequence[Row], survivors: dict[str, str]) -> list[str]:
    """Give survivors the author's reasons; the keys that explain none."""
    used = set()
    for row, key in itertools.product(judged, survivors):
        action, _, part = key.partition(":")
        if row.status == SURVIVED and row.action == action.strip() and part.strip() in row.text:
            row.reason = survivors[key]
            used.add(key)
    return [key for key in survivors if key not in used]
