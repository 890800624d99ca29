"""Engines against the reference: states, steps, violations, traces and verdicts must be the same.

A disagreement prints the smallest spec that shows it. `python -m tests.support.comparison FIRST COUNT` runs
other seeds than the tests.
"""

from __future__ import annotations

import math
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from explorer import SpecError
from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.trace.tell import tell
from explorer.verdict.verdict import judge
from tests.support.generators import shrink, spec_of, spec_text

Engine = Callable[[Model, Limits | None], StateSpace]
ENGINES: tuple[Engine, ...] = (python.explore,)
MOST = 150
"""States of a random spec; larger ones are explored to the depth that the reference reaches below this
number.
"""

OWN = (
    "engine",
    "seconds",
    "states_per_second",
    "peak_memory_bytes",
    "storage",
    "workers",
    "omission_probability",
    "fingerprint_bits",
)
"""Keys of a verdict record in which engines may differ."""


def facts(space: StateSpace) -> dict[str, Any]:
    """All that an exploration found, free of the engine's own order and handles."""
    decode = space.decode
    levels = [[decode(s) for s in level] for level in space.levels]
    assert all(len(set(level)) == len(level) for level in levels), "a state stands twice in a level"
    assert len({s for level in levels for s in level}) == space.distinct, "a state stands in two levels"
    last = len(levels) - 1 if space.stopped else len(levels)
    steps = [
        sorted((decode(s), i, decode(t)) for s, i, t in space.edges(level, None))
        for level in space.levels[:last]
    ]
    violations = {
        name: (
            v.kind,
            v.level,
            sorted(map(decode, v.states)),
            sorted((decode(s), i, decode(t)) for s, i, t in v.edges),
            sorted((decode(s), i, f.message, str(f.place)) for s, (i, f) in v.failures.items()),
        )
        for name, v in space.violations.items()
    }
    return {
        "levels": [sorted(level) for level in levels],
        "steps": steps,
        "enabled": space.enabled,
        "changed": space.changed,
        "degree": (space.least, space.most),
        "expanded": space.expanded,
        "cut": {**space.cut},
        "stopped": space.stopped,
        "violations": violations,
    }


def reported(space: StateSpace) -> dict[str, Any]:
    """The trace of every violation, and the whole verdict."""
    record = {k: v for k, v in judge(space).record().items() if k not in OWN}
    record["states"].pop("bits")
    record["findings"] = [f for f in record["findings"] if f["kind"] != "engine"]
    return {"traces": {name: tell(space, v) for name, v in space.violations.items()}, "record": record}


def agree(model: Model, *engines: Engine, limits: Limits | None = None) -> StateSpace:
    """Assert that engines find what the reference finds; the reference's result."""
    judge_says = reference.explore(model, limits)
    expected, story = facts(judge_says), reported(judge_says)
    for engine in engines:
        space = engine(model, limits)
        for name, found in facts(space).items():
            assert found == expected[name], f"{space.engine} finds other {name}"
        for name, found in reported(space).items():
            assert found == story[name], f"{space.engine} tells another {name}"
    return judge_says


def bounded(model: Model, most: int = MOST) -> Limits:
    """A limit in depth that keeps the exploration small; none for a small space."""
    space = reference.explore(model, Limits(max_states=most))
    return Limits(max_depth=max(0, len(space.levels) - 2)) if space.stopped else Limits()


def model_of(text: str) -> Model | None:
    """The model of a random spec; None where the text makes a mistake or has very many initial states."""
    try:
        model = ground(spec_of(text))
        if math.prod(len(choice.alternatives) for choice in model.choices) > 4 * MOST:
            return None
        list(model.initial_states())
    except SpecError:
        return None
    return model


def check(text: str, engines: tuple[Engine, ...] = ENGINES) -> StateSpace | None:
    """Compare the engines on the spec that a text defines, if it defines one."""
    model = model_of(text)
    return agree(model, *engines, limits=bounded(model)) if model else None


def disagrees(text: str, like: type[BaseException]) -> bool:
    try:
        spec_of(text)
    except Exception:
        return False
    try:
        check(text)
    except like:
        return True
    except Exception:
        return False
    return False


def check_or_shrink(text: str) -> StateSpace | None:
    """`check`, but a failure names the smallest spec that fails too."""
    try:
        return check(text)
    except Exception as error:
        smaller = shrink(text, partial(disagrees, like=type(error)))
        raise AssertionError(f"{type(error).__name__}: {str(error)[:500]}\n\n{smaller}") from error


def _long_run(first: int, count: int) -> None:
    """Every disagreement of a range of seeds; a spec that takes a minute counts as one."""

    def too_long(number: int, frame: Any) -> None:
        raise TimeoutError("more than a minute")

    signal.signal(signal.SIGALRM, too_long)
    for seed in range(first, first + count):
        signal.alarm(60)
        try:
            check_or_shrink(spec_text(random.Random(seed), 1 + seed % 4))
        except (AssertionError, TimeoutError) as error:
            print(f"seed {seed}: {error}\n", flush=True)
        if seed % 1000 == 999:
            print(f"{seed + 1 - first} done", flush=True)


if __name__ == "__main__":
    _long_run(int(sys.argv[1]), int(sys.argv[2]))
