"""The options of every other command, a parser for each."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.command.arguments import (
    Parser,
    add_constants,
    add_json,
    add_source_url,
    add_spec,
    file_of,
    named,
    natural,
    path_of,
    percent,
    port,
    positive,
    seconds,
    some_memory,
    some_seconds,
)
from explorer.trace.cover import KINDS


def mutate_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "mutate",
        description=(
            "Remove each guard conjunct, barrier and update of a "
            "spec that holds, in turn, and tell which property notices."
        ),
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


def conform_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "conform",
        description="Say whether a recorded run fits a spec: a kernel trace, or JSON lines.",
        epilog="exit codes: 0 it fits; 12 no behaviour has an event of it, or each that fits breaks a"
        " property; 20 a limit leaves it open; 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add_spec(parser)
    add("log", type=path_of, metavar="LOG", help="what trace-cmd report or perf script print, or JSON lines")
    add(
        "--map",
        dest="mapping",
        type=path_of,
        required=True,
        metavar="MAPPING",
        help="which events are which actions: docs/conform.md",
    )
    add("--anywhere", action="store_true", help="the log may begin in any reachable state")
    add(
        "--lost",
        type=natural,
        default=8,
        metavar="N",
        help="look for so many steps in a gap of lost events, at most (default: 8)",
    )
    add(
        "--max-states",
        type=positive,
        default=1_000_000,
        metavar="N",
        help="states that the run may be in at one time: with more, undetermined (default: 1,000,000)",
    )
    add("--timeout", type=seconds, metavar="SECONDS", help="stop after so long: undetermined")
    add("--full", action="store_true", help="the whole behaviour, not its end; whole states along it")
    add_json(parser)
    add(
        "--generate",
        type=positive,
        metavar="N",
        help="write LOG: so many events of a random behaviour, for tests",
    )
    add("--seed", type=natural, default=0, metavar="N", help="--generate: equal seeds, equal logs")
    add("--overlap", type=percent, default=0.0, metavar="PERCENT", help="--generate: boxes that are wide")
    add("--lose", type=percent, default=0.0, metavar="PERCENT", help="--generate: where losses begin")
    return parser


def tests_parser() -> argparse.ArgumentParser:
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
        "--seconds", type=some_seconds, default=5.0, metavar="S", help="how long to look (default: 5)"
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


def litmus_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "litmus",
        description=(
            "Run litmus tests in herd's format: PPC, X86, X86_64, AArch64, C with the kernel's macros."
        ),
        epilog="exit codes: 0 all agree with --expected; 12 one differs; 20 nothing is expected of one; "
        "150 a file cannot be run; 2, 74, 130, 255 as everywhere",
    )
    add = parser.add_argument
    add(
        "files",
        nargs="*",
        type=named,
        metavar="FILE",
        help="litmus tests (one: in herd's words)",
    )
    add("--arch", choices=("sc", "tso", "pso", "arm", "power"), help="what C tests run on (default: power)")
    add(
        "--expected",
        type=file_of,
        metavar="TSV",
        help="what is expected, as in docs/memory.md",
    )
    add("--unroll", type=positive, default=2, metavar="N", help="how often a loop turns (default: 2)")
    add("--full", action="store_true", help="every test in herd's words")
    add_json(parser)
    add("--junit", type=file_of, metavar="FILE", help="results for CI")
    add("--ipi-table", action="store_true", help="which barriers keep the IPI: a table of generated tests")
    add(
        "--write",
        type=path_of,
        metavar="DIR",
        help="write the tests of --ipi-table for herd7: PPC, and C for LKMM",
    )
    return parser


def cite_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "cite",
        description="Check in a source tree the functions of Linux, skiboot or QEMU that specs cite.",
        epilog="exit codes: 0 all as they were read; 1 a function is missing, was moved or has changed;"
        " 2, 74, 130, 255 as everywhere",
    )
    add = parser.add_argument
    add("tree", type=path_of, metavar="TREE", help="a source tree")
    add(
        "--citations",
        type=file_of,
        default=Path("spec/citations.tsv"),
        metavar="TSV",
        help="the list, beside the specs (default: spec/citations.tsv)",
    )
    add(
        "--record",
        type=named,
        metavar="VERSION",
        help="write the list anew: what the specs beside it cite, as TREE has it; VERSION names the tree",
    )
    add_json(parser)
    return parser


def export_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "export",
        description="Write a spec in the language of another model checker, or a kernel's monitor as a spec.",
        epilog="exit codes: 0 written; 1 something of the spec cannot be said in that language;"
        " 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add_spec(parser)
    add(
        "--to",
        choices=("promela", "murphi", "tla", "rv"),
        help="promela for SPIN, murphi for Rumur, tla for TLC, rv for the kernel's own monitors",
    )
    add("--from", dest="source", choices=("rv",), help="SPEC is a monitor, .dot or .ltl as rvgen reads them")
    add("--map", dest="mapping", type=path_of, metavar="MAPPING", help="--to rv: the events, as for conform")
    add("--cpu", type=named, metavar="CPU", help="--to rv: of which CPU the monitor is, as the trace has it")
    add("--object", type=named, metavar="FIELD=VALUE", help="--to rv: or of which object, as csd=VALUE")
    add(
        "--most",
        type=positive,
        default=1000,
        metavar="N",
        help="--to rv: refuse more states, before the automaton is made small (default: 1,000)",
    )
    add("--out", type=path_of, metavar="DIR", help="where the file goes (default: out/<spec>/)")
    return parser


def judge_parser() -> argparse.ArgumentParser:
    parser = Parser(
        "judge",
        description="Let SPIN, Rumur and TLC judge specs too, and compare their answers with ours.",
        epilog="exit codes: 0 all judges that can be asked say the same; 1 one says something else; 20 one"
        " gives no answer, none can be asked, or a limit was reached; 2, 74, 130, 150, 255 as everywhere",
    )
    add = parser.add_argument
    add("specs", nargs="*", type=named, metavar="SPEC", help="spec files")
    add_constants(parser)
    add(
        "--by", type=named, metavar="NAMES", help="only these: spin,rumur,tlc (default: those that are there)"
    )
    add("--tla2tools", type=path_of, metavar="PATH", help="TLC's jar, which makes TLC one of the judges")
    add(
        "--brief",
        action="store_true",
        help="ask for what holds and for the two shortest stories, and for no temporal property",
    )
    add(
        "--max-states",
        type=positive,
        default=1_000_000,
        metavar="N",
        help="models with more states are not judged (default: 1,000,000)",
    )
    add(
        "--timeout",
        type=some_seconds,
        default=600.0,
        metavar="SECONDS",
        help="how long each judge may take for a model (default: 600)",
    )
    add_json(parser)
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
