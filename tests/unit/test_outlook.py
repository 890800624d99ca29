"""What a page shows of a state is what the reference says: steps, waits, truths; so is a listed space."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.engine.limits import Limits
from explorer.engine.reference import explore, successors
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import evaluate
from explorer.run.load import load
from explorer.trace.explored import explored, is_small, outline
from explorer.trace.outlook import Outlooks
from explorer.trace.step_builder import state_texts
from explorer.trace.walk import Walk
from tests.support.stories import NASTY_SPEC, dekker, write

OVERFLOWS = """\
from typing import Annotated
from explorer import *

class Counter(State):
    n: Var[Annotated[int, Range(0, 2)]] = initially(any_of(0, 1))

@action
def up(counter: Counter) -> None:
    counter.n.next = counter.n + 1

@constraint
def low(counter: Counter):
    return counter.n < 2

@step_invariant
def not_from_one(counter: Counter):
    return counter.n != 1

spec = Spec()
"""


@pytest.fixture(params=["dekker", "nasty", "overflows"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    made = {
        "dekker": lambda: dekker(tmp_path),
        "nasty": lambda: write(tmp_path, "nasty", NASTY_SPEC),
        "overflows": lambda: write(tmp_path, "overflows", OVERFLOWS),
    }
    return ground(load(str(made[request.param]())))


def test_outlooks_say_what_the_reference_says(model: Model) -> None:
    """In every reachable state: the texts, the steps with their states, who waits, and each truth."""
    space = explore(model, Limits())
    outlooks = Outlooks(model, next(model.initial_states()))
    looked = 0
    for level in space.levels:
        for state in level:
            seen, texts = outlooks.of(state), state_texts(model, state)
            assert dict(zip(outlooks.names, seen.texts)).items() >= texts.items()
            if not seen.beyond:
                assert [(state, s.number, s.after) for s in seen.steps] == successors(model, state)
            walk = Walk.of(model, state)
            possible = {i.action.name for i in walk.enabled()}
            assert not possible & {model.instances[w[0]].action.name for w in seen.waits}
            for wait in seen.waits:
                with pytest.raises(Exception, match="waits for"):
                    walk.take(model.instances[wait[0]].name)
            broken = set(walk.broken())
            for judged, truth in zip(outlooks.judged, seen.truths):
                if judged.kind == "invariant":
                    assert (truth.value is False) == (judged.name in broken)
                    assert truth.why or truth.value is not False
            looked += 1
    assert looked == space.distinct > 2


def test_a_step_says_which_step_invariants_it_breaks(tmp_path: Path) -> None:
    """Before it is taken, and afterwards as a truth; nothing is said where no step led to the state."""
    model = ground(load(str(write(tmp_path, "overflows", OVERFLOWS))))
    zero, one = model.initial_states()
    outlooks = Outlooks(model, zero)
    assert [s.breaks for s in outlooks.of(zero).steps] == [()]
    (step,) = outlooks.of(one).steps
    assert step.breaks == ("not_from_one",) and outlooks.of(step.after).beyond == "low"
    assert [t.value for t in outlooks.of(step.after, one).truths] == [False]
    assert [t.value for t in outlooks.of(one).truths] == [None]


def test_a_listed_space_is_the_space(model: Model) -> None:
    """Each state with its texts once, each step with its state, as the reference finds them."""
    listed = explored(model)
    assert listed is not None
    space = explore(model, Limits())
    rows, texts = listed["rows"], listed["texts"]
    assert len(rows["steps"]) == space.distinct and listed["initial"] == len(space.levels[0])
    names = outline(model, Outlooks(model, space.decode(space.levels[0][0])), {})["names"]
    shown = {
        tuple(zip(names, (table[column[n]] for table, column in zip(texts, listed["columns"]))))
        for n in range(space.distinct)
    }
    own = [dict(state_texts(model, space.decode(s))) for level in space.levels for s in level]
    variables = len(own[0])
    assert {tuple(row[:variables]) for row in shown} == {tuple(one.items()) for one in own}
    inside = [
        s for level in space.levels for s in level if all(evaluate(c.expr, s) for _, c in model.constraints)
    ]
    assert sum(len(steps) // 4 for steps in rows["steps"]) == sum(len(successors(model, s)) for s in inside)


def test_a_space_is_listed_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one is not, and without being asked for only what takes no time."""
    model = ground(load(str(dekker(tmp_path))))
    assert is_small(model, 20_000, quick=False) and not is_small(model, 20_001, quick=False)
    looks = len(model.instances) + len(model.stated) + model.size
    monkeypatch.setattr("explorer.trace.explored.QUICK", 10 * looks)
    assert is_small(model, 10, quick=True)
    assert not is_small(model, 11, quick=True) and is_small(model, 11, quick=False)
