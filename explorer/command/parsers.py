"""The options of the commands that work on one spec or on its traces, a parser for each."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.command.arguments import (
    Parser,
    add_constants,
    add_json,
    add_source_url,
    add_spec,
    named,
    path_of,
    percent,
    port,
    positive,
    seconds,
    some_memory,
    some_seconds,
)


def mutate_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "mutate",
        description=(
            "Remove each guard conjunct, barrier and update of a "
            "spec that holds, in turn, and tell which property notices."
        ),
        epilog="exit codes: 0 as many are noticed as --at-least asks for; 1 fewer; where the spec itself"
        " does not hold, its own code; 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add_spec(parser)
    add(
        "--max-states",
        type=positive,
        metavar="N",
        help="give up a mutant after so many states: undetermined",
    )
    add(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="give up a mutant after so long: undetermined (default: 60)",
    )
    add("--workers", type=positive, default=0, metavar="N", help="processes (default: one for each core)")
    add(
        "--strict",
        action="store_true",
        help="a vacuity finding that the spec itself has not counts as noticed",
    )
    add(
        "--at-least",
        type=percent,
        default=0.0,
        metavar="PERCENT",
        help="exit 1 where less is noticed of the mutants that differ",
    )
    add_json(parser)
    add(
        "--out",
        type=path_of,
        metavar="DIR",
        help="where mutations.json and mutations.md go (default: out/<spec>/)",
    )
    return parser


def synthesize_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "synthesize",
        description="Find the least barriers, and the least kinds of them, under which the properties hold.",
        epilog="exit codes: 0 some choice is enough, and it is known which are the least; 12 none is enough;"
        " 20 bounds leave it open; 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add_spec(parser, several=True)
    add(
        "--barriers",
        type=named,
        required=True,
        metavar="NAMES",
        help="the constants that are barriers, with commas between",
    )
    add("--kinds", type=named, metavar="KINDS", help="only these kinds, besides none")
    add("--memory", type=named, metavar="MODELS", help="for each of these, such as sc,tso,power")
    add(
        "--property",
        action="append",
        default=[],
        metavar="NAME",
        help="only these properties (may be repeated)",
    )
    add("--max-states", type=positive, metavar="N", help="stop after so many distinct states: undetermined")
    add(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="stop after so long, for each memory: undetermined",
    )
    add_json(parser)
    return parser


def tests_parser() -> argparse.ArgumentParser:
    from explorer.trace.cover import KINDS

    parser = Parser(
        "tests",
        description="Write behaviours that cover a spec: as ITF, as pytest functions, as a schedule in C.",
        epilog="exit codes: 0 all that can be is covered; 20 a limit kept some states from being seen;"
        " 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add_spec(parser)
    add(
        "--cover",
        choices=KINDS,
        default="actions",
        metavar="WHAT",
        help=f"{', '.join(KINDS)} (default: actions)",
    )
    add("--steps", type=positive, default=50, metavar="N", help="of a behaviour, about (default: 50)")
    add(
        "--max-states",
        type=positive,
        default=100_000,
        metavar="N",
        help="look at so many states only: undetermined (default: 100,000)",
    )
    add("--out", type=path_of, metavar="DIR", help="where files go (default: out/<spec>/tests/)")
    return parser


def show_parser() -> argparse.ArgumentParser:
    parser = Parser("show", description="Print what was understood of a spec.")
    add_spec(parser)
    parser.add_argument("--code", action="store_true", help="the generated source")
    return parser


def status_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "status",
        description="Say how the run is doing that writes to a directory with --checkpoint or --resume.",
        epilog="exit codes: 0 it is at work, or has ended; 20 it was cut off; 2 no run writes there",
    )
    parser.add_argument("directory", type=path_of, metavar="DIR")
    return parser


def estimate_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "estimate",
        description="Predict states, time and memory from a short run.",
    )
    add_spec(parser)
    parser.add_argument(
        "--seconds",
        type=some_seconds,
        default=5.0,
        metavar="S",
        help="how long to look at the spec, and at smaller instances of it (default: 5)",
    )
    parser.add_argument(
        "--no-symmetry",
        action="store_true",
        help="for a check of every state, not of one of each orbit of interchangeable identities",
    )
    parser.add_argument(
        "--node",
        type=some_memory,
        metavar="BYTES",
        help="the memory of a cluster's node, such as 64G: how many it takes, and how long",
    )
    parser.add_argument(
        "--node-threads", type=positive, default=16, metavar="N", help="threads of a node (default: 16)"
    )
    return parser


def explain_parser() -> argparse.ArgumentParser:
    parser = Parser("explain", description="Say what a message means.")
    parser.add_argument(
        "code", nargs="?", default="", metavar="CODE", help="such as E0207; without it, all of them"
    )
    return parser


def help_parser() -> argparse.ArgumentParser:
    parser = Parser("help", description="The commands, or the options of one.")
    parser.add_argument("word", nargs="?", type=named, metavar="COMMAND", help="a command")
    parser.add_argument("--man", action="store_true", help="all of it as a page for man(1): > explorer.1")
    return parser


def completion_parser() -> argparse.ArgumentParser:
    from explorer.command.completion import SHELLS

    parser = Parser(
        "completion",
        description="Print a script that completes commands, options, and the names in specs.",
        epilog='in ~/.bashrc: eval "$(explorer completion bash)"',
    )
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="of which shell")
    parser.add_argument("--words", nargs="+", metavar="KIND", help=argparse.SUPPRESS)
    return parser


def replay_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "replay",
        description="Take a stored trace again, step by step; or find the interleaving of a commit message.",
        epilog="exit codes: 0 it is a behaviour of the spec; 1 it is not, or not any more; 20 a limit ended"
        " the search; 2, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add(
        "trace",
        nargs="?",
        type=path_of,
        metavar="FILE",
        help="a trace in the Informal Trace Format (--write itf, or saved by walk)",
    )
    add("spec", nargs="?", type=named, metavar="SPEC", help="in place of the spec that the trace names")
    add_constants(parser, several=False)
    add(
        "--story",
        type=path_of,
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
    add("--max-states", type=positive, metavar="N", help="--story: look at so many states only: undetermined")
    add("--timeout", type=seconds, metavar="SECONDS", help="--story: stop after so long: undetermined")
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
        "new",
        description="Write a first spec, its test, and a workflow that checks both.",
    )
    parser.add_argument("name", type=named, metavar="NAME", help="of the module, such as my_lock")
    parser.add_argument(
        "--out", type=path_of, default=Path(), metavar="DIR", help="where the files go (default: here)"
    )
    return parser


def diff_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "diff",
        description="Say where two stored traces part.",
        epilog="Exits with 0 where they are the same, with 1 where they part.",
    )
    parser.add_argument("first", type=path_of, metavar="FILE", help="a trace in the Informal Trace Format")
    parser.add_argument("second", type=path_of, metavar="OTHER", help="another one")
    return parser


def walk_parser() -> argparse.ArgumentParser:
    parser = Parser("walk", description="Choose a behaviour step by step.")
    add_spec(parser)
    return parser


def serve_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "serve",
        description="The report, alive: take every step in a browser on this machine, until Ctrl-C.",
        epilog=(
            "Exit codes: 0 ended by Ctrl-C; 1 the trace does not fit the spec; 150 malformed spec; 2 usage,"
            " or a port that is in use."
        ),
    )
    add = parser.add_argument
    add_spec(parser)
    add(
        "trace",
        nargs="?",
        type=path_of,
        metavar="TRACE",
        help="where to begin: a trace in the Informal Trace Format, with its constants",
    )
    add(
        "--own-constants",
        action="store_true",
        help="the spec's own constants in place of those of the trace",
    )
    add("--port", type=port, default=0, metavar="N", help="the port on 127.0.0.1 (default: a free one)")
    add("--open", action="store_true", help="open the page in a browser")
    add_source_url(parser)
    add("--no-check", dest="check", action="store_false", help="walk only: nothing is checked meanwhile")
    add(
        "--timeout",
        type=some_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long the check may take (default: 60)",
    )
    return parser
