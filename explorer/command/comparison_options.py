"""The options of the commands that lay specs beside something else: a log, the verdicts of herd, source
trees, other model checkers. A parser for each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.command.arguments import (
    Parser,
    add_constants,
    add_json,
    add_spec,
    file_of,
    named,
    natural,
    path_of,
    percent,
    positive,
    seconds,
    some_seconds,
)


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
