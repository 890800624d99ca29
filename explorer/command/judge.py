"""`python -m explorer judge SPEC...`: the exported models before the judges that are installed, and their
answers beside ours.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from explorer.command.standard_output import own_prints, say
from explorer.ground.ground import ground
from explorer.ir.types import value_text
from explorer.judge import tlc
from explorer.judge.compare import JUDGES, TLC, Judged, judge, table
from explorer.render.machine.json_record import to_json
from explorer.render.text.terminal import counted
from explorer.run.constants import bindings
from explorer.run.load import load, spec_file
from explorer.run.options import UsageError
from explorer.verdict import exit_codes


def command(options: argparse.Namespace) -> int:
    """The tables on the screen, and the exit code: 0 where every judge that was asked says what we say."""
    if not options.specs:
        raise UsageError("no spec file; write: python -m explorer judge spec/ipi_fixed.py")
    judges = _judges(options.by, options.tla2tools)
    for path in options.specs:
        spec_file(path)  # a wrong name is told before the work on the others
    codes, records, started = [], [], time.monotonic()
    for path in options.specs:
        with own_prints():
            spec = load(path)
            every = bindings(spec, options.define)
        for values in every:
            with own_prints():
                model = ground(spec, values, str(Path(path).resolve()))
                found = judge(
                    model,
                    judges,
                    options.max_states,
                    options.timeout,
                    options.tla2tools,
                    brief=options.brief,
                )
            codes.append(exit_codes.of_judges(differ=bool(found.differences), silent=not found.agreed))
            records.append(_record(found))
            if not options.json:
                bound = "  ".join(f"{name}={value_text(value)}" for name, value in model.bound.items())
                say("\n".join([f"{model.name}  {bound}".rstrip(), *table(found), ""]))
    if options.json:
        say(to_json({"judges": list(judges), "models": records}).rstrip(), machine=True)
    else:
        differ = codes.count(exit_codes.UNEXPECTED)
        unsaid = codes.count(exit_codes.UNDETERMINED)
        part = sum(bool(r["refused"]) and len(r["answers"]) > 1 for r in records)
        fewer = f" ({part} before fewer judges)" if part else ""
        say(
            f"{counted(len(codes), 'model')} before {', '.join((*judges[:-2], ' and '.join(judges[-2:])))}:"
            f" {len(codes) - differ - unsaid} agreed{fewer}, {differ} differ, {unsaid} not judged;"
            f" {time.monotonic() - started:.0f} s"
        )
    return exit_codes.worst(codes)


def _judges(asked: str | None, tla2tools: Path | None) -> tuple[str, ...]:
    """The judges that are asked for, or all that are there. UsageError for unknown and missing ones."""
    known = {name.lower(): name for name in (*JUDGES, TLC)}
    names = tuple(dict.fromkeys(asked.split(","))) if asked else tuple(known)
    for name in names:
        if name not in known:
            raise UsageError(f"--by {name}: no such judge; write: --by {','.join(known)}")
        if asked and known[name] in JUDGES and not JUDGES[known[name]]():
            raise UsageError(f"--by {name}: {known[name]} is not installed; write: apt install {name} gcc")
    if tla2tools is not None:
        _check_jar(tla2tools)
    elif asked and TLC.lower() in names:
        raise UsageError("--by tlc: TLC is a jar; write: --tla2tools PATH, where tla2tools.jar is")
    there = {name for name, installed in JUDGES.items() if installed()} | ({TLC} if tla2tools else set())
    found = tuple(known[name] for name in names if known[name] in there)
    if not found:
        raise UsageError("no judge is installed; write: apt install spin rumur gcc")
    return found


def _check_jar(jar: Path) -> None:
    fault = tlc.jar_fault(jar)
    if fault:
        raise UsageError(f"--tla2tools {jar}: {fault}; write: the path of TLC's tla2tools.jar")
    if not tlc.installed():
        raise UsageError(f"--tla2tools {jar}: java is not installed; write: apt install default-jre-headless")


def _record(found: Judged) -> dict[str, Any]:
    return {
        "spec": found.model.name,
        "constants": {name: value_text(value) for name, value in found.model.bound.items()},
        "answers": [
            {
                "judge": answer.judge,
                "states": answer.states,
                "transitions": answer.transitions,
                "depth": answer.depth,
                "violated": dict(answer.violated),
                "temporal": list(answer.temporal),
                "seconds": round(answer.seconds, 3),
            }
            for answer in found.answers
        ],
        "refused": dict(found.refused),
        "silent": dict(found.silent),
        "stopped": found.stopped,
        "unasked": list(found.unasked),
        "explained": list(found.explained),
        "differences": list(found.differences),
    }
