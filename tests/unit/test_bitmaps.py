"""What tables of bits tell of rules in a state is what the reference finds there."""

from __future__ import annotations

import random
from functools import reduce as combine
from operator import and_

import pytest

from explorer.codegen.native_shapes import tabulate
from explorer.engine import reference
from explorer.engine.python import Compiled
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import evaluate
from explorer.run.load import load
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import SPECS


def looked_at(model: Model, most: int = 2_000) -> tuple[int, int]:
    """How many steps of settled rules were looked at, and how many of them changed nothing."""
    compiled = Compiled(model)
    layout = compiled.layout
    tables = tabulate(compiled.program, layout)
    steps = idle_steps = 0
    for state in [s for level in reference.explore(model, bounded(model, most)).levels for s in level]:
        packed = layout.pack(state)
        rows = [
            [row[packed >> 64 * b.word + b.shift & len(row) - 1] for row in b.rows] for b in tables.bitmaps
        ]
        allowed, plain, idle = (combine(and_, (row[k] for row in rows), -1) for k in range(3))
        for rank, number in enumerate(tables.numbers):
            if not allowed >> rank & 1:
                assert reference.step(model.instances[number], state) is None
            elif plain & tables.settled & 1 << rank:
                after = reference.step(model.instances[number], state)
                assert after is not None
                changes = after != state
                assert changes == (not idle & tables.resting & 1 << rank)
                for prop in model.properties:
                    if prop.kind == "step":
                        assert all(evaluate(part, state, after) for _, part in prop.parts)
                if tables.constant >> rank & 1:
                    whole = packed
                    for word, keep, add in tables.updates[rank]:
                        whole = whole & ~((~keep & (1 << 64) - 1) << 64 * word) | add << 64 * word
                    assert whole == layout.pack(after)
                steps += 1
                idle_steps += not changes
    return steps, idle_steps


@pytest.mark.parametrize("name", ["two_phase_commit", "german", "philosophers", "peterson"])
def test_settled_rules_of_examples_do_what_the_tables_say(name: str) -> None:
    """They are possible, raise no flag, and change the state or not, as their bits say; there are many."""
    steps, idle = looked_at(ground(load(SPECS / "examples" / f"{name}.py")))
    assert steps > 50
    assert idle > 100 or name != "two_phase_commit"


@pytest.mark.parametrize("part", range(3))
def test_settled_rules_of_random_specs_do_what_the_tables_say(part: int) -> None:
    """The same of random specs, of which some change nothing."""
    models = [model_of(spec_text(random.Random(seed))) for seed in range(40 * part, 40 * part + 40)]
    found = [looked_at(model, 300) for model in models if model is not None]
    assert sum(steps for steps, _ in found) > 1_000
    assert sum(idle for _, idle in found) > 20
