"""Every engine finds what the reference finds: on random specs, and on every spec of the house.

A disagreement prints the smallest spec that shows it. `python tests/test_differential.py FIRST COUNT` runs
other seeds.
"""

from __future__ import annotations

import math
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from generators import shrink, spec_of, spec_text
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import SpecError
from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.trace.tell import tell
from explorer.verdict.verdict import judge

Engine = Callable[[Model, Limits | None], StateSpace]
ENGINES: tuple[Engine, ...] = (python.explore,)
SPECS = sorted((Path(__file__).resolve().parent.parent / "spec").glob("*.py"))
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
        "cut": space.cut,
        "stopped": space.stopped,
        "violations": violations,
    }


def told(space: StateSpace) -> dict[str, Any]:
    """The trace of every violation, and the whole verdict."""
    record = {k: v for k, v in judge(space).record().items() if k not in OWN}
    record["states"].pop("bits")
    return {"traces": {name: tell(space, v) for name, v in space.violations.items()}, "record": record}


def agree(model: Model, *engines: Engine, limits: Limits | None = None) -> StateSpace:
    """Assert that engines find what the reference finds; the reference's result."""
    judge_says = reference.explore(model, limits)
    expected, story = facts(judge_says), told(judge_says)
    for engine in engines:
        space = engine(model, limits)
        for name, found in facts(space).items():
            assert found == expected[name], f"{space.engine} finds other {name}"
        for name, found in told(space).items():
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


@pytest.mark.parametrize("part", range(8))
def test_engines_agree_with_the_reference_on_random_specs(part: int) -> None:
    """States, steps, counts, violations, traces and verdicts are those of the reference on 2,000 random specs
    (eight times 250).
    """
    spaces = [
        check_or_shrink(spec_text(random.Random(seed), 1 + seed % 4))
        for seed in range(part * 280, part * 280 + 280)
    ]
    assert sum(s is not None for s in spaces) >= 250
    assert sum(s is not None and s.distinct > 5 for s in spaces) > 90


FOUND = {
    "a guard that no value of a cell meets": """
class S(State):
    a: Set[Bit] = initially({0})
    b: Var[bool] = initially(True)

@action
def impossible(s: S):
    when(s.a.size * s.a.size == count((s.b, s.b)))
    s.b.next = False
""",
    "a division by a constant zero behind its check": """
class S(State):
    a: Var[Bit] = initially(0)
    b: Var[bool] = initially(True)

@action
def flip(s: S):
    s.b.next = ~s.b

@invariant
def divides(s: S):
    return ((s.a // s.a) != 0) & (s.a + s.a != s.a)
""",
    "membership of what is None": """
class S(State):
    a: Var[Bit | None] = initially(None)
    b: Set[Bit] = initially(set())
    c: Set[Bit] = initially({0})

@action
def never(s: S):
    when(s.c.contains(s.a.value))
    s.b.next = s.c
""",
    "a constant that an impossible step seems to change": """
class S(State):
    queue: Annotated[Queue[Bit], Capacity(2)] = initially([1])
    seen: Map[Annotated[int, Range(-1, -1)], bool] = initially(any_of(bool))

@action
def act(s: S):
    s.queue.next = ite(s.queue.full, s.queue, s.queue.push(0))
    s.seen[s.queue.length].next = False
""",
    "a constraint and a terminal condition without a value": """
class S(State):
    a: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S):
    when(s.a < 3)
    s.a.next = s.a + 1

@constraint
def bounded(s: S):
    return 6 // (2 - s.a) > -9

@terminal
def ends(s: S):
    return 6 // (3 - s.a) > 0
""",
    "what has a value only behind a test, used twice": """
class S(State):
    at: Map[Annotated[int, Range(0, 2)], Annotated[int, Range(0, 2)]] = initially(any_of(0, 2))
    i: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S):
    when((s.i == 0) | (s.at[s.i - 1] + s.at[s.i - 1] * s.at[s.i - 1] > 1))
    when((s.i == 0) | (s.at[0] // s.i + s.at[0] // s.i * (s.at[0] // s.i) != 6))
    when(s.i < 3)
    s.i.next = s.i + 1

@invariant
def lazily(s: S):
    return (s.i == 0) | (s.at[s.i - 1] + s.at[s.i - 1] // s.i + s.at[s.i - 1] // s.i > 1)
""",
    "two computed indices that meet": """
class S(State):
    at: Map[Bit, Annotated[int, Range(0, 2)]] = initially(any_of(0, 1))
    i: Var[Bit] = initially(any_of(0, 1))

@action
def write(s: S):
    s.at[s.i].next = 2
    s.at[s.at[0] % 2].next = 1
""",
}
"""Specs like those that once showed a bug; each is completed by `PREFIX` and `spec = Spec()`."""

PREFIX = "from typing import Annotated\nfrom explorer import *\n\nBit = Annotated[int, Range(0, 1)]\n"


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_once_went_wrong_stays_right(text: str) -> None:
    """Engines agree on the specs that once showed a bug."""
    agree(ground(spec_of(PREFIX + text + "\nspec = Spec()\n")), *ENGINES)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_engines_agree_on_specs_that_hypothesis_makes(rng: random.Random, size: int) -> None:
    """A generator steered by hypothesis finds no disagreement either."""
    check(spec_text(rng, size))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_engines_agree_on_the_specs_of_the_house(path: Path) -> None:
    """Every spec in spec/ means the same to all engines, up to the depth that the reference reaches
    quickly.
    """
    model = ground(load(path))
    agree(model, *ENGINES, limits=bounded(model, 2000))


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
