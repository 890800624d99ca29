"""The options of `check`, and of `table` and `simulate`, which take the same."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection

from explorer import __version__
from explorer.command.arguments import (
    Parser,
    add_constants,
    add_formats,
    add_json,
    named,
    natural,
    path_of,
    positive,
    reader,
    seconds,
)
from explorer.render.formats import GRAPHS, SEVERAL
from explorer.run import options
from explorer.run.options import RunOptions, UsageError, Walks


def check_parser() -> argparse.ArgumentParser:
    parser = Parser(
        usage="%(prog)s [OPTION]... SPEC...",
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
    parser.add_argument("specs", nargs="*", type=named, metavar="SPEC", help="spec files")
    _what_is_checked(parser.add_argument_group("what is checked"))
    _how_it_is_explored(parser.add_argument_group("how it is explored"))
    _where_it_ends(parser.add_argument_group("where it ends"))
    _long_runs(parser.add_argument_group("long runs"))
    _cluster(parser.add_argument_group("on a cluster"))
    _how_it_is_judged(parser.add_argument_group("how it is judged"))
    _what_is_written(parser.add_argument_group("what is shown and written"))
    parser.set_defaults(table=False, simulate=False)
    return parser


def _what_is_checked(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add_constants(group)
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


def _how_it_is_explored(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--engine",
        choices=options.ENGINES,
        default="auto",
        help="the default changes to machine code where it pays",
    )
    add("--workers", type=positive, default=1, metavar="N", help="threads of the native engine (default: 1)")
    add(
        "--storage",
        choices=options.STORAGES,
        default="exact",
        help="compact: fingerprints in place of states (native engine)",
    )
    add(
        "--fingerprint",
        type=reader(options.fingerprint),
        metavar="BITS",
        help="bits of a fingerprint, 32 to 64 (default: as many as --max-omission asks for)",
    )
    add(
        "--max-omission",
        type=reader(options.probability),
        metavar="P",
        help="compact: with a greater probability that a state was left out nothing holds (default: 1e-6)",
    )
    add(
        "--no-symmetry",
        action="store_true",
        help="visit every state, not one of each orbit of interchangeable identities",
    )


def _where_it_ends(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--max-states", type=positive, metavar="N", help="stop after so many distinct states: undetermined")
    add("--max-depth", type=natural, metavar="N", help="do not leave states at this depth: undetermined")
    add("--timeout", type=seconds, metavar="SECONDS", help="stop after so long: undetermined")
    add(
        "--max-memory",
        type=reader(options.memory),
        metavar="BYTES",
        help="stop at so much resident memory, such as 4G (default: 80%% of what is free)",
    )
    add(
        "--first",
        action="store_true",
        help="stop at the first violation, whose story is the shortest; what did not fail stays undetermined",
    )


def _long_runs(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--checkpoint",
        type=reader(options.directory),
        metavar="DIR",
        help="write the search to this directory again and again, and when it is ended (SIGTERM too)",
    )
    add(
        "--every",
        type=reader(options.duration),
        metavar="TIME",
        help="how often, such as 30s, 10min or 2h (default: 10min)",
    )
    add(
        "--resume",
        type=reader(options.directory),
        metavar="DIR",
        help="go on with the search in this directory, and write it there",
    )
    add(
        "--disk",
        type=reader(options.directory),
        metavar="DIR",
        help="when --max-memory is reached, go on with most states in this directory (native engine)",
    )
    add(
        "--max-disk",
        type=reader(options.memory),
        metavar="BYTES",
        help="stop at so much of it, such as 100G: undetermined",
    )


def _cluster(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--cluster",
        type=reader(options.address),
        metavar="ADDRESS",
        help="search with actors of Ray: auto starts it on this machine; or HOST:PORT of its head",
    )
    add(
        "--actors",
        type=positive,
        metavar="N",
        help=(
            "how many, each with --workers threads (default: one on each node, with a thread for each"
            " processor)"
        ),
    )
    add(
        "--patience",
        type=reader(options.patience),
        metavar="TIME",
        help="an actor that does not answer for so long counts as lost (default: 5min)",
    )


def _how_it_is_judged(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--expect",
        action="store_true",
        help="exit 0 iff each spec's declared expectation is met by the named property",
    )
    add("--strict", action="store_true", help="vacuity findings fail (exit 21)")


def _what_is_written(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--full", action="store_true", help="whole states along the story")
    add(
        "--stories",
        type=positive,
        default=1,
        metavar="N",
        help="so many different counterexamples of each property that fails in a state or step (default: 1)",
    )
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
    add_json(group)
    add_formats(group)
    add("--out", type=path_of, metavar="DIR", help="where files go (default: out/<spec>/)")
    add("--version", action=_Version, nargs=0, help="versions of what is at work, and exit")


UNKNOWN_TO_WALKS = (
    *("workers", "storage", "fingerprint", "max_omission", "no_symmetry", "max_depth", "first", "stories"),
    *("checkpoint", "every", "resume", "disk", "max_disk", "cluster", "actors", "patience"),
)
"""Options that random walks refuse (`explorer/run/options.py` says why): their help has none of them."""


def _leave_out(parser: argparse.ArgumentParser, names: Collection[str]) -> None:
    for action in parser._actions:
        if action.dest in names:
            action.help = argparse.SUPPRESS


def simulate_parser() -> argparse.ArgumentParser:
    """`simulate` takes what a check takes, but for what asks for every state."""
    parser = check_parser()
    _leave_out(parser, UNKNOWN_TO_WALKS)
    parser.prog, parser.epilog = (
        "python -m explorer simulate",
        "A simulation never shows that a property holds: without a violation it exits with 20.",
    )
    parser.description = (
        "Walk at random and check every state and step on the way: for spaces that are too large to visit."
    )
    parser.add_argument(
        "--runs", type=positive, default=10_000, metavar="N", help="how many walks (default: 10000)"
    )
    parser.add_argument(
        "--steps", type=positive, default=100, metavar="N", help="how many steps of each (default: 100)"
    )
    parser.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="equal seeds give equal walks (default: 0)"
    )
    parser.set_defaults(simulate=True)
    return parser


def table_parser() -> argparse.ArgumentParser:
    """`table` takes what a check takes, but for what keeps one run."""
    parser = check_parser()
    _leave_out(parser, ("checkpoint", "every", "resume"))
    parser.prog, parser.description, parser.epilog = (
        "python -m explorer table",
        "Check every variant that specs declare.",
        "exit codes: 0 every row is as it declares; 1 one is not, or was not checked completely; 21 a finding"
        " under --strict; 2, 74, 130, 150, 255 as everywhere",
    )
    parser.set_defaults(table=True)
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


def refuse_without_effect(options: argparse.Namespace) -> None:
    """UsageError where an option would have no effect."""
    if options.json and options.format != "text":
        raise UsageError(
            f"--json with --format {options.format}: standard output takes one of them; write: --json"
            f" --write {options.format}"
        )
    if options.table:
        refuse_of_one_run(options, "a table")
    if len(options.specs) > 1:
        _refuse_checkpoint(options, "there are several specs")


def refuse_of_one_run(options: argparse.Namespace, what: str) -> None:
    """UsageError where an option that shows one run is given for several."""
    for name in ("graph", "png", "full", "profile", "twin"):
        if getattr(options, name):
            way = "check one variant by its constants" if options.table else "bind each constant to one value"
            raise UsageError(f"--{name}: shows one run, and {what} has several; {way} with -D")
    _refuse_checkpoint(options, f"{what} has several")


def _refuse_checkpoint(options: argparse.Namespace, why: str) -> None:
    """UsageError where a checkpoint, which keeps one run, is asked for with several."""
    for name in ("checkpoint", "resume"):
        if getattr(options, name):
            raise UsageError(
                f"--{name}: keeps one run, and {why}; write: one spec, each constant with one value"
            )


def refuse_format(options: argparse.Namespace, *, several: bool) -> None:
    """UsageError where a format of a single run is asked for several."""
    name = options.format
    if several and name != "text" and name not in SEVERAL:
        raise UsageError(
            f"--format {name}: shows one run, and there are several; write: --write {name}, or one of"
            f" {', '.join(SEVERAL)}"
        )
