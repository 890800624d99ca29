"""`python -m explorer synthesize SPEC --barriers a,b`: the least barriers under which the properties hold.

The constants named are chosen in all ways, for each memory model asked for. A choice is enough only if all
its states were seen; what a bound left open is undetermined, and so is what depends on it.
"""

from __future__ import annotations

import argparse
import enum
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from explorer.command.standard_output import own_prints, say
from explorer.engine.limits import Limits, available_bytes, ignore
from explorer.ground.ground import meet_constants
from explorer.ir.errors import nearest
from explorer.language.constants import Constant, parse
from explorer.language.spec import Spec
from explorer.render.machine.json_record import to_json
from explorer.render.text.barriers import overview, run_text
from explorer.render.text.terminal import wants_colour
from explorer.run.choices import Choices, Key, Outcome, Question, judge_choices, judge_temporal
from explorer.run.constants import bindings
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.run.strength import FREE, LESS, cost, kind, least, neighbours, weaker
from explorer.verdict import exit_codes
from explorer.verdict.expectation import HOLDS, UNDETERMINED, VIOLATED
from explorer.verdict.verdict import plain

MOST = 4096
"""Choices that are looked at in one run."""


def command(options: argparse.Namespace) -> int:
    """The command: what the screen shows, and the exit code."""
    colour = wants_colour(sys.stdout)

    def tell(record: dict[str, Any], run: dict[str, Any]) -> None:
        if not options.json:
            say(run_text(record, run, colour) + "\n")

    with own_prints():
        spec = load(options.spec)
    record, code = synthesize(spec, str(Path(options.spec).resolve()), options, tell)
    if options.json:
        say(to_json(record).rstrip(), machine=True)
    elif text := overview(record):
        say(text)
    return code


def synthesize(
    spec: Spec,
    file: str,
    options: argparse.Namespace,
    tell: Callable[[dict[str, Any], dict[str, Any]], None] = lambda record, run: None,
) -> tuple[dict[str, Any], int]:
    """The record of all runs, and the exit code. `tell` hears of each run when it is done. UsageError for
    what is no constant, no kind of barrier, or too much.
    """
    with own_prints():
        known, wrong = meet_constants(spec)
    try:
        given = bindings(spec, options.define)
        chosen = _chosen(known, options.barriers, options.kinds or "")
        runs = [
            {**constants, **memory}
            for constants in given
            for memory in _memories(known, options.memory or "", given)
        ]
    except UsageError:
        if wrong is not None:
            raise wrong from None
        raise
    twice = next((name for name in chosen if name in given[0] or (name == "memory" and options.memory)), "")
    if twice:
        raise UsageError(f"--barriers {twice}: is chosen, and given a value too; write: one of the two")
    record: dict[str, Any] = {
        "spec": spec.name,
        "file": file,
        "barriers": {name: [plain(v) for v in values] for name, values in chosen.items()},
        "properties": list(options.property),
        "runs": [],
    }
    codes = []
    for constants in runs:
        limits = _limits(options)
        asked = Question(
            spec=spec,
            file=file,
            constants=constants,
            chosen=chosen,
            properties=tuple(options.property),
            limits=limits,
            observer=ignore,
        )
        with own_prints():
            run, code = _run(asked, known)
        record["runs"].append(run)
        codes.append(code)
        tell(record, run)
    return record, exit_codes.worst(codes)


def _limits(options: argparse.Namespace) -> Callable[[], Limits]:
    return lambda: Limits(options.max_states, None, options.timeout, available_bytes() * 8 // 10)


def _memories(known: dict[str, Constant], text: str, given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The memory models asked for, as values of the constant `memory`."""
    if not text:
        return [{}]
    if "memory" not in known:
        raise UsageError("--memory: the spec has no constant `memory`; write: a component Memory")
    if "memory" in given[0]:
        raise UsageError("--memory: the constant is given with -D too; write: one of the two")
    try:
        return [{"memory": parse(known["memory"], part)} for part in _parts(text)]
    except ValueError as error:
        raise UsageError(f"--memory {text}: {error}") from None


def _parts(text: str) -> list[str]:
    return list(dict.fromkeys(text.split(",")))


def _chosen(known: dict[str, Constant], barriers: str, kinds: str) -> dict[str, list[Any]]:
    """The values of each constant to be chosen. UsageError for what is no barrier."""
    wanted = _parts(kinds) if kinds else []
    for name in wanted:
        if name not in LESS:
            raise UsageError(f"--kinds {name}: no such kind; {nearest(name, list(LESS))}")
    chosen: dict[str, list[Any]] = {}
    for name in _parts(barriers):
        if name not in known:
            raise UsageError(f"--barriers {name}: no such constant; {nearest(name, list(known))}")
        default = known[name]._default
        if not isinstance(default, enum.Enum | bool):
            raise UsageError(
                f"--barriers {name}: {default!r} is no kind of barrier; write: a constant whose values are"
                " members of an enum, or true and false"
            )
        values = list(type(default)) if isinstance(default, enum.Enum) else [False, True]
        strange = next((v for v in values if kind(v) not in LESS), None)
        if strange is not None:
            raise UsageError(
                f"--barriers {name}: {kind(strange)} is no kind of barrier (there are {', '.join(LESS)});"
                f" write: -D {name}={','.join(map(kind, values))} for a run with each"
            )
        chosen[name] = [v for v in values if not wanted or kind(v) in wanted or kind(v) in FREE]
    count = 1
    for values in chosen.values():
        count *= len(values)
    if count > MOST:
        raise UsageError(f"--barriers: {count} choices, at most {MOST}; write: --kinds none,sync, or fewer")
    return chosen


def _run(asked: Question, known: dict[str, Constant]) -> tuple[dict[str, Any], int]:
    """One run under fixed other constants: its record and exit code."""
    started = time.monotonic()
    result = judge_choices(asked)
    own = tuple({**asked.spec.constants}.get(name, known[name]._default) for name in result.names)
    minimal = _minimal(asked, result, own)
    decided = _decided(result, minimal)
    every = list(result.outcomes)
    top = [key for key in every if not any(weaker(key, other) for other in every)]
    record = {
        "constants": {name: plain(value) for name, value in asked.constants.items()},
        "memory": str(plain(asked.constants.get("memory", ""))),
        "together": result.together,
        "states": result.states,
        "enough": [_enough(result, key) for key in minimal],
        "decided": decided,
        "barriers": _barriers(result, minimal, top),
        "own": _outcome(result, own) if own in result.outcomes else None,
        "strongest": [_outcome(result, key) for key in top],
        "surprises": [_outcome(result, key) for key in _surprises(result)],
        "undetermined": _open(result),
        "choices": [_outcome(result, key) for key in every],
        "seconds": {
            "compiling": round(result.compiling, 3),
            "exploring": round(result.exploring, 3),
            "all": round(time.monotonic() - started, 3),
        },
    }
    return record, exit_codes.of_synthesis(decided=decided, enough=bool(minimal))


def _minimal(asked: Question, result: Choices, own: Key) -> list[Key]:
    """The least choices that hold. Temporal properties are judged of those only that are least, and of the
    spec's own.
    """
    wanted = [] if own not in result.outcomes or result.outcomes[own].status != HOLDS else [own]
    temporal = {d.name for d in asked.spec.declarations() if d.kind == "temporal"}
    judged = bool(temporal) and (not asked.properties or bool(temporal & set(asked.properties)))
    while True:
        built = least(result.outcomes, lambda key: result.outcomes[key].status == HOLDS)
        new = [key for key in dict.fromkeys([*built, *wanted]) if not result.outcomes[key].temporal]
        if not judged:
            for outcome in result.outcomes.values():
                outcome.temporal = True
        if not new or not judged:
            return built
        for key in new:
            judge_temporal(asked, result, key)


def _decided(result: Choices, minimal: Sequence[Key]) -> bool:
    """Whether nothing undetermined could be enough with less than those found, or beside them."""
    return all(
        any(weaker(enough, key) for enough in minimal)
        for key, outcome in result.outcomes.items()
        if outcome.status == UNDETERMINED
    )


def _enough(result: Choices, key: Key) -> dict[str, Any]:
    return {
        "choice": _plainly(result, key),
        "cost": {name: cost(value) for name, value in zip(result.names, key)},
        "less": [_outcome(result, other) for other in neighbours(key, result.outcomes)],
    }


def _barriers(result: Choices, minimal: Sequence[Key], top: Sequence[Key]) -> dict[str, dict[str, str]]:
    """Of each barrier whether it is needed, redundant, or one of several that will do."""
    fates = {}
    for n, name in enumerate(result.names):
        kinds = list(dict.fromkeys(kind(key[n]) for key in minimal))
        without = [k for k in kinds if k in FREE]
        if not minimal:
            fates[name] = {"is": "unknown", "why": ""}
        elif len(without) == len(kinds):
            fates[name] = {"is": "redundant", "why": ""}
        elif without:
            fates[name] = {"is": "one way", "why": f"{_list(kinds)}, by what the others are"}
        else:
            fates[name] = {"is": "needed", "why": f"{_list(kinds)} at least{_loss(result, n, top)}"}
    return fates


def _loss(result: Choices, n: int, top: Sequence[Key]) -> str:
    """What happens where a barrier is not there and all others are as strong as they can be."""
    for key in top:
        for other in result.outcomes:
            bare = kind(other[n]) in FREE and all(
                a == b for i, (a, b) in enumerate(zip(key, other)) if i != n
            )
            outcome = result.outcomes[other]
            if bare and outcome.status == VIOLATED and outcome.by:
                name, steps = outcome.by[0]
                return f"; without it, with all others: {name} after {steps} steps"
    return ""


def _list(kinds: Sequence[str]) -> str:
    return " or ".join(kinds)


def _surprises(result: Choices) -> Iterator[Key]:
    """Choices that fail although one with less holds."""
    holding = [key for key, outcome in result.outcomes.items() if outcome.status == HOLDS]
    for key, outcome in result.outcomes.items():
        if outcome.status == VIOLATED and any(weaker(other, key) for other in holding):
            yield key


def _open(result: Choices) -> dict[str, int]:
    built: dict[str, int] = {}
    for outcome in result.outcomes.values():
        if outcome.status == UNDETERMINED:
            built[outcome.reason] = built.get(outcome.reason, 0) + 1
    return built


def _outcome(result: Choices, key: Key) -> dict[str, Any]:
    outcome: Outcome = result.outcomes[key]
    return {
        "choice": _plainly(result, key),
        "status": outcome.status,
        "by": [name for name, _ in outcome.by],
        "steps": outcome.by[0][1] if outcome.by else None,
        "reason": outcome.reason,
        "temporal": outcome.temporal,
    }


def _plainly(result: Choices, key: Key) -> dict[str, Any]:
    return {name: plain(value) for name, value in zip(result.names, key)}
