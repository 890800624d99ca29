"""Successors that are known by parts of a state are those that the rules make: states, counts, violations and
traces stay the same.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from explorer.engine import python
from explorer.engine.native import local_steps, local_worker
from explorer.engine.native.machine import machine
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.program.locality import locality
from explorer.run.load import load
from tests.support.comparison import agree
from tests.support.native import native_engine, without_compiler
from tests.support.scattered import Told

RING = """
from typing import Annotated
from explorer import *
N = constant("N", 3)
TOP = constant("TOP", 3)
Level = Annotated[int, Range(0, TOP)]
class Place(Scalarset):
    size = N
class Ring(State):
    level: Map[Place, Level] = initially(0)
    wide: Map[Place, Annotated[int, Range(0, 2**40 - 1)]] = initially(0)
    token: Map[Place, bool] = initially(False)
@action
def rise(r: Ring, i: Place) -> None:
    when(r.level[i] < TOP)
    r.level[i].next = r.level[i] + 1
    r.wide[i].next = r.level[i] * 7
@action
def keep(r: Ring, i: Place) -> None:
    when(r.level[i] == TOP)
    r.token[i].next = r.token[i] | (r.wide[i] > 2)
{more}
spec = Spec(expect={expect})
"""

GIVE = """
@action
def give(r: Ring, i: Place, j: Place) -> None:
    when((i != j) & r.token[i] & ~r.token[j] & (r.level[j] > 0))
    if i != j:
        r.token[i].next = False
        r.token[j].next = True
        r.level[i].next = 0
    else:
        r.level[i].next = 1
"""

LOCAL = """
@invariant
def small(r: Ring, i: Place):
    return (r.level[i] < TOP) | (r.wide[i] < 5)
"""

GLOBAL = """
@invariant
def few(r: Ring):
    return count(r.token[i] for i in Place) < N
"""

STEP = """
@step_invariant
def never_down(r: Ring, i: Place):
    return r.level[i].next >= r.level[i]
"""

UNDEFINED = """
@action
def divides(r: Ring, i: Place) -> None:
    when(r.wide[i] // (r.level[i] - 2) == 7)
    r.wide[i].next = 0
"""

CASES = {
    "one part for each rule": ("", "HOLDS"),
    "two parts for a rule": (GIVE, "HOLDS"),
    "an invariant of a part fails": (LOCAL, "violates('small')"),
    "an invariant of all parts fails": (GLOBAL, "violates('few')"),
    "a step property fails": (GIVE + STEP, "violates('never_down')"),
    "a guard has no value": (UNDEFINED, "HOLDS"),
    "everything": (GIVE + LOCAL + GLOBAL + STEP + UNDEFINED, "HOLDS"),
}


def model_of(tmp_path: Path, name: str) -> Model:
    more, expect = CASES[name]
    file = tmp_path / "ring.py"
    file.write_text(RING.format(more=more, expect=expect))
    return ground(load(file))


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know steps by parts from the first state on, and never give up."""
    for name, value in (("LOADED_FROM", 0), ("COMPILED_FROM", 0), ("FEW", 1 << 40)):
        monkeypatch.setattr(local_steps, name, value)
    monkeypatch.setattr(local_worker, "LEAST", 0)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "everything" else pytest.mark.slow) for n in CASES]
)
def test_what_parts_tell_is_what_rules_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Rules of one part and of two, steps that change nothing, failing properties, missing values and
    deadlocks are the reference's, with one to three workers and either storage.
    """
    at_once(monkeypatch)
    model = model_of(tmp_path, name)
    compiled = python.Compiled(model)
    assert compiled.layout.words > 2 and locality(compiled.program, compiled.layout) is not None
    made = machine(compiled)
    told = Told()
    for workers, storage in ((1, "exact"), (2, "exact"), (3, "compact")):
        before = told.visits
        agree(model, partial(native_engine(workers, storage), prepared=(compiled, made)))
        assert told.visits > before


def test_what_does_not_pay_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most states have something unknown, the rules are looked at for the rest; nothing is lost."""
    at_once(monkeypatch)
    for few in (0, 5, 20):
        monkeypatch.setattr(local_steps, "FEW", few)
        model = model_of(tmp_path, "everything")
        compiled = python.Compiled(model)
        made = machine(compiled)
        for workers in (1, 2):
            agree(model, partial(native_engine(workers), prepared=(compiled, made)))


def test_groups_are_the_largest_sets_of_words_that_rules_ask_for(tmp_path: Path) -> None:
    """A rule of one place belongs to a pair of places, if another rule asks for the pair; an invariant of all
    places is judged otherwise, conjuncts of one place are not.
    """
    for name, size, judged in (("one part for each rule", 1, True), ("two parts for a rule", 2, True)):
        compiled = python.Compiled(model_of(tmp_path, name))
        found = locality(compiled.program, compiled.layout)
        assert found is not None and {len(group) for group in found.groups} == {size}
        assert len(found.groups) == 3 and found.judged == judged
    compiled = python.Compiled(model_of(tmp_path, "an invariant of all parts fails"))
    found = locality(compiled.program, compiled.layout)
    assert found is not None and not found.judged


RANDOM = (
    "from itertools import islice",
    "from tests.support.comparison import check",
    "from tests.support.native import native_engine",
    "from tests.support.scattered import Told, local_texts, scatter",
    "told, sizes = Told(), []",
)


@pytest.mark.parametrize(
    "first, number, workers",
    [(0, 8, 1), *(pytest.param(n, 30, 1 + n % 3, marks=pytest.mark.slow) for n in (1000, 2000, 3002))],
)
def test_random_specs_with_a_word_for_each_cell(first: int, number: int, workers: int) -> None:
    """Random specs whose cells lie in words of their own are found as the reference finds them, and some
    states of one in eight are told by their parts; the kernels are run by the interpreter.
    """
    telling = without_compiler(
        *RANDOM,
        f"texts = [*islice(local_texts({first}), {number})]",
        "scatter()",
        "for text in texts:",
        f"    assert check(text, (native_engine({workers}),)) is not None",
        "    sizes.append(told.visits)",
        "",
        "len({size for size in sizes if size})",
    )
    assert telling >= number // 8
