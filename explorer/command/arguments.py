"""What a command line may say: options and their types. Knows nothing of what is done with it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from explorer import __version__
from explorer.command.standard_output import say
from explorer.ir.errors import nearest
from explorer.render.formats import GRAPHS, NAMES
from explorer.run import options
from explorer.run.options import RunOptions, UsageError, Walks

T = TypeVar("T")

REQUIRED = {
    "SPEC": ("spec file", "spec/ipi_fixed.py"),
    "FILE": ("trace", "out/ipi_buggy/no_lost_ipi.itf.json"),
    "NAME": ("name", "my_lock"),
    "OTHER": ("second trace", "A.itf.json B.itf.json"),
    "--barriers": ("barrier", "--barriers set_barrier,clear_barrier"),
}
"""What an argument that cannot be left out is called, and an example of it."""


class Parser(argparse.ArgumentParser):
    """Argparse that raises, suggests the nearest option and never abbreviates."""

    def error(self, message: str) -> Any:
        if message.startswith("unrecognized arguments: "):
            wrong = message.partition(": ")[2].split()[0]
            if not wrong.startswith("-"):
                raise UsageError(f"one argument too many: {wrong}")
            known = [name for action in self._actions for name in action.option_strings]
            raise UsageError(f"unknown option {wrong}: {nearest(wrong.partition('=')[0], known)}")
        if message.startswith("the following arguments are required: "):
            missing = message.partition(": ")[2].split(", ")[0]
            what, example = REQUIRED[missing]
            raise UsageError(f"no {what}; write: {self.prog} {example}")
        raise UsageError(message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(
                action, f"invalid choice: {value!r}; {nearest(str(value), [str(c) for c in action.choices])}"
            )

    def _print_message(self, message: str, file: Any = None) -> None:
        """What --help and --version say; OutputError where it cannot be written."""
        if message:
            say(message.rstrip("\n"))


def check_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer",
        usage="%(prog)s [OPTION]... SPEC...",
        allow_abbrev=False,
        description="Check everything that specs state.",
        epilog=(
            "Other commands: python -m explorer help. Exit codes: 0 holds;"
            " 11 deadlock, 12 safety, 13 liveness violated; 20 undetermined; 21 vacuous under --strict;"
            " 75 evaluation failed;"
            " 150 malformed spec; 2 usage; 1 expectation not met; 74 a result or file that was asked for"
            " cannot be written; 130"
            " interrupted; 255 internal error."
        ),
    )
    parser.add_argument("specs", nargs="*", type=_named, metavar="SPEC", help="spec files")
    asked = parser.add_argument_group("what is checked")
    _define(asked)
    add = asked.add_argument
    add(
        "--property",
        action="append",
        default=[],
        metavar="NAME",
        help="only these properties (may be repeated)",
    )
    add(
        "--row",
        action="append",
        default=[],
        metavar="NAME",
        help="a row of the spec's table: its constants, expectation and stories (table: may be repeated)",
    )
    add = parser.add_argument_group("how it is explored").add_argument
    add(
        "--engine",
        choices=options.ENGINES,
        default="auto",
        help="the default changes to machine code where it pays",
    )
    add("--workers", type=_positive, default=1, metavar="N", help="threads of the native engine (default: 1)")
    add(
        "--storage",
        choices=options.STORAGES,
        default="exact",
        help="compact: fingerprints in place of states (native engine)",
    )
    add(
        "--fingerprint",
        type=_argument(options.fingerprint),
        metavar="BITS",
        help="bits of a fingerprint, 32 to 64 (default: as many as --max-omission asks for)",
    )
    add(
        "--max-omission",
        type=_argument(options.probability),
        metavar="P",
        help="compact: with a greater probability that a state was left out nothing holds (default: 1e-6)",
    )
    add(
        "--no-symmetry",
        action="store_true",
        help="visit every state, not one of each orbit of interchangeable identities",
    )
    add = parser.add_argument_group("where it ends").add_argument
    add("--max-states", type=_positive, metavar="N", help="stop after so many distinct states: undetermined")
    add("--max-depth", type=_natural, metavar="N", help="do not leave states at this depth: undetermined")
    add("--timeout", type=_seconds, metavar="SECONDS", help="stop after so long: undetermined")
    add(
        "--max-memory",
        type=_argument(options.memory),
        metavar="BYTES",
        help="stop at so much resident memory, such as 4G (default: 80%% of what is free)",
    )
    add(
        "--first",
        action="store_true",
        help="stop at the first violation, whose story is the shortest; what did not fail stays undetermined",
    )
    add = parser.add_argument_group("how it is judged").add_argument
    add(
        "--expect",
        action="store_true",
        help="exit 0 iff each spec's declared expectation is met by the named property",
    )
    add("--strict", action="store_true", help="vacuity findings fail (exit 21)")
    written = parser.add_argument_group("what is shown and written")
    add = written.add_argument
    add("--full", action="store_true", help="whole states along the story")
    add(
        "--png",
        action="store_true",
        help="the counterexample drawn by Graphviz, as PNG and DOT (half a second)",
    )
    add(
        "--profile",
        action="store_true",
        help="where the time went: by phase, and by action on a sample of states",
    )
    add("--graph", action="store_true", help="draw the whole state graph (small spaces)")
    add("--json", action="store_true", help="the verdict record on standard output, nothing else there")
    _formats(written)
    add("--out", type=_path, metavar="DIR", help="where files go (default: out/<spec>/)")
    add("--version", action=_Version, nargs=0, help="versions of what is at work, and exit")
    parser.set_defaults(table=False, simulate=False)
    return parser


def simulate_parser() -> argparse.ArgumentParser:
    """`simulate` takes what a check takes."""
    parser = check_parser()
    parser.prog, parser.epilog = (
        "python -m explorer simulate",
        "A simulation never shows that a property holds: without a violation it exits with 20.",
    )
    parser.description = (
        "Walk at random and check every state and step on the way: for spaces that are too large to visit."
    )
    parser.add_argument(
        "--runs", type=_positive, default=10_000, metavar="N", help="how many walks (default: 10000)"
    )
    parser.add_argument(
        "--steps", type=_positive, default=100, metavar="N", help="how many steps of each (default: 100)"
    )
    parser.add_argument(
        "--seed", type=_natural, default=0, metavar="N", help="equal seeds give equal walks (default: 0)"
    )
    parser.set_defaults(simulate=True)
    return parser


def table_parser() -> argparse.ArgumentParser:
    """`table` takes what a check takes."""
    parser = check_parser()
    parser.prog, parser.description, parser.epilog = (
        "python -m explorer table",
        "Check every variant that specs declare.",
        None,
    )
    parser.set_defaults(table=True)
    return parser


def mutate_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer mutate",
        allow_abbrev=False,
        description=(
            "Remove each guard conjunct, barrier and update of a "
            "spec that holds, in turn, and tell which property notices."
        ),
    )
    add = parser.add_argument
    add("spec", type=_named, metavar="SPEC")
    _define(parser, several=False)
    add(
        "--max-states",
        type=_positive,
        metavar="N",
        help="give up a mutant after so many states: undetermined",
    )
    add(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="give up a mutant after so long: undetermined (default: 60)",
    )
    add("--workers", type=_positive, default=0, metavar="N", help="processes (default: one for each core)")
    add(
        "--strict",
        action="store_true",
        help="a vacuity finding that the spec itself has not counts as noticed",
    )
    add(
        "--at-least",
        type=_percent,
        default=0.0,
        metavar="PERCENT",
        help="exit 1 where less is noticed of the mutants that differ",
    )
    add("--json", action="store_true", help="the record on standard output, nothing else there")
    add(
        "--out",
        type=_path,
        metavar="DIR",
        help="where mutations.json and mutations.md go (default: out/<spec>/)",
    )
    return parser


def synthesize_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer synthesize",
        allow_abbrev=False,
        description="Find the least barriers, and the least kinds of them, under which the properties hold.",
        epilog="exit codes: 0 some choice is enough, and it is known which are the least; 12 none is enough;"
        " 20 bounds leave it open; 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add("spec", type=_named, metavar="SPEC")
    _define(parser)
    add(
        "--barriers",
        type=_named,
        required=True,
        metavar="NAMES",
        help="the constants that are barriers, with commas between",
    )
    add("--kinds", type=_named, metavar="KINDS", help="only these kinds, besides none")
    add("--memory", type=_named, metavar="MODELS", help="for each of these, such as sc,tso,power")
    add(
        "--property",
        action="append",
        default=[],
        metavar="NAME",
        help="only these properties (may be repeated)",
    )
    add("--max-states", type=_positive, metavar="N", help="stop after so many distinct states: undetermined")
    add(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="stop after so long, for each memory: undetermined",
    )
    add("--json", action="store_true", help="the record on standard output, nothing else there")
    return parser


def show_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer show", allow_abbrev=False, description="Print what was understood of a spec."
    )
    parser.add_argument("spec", type=_named, metavar="SPEC")
    _define(parser, several=False)
    parser.add_argument("--code", action="store_true", help="the generated source")
    return parser


def estimate_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer estimate",
        allow_abbrev=False,
        description="Predict states, time and memory from a short run.",
    )
    parser.add_argument("spec", type=_named, metavar="SPEC")
    _define(parser, several=False)
    parser.add_argument(
        "--seconds", type=_some_seconds, default=5.0, metavar="S", help="how long to look (default: 5)"
    )
    return parser


def explain_parser() -> argparse.ArgumentParser:
    parser = Parser("python -m explorer explain", allow_abbrev=False, description="Say what a message means.")
    parser.add_argument(
        "code", nargs="?", default="", metavar="CODE", help="such as E0207; without it, all of them"
    )
    return parser


def litmus_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer litmus",
        allow_abbrev=False,
        description="Run litmus tests in herd's format: PPC, X86, AArch64, C with the kernel's macros.",
        epilog="exit codes: 0 all agree with --expected; 12 one differs; 20 nothing is expected of one; "
        "150 a file cannot be run; 2, 74, 130, 255 as everywhere",
    )
    add = parser.add_argument
    add(
        "files",
        nargs="*",
        type=_named,
        metavar="FILE",
        help="litmus tests (one: in herd's words)",
    )
    add("--arch", choices=("sc", "tso", "pso", "arm", "power"), help="what C tests run on (default: power)")
    add(
        "--expected",
        type=_file,
        metavar="TSV",
        help="what is expected, as in docs/memory.md",
    )
    add("--unroll", type=_positive, default=2, metavar="N", help="how often a loop turns (default: 2)")
    add("--full", action="store_true", help="every test in herd's words")
    add("--json", action="store_true", help="all results as JSON")
    add("--junit", type=_file, metavar="FILE", help="results for CI")
    add("--ipi-table", action="store_true", help="which barriers keep the IPI: a table of generated tests")
    add(
        "--write",
        type=_path,
        metavar="DIR",
        help="write the tests of --ipi-table for herd7: PPC, and C for LKMM",
    )
    return parser


def cite_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer cite",
        allow_abbrev=False,
        description="Check in a source tree the functions of Linux, skiboot or QEMU that specs cite.",
        epilog="exit codes: 0 all as they were read; 1 a function is missing, was moved or has changed;"
        " 2, 74, 130, 255 as everywhere",
    )
    add = parser.add_argument
    add("tree", type=_path, metavar="TREE", help="a source tree")
    add(
        "--citations",
        type=_file,
        default=Path("spec/citations.tsv"),
        metavar="TSV",
        help="the list, beside the specs (default: spec/citations.tsv)",
    )
    add(
        "--record",
        type=_named,
        metavar="VERSION",
        help="write the list anew: what the specs beside it cite, as TREE has it; VERSION names the tree",
    )
    add("--json", action="store_true", help="all findings as JSON")
    return parser


def help_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer help", allow_abbrev=False, description="The commands, or the options of one."
    )
    parser.add_argument("word", nargs="?", type=_named, metavar="COMMAND", help="a command")
    parser.add_argument("--man", action="store_true", help="all of it as a page for man(1): > explorer.1")
    return parser


def completion_parser() -> argparse.ArgumentParser:
    from explorer.command.completion import SHELLS

    parser = Parser(
        "python -m explorer completion",
        allow_abbrev=False,
        description="Print a script that completes commands, options, and the names in specs.",
        epilog='in ~/.bashrc: eval "$(explorer completion bash)"',
    )
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="of which shell")
    parser.add_argument("--words", nargs="+", metavar="KIND", help=argparse.SUPPRESS)
    return parser


def replay_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer replay",
        allow_abbrev=False,
        description="Take a stored trace again, step by step; or find the interleaving of a commit message.",
        epilog="exit codes: 0 it is a behaviour of the spec; 1 it is not, or not any more; 20 a limit ended"
        " the search; 2, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add(
        "trace",
        nargs="?",
        type=_path,
        metavar="FILE",
        help="a trace in the Informal Trace Format (--write itf, or saved by walk)",
    )
    add("spec", nargs="?", type=_named, metavar="SPEC", help="in place of the spec that the trace names")
    _define(parser, several=False)
    add(
        "--story",
        type=_path,
        metavar="FILE",
        help="an interleaving as a commit message or a mail prints it, in place of a trace",
    )
    add(
        "--as",
        dest="names",
        action="append",
        default=[],
        metavar="THEIRS=OURS",
        help="a name of the story, and what the spec calls it (may be repeated)",
    )
    add(
        "--max-states", type=_positive, metavar="N", help="--story: look at so many states only: undetermined"
    )
    add("--timeout", type=_seconds, metavar="SECONDS", help="--story: stop after so long: undetermined")
    add(
        "--own-constants",
        action="store_true",
        help="the spec's own constants in place of those of the trace",
    )
    add("--format", choices=("text", "commit"), default="text", help="how the story is shown")
    add("--full", action="store_true", help="whole states along the story")
    return parser


def new_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer new",
        allow_abbrev=False,
        description="Write a first spec, its test, and a workflow that checks both.",
    )
    parser.add_argument("name", type=_named, metavar="NAME", help="of the module, such as my_lock")
    parser.add_argument(
        "--out", type=_path, default=Path(), metavar="DIR", help="where the files go (default: here)"
    )
    return parser


def diff_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer diff",
        allow_abbrev=False,
        description="Say where two stored traces part.",
        epilog="Exits with 0 where they are the same, with 1 where they part.",
    )
    parser.add_argument("first", type=_path, metavar="FILE", help="a trace in the Informal Trace Format")
    parser.add_argument("second", type=_path, metavar="OTHER", help="another one")
    return parser


def walk_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer walk", allow_abbrev=False, description="Choose a behaviour step by step."
    )
    parser.add_argument("spec", type=_named, metavar="SPEC")
    _define(parser, several=False)
    return parser


def serve_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "python -m explorer serve",
        allow_abbrev=False,
        description="The report, alive: take every step in a browser on this machine, until Ctrl-C.",
        epilog=(
            "Exit codes: 0 ended by Ctrl-C; 1 the trace does not fit the spec; 150 malformed spec; 2 usage,"
            " or a port that is in use."
        ),
    )
    add = parser.add_argument
    add("spec", type=_named, metavar="SPEC")
    add(
        "trace",
        nargs="?",
        type=_path,
        metavar="TRACE",
        help="where to begin: a trace in the Informal Trace Format, with its constants",
    )
    _define(parser, several=False)
    add(
        "--own-constants",
        action="store_true",
        help="the spec's own constants in place of those of the trace",
    )
    add("--port", type=_port, default=0, metavar="N", help="the port on 127.0.0.1 (default: a free one)")
    add("--open", action="store_true", help="open the page in a browser")
    _source_url(parser)
    add("--no-check", dest="check", action="store_false", help="walk only: nothing is checked meanwhile")
    add(
        "--timeout",
        type=_some_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long the check may take (default: 60)",
    )
    return parser


class _Version(argparse.Action):
    """Prints the versions, which are looked up only now."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser._print_message(f"{_version()}\n", sys.stdout)
        parser.exit()


def _version() -> str:
    """What a report of a bug needs: versions, whether there is machine code, cores."""
    from importlib.metadata import PackageNotFoundError, version

    def known(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"no {name}"

    jit = (
        "disabled by NUMBA_DISABLE_JIT" if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" else known("numba")
    )
    return (
        f"explorer {__version__}, Python {sys.version.split()[0]}, machine code: {jit}, {known('numpy')},"
        f" {known('networkx')}, {os.cpu_count()} threads at hand"
    )


def _define(parser: argparse._ActionsContainer, several: bool = True) -> None:
    parser.add_argument(
        "-D",
        dest="define",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="bind a constant" + ("; NAME=a,b,c or NAME=1..4 runs the matrix" if several else ""),
    )


def _formats(parser: argparse._ActionsContainer) -> None:
    """What is written besides the screen's text."""
    add = parser.add_argument
    add(
        "--format",
        choices=("text", *NAMES),
        default="text",
        metavar="NAME",
        help=f"what standard output gets in place of the text: {', '.join(NAMES)}",
    )
    add(
        "--twin",
        metavar="X,Y",
        help="write the litmus test of each story, for two locations of a memory: for PPC, and in C",
    )
    add(
        "--emit-test",
        dest="write",
        action="store_const",
        const=("test",),
        default=(),
        help="the same as --write test: counterexamples as pytest functions",
    )
    add(
        "--write",
        type=_names,
        default=(),
        metavar="NAMES",
        help="formats written beside verdict.json, with commas between, or all",
    )
    for name in ("junit", "sarif", "markdown"):
        add(f"--{name}", type=_file, metavar="FILE", help=f"{name} of all runs together")
    add(
        "--annotate",
        action="store_true",
        help="GitHub annotations on standard error (by themselves where GITHUB_ACTIONS is set)",
    )
    add("--open", action="store_true", help="open report.html in a browser")
    _source_url(parser)


def _source_url(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--source-url",
        type=_address,
        metavar="URL",
        help=(
            "links from the report to lines of source: an address with {file} (or {path}, the whole path) and"
            " {line}, such as https://github.com/NAME/REPOSITORY/blob/COMMIT/{file}#L{line} or"
            " vscode://file{path}:{line}"
        ),
    )


def _address(text: str) -> str:
    scheme = text.partition(":")[0].lower()
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) or scheme in ("javascript", "data", "vbscript", "blob"):
        raise argparse.ArgumentTypeError(f"{text!r} is no address; write: https://... or vscode://...")
    if "{line}" not in text or not ("{file}" in text or "{path}" in text):
        raise argparse.ArgumentTypeError(
            f"{text!r} does not say where file and line go; write: {{file}} and {{line}}"
        )
    return text


def _names(text: str) -> tuple[str, ...]:
    names = NAMES if text == "all" else tuple(text.split(","))
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is no format; {nearest(name, [*NAMES, 'all'])}")
    return names


def _argument(reader: Callable[[str], T]) -> Callable[[str], T]:
    """A reader of `run/options.py` as a type of argparse, which shows its message."""

    def read(text: str) -> T:
        try:
            return reader(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


_positive, _natural, _seconds = map(_argument, (options.positive, options.natural, options.seconds))


def _some_seconds(text: str) -> float:
    result = _seconds(text)
    if not result:
        raise argparse.ArgumentTypeError("0 seconds are too short to see anything")
    return result


def _port(text: str) -> int:
    result = int(_natural(text))
    if result > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: they end at 65535")
    return result


def _named(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _path(text: str) -> Path:
    return Path(_named(text))


def _file(text: str) -> Path:
    if text == "-":
        raise argparse.ArgumentTypeError("'-' is no file; write: --format NAME, for standard output")
    return _path(text)


def _percent(text: str) -> float:
    result = _argument(lambda text: options.number(text, 0, "a percentage"))(text)
    if result > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage")
    return result


def run_options(given: argparse.Namespace) -> RunOptions:
    """What a command line says about how to explore and judge."""
    formats = (given.format, *given.write)
    return RunOptions(
        properties=tuple(given.property),
        **{name: getattr(given, name) for name in (*options.READERS, *options.FLAGS)},
        expect=given.expect or given.table,
        whole=given.graph or not GRAPHS.keys().isdisjoint(formats),
        count_guards="html" in formats or "json" in given.write,
        walks=Walks(runs=given.runs, steps=given.steps, seed=given.seed) if given.simulate else None,
    )
