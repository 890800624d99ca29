"""One command's work: every spec under every binding is explored, judged, written and told. Knows nothing of parsing options."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from explorer.check.verdict import (EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_MALFORMED, EXIT_OK, EXIT_UNDETERMINED, UNDETERMINED, Verdict,
                                    judge)
from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.engine.limits import Limits, Observer, available_bytes
from explorer.engine.space import StateSpace
from explorer.language.errors import SpecError, nearest
from explorer.language.spec import Expectation, Spec, Variant
from explorer.load import load
from explorer.options import UsageError, bindings, constants_of, single
from explorer.render.terminal import wants_colour

EXIT_UNEXPECTED = 1
"""A declared expectation that is not met, or missing under --expect, where the verdict itself is `holds`."""


def say(text: str) -> None:
    """Write a result to standard output. A reader that went away (`| head`) changes neither the files nor the exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass
class Outcome:
    """One checked spec under one binding."""

    binding: dict[str, Any]
    verdict: Verdict


class Session:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.records: list[dict[str, Any]] = []
        self.limits = Limits(options.max_states, options.max_depth, options.timeout, options.max_memory or int(0.8 * available_bytes()))
        alone = options.engine in ("reference", "python")
        if alone and (options.workers != 1 or options.storage != "exact"):
            what = f"--workers {options.workers}" if options.workers != 1 else f"--storage {options.storage}"
            raise UsageError(f"{what}: the {options.engine} engine has one worker and exact storage; write: --engine native")

        most = max(16, 2 * (os.cpu_count() or 1))
        if options.workers > most:
            raise UsageError(f"--workers {options.workers}: at most {most} on this machine; write: --workers {os.cpu_count() or 1}")

    def run(self) -> int:
        codes = []
        with _interruptible(self.limits):
            for path in self.options.specs:
                codes.append(self.one(path))
                if self.limits.interrupted:
                    break
        if self.options.json:
            say(json.dumps(self.records[0] if len(self.records) == 1 else self.records, indent=2, default=str))
        return worst(codes)

    def one(self, path: str) -> int:
        """Check a spec file under every binding; the exit code."""
        try:
            spec = load(path)
            if self.options.table:
                return self.table(spec, path)
            outcomes = []
            directory = self.directory(path)
            combinations = bindings(spec, self.options.define)
            for binding in combinations:
                outcomes.append(self.check(spec, path, binding, directory, len(combinations) > 1))
                if self.limits.interrupted:
                    break
        except SpecError as error:
            if len(self.options.specs) == 1 and not self.options.json:
                self.write_error(path, error)
                raise
            print(error, file=sys.stderr)
            self.records.append(self.write_error(path, error))
            return EXIT_MALFORMED
        if len(combinations) > 1:
            self.matrix(outcomes, directory)
        return worst([self.code(outcome.verdict) for outcome in outcomes])

    def directory(self, path: str) -> Path:
        """Where the files of a spec go: made now, so that a wrong --out is known before the work."""
        name = Path(path).stem
        base = self.options.out
        found = Path("out") / name if base is None else base / name if len(self.options.specs) > 1 else base
        try:
            found.mkdir(parents=True, exist_ok=True)
            probe = found / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UsageError(f"--out {found}: {error.strerror or error}; write: --out DIR with a directory that can be written") from None
        return Path(found)

    def check(self, spec: Spec, path: str, binding: dict[str, Any], directory: Path, quiet: bool,
              expect: Expectation | None = None) -> Outcome:
        """Explore and judge one binding; `expect` takes the place of the spec's own expectation."""
        model = ground(spec, binding, str(Path(path).resolve()))
        model = replace(model, expect=expect or model.expect)
        self.check_properties(model)
        self.limits.restart()
        space = self.explore(model)
        verdict = judge(space, only=tuple(self.options.property), strict=self.options.strict)
        record = verdict.record()
        self.records.append(record)
        if not quiet:
            self.report(space, verdict, record, directory)
        return Outcome(binding, verdict)

    def check_properties(self, model: Model) -> None:
        known = [p.name for p in model.properties] + ["deadlock", "evaluation"]
        for name in self.options.property:
            if name not in known:
                raise UsageError(f"--property {name}: no such property; {nearest(name, known)}")

    def explore(self, model: Model) -> StateSpace:
        from explorer.progress import watching

        with watching(model.name) as observer:
            return self.engine()(model, self.limits, observer)

    def engine(self) -> Callable[[Model, Limits, Observer], StateSpace]:
        """The engine that was asked for. Only the large ones import what they need."""
        options = self.options
        if options.engine == "reference":
            from explorer import reference

            return reference.explore
        if options.engine == "python":
            from explorer.engine import python

            return python.explore
        if options.engine == "native" or options.workers > 1 or options.storage != "exact":
            if importlib.util.find_spec("numba") is None:
                raise UsageError("the native engine needs Numba; write: pip install numba")
            from explorer.engine import native

            return partial(native.explore, options=native.Options(options.workers, options.storage, options.fingerprint))
        from explorer.engine import tiered

        return tiered.explore

    def code(self, verdict: Verdict) -> int:
        if not self.options.expect or verdict.exit_code == EXIT_INTERRUPTED:
            return verdict.exit_code
        if verdict.expectation_met:
            return verdict.exit_code if verdict.exit_code == 21 else EXIT_OK
        return verdict.exit_code or EXIT_UNEXPECTED

    def report(self, space: StateSpace, verdict: Verdict, record: dict[str, Any], directory: Path) -> None:
        """Write the files, then say what was found; a file that cannot be written is a note, never a loss."""
        from explorer.output import write_all

        if self.options.profile:
            from explorer.profile import profile

            print(profile(space), file=sys.stderr)
        notes = write_all(space, verdict, record, directory, graph=self.options.graph, png=self.options.png)
        if not self.options.json:
            from explorer.output import screen

            say(screen(verdict, record, directory, notes, colour=wants_colour(sys.stdout), full=self.options.full,
                        expect=self.options.expect))
        else:
            for note in notes:
                print(note, file=sys.stderr)

    def matrix(self, outcomes: list[Outcome], directory: Path) -> None:
        from explorer.output import write_matrix

        text, notes = write_matrix([(o.binding, o.verdict.record()) for o in outcomes], directory, wants_colour(sys.stdout))
        if self.options.json:
            print(text, file=sys.stderr)
        else:
            say(text)
        for note in notes:
            print(note, file=sys.stderr)

    def table(self, spec: Spec, path: str) -> int:
        """Check every variant of a spec against what it expects; 0 if all are met."""
        from explorer.output import write_table

        rows: list[tuple[Variant, Outcome]] = []
        directory = self.directory(path)
        for row in self.variants(spec, path):
            binding = {**single(bindings(spec, self.options.define)), **constants_of(spec, row)}
            rows.append((row, self.check(spec, path, binding, directory, True, row.expect)))
            if self.limits.interrupted:
                return EXIT_INTERRUPTED
        text, notes = write_table([(row, o.verdict.record()) for row, o in rows], directory, wants_colour(sys.stdout))
        if not self.options.json:
            say(text)
        for note in notes:
            print(note, file=sys.stderr)
        return EXIT_OK if all(o.verdict.expectation_met for _, o in rows) else EXIT_UNEXPECTED

    def variants(self, spec: Spec, path: str) -> list[Variant]:
        """The rows asked for by --row, or all."""
        names = [row.name for row in spec.variants]
        if not names:
            raise UsageError(f"{path} has no variants; write: Spec(..., variants=[variant(...)]), or -D NAME=a,b for a matrix")
        for name in self.options.row:
            if name not in names:
                raise UsageError(f"--row {name}: no such variant; {nearest(name, names)}")
        return [row for row in spec.variants if not self.options.row or row.name in self.options.row]

    def write_error(self, path: str, error: SpecError) -> dict[str, Any]:
        """A verdict record for a spec that could not be understood."""
        from explorer.output import write_record

        record = {"spec": Path(path).stem, "file": path, "verdict": UNDETERMINED, "exit_code": EXIT_MALFORMED, "error": str(error)}
        with contextlib.suppress(UsageError):
            write_record(record, self.directory(path))
        return record


PRECEDENCE = (EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_MALFORMED, 75, 12, 11, 13, EXIT_UNDETERMINED, 21, EXIT_UNEXPECTED, EXIT_OK)


def worst(codes: list[int]) -> int:
    """The exit code of several runs: the gravest of theirs."""
    return min(codes, key=PRECEDENCE.index, default=EXIT_OK)


@contextlib.contextmanager
def _interruptible(limits: Limits) -> Iterator[None]:
    """The first Ctrl-C ends the exploration and keeps what was learned; a second one ends the process."""
    def stop(number: int, frame: Any) -> None:
        if limits.interrupted:
            raise KeyboardInterrupt
        limits.interrupted = True

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
