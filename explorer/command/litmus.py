"""`python -m explorer litmus FILES…`: runs litmus tests and compares them with what is expected of them."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.litmus.expected import Expectation, expectation_for, read_expected
from explorer.litmus.judge import MODELS, judge
from explorer.litmus.program import LitmusError
from explorer.litmus.read import read_file
from explorer.litmus.report import Outcome, herd, junit, table, to_json
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes


def litmus(options: Namespace) -> int:
    """Run the tests. The exit code: 150 where a file cannot be run, 12 where a test differs from what is
    expected, 20 where nothing is said of a test in the file of expectations, else 0.
    """
    if options.ipi_table:
        return _ipi_table(options)
    if options.write:
        raise UsageError("--write goes with --ipi-table: it writes the tests of the table")
    if not options.files:
        raise UsageError("no litmus test; write: python -m explorer litmus tests/litmus/ppc/*.litmus")
    expected = _expected(options)
    outcomes: list[Outcome] = []
    errors: list[tuple[str, str]] = []
    for name in options.files:
        try:
            outcomes.append(_run(Path(name), options, expected))
        except LitmusError as error:
            errors.append((name, str(error)))
            print(error, file=sys.stderr)
    if options.arch and not errors and all(o.judgement.test.architecture != "C" for o in outcomes):
        raise UsageError("--arch is for C tests: an assembly test says itself what it runs on")
    if options.json:
        say(to_json(outcomes))
    elif options.full or (len(options.files) == 1 and outcomes):
        say("\n".join(herd(outcome) for outcome in outcomes).rstrip("\n"))
    elif outcomes:
        say(table(outcomes))
    if options.junit:
        _write(options.junit, junit(outcomes, errors))
    return exit_codes.of_litmus(
        wrong=bool(errors),
        differs=any(outcome.difference for outcome in outcomes),
        unknown=expected is not None and any(outcome.expectation is None for outcome in outcomes),
    )


def _ipi_table(options: Namespace) -> int:
    from explorer.litmus.ipi_table import OTHERS, POWER, tables, tests

    if options.files or options.expected or options.junit or options.json:
        raise UsageError("--ipi-table runs its own tests; it takes no files and no option but --write")
    say(tables([*POWER, *OTHERS]))
    if options.write:
        _directory(options.write)
        for name, text in tests(POWER).items():
            _write(options.write / name, text)
    return exit_codes.OK


def _directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be made: {error.strerror or error}") from None


def _expected(options: Namespace) -> dict[str, Expectation] | None:
    if not options.expected:
        return None
    try:
        return read_expected(options.expected)
    except LitmusError as error:
        raise UsageError(str(error)) from None


def _run(path: Path, options: Namespace, expected: dict[str, Expectation] | None) -> Outcome:
    start = time.perf_counter()
    model = options.arch or "power"
    test = read_file(path, model)
    judgement = judge(test, MODELS.get(test.architecture, model), options.unroll)
    expectation = None if expected is None else expectation_for(expected, path)
    if expected is not None and expectation is None:
        print(f"{path}: nothing is expected of it in {options.expected}", file=sys.stderr)
    return Outcome(judgement, expectation, time.perf_counter() - start, options.unroll)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from None
