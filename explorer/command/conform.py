"""`python -m explorer conform SPEC LOG --map MAPPING`: does a recorded run fit the spec?"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.conform.behaviours import Bounds
from explorer.conform.conform import Question
from explorer.conform.conform import conform as judge
from explorer.conform.generate import Wishes, generate
from explorer.conform.mapping import EventMap, read_mapping
from explorer.conform.records import written
from explorer.conform.report import record, report
from explorer.ir.model import Model
from explorer.run.options import UsageError
from explorer.verdict import exit_codes

TOLD = 40
"""So many of a behaviour's last steps are told where not all are wanted."""


def conform(options: Namespace, model: Model) -> int:
    """Judge a log, or write one of a random behaviour; the exit code."""
    mapping = read_mapping(options.mapping, model)
    if options.generate is not None:
        return _generate(options, model, mapping)
    for name in ("seed", "overlap", "lose"):
        if getattr(options, name):
            raise UsageError(f"--{name} is for --generate only")
    question = Question(
        anywhere=options.anywhere,
        bounds=Bounds(options.max_states, options.timeout, options.lost),
        told=None if options.full else TOLD,
    )
    answer = judge(model, options.log, mapping, question)
    if options.json:
        say(json.dumps(record(answer), indent=1, ensure_ascii=False), machine=True)
    else:
        say(report(answer, options.full))
    return exit_codes.of_conformance(answer.verdict)


def _generate(options: Namespace, model: Model, mapping: EventMap) -> int:
    log: Path = options.log
    if log.exists():
        raise UsageError(f"conform --generate: {log} exists; write: another name")
    wishes = Wishes(options.generate, options.seed, options.overlap / 100, options.lose / 100)
    try:
        with open(log, "w", encoding="utf-8") as file:
            for one in generate(model, mapping, wishes):
                file.write(written(mapping.format or "ftrace", one) + "\n")
    except OSError as error:
        raise OutputError(f"{log} cannot be written: {error.strerror or error}") from None
    say(f"written: {log}")
    return exit_codes.OK
