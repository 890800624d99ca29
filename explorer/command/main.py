"""The command line: which command is meant, and which exit code its end means. Knows nothing of how anything
is done.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from explorer.command.arguments import Surplus
from explorer.command.check import Session
from explorer.command.check_options import check_parser, simulate_parser, table_parser
from explorer.command.comparison_options import (
    cite_parser,
    conform_parser,
    export_parser,
    judge_parser,
    litmus_parser,
)
from explorer.command.parsers import (
    completion_parser,
    diff_parser,
    estimate_parser,
    explain_parser,
    help_parser,
    mutate_parser,
    new_parser,
    replay_parser,
    serve_parser,
    show_parser,
    status_parser,
    synthesize_parser,
    tests_parser,
    walk_parser,
)
from explorer.command.standard_output import OutputError, own_prints, prepare_streams, say
from explorer.ir.errors import SpecError, nearest
from explorer.ir.kept import default_directory, keep
from explorer.ir.model import Model
from explorer.render.text.terminal import wants_colour
from explorer.run.constants import bindings, single
from explorer.run.load import PathError, load, spec_file
from explorer.run.options import UsageError
from explorer.verdict import exit_codes

SHOWN = 200
"""Characters of an internal error that the screen shows."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the result is the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare_streams()
    try:
        return _main(arguments)
    except (UsageError, PathError) as error:
        print(f"explorer: {error}", file=sys.stderr)
        return exit_codes.USAGE
    except OutputError as error:
        print(f"explorer: {error}", file=sys.stderr)
        return exit_codes.UNWRITTEN
    except SpecError as error:
        print(error, file=sys.stderr)
        return exit_codes.MALFORMED
    except KeyboardInterrupt:
        print("explorer: interrupted", file=sys.stderr)
        return exit_codes.INTERRUPTED
    except MemoryError:
        print("explorer: not enough memory: undetermined; write: smaller constants with -D", file=sys.stderr)
        return exit_codes.UNDETERMINED
    except Exception as error:
        shown = repr(error)
        shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."
        print(
            f"explorer: internal error: {shown}; this is a bug of the explorer, not of the spec;"
            f" {_details(error)}",
            file=sys.stderr,
        )
        return exit_codes.INTERNAL


def _details(error: Exception) -> str:
    """Where the whole error was written, for a report."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="explorer-error-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(text)
    except OSError as trouble:
        return f"the details could not be written: {trouble.strerror or trouble}"
    return f"the details are in {file.name}"


def _main(arguments: list[str]) -> int:
    word = arguments[0] if arguments and _is_word(arguments[0]) else ""
    if word and word not in COMMANDS:
        near = _meant(arguments, word)
        if near:
            raise UsageError(f"{word}: no such command or file; write: python -m explorer {near}")
        raise UsageError(f"unknown command {word!r}: {nearest(word, list(COMMANDS))}")
    parser, run = COMMANDS[word or "check"]
    try:
        return run(parser().parse_intermixed_args(arguments[bool(word) :]))
    except (Surplus, PathError) as error:
        near = _meant(arguments, error.word if isinstance(error, Surplus) else error.missing)
        if not near:
            raise
        raise UsageError(f"{str(error).partition('; ')[0]}; write: {near}") from None


def _meant(arguments: list[str], stray: str) -> str:
    """What to write in place of a stray word; "" where that is not to be seen."""
    from explorer.command.stray import meant

    return meant(arguments, stray)


def _check(options: Namespace) -> int:
    if not options.specs:
        word = "table " if options.table else "simulate " if options.simulate else ""
        raise UsageError(f"no spec file; write: python -m explorer {word}spec/ipi_fixed.py")
    twice = next((path for n, path in enumerate(options.specs) if path in options.specs[:n]), None)
    if twice is not None:
        raise UsageError(f"{twice}: is named twice")
    for path in options.specs:
        spec_file(path)  # a wrong name is told before the work on the others
    keep(default_directory() / "made")
    return Session(options).run()


def _model(options: Namespace) -> Model:
    from explorer.ground.ground import ground

    with own_prints():
        spec = load(options.spec)
        return ground(spec, single(bindings(spec, options.define)), str(Path(options.spec).resolve()))


def _new(options: Namespace) -> int:
    from explorer.command.new import new

    return new(options.name, options.out)


def _diff(options: Namespace) -> int:
    from explorer.command.diff import diff

    return diff(options.first, options.second)


def _show(options: Namespace) -> int:
    from explorer.command.show import show

    say(show(_model(options), code=options.code))
    return exit_codes.OK


def _estimate(options: Namespace) -> int:
    from explorer.command.estimate import estimate
    from explorer.engine.cluster_cost import Nodes
    from explorer.ground.ground import ground
    from explorer.run.smaller import Smaller

    node = Nodes(1, options.node_threads, float(options.node)) if options.node is not None else None
    with own_prints():
        spec = load(options.spec)
        given, file = single(bindings(spec, options.define)), str(Path(options.spec).resolve())
        model = ground(spec, given, file)

    def grounded(values: dict[str, int]) -> Model:
        with own_prints():
            return ground(spec, {**given, **values}, file)

    smaller = Smaller(
        model,
        grounded,
        defaults={name: known._default for name, known in spec.known_constants().items()},
        symmetric=not options.no_symmetry,
    )
    say(estimate(model, options.seconds, node, smaller))
    return exit_codes.OK


def _status(options: Namespace) -> int:
    from explorer.command.status import status

    shown, code = status(options.directory)
    say(shown)
    return code


def _mutate(options: Namespace) -> int:
    from explorer.command.mutate import command

    return command(options)


def _synthesize(options: Namespace) -> int:
    from explorer.command.synthesize import command

    return command(options)


def _explain(options: Namespace) -> int:
    from explorer.command.explain import explain

    say(explain(options.code))
    return exit_codes.OK


def _litmus(options: Namespace) -> int:
    from explorer.command.litmus import litmus

    return litmus(options)


def _conform(options: Namespace) -> int:
    from explorer.command.conform import conform

    return conform(options, _model(options))


def _export(options: Namespace) -> int:
    if options.source:
        from explorer.command.from_monitor import from_monitor

        return from_monitor(options)
    if options.to is None:
        raise UsageError("no language; write: python -m explorer export --to promela spec/ipi_fixed.py")
    if options.to == "rv":
        from explorer.command.monitor import monitor

        return monitor(options, _model(options))
    from explorer.command.export import export

    return export(_model(options), options)


def _judge(options: Namespace) -> int:
    from explorer.command.judge import command

    return command(options)


def _tests(options: Namespace) -> int:
    from explorer.command.tests import tests

    return tests(options, _model(options))


def _cite(options: Namespace) -> int:
    from explorer.command.cite import cite

    return cite(options)


def _walk(options: Namespace) -> int:
    from explorer.command.walk import walk

    return walk(_model(options), iter(sys.stdin.readline, ""), say, wants_colour(sys.stdout))


def _replay(options: Namespace) -> int:
    from explorer.command.replay import replay

    if options.story is not None:
        return _replay_story(options)
    if options.trace is None:
        raise UsageError("no trace; write: python -m explorer replay out/ipi_buggy/no_lost_ipi.itf.json")
    only = {"--as": options.names, "--max-states": options.max_states, "--timeout": options.timeout}
    for name, value in only.items():
        if value:
            raise UsageError(f"{name} is for --story only")
    text, code = replay(
        options.trace,
        options.spec,
        define=options.define,
        own=options.own_constants,
        full=options.full,
        format=options.format,
    )
    say(text)
    return code


def _replay_story(options: Namespace) -> int:
    from explorer.command.replay_story import Wishes, replay_stories
    from explorer.trace.story_search import Limits

    if options.trace is None:
        raise UsageError("no spec file; write: python -m explorer replay --story MESSAGE spec/ipi_buggy.py")
    if options.spec is not None:
        raise UsageError(f"one argument too many: {options.spec}")
    if options.own_constants:
        raise UsageError(
            "--own-constants is for stored traces: a story has no constants; write: -D NAME=VALUE"
        )
    options.spec = str(options.trace)
    text, code = replay_stories(
        options.story,
        _model(options),
        Wishes(
            names=options.names,
            format=options.format,
            full=options.full,
            limits=Limits(options.max_states, options.timeout),
        ),
    )
    say(text)
    return code


def _serve(options: Namespace) -> int:
    from explorer.command.serve import serve

    return serve(options)


def _help(options: Namespace) -> int:
    from explorer.command.manual import man_page, overview

    word = options.word
    if word is not None and word not in COMMANDS:
        raise UsageError(f"help {word}: no such command; {nearest(word, list(COMMANDS))}")
    if word is not None:
        COMMANDS[word][0]().print_help()
        return exit_codes.OK
    parsers = {name: parser() for name, (parser, _) in COMMANDS.items()}
    say(man_page(parsers) if options.man else overview(parsers), machine=options.man)
    return exit_codes.OK


def _completion(options: Namespace) -> int:
    from explorer.command.completion import completion, words

    if options.words:
        kind, path, name = (*options.words, "", "")[:3]
        with own_prints():
            found = words(kind, path, name)
        say("\n".join(found), machine=True)
        return exit_codes.OK
    if options.shell is None:
        raise UsageError("no shell; write: python -m explorer completion bash")
    say(completion(options.shell, {name: parser() for name, (parser, _) in COMMANDS.items()}))
    return exit_codes.OK


COMMANDS: dict[str, tuple[Callable[[], ArgumentParser], Callable[[Namespace], int]]] = {
    "check": (check_parser, _check),
    "table": (table_parser, _check),
    "simulate": (simulate_parser, _check),
    "mutate": (mutate_parser, _mutate),
    "synthesize": (synthesize_parser, _synthesize),
    "walk": (walk_parser, _walk),
    "replay": (replay_parser, _replay),
    "diff": (diff_parser, _diff),
    "conform": (conform_parser, _conform),
    "tests": (tests_parser, _tests),
    "serve": (serve_parser, _serve),
    "show": (show_parser, _show),
    "status": (status_parser, _status),
    "estimate": (estimate_parser, _estimate),
    "explain": (explain_parser, _explain),
    "export": (export_parser, _export),
    "judge": (judge_parser, _judge),
    "litmus": (litmus_parser, _litmus),
    "cite": (cite_parser, _cite),
    "new": (new_parser, _new),
    "help": (help_parser, _help),
    "completion": (completion_parser, _completion),
}


def _is_word(argument: str) -> bool:
    """Whether a first argument must be meant as a command: a name of one, whatever else is called so, or
    neither an option nor a path (no command has a dot).
    """
    if argument in COMMANDS:
        return True
    return not (argument.startswith("-") or "." in argument or "/" in argument or Path(argument).exists())
