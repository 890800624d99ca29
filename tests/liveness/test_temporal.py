"""Temporal properties as an author meets them: what fairness means, what is undetermined, what is vacuous,
what is shown.
"""

import enum
import json
from pathlib import Path
from typing import Any

import pytest

from explorer import (
    STRONG,
    WEAK,
    Formula,
    Map,
    Spec,
    State,
    Value,
    Var,
    action,
    always,
    always_eventually,
    constraint,
    eventually,
    eventually_always,
    every,
    implies,
    initially,
    invariant,
    leads_to,
    next_step,
    release,
    some,
    temporal,
    until,
    when,
)
from explorer.command.main import main
from explorer.engine.limits import Limits
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.liveness.check import check
from explorer.render.text.text import story
from explorer.verdict.verdict import Verdict, judge
from tests.support.tiny import Cpu, Digit


def verdict(*parts: Any, limits: Limits | None = None, **constants: Any) -> Verdict:
    space = explore(ground(Spec(*parts, **constants)), limits)
    return judge(space, answers=check(space, limits or Limits()))


def holds(*parts: Any, **constants: Any) -> bool:
    """Whether every property of a spec of these parts holds; one that is undetermined fails the test."""
    found = verdict(*parts, **constants)
    assert found.verdict != "undetermined"
    return found.verdict == "holds"


class Light(enum.Enum):
    RED, GREEN = range(2)


class Clock(State):
    n: Var[Digit] = initially(0)
    light: Var[Light] = initially(Light.RED)
    served: Var[bool] = initially(False)


def tick(**fair: Any) -> Any:
    @action(**fair)
    def tick(clock: Clock) -> None:
        when(clock.n < 3)
        clock.n.next = clock.n + 1

    return tick


def switch(**fair: Any) -> Any:
    @action(**fair)
    def switch(clock: Clock, to: Light) -> None:
        when(clock.light != to)
        clock.light.next = to

    return switch


def serve(**fair: Any) -> Any:
    @action(**fair)
    def serve(clock: Clock) -> None:
        when(clock.light == Light.GREEN)
        when(~clock.served)
        clock.served.next = True

    return serve


def says(formula: Any) -> Any:
    """A temporal property of a clock, from a function that gives its formula."""

    @temporal
    def said(clock: Clock) -> Formula:
        return formula(clock)  # type: ignore[no-any-return]

    return said


ENDS = says(lambda c: eventually(c.n == 3))
SERVED = says(lambda c: eventually(c.served))


@invariant
def whole(clock: Clock) -> Value[bool]:
    return clock.n <= 3


def test_without_fairness_nothing_needs_to_happen() -> None:
    """A behaviour may stop anywhere; weak fairness lets it go on as long as it can."""
    assert not holds(Clock, tick(), switch(), ENDS)
    assert holds(Clock, tick(fair=WEAK), switch(), ENDS)


def test_weak_fairness_is_for_what_stays_enabled() -> None:
    """What is enabled again and again but not for ever needs strong fairness."""
    assert not holds(Clock, switch(fair=WEAK), serve(fair=WEAK), SERVED)
    assert holds(Clock, switch(fair=WEAK), serve(fair=STRONG), SERVED)


def test_a_cycle_that_never_enables_a_strongly_fair_action_is_fair() -> None:
    """Strong fairness asks nothing while the action is disabled: the component is refined, not
    approximated.
    """
    assert not holds(Clock, tick(), switch(), serve(fair=STRONG), SERVED)
    assert not holds(
        Clock, tick(), switch(), serve(fair=STRONG), says(lambda c: leads_to(c.n == 1, c.served))
    )
    if_green = says(lambda c: implies(always_eventually(c.light == Light.GREEN), eventually(c.served)))
    assert holds(Clock, tick(), switch(), serve(fair=STRONG), if_green)
    assert not holds(Clock, tick(), switch(), serve(), if_green)


class Turns(State):
    done: Map[Cpu, bool] = initially(False)


def work(**fair: Any) -> Any:
    @action(**fair)
    def work(turns: Turns, cpu: Cpu) -> None:
        turns.done[cpu].next = ~turns.done[cpu]

    return work


@temporal
def everyone_works(turns: Turns, cpu: Cpu) -> Formula:
    return eventually(turns.done[cpu])


def test_fairness_is_for_each_instance_unless_grouped() -> None:
    """`per=()` makes all instances one group: fair to the group is not fair to each."""
    assert holds(Turns, work(fair=WEAK), everyone_works)
    assert holds(Turns, work(fair=WEAK, per=("cpu",)), everyone_works)
    assert not holds(Turns, work(fair=WEAK, per=()), everyone_works)


def test_a_step_that_changes_nothing_is_no_step() -> None:
    """Fairness to an action that can only stutter asks nothing, and taking it is no progress."""

    @action(fair=STRONG)
    def idle(clock: Clock) -> None:
        clock.light.next = clock.light

    assert not holds(Clock, idle, tick(), ENDS)
    assert holds(Clock, idle, tick(fair=WEAK), ENDS)


def test_what_ends_stutters_for_ever() -> None:
    """A deadlocked state is the rest of its behaviour."""
    last = verdict(Clock, tick(fair=WEAK), says(lambda c: eventually_always(c.n == 3)))
    assert {p.name: p.verdict for p in last.properties} == {
        "said": "holds",
        "deadlock": "violated",
        "evaluation": "holds",
    }
    assert (
        verdict(Clock, tick(fair=WEAK), says(lambda c: always_eventually(c.n < 3))).traces["said"].loop == 3
    )


def test_every_operator_means_what_its_name_says() -> None:
    """On the one behaviour 0, 1, 2, 3, 3, 3, ... of a fair counter, with stuttering."""
    true = [
        lambda c: until(c.n <= 1, c.n == 2),
        lambda c: release(c.n == 3, c.n <= 3),
        lambda c: always(c.n <= 3),
        lambda c: eventually(always(c.n == 3)),
        lambda c: leads_to(c.n == 1, c.n == 3),
        lambda c: ~eventually(c.served),
        lambda c: implies(c.n == 0, eventually(c.n == 2)),
        lambda c: always(implies(c.n == 2, eventually(c.n == 3))),
        lambda c: always_eventually(c.n == 3) & eventually(c.n == 1),
        lambda c: always(c.served) | eventually(c.n == 2),
        lambda c: every(eventually(c.n == n) for n in range(4)),
        lambda c: some(always(c.n == n) for n in range(4)) | (c.n == 0),
    ]
    false = [
        lambda c: until(c.n == 0, c.n == 2),
        lambda c: release(c.n == 1, c.n == 0),
        lambda c: always(c.n <= 2),
        lambda c: leads_to(c.n == 3, c.n == 0),
        lambda c: always_eventually(c.n == 1),
        lambda c: eventually(c.served),
        lambda c: next_step(c.n == 1),
        lambda c: always_eventually(c.n == 3) & always(c.n == 0),
        lambda c: some(always(c.n == n) for n in range(4)),
    ]
    for formula in true:
        assert says_of_counter(formula) == "holds"
    for formula in false:
        assert says_of_counter(formula) == "violated"


def says_of_counter(formula: Any) -> str:
    found = verdict(Clock, tick(fair=WEAK), says(formula))
    return next(p.verdict for p in found.properties if p.name == "said")


def test_next_step_sees_stuttering() -> None:
    """The next moment may be the same state again."""
    assert says_of_counter(lambda c: always(implies(c.n == 1, next_step(c.n == 2)))) == "violated"
    assert says_of_counter(lambda c: always(implies(c.n == 1, next_step((c.n == 1) | (c.n == 2))))) == "holds"


# What is not known.


def test_a_constraint_that_cuts_makes_it_undetermined_but_a_lasso_is_real() -> None:
    """Nothing holds beyond a constraint; a behaviour found inside of it is one."""

    @constraint
    def low(clock: Clock) -> Value[bool]:
        return clock.n < 2

    found = verdict(Clock, tick(fair=WEAK), switch(), low, ENDS)
    assert [p.verdict for p in found.properties if p.name == "said"] == ["undetermined"]
    assert [f.subject for f in found.findings if f.kind == "cut-cycles"] == ["low"]
    assert verdict(Clock, tick(), switch(), low, ENDS).exit_code == 13


def test_a_state_beyond_the_constraint_is_no_place_to_stop() -> None:
    """A fair step that leaves the constraint is enabled all the same: to stutter before it would be no
    behaviour.
    """

    @constraint
    def low(clock: Clock) -> Value[bool]:
        return clock.n < 1

    found = verdict(Clock, tick(fair=WEAK), low, says(lambda c: eventually(c.n == 3)))
    assert [p.verdict for p in found.properties if p.name == "said"] == ["undetermined"]


def test_a_bounded_run_finds_real_lassos_only() -> None:
    """With --max-depth a lasso in what was visited is a violation; without one the property is
    undetermined.
    """
    limits = Limits(max_depth=2)
    assert verdict(Clock, tick(), switch(), ENDS, limits=limits).exit_code == 13
    assert (
        next(p.reason for p in verdict(Clock, tick(fair=WEAK), ENDS, limits=limits).properties)
        == "--max-depth 2 reached"
    )


def test_an_expression_without_a_value_leaves_it_undetermined() -> None:
    """A formula whose condition has no value somewhere is an evaluation error with its trace."""
    found = verdict(Clock, tick(fair=WEAK), says(lambda c: eventually(3 // (2 - c.n) == 3)))
    assert found.exit_code == 75 and found.traces["evaluation"].length == 2
    assert [p.reason for p in found.properties if p.name == "said"] == [
        "an expression has no value in some reachable state"
    ]


def test_an_interrupted_run_keeps_its_safety_verdicts() -> None:
    """Ctrl-C after safety: what holds is said, liveness is undetermined."""
    model = ground(Spec(Clock, tick(fair=WEAK), switch(), whole, ENDS))
    space = explore(model)
    found = judge(space, answers=check(space, Limits(interrupted=True)))
    assert {p.name: (p.verdict, p.reason) for p in found.properties if p.name in ("whole", "said")} == {
        "whole": ("holds", ""),
        "said": ("undetermined", "interrupted"),
    }


# What says nothing.


def test_a_premise_that_never_holds_is_a_finding() -> None:
    """`leads_to` of something impossible holds, and says nothing."""
    found = verdict(Clock, tick(fair=WEAK), switch(), says(lambda c: leads_to(c.served, c.n == 3)))
    assert ("vacuous-premise", "said") in [(f.kind, f.subject) for f in found.findings]


@pytest.mark.parametrize(
    "formula",
    [
        lambda c: leads_to(c.n == 1, c.n >= 1),
        lambda c: always_eventually(c.n <= 3),
        lambda c: eventually_always(c.n >= 0),
        lambda c: eventually(c.n == 0),
        lambda c: until(c.served, c.n == 0),
    ],
)
def test_a_property_that_no_behaviour_could_break_is_a_finding(formula: Any) -> None:
    """It would hold without any fairness, and without any order of steps."""
    found = verdict(Clock, tick(fair=WEAK), switch(), serve(), says(formula))
    assert ("unbreakable", "said") in [(f.kind, f.subject) for f in found.findings]


def test_a_property_that_needs_fairness_is_no_finding() -> None:
    """What some unfair behaviour breaks says something."""
    assert not [
        f for f in verdict(Clock, tick(fair=WEAK), switch(), ENDS).findings if f.kind == "unbreakable"
    ]


# What is shown.


def test_the_story_of_a_cycle() -> None:
    """It says where the cycle begins and ends, and for each fair action why the cycle is fair to it."""
    found = verdict(Clock, switch(fair=WEAK), serve(fair=WEAK), SERVED)
    assert story(found.traces["said"]) == STORY


STORY = """\
    CPU
         // FROM HERE FOR EVER
         switch(GREEN)   light: RED → GREEN
         switch(RED)     light: GREEN → RED
         // BACK TO STEP 1

  said is violated: 2 steps repeat for ever:
    served never holds
    steps 1 to 2 repeat for ever, and that is fair:
    switch(to=GREEN) (weak) is taken in step 1
    switch(to=RED) (weak) is taken in step 2
    serve (weak) is disabled in the initial state
"""


def test_a_stuttering_story_names_what_is_enabled_but_not_fair() -> None:
    """Why nothing happens any more."""
    trace = verdict(Clock, tick(), switch(), serve(fair=WEAK), ENDS).traces["said"]
    assert (trace.length, trace.loop) == (0, 0)
    assert trace.why[1:] == (
        "in the initial state it stutters for ever: nothing that is fair is enabled",
        "enabled but not fair: tick, switch(to=GREEN)",
        "serve waits for light == GREEN: light = RED",
    )
    assert "// STUTTERS FOR EVER" in story(trace)


def test_the_picture_has_an_edge_back() -> None:
    """From the last step to the first of the cycle."""
    pytest.importorskip("graphviz")
    from explorer.render.picture.dot import lanes

    trace = verdict(Clock, switch(fair=WEAK), serve(fair=WEAK), SERVED).traces["said"]
    edges = [line for line in lanes(trace).body if "class=loop" in line]
    assert len(edges) == 1 and "step2:e -> step1:e" in edges[0]


SPEC = (
    """\
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action(fair=WEAK)
def up(s: S) -> None:
    when(s.n < 3)
    s.n.next = s.n + 1

@action
def down(s: S) -> None:
    when(s.n == 3)
    s.n.next = 1

@temporal
def returns(s: S) -> Formula:
    return always_eventually(s.n == 0)

@temporal
def rises(s: S) -> Formula:
    return eventually(s.n == 2)

"""
    + 'spec = Spec(expect=violates("returns", steps=1))\n'
)


@pytest.fixture
def bounce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "bounce.py").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return "bounce.py"


@pytest.mark.parametrize("engine", ["auto", "python", "reference"])
def test_the_command_line_tells_liveness(
    bounce: str, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 13, the story, the record with the loop, and `--property` for temporal properties."""
    assert main([bounce, "--engine", engine]) == 13
    assert "returns is violated" in capsys.readouterr().out
    record = json.loads(Path("out/bounce/verdict.json").read_text())
    trace = record["traces"]["returns"]
    assert (trace["kind"], trace["length"], trace["loop"]) == ("temporal", 3, 3)
    assert [(f["group"], f["how"]) for f in trace["fairness"]] == [("up", "disabled")]
    assert main([bounce, "--engine", engine, "--property", "rises"]) == 0


def test_the_length_of_a_lasso_counts_for_expectations(
    bounce: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`steps=` is stem and cycle together."""
    assert main([bounce, "--expect"]) == 13
    Path(bounce).write_text(SPEC.replace("steps=1", "steps=3"))
    assert main([bounce, "--expect"]) == 0


def test_the_profile_has_a_phase_for_liveness(bounce: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--profile` tells how long it took."""
    main([bounce, "--profile"])
    assert "liveness" in capsys.readouterr().err


def test_a_timeout_that_is_over_leaves_it_undetermined(
    bounce: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No verdict without a look."""
    model = ground(Spec(Clock, tick(fair=WEAK), switch(), ENDS))
    space = explore(model)
    assert check(space, Limits(timeout=0.0))["said"].doubt == "--timeout 0 s reached"


def test_a_formula_beyond_reason_is_undetermined() -> None:
    """An automaton that would not end is refused in one sentence."""
    deep = says(
        lambda c: (
            ~every(
                always_eventually(c.n == n) | eventually_always(c.light == light)
                for n in range(4)
                for light in Light
                for _ in range(2)
            )
        )
    )
    found = verdict(Clock, tick(), switch(), deep)
    assert "places" in next(p.reason for p in found.properties if p.name == "said")
