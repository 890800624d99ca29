"""What a verdict may claim: three verdicts, exit codes by gravity, coverage, and findings about what passing
might hide.
"""

from __future__ import annotations

from typing import Any

import pytest

from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.verdict.verdict import Verdict, judge
from tests.support.generators import spec_of

HEAD = """\
from typing import Annotated
from explorer import *

FAST = constant("FAST", False)

class S(State):
    n: Var[Annotated[int, Range(0, 3)]] = initially(0)
    calm: Var[bool] = initially(True)

@action
def up(s: S):
    when(s.n < 3)
    s.n.next = s.n + 1
"""
AGAIN = """
@action
def again(s: S):
    when((s.n == 3) & s.calm)
    s.n.next = 0
"""
BELOW = """
@invariant
def below(s: S):
    return s.n < 2
"""
INSIDE = """
@invariant
def inside(s: S):
    return s.n <= 3
"""
GROWS = """
@step_invariant
def grows(s: S):
    return s.n.next > s.n
"""
DIVIDES = """
@invariant
def divides(s: S):
    return 4 // (2 - s.n) != 7
"""
ENDS = """
@terminal
def ends(s: S):
    return s.n == 3
"""


def verdict(
    *parts: str,
    limits: Limits | None = None,
    engine: Any = python.explore,
    end: str = "spec = Spec()",
    **options: Any,
) -> Verdict:
    """The verdict on a spec made of parts."""
    return judge(engine(ground(spec_of("\n".join([HEAD, *parts, end]))), limits), **options)


def verdicts(found: Verdict) -> dict[str, str]:
    return {p.name: p.verdict for p in found.properties}


def findings(found: Verdict) -> set[tuple[str, str]]:
    return {(f.kind, f.subject) for f in found.findings}


# Verdicts and exit codes.


def test_a_complete_exploration_without_violation_holds() -> None:
    """Every stated property holds, those that each spec has included, and the exit code is 0."""
    found = verdict(AGAIN, INSIDE)
    assert verdicts(found) == {"inside": "holds", "deadlock": "holds", "evaluation": "holds"}
    assert (found.verdict, found.exit_code, found.stopped, found.omission_probability) == (
        "holds",
        0,
        None,
        0.0,
    )


@pytest.mark.parametrize(
    "parts, violated, code",
    [
        ((AGAIN, BELOW), {"below"}, 12),
        ((AGAIN, GROWS), {"grows"}, 12),
        ((INSIDE,), {"deadlock"}, 11),
        ((INSIDE, ENDS), set(), 0),
        ((AGAIN, DIVIDES), {"evaluation"}, 75),
        ((BELOW,), {"below", "deadlock"}, 12),
        ((BELOW, DIVIDES), {"below", "deadlock", "evaluation"}, 75),
        ((GROWS, ENDS), set(), 0),
        ((AGAIN, BELOW, GROWS, DIVIDES), {"below", "grows", "evaluation"}, 75),
    ],
)
def test_the_gravest_violation_gives_the_exit_code(
    parts: tuple[str, ...], violated: set[str], code: int
) -> None:
    """Evaluation errors come before safety, safety before deadlock; every violated property is named and has
    a trace.
    """
    found = verdict(*parts)
    assert {name for name, v in verdicts(found).items() if v == "violated"} == violated == set(found.traces)
    assert (found.exit_code, found.verdict) == (code, "violated" if violated else "holds")
    assert all(
        p.trace_length == (found.traces[p.name].length if p.name in violated else None)
        for p in found.properties
    )


def test_an_expression_without_a_value_makes_the_rest_undetermined() -> None:
    """Where evaluation fails in some state, no other property is said to hold."""
    found = verdict(AGAIN, DIVIDES, INSIDE)
    assert verdicts(found) == {
        "divides": "undetermined",
        "inside": "undetermined",
        "deadlock": "undetermined",
        "evaluation": "violated",
    }
    reason = next(p.reason for p in found.properties if p.name == "inside")
    assert reason == "an expression has no value in some reachable state"
    assert found.traces["evaluation"].length == 2


@pytest.mark.parametrize("engine", [reference.explore, python.explore], ids=["reference", "python"])
@pytest.mark.parametrize(
    "limits",
    [{"max_depth": 1}, {"max_states": 2}, {"timeout": 0.0}, {"max_memory": 1}, {"interrupted": True}],
    ids=lambda limits: next(iter(limits)),
)
def test_a_limit_makes_what_was_not_seen_to_fail_undetermined(engine: Any, limits: dict[str, Any]) -> None:
    """After a limit nothing holds, the limit is the reason, and the exit code is not 0."""
    found = verdict(AGAIN, INSIDE, limits=Limits(**limits), engine=engine)
    assert set(verdicts(found).values()) == {"undetermined"}
    assert found.stopped and {p.reason for p in found.properties} == {found.stopped}
    assert found.exit_code == (130 if found.stopped == "interrupted" else 20)
    assert found.states["distinct"] >= 1


def test_a_violation_found_before_a_limit_stays_a_violation() -> None:
    """A limit never hides what was found."""
    found = verdict(AGAIN, BELOW, limits=Limits(max_depth=2))
    assert verdicts(found) == {"below": "violated", "deadlock": "undetermined", "evaluation": "undetermined"}
    assert (found.exit_code, found.traces["below"].length) == (12, 2)


def constraint(condition: str) -> str:
    return f"\n@constraint\ndef bound(s: S):\n    return {condition}\n"


def test_a_constraint_that_cuts_makes_the_verdict_undetermined() -> None:
    """A state that was not left could hide anything: the reason names the constraint and counts the
    states.
    """
    found = verdict(AGAIN, INSIDE, constraint("s.n < 2"))
    assert set(verdicts(found).values()) == {"undetermined"}
    assert {p.reason for p in found.properties} == {"bounded by constraint bound (1 state not left)"}
    assert (found.exit_code, found.states["distinct"]) == (20, 3)


def test_a_constraint_that_never_cuts_costs_nothing() -> None:
    """A constraint that every state meets leaves the verdict as it is."""
    assert verdict(AGAIN, INSIDE, constraint("s.n <= 3")).exit_code == 0


@pytest.mark.parametrize(
    "only, code, shown",
    [
        (("inside",), 0, {"inside"}),
        (("below",), 12, {"below"}),
        (("deadlock",), 11, {"deadlock"}),
        (("inside", "deadlock"), 11, {"inside", "deadlock"}),
        ((), 12, {"below", "inside", "deadlock", "evaluation"}),
    ],
)
def test_only_the_named_properties_count(only: tuple[str, ...], code: int, shown: set[str]) -> None:
    """With names given, verdict, exit code and traces concern these properties alone."""
    found = verdict(BELOW, INSIDE, only=only)
    assert (found.exit_code, set(verdicts(found))) == (code, shown)
    assert set(found.traces) <= shown


def test_no_choice_of_properties_hides_an_evaluation_error() -> None:
    """A property named alone does not hold where an expression elsewhere has no value."""
    found = verdict(AGAIN, DIVIDES, INSIDE, only=("inside",))
    assert (found.exit_code, verdicts(found)) == (20, {"inside": "undetermined"})


@pytest.mark.parametrize(
    "expect, parts, met",
    [
        ("HOLDS", (AGAIN, INSIDE), True),
        ("HOLDS", (AGAIN, BELOW), False),
        ("HOLDS", (AGAIN, DIVIDES), False),
        ("HOLDS", (INSIDE,), False),
        ('violates("below")', (AGAIN, BELOW), True),
        ('violates("below", steps=2)', (AGAIN, BELOW), True),
        ('violates("below", steps=3)', (AGAIN, BELOW), False),
        ('violates("below")', (BELOW,), False),
        ('violates("below", also=("deadlock",))', (BELOW,), True),
        ('violates("deadlock")', (INSIDE,), True),
        ('violates("inside")', (AGAIN, INSIDE), False),
        ('violates("evaluation")', (AGAIN, DIVIDES), False),
        ('violates("below", also=("deadlock",))', (AGAIN, BELOW), False),
    ],
)
def test_an_expectation_is_met_by_the_named_properties_only(
    expect: str, parts: tuple[str, ...], met: bool
) -> None:
    """Expected violations must be exactly those found, with the stated number of steps; everything else must
    hold.
    """
    found = verdict(*parts, end=f"spec = Spec(expect={expect})")
    assert found.expectation_met is met
    assert verdict(*parts).expectation_met is None


# Coverage and findings.


def test_coverage_counts_states_where_an_instance_is_enabled_and_where_it_changes_something() -> None:
    """Each instance has a row with both numbers; what was never enabled names the conjunct that stopped
    it.
    """
    idle = (
        "\n@action\ndef idle(s: S, b: bool):\n    when(s.calm == b)\n    when(s.n >= 2)\n    s.calm.next ="
        " True\n"
    )
    rows = {row.instance: row for row in verdict(AGAIN, idle).coverage}
    assert {name: (row.enabled, row.taken) for name, row in rows.items()} == {
        "up": (3, 3),
        "again": (1, 1),
        "idle(b=False)": (0, 0),
        "idle(b=True)": (2, 0),
    }
    assert {name for name, row in rows.items() if row.blocked_by} == {"idle(b=False)"}
    assert "calm" in rows["idle(b=False)"].blocked_by


def test_counts_are_those_of_the_graph() -> None:
    """`generated` is initial states plus one for every enabled instance; depth, levels and out-degrees
    follow.
    """
    states = verdict(AGAIN).states
    assert {
        key: states[key] for key in ("initial", "distinct", "generated", "transitions", "depth", "levels")
    } == {"initial": 1, "distinct": 4, "generated": 5, "transitions": 4, "depth": 3, "levels": [1, 1, 1, 1]}
    assert states["out_degree"] == {"min": 1, "mean": 1.0, "max": 1}


STAYS = "\n@action\ndef stays(s: S):\n    s.calm.next = s.calm | s.calm\n"
NEVER = "\n@action\ndef never(s: S):\n    when(s.n > 1)\n    when(s.n == 1)\n    s.calm.next = False\n"
DROPPED = "\n@action\ndef fast(s: S):\n    when(FAST)\n    s.calm.next = False\n"
VACUOUS = "\n@invariant\ndef quiet(s: S):\n    return implies(~s.calm, s.n == 0)\n"
VACUOUS_STEP = "\n@step_invariant\ndef falls(s: S):\n    return implies(s.n.next == s.n, s.calm)\n"
MET_STEP = "\n@step_invariant\ndef wraps(s: S):\n    return implies(s.n.next < s.n, s.n.next == 0)\n"
UNREAD = (
    "\nclass T(State):\n    noise: Var[bool] = initially(False)\n\n@action\ndef rustle(t: T):\n   "
    " t.noise.next = ~t.noise\n"
)
NOWHERE = "\n@initial\ndef impossible(s: S):\n    return s.n == 2\n"


@pytest.mark.parametrize(
    "part, finding",
    [
        (STAYS, ("never-taken", "stays")),
        (NEVER, ("never-taken", "never")),
        (VACUOUS, ("vacuous-premise", "quiet")),
        (VACUOUS_STEP, ("vacuous-premise", "falls")),
        (UNREAD, ("never-read", "noise")),
    ],
)
def test_what_passing_might_hide_is_found(part: str, finding: tuple[str, str]) -> None:
    """Each kind of vacuity is a finding with its place; it leaves the verdict alone, but fails under
    strict.
    """
    found = verdict(AGAIN, INSIDE, part)
    assert findings(found) == {finding}
    assert found.findings[0].place.startswith("<generated>:")
    assert (found.verdict, found.exit_code) == ("holds", 0)
    strict = verdict(AGAIN, INSIDE, part, strict=True)
    assert (strict.verdict, strict.exit_code) == ("holds", 21)


def test_a_clean_spec_has_no_finding() -> None:
    """A spec whose actions, premises and variables all matter has nothing to report, even under strict."""
    found = verdict(AGAIN, INSIDE, MET_STEP, strict=True)
    assert (findings(found), found.exit_code) == (set(), 0)


def test_what_constants_rule_out_is_told_but_is_no_mistake() -> None:
    """An action that the constants make impossible is reported and does not fail under strict; with them it
    is alive.
    """
    found = verdict(AGAIN, INSIDE, DROPPED, strict=True)
    assert (findings(found), found.exit_code) == ({("dropped", "fast")}, 0)
    alive = verdict(AGAIN, INSIDE, DROPPED, end="spec = Spec(FAST=True)", strict=True)
    assert ("dropped", "fast") not in findings(alive)


def test_a_precaution_that_is_never_needed_is_no_mistake() -> None:
    """A `defensive` action that never happens is reported and does not fail under strict; one that happens is
    like any other.
    """
    never = NEVER.replace("@action", "@action(defensive=True)")
    found = verdict(AGAIN, INSIDE, never, strict=True)
    assert (findings(found), found.exit_code) == ({("defensive", "never")}, 0)
    taken = verdict(
        AGAIN, INSIDE, never.replace("when(s.n > 1)\n    when(s.n == 1)", "when(s.n == 1)"), strict=True
    )
    assert findings(taken) == set()


def test_a_spec_without_initial_state_proves_nothing() -> None:
    """Where @initial admits no state, everything is undetermined and the finding says so."""
    found = verdict(AGAIN, INSIDE, NOWHERE)
    assert ("no-initial-state", "generated") in findings(found)
    assert set(verdicts(found).values()) == {"undetermined"}
    assert (found.exit_code, found.states["distinct"]) == (20, 0)


def test_findings_about_what_never_happens_need_a_complete_exploration() -> None:
    """After a limit, an action that was not taken yet is no finding."""
    assert findings(verdict(AGAIN, INSIDE, NEVER, VACUOUS, limits=Limits(max_depth=1))) == set()


def test_where_a_step_has_no_value_nothing_is_called_impossible() -> None:
    """What stands behind it was not visited, so no action is said to be never possible; without it one is."""
    beyond = """
@action
def beyond(s: S):
    when(s.n == 0)
    s.n.next = s.n + 9
"""
    never = AGAIN.replace("s.calm", "~s.calm")
    failed, passed = verdict(beyond, never, INSIDE, ENDS), verdict(never, INSIDE, ENDS)
    assert verdicts(failed)["evaluation"] == "violated"
    assert findings(failed) == set() and "again" in {subject for _, subject in findings(passed)}
