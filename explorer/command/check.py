"""One command's work: every spec under every binding is explored, judged, written and told. Knows nothing of
parsing options.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.command.beside import Job
from explorer.command.check_options import (
    refuse_format,
    refuse_of_one_run,
    refuse_without_effect,
    run_options,
)
from explorer.command.interrupt import BEGUN
from explorer.command.packages import refuse_without_packages
from explorer.command.places import places, writable
from explorer.command.progress import Screen
from explorer.command.results import Results
from explorer.command.signals import interruptible, on_demand
from explorer.command.standard_output import own_prints
from explorer.command.status import text
from explorer.engine.limits import Stopped
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError, nearest
from explorer.ir.expectation import Expectation
from explorer.language.spec import Spec
from explorer.language.variants import Variant
from explorer.render.text.terminal import wants_colour
from explorer.run.alarm import alarm
from explorer.run.constants import bindings, constants_of, single
from explorer.run.kept_models import KeptModel
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.run.run import grounded, limits_of, run
from explorer.verdict import exit_codes
from explorer.verdict.expectation import UNDETERMINED
from explorer.verdict.record import CheckedRecord, MalformedRecord, MistakeRecord
from explorer.verdict.report_context import context, no_context
from explorer.verdict.vacuity import constant_properties
from explorer.verdict.verdict import Verdict


@dataclass
class Outcome:
    """One checked spec under one binding."""

    binding: dict[str, Any]
    verdict: Verdict


class Session:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        refuse_without_packages(options)
        self.run_options = run_options(options)
        self.results = Results(options)
        refuse_format(options, several=len(options.specs) > 1 or options.table)
        refuse_without_effect(options)
        self.places = places(options.specs)
        for name in ("junit", "sarif", "markdown"):
            if getattr(options, name) is not None:
                writable(getattr(options, name).parent, f"--{name}", "FILE in")
        self.alternatives: list[dict[str, Any]] = []
        """The bindings of all rows of the present table."""
        self.limits = limits_of(self.run_options)
        self.screen: Screen | None = None

    def run(self) -> int:
        codes = []
        kept = self.run_options.checkpoint or self.run_options.resume
        with (
            interruptible(self.limits, terminable=kept is not None),
            on_demand(self.progress),
            alarm(self.limits),
        ):
            for path in self.options.specs:
                try:
                    codes.append(self.one(path))
                except SpecError:
                    self.results.together()
                    raise
                if self.limits.interrupted:
                    break
        if len(codes) < len(self.options.specs):
            codes.append(exit_codes.INTERRUPTED)
        if self.screen is not None and self.screen.status.trouble:
            codes.append(exit_codes.UNWRITTEN)
        return exit_codes.worst([*codes, self.results.together()])

    def progress(self) -> str:
        """How the run is doing."""
        return text(self.screen.status.record()) if self.screen else "not begun yet"

    def one(self, path: str) -> int:
        """Check a spec file under every binding, or as a table; the exit code."""
        from explorer.command.files import in_place_of_earlier

        def kind() -> str:
            return "table" if self.options.table else "matrix" if len(self.alternatives) > 1 else "check"

        with in_place_of_earlier(self.place(path), kind):
            return self.everything(path)

    def everything(self, path: str) -> int:
        self.limits.restart(BEGUN if path == self.options.specs[0] else None)
        try:
            with own_prints():
                spec = self.limits.during("import", partial(load, path))
            if self.options.table:
                return self.table(spec, path)
            outcomes = []
            directory = self.directory(path)
            with own_prints():
                combinations = self.limits.during("grounding", partial(bindings, spec, self.options.define))
            expect = None
            if self.options.row:
                combinations, expect = self.one_row(spec, path, combinations)
            self.alternatives = combinations
            if len(combinations) > 1:
                refuse_format(self.options, several=True)
                refuse_of_one_run(self.options, "a matrix")
            for binding in combinations:
                row = (
                    ",".join(f"{name}={getattr(value, 'name', value)}" for name, value in binding.items())
                    if len(combinations) > 1
                    else ""
                )
                outcomes.append(self.check(spec, path, binding, directory, row=row, expect=expect))
                if self.limits.interrupted:
                    break
                self.limits.restart()
        except Stopped as stop:
            code = exit_codes.INTERRUPTED if self.limits.interrupted else exit_codes.UNDETERMINED
            text = f"{Path(path).stem} is undetermined: {stop}; no state was visited."
            self.limits.finish()
            self.results.records.append(self.write_error(path, text, code))
            print(text, file=sys.stderr)
            return code
        except MemoryError:
            text = (
                f"{Path(path).name}: not enough memory; write: smaller constants with -D, or --max-states N"
            )
            self.results.records.append(self.write_error(path, text, exit_codes.UNDETERMINED))
            print(text, file=sys.stderr)
            return exit_codes.UNDETERMINED
        except SpecError as error:
            self.results.records.append(
                self.write_error(path, str(error), exit_codes.MALFORMED, error.mistakes)
            )
            if len(self.options.specs) == 1 and not self.results.silent:
                raise
            print(error, file=sys.stderr)
            return exit_codes.MALFORMED
        if len(combinations) > 1:
            self.matrix(outcomes, directory, len(combinations))
        codes = [outcome.verdict.exit_code for outcome in outcomes]
        return exit_codes.worst([*codes, *[exit_codes.INTERRUPTED] * (len(outcomes) < len(combinations))])

    def directory(self, path: str) -> Path:
        """Where the files of a spec go: made now, so that a wrong --out is known before the work."""
        return writable(self.place(path))

    def place(self, path: str) -> Path:
        name = self.places[path]
        base = self.options.out
        return Path("out") / name if base is None else base / name if len(self.options.specs) > 1 else base

    def check(
        self,
        spec: Spec,
        path: str,
        binding: dict[str, Any],
        directory: Path,
        row: str,
        expect: Expectation | None = None,
    ) -> Outcome:
        """Explore and judge one binding, a `row` of a table or a run by itself (""); `expect` takes the place
        of the spec's own.
        """
        file, options = str(Path(path).resolve()), self.run_options
        job = None if row or options.walks is not None else Job.of(file, binding, options.symmetry)
        watcher = Screen(Path(path).stem, None if row or self.results.silent else self.results.tell, job)
        self.screen = watcher
        self.limits.announce = watcher.wait
        kept = KeptModel(spec, binding, file)
        with own_prints():
            model, stop = grounded(spec, binding, self.limits, file, kept)
        if self.options.twin:
            from explorer.command.twin import located

            located(model, self.options.twin)
        space, verdict = run(
            model.expecting(expect or model.expect),
            self.run_options,
            self.limits,
            stop=stop,
            watcher=watcher,
            count_guards=not row or bool(self.options.write),
        )
        self.limits.tell()
        watcher.status.end(verdict.verdict)
        constant = [f for f in verdict.findings if f.kind == "constant"] if row else []
        if constant:
            names = {f.subject for f in constant}
            with contextlib.suppress(Stopped):
                elsewhere = self.limits.during("vacuity", partial(self.telling_elsewhere, spec, path, names))
                verdict = verdict.without([f for f in constant if f.subject in elsewhere])
        traces = {} if row and not self.options.write else verdict.traces
        try:
            about = self.limits.during(
                "context", partial(context, space.model, traces, sampled=not row and not verdict.traces)
            )
        except Stopped:
            about = no_context(space.model)
        record: CheckedRecord = {**verdict.record(), **about, "seconds": self.limits.seconds}
        self.results.records.append(record)
        if not row:
            self.results.report(
                space, verdict, record, directory, limits=self.limits, printed=watcher.printed
            )
        elif self.options.write:
            self.limits.finish()
            from explorer.command.files import write_formats

            below = writable(directory / re.sub(r"[^\w.,=-]+", "_", row))
            self.results.note(
                write_formats(
                    names=self.options.write,
                    space=space,
                    verdict=verdict,
                    record=record,
                    directory=below,
                    settings=self.results.settings,
                )
            )
        if not stop and not self.limits.cut:
            kept.write(model)
        return Outcome(binding, verdict)

    def telling_elsewhere(self, spec: Spec, path: str, names: set[str]) -> set[str]:
        """Of properties that are true in every state in one row, those that are not in another one."""
        from explorer.ground.ground import ground

        result: set[str] = set()
        for binding in self.alternatives:
            if names <= result:
                break
            with contextlib.suppress(SpecError), own_prints():
                model = ground(spec, binding, str(Path(path).resolve()))
                result |= names - {p.name for p in constant_properties(model)}
        return result

    def matrix(self, outcomes: list[Outcome], directory: Path, wanted: int) -> None:
        from explorer.command.files import write_matrix

        text, notes = write_matrix(
            [(o.binding, o.verdict.record()) for o in outcomes],
            directory,
            wants_colour(sys.stdout),
            strict=self.options.strict,
            settings=self.results.settings,
        )
        if self.results.silent:
            print(text, file=sys.stderr)
        else:
            self.results.say(text)
        notes += self.results.opened(directory) + self.unfinished(len(outcomes), wanted)
        self.results.note(notes)

    def table(self, spec: Spec, path: str) -> int:
        """Check every variant of a spec against what it expects; 0 if all are met."""
        from explorer.command.files import write_table

        rows: list[tuple[Variant, Outcome]] = []
        directory = self.directory(path)
        wanted = self.variants(spec, path)
        with own_prints():
            self.alternatives = [self.constants(spec, row) for row in spec.variants]
        for row in wanted:
            with own_prints():
                binding = self.limits.during("grounding", partial(self.constants, spec, row))
            rows.append(
                (
                    row,
                    self.check(
                        spec, path, binding=binding, directory=directory, row=row.name, expect=row.expect
                    ),
                )
            )
            if self.limits.interrupted:
                break
            self.limits.restart()
        text, notes = write_table(
            [(row, o.verdict.record()) for row, o in rows],
            directory,
            wants_colour(sys.stdout),
            strict=self.options.strict,
            settings=self.results.settings,
        )
        if not self.results.silent:
            self.results.say(text)
        notes += self.results.opened(directory) + self.unfinished(len(rows), len(wanted))
        self.results.note(notes)
        return exit_codes.of_table(
            [outcome.verdict.exit_code for _, outcome in rows], finished=not self.limits.interrupted
        )

    def constants(self, spec: Spec, row: Variant) -> dict[str, Any]:
        """Those given with -D, with those of a row of the table."""
        return {**single(bindings(spec, self.options.define)), **constants_of(spec, row)}

    def one_row(
        self, spec: Spec, path: str, combinations: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], Expectation]:
        """What --row asks for: its constants beside those of -D, and its expectation."""
        rows = self.variants(spec, path)
        if len(rows) > 1:
            names = " ".join(f"--row {row.name}" for row in rows)
            raise UsageError(f"{names}: one row has stories; write: python -m explorer table {path} {names}")
        with own_prints():
            fixed = constants_of(spec, rows[0])
        for name in fixed.keys() & combinations[0].keys():
            raise UsageError(f"-D {name}: --row {rows[0].name} has a value for it; write: one of the two")
        return [{**binding, **fixed} for binding in combinations], rows[0].expect

    def unfinished(self, begun: int, wanted: int) -> list[str]:
        return [
            f"interrupted: the last of these {begun} rows was not finished, {wanted - begun} more were not"
            " begun"
        ] * self.limits.interrupted

    def variants(self, spec: Spec, path: str) -> list[Variant]:
        """The rows asked for by --row, or all."""
        names = [row.name for row in spec.variants]
        if not names:
            raise UsageError(
                f"{path} has no variants; write: Spec(..., variants=[variant(...)]), or -D NAME=a,b for a"
                " matrix"
            )
        for name in self.options.row:
            if name not in names:
                raise UsageError(f"--row {name}: no such variant; {nearest(name, names)}")
        return [row for row in spec.variants if not self.options.row or row.name in self.options.row]

    def write_error(
        self, path: str, error: str, code: int, mistakes: Sequence[SpecError] = ()
    ) -> MalformedRecord:
        """A verdict record for a spec that could not be understood, or not be explored at all."""
        from explorer.command.files import write_record

        record: MalformedRecord = {
            "spec": Path(path).stem,
            "file": path,
            "verdict": UNDETERMINED,
            "exit_code": code,
            "error": error,
            "mistakes": [mistake_record(mistake) for mistake in mistakes],
        }
        with contextlib.suppress(UsageError):
            self.results.note(write_record(record, self.directory(path)))
        return record


def mistake_record(error: SpecError) -> MistakeRecord:
    return {
        "code": error.code,
        "file": error.place.shown,
        "line": error.place.line,
        "found": error.found,
        "expected": error.expected,
        "write": error.write,
    }
