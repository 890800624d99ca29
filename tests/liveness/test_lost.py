"""Where a behaviour goes wrong for good, for formulas that say so."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

from explorer import State as Component
from explorer import Var, action, check, initially
from explorer.ground.ground import ground
from explorer.ir import expressions as ex
from explorer.ir.formulas import Ltl
from explorer.ir.semantics import State
from explorer.language.spec import Spec
from explorer.trace.tell_lasso import lost_at, values


class Pair(Component):
    one: Var[bool] = initially(False)
    two: Var[bool] = initially(False)


@action
def turn(pair: Pair) -> None:
    pair.one.next = ~pair.one


CELLS = [ex.cell(family, ex.const(0)) for family in ground(Spec(Pair, turn)).families]
STATES = list(itertools.product((0, 1), repeat=2))


def formula(rng: random.Random, depth: int) -> Ltl:
    if depth == 0 or rng.random() < 0.2:
        return Ltl("state", (), rng.choice([*CELLS, *map(ex.negate, CELLS)]))
    op = rng.choice(("and", "or", "not", "next", "always", "eventually", "until", "release"))
    inner = [formula(rng, depth - 1) for _ in range(2 if op in ("and", "or", "until", "release") else 1)]
    return Ltl(op, tuple(inner))


def holds(at: Ltl, moments: list[State], loop: int) -> bool:
    return values(at, moments, loop)[0]


def test_what_is_lost_is_lost_whatever_follows() -> None:
    """No continuation of a beginning that is called lost meets the formula."""
    rng, lost = random.Random(1), 0
    for _ in range(1500):
        at, moments = formula(rng, 3), [rng.choice(STATES) for _ in range(rng.randint(1, 5))]
        end = lost_at(at, moments)
        if end is None:
            continue
        lost += 1
        for _ in range(20):
            whole = [*moments[: end + 1], *(rng.choice(STATES) for _ in range(rng.randint(0, 4)))]
            assert not holds(at, whole, rng.randrange(len(whole)))
    assert lost > 200


def test_safety_is_lost_at_its_first_bad_state() -> None:
    """`implies(p, always(q))` is lost where q first fails, `always(q)` alone too; liveness is never lost."""
    q = Ltl("state", (), CELLS[0])
    moments = [(1, 0), (1, 1), (0, 0), (1, 0)]
    premise = Ltl("state", (), CELLS[1])
    assert lost_at(Ltl("always", (q,)), moments) == 2
    assert lost_at(Ltl("or", (premise, Ltl("always", (q,)))), moments) == 2
    assert lost_at(Ltl("next", (Ltl("next", (q,)),)), moments) == 2
    assert lost_at(Ltl("eventually", (Ltl("always", (q,)),)), moments) is None
    assert lost_at(Ltl("always", (Ltl("eventually", (q,)),)), moments) is None


SAFETY_AS_A_FORMULA = """
from typing import Annotated
from explorer import *
class S(State):
    x: Var[Annotated[int, Range(0, 5)]] = initially(0)
@action(fair=WEAK)
def up(s: S):
    s.x.next = (s.x + 1) % 6
@temporal
def low(s: S):
    return implies(s.x == 0, always(s.x < 3))
spec = Spec(expect=violates("low", steps=3))
"""


def test_the_length_of_what_is_lost_is_the_step_at_which_it_was(tmp_path: Path) -> None:
    """A safety property written as a formula is violated after so many steps, however long its lasso is."""
    (tmp_path / "low.py").write_text(SAFETY_AS_A_FORMULA)
    verdict = check(tmp_path / "low.py")
    (low,) = [p for p in verdict["properties"] if p["name"] == "low"]
    assert (low["trace_length"], verdict["traces"]["low"]["lost"]) == (3, 3)
    assert verdict["traces"]["low"]["length"] > 3 and verdict.as_expected
