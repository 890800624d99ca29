"""A counterexample as a test: a Python file whose one function takes the trace's steps again. A pure function
of the trace and what it was found in.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from explorer.render.text.terminal import clean
from explorer.trace.trace import STILL, Trace
from explorer.verdict.record import Origin, Value


def pytest_file(origin: Origin, trace: Trace) -> str:
    """The test of a counterexample. An attempted last step is left out: it has no state.

    It looks for the spec in the directories above itself, as it does not know where it will be kept.
    """
    name = trace.property
    steps = [step for step in trace.steps if not step.failed]
    constants = "".join(f", {key}={_literal(value)}" for key, value in origin["bound"].items())
    free = {key: new for key, (_, new) in steps[0].changed.items()}
    function = re.sub(r"\W", "_", name)
    lines = [
        (
            f'"""A counterexample of {clean(name)} in {clean(origin["spec"])}, step by step; digest'
            f' {origin["digest"]}."""'
        ),
        "",
        "from pathlib import Path",
        "",
        "from explorer.api import walk",
        "",
        *_spec(origin["file"]),
        "",
        "",
        f"def test_{function}_counterexample() -> None:",
        f"    steps = walk(SPEC{', initial=' + repr(free) if free else ''}{constants})",
    ]
    for step in steps[1:]:
        actor = f"{step.actor}: " if step.actor else ""
        if step.instance != STILL:
            lines.append(f"    steps.take({step.instance!r})  # {clean(actor + step.label)}")
    loop = trace.loop
    if loop is not None:
        loop -= sum(step.instance == STILL for step in steps[1 : loop + 1])
    if loop is None:
        lines.append(f"    assert {name!r} in steps.broken()")
    else:
        lines.append(f"    assert steps.breaks_for_ever({name!r}, loop={loop})")
    return "\n".join(lines) + "\n"


def _spec(file: str) -> list[str]:
    if PurePath(file).is_absolute():
        return [f"SPEC = Path({file!r})"]
    return [
        f"PATH = {file!r}",
        (
            "SPEC = next((above / PATH for above in Path(__file__).resolve().parents if (above /"
            " PATH).is_file()), Path(PATH))"
        ),
    ]


def _literal(value: Value) -> str:
    return repr(value) if isinstance(value, (bool, int, str)) else repr(str(value))
