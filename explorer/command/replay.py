"""`python -m explorer replay FILE.itf.json`: a stored trace taken again, step by step, in the spec as it is
now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.command.standard_output import own_prints
from explorer.ground.ground import ground
from explorer.ir.errors import SpecError
from explorer.ir.model import Model
from explorer.language.expectations import HOLDS
from explorer.language.spec import Spec
from explorer.language.variants import Variant
from explorer.render.machine.itf import read
from explorer.render.text.commit import commit
from explorer.render.text.terminal import counted
from explorer.render.text.text import story
from explorer.run.constants import bindings, constants_of, single
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.trace.tell import ReplayError
from explorer.trace.trace import STILL, Trace
from explorer.trace.walk import Walk, follow
from explorer.verdict import exit_codes
from explorer.verdict.verdict import plain

EXIT_FITS, EXIT_NOT = exit_codes.of_replay(True), exit_codes.of_replay(False)

Texts = list[tuple[str, dict[str, str]]]
"""A stored walk: the name of each step's action instance, and every variable after it."""


def replay(
    file: Path,
    spec_file: str | None,
    *,
    define: Sequence[str] = (),
    own: bool = False,
    full: bool = False,
    format: str = "text",
) -> tuple[str, int]:
    """What happened, and the exit code: 0 if every step fits and the spec is that of the trace, 1 if not. In
    the `format` commit, a trace that fits is its story and nothing else.

    `spec_file` takes the place of the spec that the trace names. The constants are those of the trace, or the
    spec's `own`; `define` binds others, as with -D. UsageError for a file that is no such trace.
    """
    meta, walk_texts, loop = read_trace(file)
    path = spec_file or spec_of(file, meta)
    with own_prints():
        spec = load(path)
        stored = {} if own else dict(meta.get("constants", {}))
        chosen = {**stored, **single(bindings(spec, list(define)))}
        model = model_with(spec, path, chosen)
        source = _constants(spec, model, [name for name in stored if name in chosen])
    shown = commit if format == "commit" else partial(story, full=full)
    text, code = _replayed(file, model=model, meta=meta, walk_texts=walk_texts, loop=loop, shown=shown)
    if format == "commit" and code == EXIT_FITS:
        return text, code
    return "\n".join([*source, text]), code


def _constants(spec: Spec, model: Model, taken: Sequence[str]) -> list[str]:
    """Which constants come from the trace, in a sentence; which of them the spec would bind otherwise."""
    if not taken:
        return []
    try:
        own = ground(spec, {}, model.file).constants
    except SpecError:  # malformed with its own
        own = {}
    shown = [
        f"{name}={plain(model.constants[name])}"
        + (f" (the spec's own: {plain(own[name])})" if own.get(name) != model.constants[name] else "")
        for name in taken
        if name in model.constants
    ]
    differ = any(own.get(name) != model.constants.get(name) for name in taken)
    other = "; for the spec's own write: --own-constants" if differ else ""
    return [f"constants of the trace: {', '.join(shown)}{other}"] if shown else []


def _replayed(
    file: Path,
    *,
    model: Model,
    meta: dict[str, Any],
    walk_texts: Texts,
    loop: int | None,
    shown: Callable[[Trace], str],
) -> tuple[str, int]:
    walked, trouble = follow(model, walk_texts)
    if model.digest != meta.get("digest"):
        lines = [
            f"{file} was made from another spec: its digest is {meta.get('digest')}, {model.name} has"
            f" {model.digest} now"
        ]
        if trouble or walked is None:
            return "\n".join([*lines, trouble]), EXIT_NOT
        lines.append(
            "its only step still fits, though"
            if len(walked.taken) == 1
            else f"all {len(walked.taken)} steps still fit, though"
        )
        code = EXIT_NOT
    elif trouble or walked is None:
        return trouble, EXIT_NOT
    else:
        lines, code = [f"{counted(len(walked.taken), 'step')} replayed in {model.name}"], EXIT_FITS
    name = str(meta.get("property", ""))
    trace, end = _end(walked, name, loop)
    if trace is None and end:
        return "\n".join([*([shown(walked.trace())] if code == EXIT_FITS else []), *lines, end]), EXIT_NOT
    if code == EXIT_FITS:
        text = shown(trace or walked.trace())
        if shown is commit:
            return text.rstrip("\n"), code
        lines.insert(0, text)
    return "\n".join([*lines, *([end] if end else [])]), code


def _end(walked: Walk, name: str, loop: int | None) -> tuple[Trace | None, str]:
    """The trace if its property is violated at its end, or as it goes on for ever; and the sentence that says
    so or not.
    """
    if name in ("", "walk"):
        return None, ""
    known = [p.name for p in walked.model.stated] + ["deadlock", "evaluation"]
    if name not in known:
        return None, f"{name} is no property any more"
    try:
        if loop is not None and any(p.name == name for p in walked.model.temporal):
            trace = walked.lasso(name, loop)
        else:
            trace = walked.trace() if name in walked.broken() else None
    except ReplayError as error:
        return None, f"the trace does not go on for ever as it says: {error}"
    return (
        trace,
        f"{name} is violated" if trace else f"{name} is not violated at the end: the trace says it is",
    )


def spec_of(file: Path, meta: dict[str, Any]) -> str:
    """Where the spec of a trace is: as it was named from here, or from a directory above the trace.
    UsageError where it is not.
    """
    named = str(meta.get("source", ""))
    for start in (Path(), *file.resolve().parents):
        if named and (start / named).is_file():
            return str(start / named)
    raise UsageError(
        f"replay {file}: its spec {named} is neither here nor above the trace; write: python -m explorer"
        f" replay {file} SPEC"
    )


def read_trace(file: Path, word: str = "replay") -> tuple[dict[str, Any], Texts, int | None]:
    """What a trace says of itself, its walk, and where it goes back to. UsageError where it is none,
    told by the `word` that asked.
    """
    if file.exists() and not file.is_file():
        what = "a directory" if file.is_dir() else "a pipe or a device"
        raise UsageError(f"{word} {file}: is {what}; write: python -m explorer SPEC --write itf, to make one")
    try:
        text = file.read_text(encoding="utf-8-sig")
        walk_texts, loop = read(text)
        if not walk_texts or not (loop is None or (isinstance(loop, int) and 0 <= loop < len(walk_texts))):
            raise ValueError
        if loop is not None:
            loop -= sum(name == STILL for name, _ in walk_texts[1 : loop + 1])
        return dict(json.loads(text)["#meta"]), walk_texts, loop
    except OSError as error:
        raise UsageError(
            f"{word} {file}: {error.strerror or error}; write: python -m explorer SPEC --write itf, to"
            " make one"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError):
        raise UsageError(
            f"{word} {file}: not a trace in the Informal Trace Format; write: python -m explorer SPEC --write"
            " itf, to make one"
        ) from None


def model_with(spec: Spec, path: str, constants: dict[str, Any]) -> Model:
    """The model of a spec with some constants, as text or as values."""
    return ground(
        spec,
        constants_of(spec, Variant("the stored trace", HOLDS, "", constants, spec.place)),
        str(Path(path).resolve()),
    )
