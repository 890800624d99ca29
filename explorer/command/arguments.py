"""What arguments of a command line are: a parser that says what to write, readers of values, and options that
several commands have. Knows nothing of single commands.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from explorer.command.standard_output import say
from explorer.ir.errors import nearest
from explorer.render.formats import NAMES
from explorer.render.text.terminal import terminal_columns
from explorer.run import options
from explorer.run.options import UsageError

T = TypeVar("T")

REQUIRED = {
    "SPEC": ("spec file", "spec/ipi_fixed.py"),
    "FILE": ("trace", "out/ipi_buggy/no_lost_ipi.itf.json"),
    "NAME": ("name", "my_lock"),
    "DIR": ("directory", "checkpoint/"),
    "TREE": ("source tree", "linux/"),
    "OTHER": ("second trace", "A.itf.json B.itf.json"),
    "LOG": ("log", "spec/ipi_fixed.py trace.txt --map docs/conform/ipi.toml"),
    "--map": ("mapping", "spec/ipi_fixed.py trace.txt --map docs/conform/ipi.toml"),
    "--barriers": ("barrier", "spec/ipi_fixed.py --barriers set_barrier,clear_barrier"),
}
"""What an argument that cannot be left out is called, and an example of it."""


class Surplus(UsageError):
    """A word that no argument takes."""

    def __init__(self, word: str):
        super().__init__(f"one argument too many: {word}")
        self.word = word


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Argparse's own as wide, which imports shutil for each argument that is added."""
    return argparse.HelpFormatter(prog, width=terminal_columns(80) - 2)


class Parser(argparse.ArgumentParser):
    """Argparse for a word of `python -m explorer`, that raises, suggests the nearest option and never
    abbreviates.
    """

    def __init__(self, word: str = "", **said: Any):
        super().__init__(
            f"python -m explorer {word}".rstrip(), allow_abbrev=False, formatter_class=_formatter, **said
        )

    def error(self, message: str) -> Any:
        if message.startswith("unrecognized arguments: "):
            wrong = message.partition(": ")[2].split()[0]
            if not wrong.startswith("-"):
                raise Surplus(wrong)
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


def add_spec(parser: argparse._ActionsContainer, several: bool = False) -> None:
    """The spec that a command is about, with constants: `several` values of each, or one."""
    parser.add_argument("spec", type=named, metavar="SPEC")
    add_constants(parser, several)


def add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--json", action="store_true", help="the record on standard output, nothing else there"
    )


def add_constants(parser: argparse._ActionsContainer, several: bool = True) -> None:
    parser.add_argument(
        "-D",
        dest="define",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="bind a constant" + ("; NAME=a,b,c or NAME=1..4 runs the matrix" if several else ""),
    )


def add_formats(parser: argparse._ActionsContainer) -> None:
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
        type=names_of,
        default=(),
        metavar="NAMES",
        help="formats written beside verdict.json, with commas between, or all",
    )
    for name in ("junit", "sarif", "markdown"):
        add(f"--{name}", type=file_of, metavar="FILE", help=f"{name} of all runs together")
    add(
        "--annotate",
        action="store_true",
        help="GitHub annotations on standard error (by themselves where GITHUB_ACTIONS is set)",
    )
    add("--open", action="store_true", help="open report.html in a browser")
    add_source_url(parser)


def add_source_url(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--source-url",
        type=address,
        metavar="URL",
        help=(
            "links from the report to lines of source: an address with {file} (or {path}, the whole path) and"
            " {line}, such as https://github.com/NAME/REPOSITORY/blob/COMMIT/{file}#L{line} or"
            " vscode://file{path}:{line}"
        ),
    )


def address(text: str) -> str:
    scheme = text.partition(":")[0].lower()
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) or scheme in ("javascript", "data", "vbscript", "blob"):
        raise argparse.ArgumentTypeError(f"{text!r} is no address; write: https://... or vscode://...")
    if "{line}" not in text or not ("{file}" in text or "{path}" in text):
        raise argparse.ArgumentTypeError(
            f"{text!r} does not say where file and line go; write: {{file}} and {{line}}"
        )
    return text


def names_of(text: str) -> tuple[str, ...]:
    names = NAMES if text == "all" else tuple(text.split(","))
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is no format; {nearest(name, [*NAMES, 'all'])}")
    return names


def reader(reader: Callable[[str], T]) -> Callable[[str], T]:
    """A reader of `run/options.py` as a type of argparse, which shows its message."""

    def read(text: str) -> T:
        try:
            return reader(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


positive, natural, seconds = map(reader, (options.positive, options.natural, options.seconds))
some_memory = reader(options.memory)


def some_seconds(text: str) -> float:
    result = seconds(text)
    if not result:
        raise argparse.ArgumentTypeError("0 seconds are too short to see anything")
    return result


def port(text: str) -> int:
    result = int(natural(text))
    if result > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: they end at 65535")
    return result


def named(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def path_of(text: str) -> Path:
    return Path(named(text))


def file_of(text: str) -> Path:
    if text == "-":
        raise argparse.ArgumentTypeError("'-' is no file; write: --format NAME, for standard output")
    return path_of(text)


def percent(text: str) -> float:
    result = reader(lambda text: options.number(text, 0, "a percentage"))(text)
    if result > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage")
    return result
