"""The command line: arguments, exit codes, what goes to the screen and to files. Knows nothing of how anything is done."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from explorer import __version__
from explorer.check.verdict import (EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_MALFORMED, EXIT_OK, EXIT_UNDETERMINED, EXIT_USAGE, UNDETERMINED,
                                    Verdict, judge)
from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.engine.limits import Limits, Observer, available_bytes
from explorer.engine.space import StateSpace
from explorer.language.constants import parse
from explorer.language.errors import SpecError, nearest
from explorer.language.spec import Spec
from explorer.load import PathError, load
from explorer.render.terminal import wants_colour

EXIT_UNEXPECTED = 1
"""A declared expectation that is not met, or missing under --expect, where the verdict itself is `holds`."""

COMMANDS = ("check", "show")


class UsageError(Exception):
    """A command line that means nothing (exit code 2)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the result is the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _main(arguments)
    except UsageError as error:
        print(f"explorer: {error}", file=sys.stderr)
        return EXIT_USAGE
    except PathError as error:
        print(f"explorer: {error}", file=sys.stderr)
        return EXIT_USAGE
    except SpecError as error:
        print(error, file=sys.stderr)
        return EXIT_MALFORMED
    except KeyboardInterrupt:
        print("explorer: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:
        import traceback

        traceback.print_exc()
        print(f"explorer: internal error: {error!r}; this is a bug of the explorer, not of the spec", file=sys.stderr)
        return EXIT_INTERNAL


def _main(arguments: list[str]) -> int:
    if arguments and arguments[0] == "show":
        from explorer.show import show

        options = _show_parser().parse_args(arguments[1:])
        spec = load(options.spec)
        model = ground(spec, _single(_bindings(spec, options.define)), options.spec)
        _say(show(model, code=options.code))
        return EXIT_OK
    if arguments and arguments[0] == "check":
        arguments = arguments[1:]
    elif arguments and _is_word(arguments[0]):
        raise UsageError(f"unknown command {arguments[0]!r}: {nearest(arguments[0], list(COMMANDS))}")
    options = _check_parser().parse_args(arguments)
    if not options.specs:
        raise UsageError("no spec file; write: python -m explorer spec/ipi_fixed.py")
    return _Run(options).run()


def _is_word(argument: str) -> bool:
    """Whether a first argument must be meant as a command: neither an option nor a path."""
    return not (argument.startswith("-") or argument.endswith(".py") or "/" in argument or Path(argument).exists())


def _say(text: str) -> None:
    """Write a result to standard output. A reader that went away (`| head`) changes neither the files nor the exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Argparse that raises, suggests the nearest option and never abbreviates."""

    def error(self, message: str) -> Any:
        if message.startswith("unrecognized arguments: "):
            wrong = message.partition(": ")[2].split()[0]
            known = [name for action in self._actions for name in action.option_strings]
            raise UsageError(f"unknown option {wrong}: {nearest(wrong.partition('=')[0], known)}")
        raise UsageError(message)


def _check_parser() -> argparse.ArgumentParser:
    parser = _Parser("python -m explorer", allow_abbrev=False, description="Check everything that specs state.",
                     epilog="commands: check (default), show. Exit codes: 0 holds; 11 deadlock, 12 safety, 13 liveness violated; "
                     "20 undetermined; 21 vacuous under --strict; 75 evaluation failed; 150 malformed spec; 2 usage; 1 expectation "
                     "not met; 130 interrupted; 255 internal error.")
    add = parser.add_argument
    add("specs", nargs="*", metavar="SPEC", help="spec files")
    _define(parser)
    add("--property", action="append", default=[], metavar="NAME", help="only these properties (may be repeated)")
    add("--engine", choices=("auto", "reference", "python", "native"), default="auto")
    add("--workers", type=_positive, default=1, metavar="N", help="threads of the native engine (default: 1)")
    add("--storage", choices=("exact", "compact"), default="exact", help="compact: fingerprints in place of states (native engine)")
    add("--fingerprint", type=_fingerprint, default=40, metavar="BITS", help="bits of a fingerprint, 32 to 64 (default: 40)")
    add("--no-symmetry", action="store_true", help="accepted; no engine reduces by symmetry yet")
    add("--max-states", type=_positive, metavar="N", help="stop after so many distinct states: undetermined")
    add("--max-depth", type=_natural, metavar="N", help="do not leave states at this depth: undetermined")
    add("--timeout", type=_seconds, metavar="SECONDS", help="stop after so long: undetermined")
    add("--max-memory", type=_bytes, metavar="BYTES", help="stop at so much resident memory, such as 4G (default: 80%% of what is free)")
    add("--expect", action="store_true", help="exit 0 iff each spec's declared expectation is met by the named property")
    add("--strict", action="store_true", help="vacuity findings fail (exit 21)")
    add("--full", action="store_true", help="whole states along the story")
    add("--graph", action="store_true", help="draw the whole state graph (small spaces)")
    add("--json", action="store_true", help="the verdict record on standard output, nothing else there")
    add("--out", type=Path, metavar="DIR", help="where files go (default: out/<spec>/)")
    add("--version", action="version", version=f"explorer {__version__} (Python {sys.version.split()[0]})")
    return parser


def _show_parser() -> argparse.ArgumentParser:
    parser = _Parser("python -m explorer show", allow_abbrev=False, description="Print what was understood of a spec.")
    parser.add_argument("spec", metavar="SPEC")
    _define(parser)
    parser.add_argument("--code", action="store_true", help="the generated source")
    return parser


def _define(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-D", dest="define", action="append", default=[], metavar="NAME=VALUE",
                        help="bind a constant; NAME=a,b,c or NAME=1..4 runs the matrix")


def _number(text: str, least: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if value < least or value != value:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def _positive(text: str) -> int:
    return int(_number(text, 1, "a positive integer"))


def _natural(text: str) -> int:
    return int(_number(text, 0, "zero or a positive integer"))


def _fingerprint(text: str) -> int:
    bits = int(_number(text, 32, "a number of bits from 32 to 64"))
    if bits > 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bits from 32 to 64")
    return bits


def _seconds(text: str) -> float:
    return _number(text, 0, "a number of seconds")


def _bytes(text: str) -> int:
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    return int(_number(text[:-1] if factor > 1 else text, 0, "a number of bytes, such as 500M or 4G") * factor)


def _bindings(spec: Spec, definitions: list[str]) -> list[dict[str, Any]]:
    """Every combination of the values given with -D; SpecError or UsageError for what is no constant or no value."""
    if not definitions:
        return [{}]
    ground(spec)  # reports a malformed spec before wrong options
    known = spec.known_constants()
    choices: dict[str, list[Any]] = {}
    for definition in definitions:
        name, equals, text = definition.partition("=")
        if not equals:
            raise UsageError(f"-D {definition}: no value; write: -D {name}=VALUE")
        if name not in known:
            raise UsageError(f"-D {name}: no such constant; {nearest(name, list(known))}")
        try:
            choices[name] = [parse(known[name], part) for part in _parts(text)]
        except ValueError as error:
            raise UsageError(f"-D {definition}: {error}") from None
    return [dict(zip(choices, picked)) for picked in itertools.product(*choices.values())]


def _parts(text: str) -> list[str]:
    first, dots, last = text.partition("..")
    if dots and first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
        if int(first) > int(last):
            raise ValueError(f"{text} is empty; write the smaller number first")
        return [str(i) for i in range(int(first), int(last) + 1)]
    return text.split(",")


def _single(bindings: list[dict[str, Any]]) -> dict[str, Any]:
    if len(bindings) > 1:
        raise UsageError("show takes one value for each constant")
    return bindings[0]


@dataclass
class _Outcome:
    """One checked spec under one binding."""

    binding: dict[str, Any]
    verdict: Verdict


class _Run:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.records: list[dict[str, Any]] = []
        self.limits = Limits(options.max_states, options.max_depth, options.timeout, options.max_memory or int(0.8 * available_bytes()))
        alone = options.engine in ("reference", "python")
        if alone and (options.workers != 1 or options.storage != "exact"):
            what = f"--workers {options.workers}" if options.workers != 1 else f"--storage {options.storage}"
            raise UsageError(f"{what}: the {options.engine} engine has one worker and exact storage; write: --engine native")

    def run(self) -> int:
        codes = []
        with _interruptible(self.limits):
            for path in self.options.specs:
                codes.append(self.one(path))
                if self.limits.interrupted:
                    break
        if self.options.json:
            _say(json.dumps(self.records[0] if len(self.records) == 1 else self.records, indent=2, default=str))
        return worst(codes)

    def one(self, path: str) -> int:
        """Check a spec file under every binding; the exit code."""
        try:
            spec = load(path)
            outcomes = []
            directory = self.directory(path)
            bindings = _bindings(spec, self.options.define)
            for binding in bindings:
                outcomes.append(self.check(spec, path, binding, directory, len(bindings) > 1))
                if self.limits.interrupted:
                    break
        except SpecError as error:
            if len(self.options.specs) == 1 and not self.options.json:
                self.write_error(path, error)
                raise
            print(error, file=sys.stderr)
            self.records.append(self.write_error(path, error))
            return EXIT_MALFORMED
        if len(bindings) > 1:
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

    def check(self, spec: Spec, path: str, binding: dict[str, Any], directory: Path, quiet: bool) -> _Outcome:
        model = ground(spec, binding, str(Path(path).resolve()))
        self.check_properties(model)
        self.limits.restart()
        space = self.explore(model)
        verdict = judge(space, only=tuple(self.options.property), strict=self.options.strict)
        record = verdict.record()
        self.records.append(record)
        if not quiet:
            self.report(space, verdict, record, directory)
        return _Outcome(binding, verdict)

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

        notes = write_all(space, verdict, record, directory, graph=self.options.graph)
        if not self.options.json:
            from explorer.output import screen

            _say(screen(verdict, record, directory, notes, colour=wants_colour(sys.stdout), full=self.options.full,
                        expect=self.options.expect))
        else:
            for note in notes:
                print(note, file=sys.stderr)

    def matrix(self, outcomes: list[_Outcome], directory: Path) -> None:
        from explorer.output import write_matrix

        text, notes = write_matrix([(o.binding, o.verdict.record()) for o in outcomes], directory, wants_colour(sys.stdout))
        if self.options.json:
            print(text, file=sys.stderr)
        else:
            _say(text)
        for note in notes:
            print(note, file=sys.stderr)

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
