"""`python -m explorer replay FILE.itf.json`: a stored trace taken again, step by step, in the spec as it is now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.language.spec import HOLDS, Spec, Variant
from explorer.load import load
from explorer.options import UsageError, constants_of
from explorer.render.itf import read
from explorer.render.text import story
from explorer.trace.story import ReplayError, state_texts
from explorer.trace.walk import Blocked, Walk

EXIT_FITS, EXIT_NOT = 0, 1


def replay(file: Path, spec_file: str | None, full: bool = False) -> tuple[str, int]:
    """What happened, and the exit code: 0 if every step fits and the spec is that of the trace, 1 if not.

    `spec_file` takes the place of the spec that the trace names. UsageError for a file that is no such trace.
    """
    meta, walk_texts, loop = _read(file)
    path = spec_file or str(meta.get("source", ""))
    model = _model(load(path), path, meta.get("constants", {}))
    walked, trouble = _walk(model, walk_texts)
    if model.digest != meta.get("digest"):
        fits = trouble or f"all {len(walked.taken) if walked else 0} steps still fit, though"
        return f"{file} was made from another spec: its digest is {meta.get('digest')}, {model.name} has {model.digest} now\n{fits}", EXIT_NOT
    if trouble or walked is None:
        return trouble, EXIT_NOT
    lines = [story(walked.trace(), full=full), f"{len(walked.taken)} steps replayed in {model.name}"]
    name = str(meta.get("property", ""))
    if loop is not None and any(p.name == name for p in model.temporal):
        broken = walked.breaks_for_ever(name, min(loop, len(walked.taken)))
    else:
        broken = name in walked.broken()
    if name not in ("", "walk"):
        lines.append(f"{name} is violated" if broken else f"{name} is not violated at the end: the trace says it is")
    return "\n".join(lines), EXIT_FITS if broken or name in ("", "walk") else EXIT_NOT


def _read(file: Path) -> tuple[dict[str, Any], list[tuple[str, dict[str, str]]], int | None]:
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text)["#meta"], *read(text)
    except OSError as error:
        raise UsageError(f"replay {file}: {error.strerror or error}; write: python -m explorer SPEC --write itf, to make one") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"replay {file}: not a trace in the Informal Trace Format; write: python -m explorer SPEC --write itf, to make one") from None


def _model(spec: Spec, path: str, constants: dict[str, str]) -> Model:
    return ground(spec, constants_of(spec, Variant("the stored trace", HOLDS, "", constants, spec.place)), str(Path(path).resolve()))


def _walk(model: Model, walk_texts: list[tuple[str, dict[str, str]]]) -> tuple[Walk | None, str]:
    """The walk as far as it goes, and the sentence that says why it goes no further."""
    try:
        walked = Walk(model, walk_texts[0][1])
    except ReplayError as error:
        return None, f"step 0 no longer fits: {error}"
    for number, (name, texts) in enumerate(walk_texts[1:], 1):
        if name == "stutter":
            continue
        try:
            walked.take(name)
        except Blocked as error:
            return walked, f"step {number} no longer fits: {str(error).partition(': ')[2]}" + (f"  ({error.place})" if error.place else "")
        now = walked.texts()
        differing = next((key for key in now | texts if now.get(key) != texts.get(key)), None)
        if differing is not None:
            return walked, (f"step {number} no longer fits: {name} leads to {differing} = {now.get(differing, 'nothing')}, "
                            f"the trace has {texts.get(differing, 'nothing')}")
    return walked, ""
