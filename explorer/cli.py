"""The command line: which command is meant, and which exit code its end means. Knows nothing of how anything is done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from explorer.check.verdict import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_MALFORMED, EXIT_OK, EXIT_USAGE
from explorer.compile.ground import ground
from explorer.language.errors import SpecError, nearest
from explorer.load import PathError, load
from explorer.options import UsageError, bindings, check_parser, estimate_parser, show_parser, single, table_parser
from explorer.session import Session, say

COMMANDS = ("check", "table", "show", "estimate")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the result is the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _main(arguments)
    except (UsageError, PathError) as error:
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
    command = arguments[0] if arguments and _is_word(arguments[0]) else ""
    if command == "show":
        return _show(arguments[1:])
    if command == "estimate":
        return _estimate(arguments[1:])
    if command not in ("", "check", "table"):
        raise UsageError(f"unknown command {command!r}: {nearest(command, list(COMMANDS))}")
    options = (table_parser() if command == "table" else check_parser()).parse_args(arguments[bool(command):])
    if not options.specs:
        raise UsageError("no spec file; write: python -m explorer spec/ipi_fixed.py")
    return Session(options).run()


def _show(arguments: list[str]) -> int:
    from explorer.show import show

    options = show_parser().parse_args(arguments)
    spec = load(options.spec)
    say(show(ground(spec, single(bindings(spec, options.define)), options.spec), code=options.code))
    return EXIT_OK


def _estimate(arguments: list[str]) -> int:
    from explorer.estimate import estimate

    options = estimate_parser().parse_args(arguments)
    spec = load(options.spec)
    say(estimate(ground(spec, single(bindings(spec, options.define)), options.spec), options.seconds))
    return EXIT_OK


def _is_word(argument: str) -> bool:
    """Whether a first argument must be meant as a command: neither an option nor a path."""
    return not (argument.startswith("-") or argument.endswith(".py") or "/" in argument or Path(argument).exists())
