"""The lost IPI: `spec/ipi_fixed.py` and `spec/ipi_buggy.py` against Linux 5.4, Linux 5.3 and commit 3a83f677a6ee."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer import reference
from explorer.check.coverage import coverage, findings
from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.engine.python import explore
from explorer.engine.space import StateSpace
from explorer.language.constants import parse
from explorer.language.semantics import State, concrete
from explorer.language.spec import Spec
from explorer.language.types import value_text
from explorer.language.values import Value
from explorer.load import load
from explorer.reference import successors
from explorer.trace.story import tell

SPECS = Path(__file__).parents[1] / "spec"

V0 = {"set_barrier": "none", "clear_barrier": "none"}
VARIANTS: dict[str, tuple[dict[str, str], str]] = {
    # name: (constants beside those of ipi_fixed, verdicts under sc, tso, pso: "." holds, "X" an IPI is lost)
    "V0": (V0, "..X"),
    "V1": ({}, "..."),
    "V2": ({"clear_barrier": "none"}, "..."),
    "V2' relaxed": ({"clear_barrier": "none", "exchange": "relaxed"}, ".XX"),
    "V2' load": ({"clear_barrier": "none", "exchange": "load"}, ".XX"),
    "V3": ({"set_barrier": "none"}, "..X"),
    "V4": ({"set_barrier": "none", "set_barrier_after": "sync"}, "..X"),
    "V5": ({"clear_barrier": "none", "clear_barrier_before": "sync", "exchange": "relaxed"}, ".XX"),
    "V6": ({"set_barrier": "lwsync"}, "..."),
    "V6'": ({"set_barrier": "lwsync", "exchange": "load"}, "..."),
    "V7": ({"flag_first": "true"}, "XXX"),
    "V8": ({"drain_first": "true"}, "XXX"),
    "V9 immediate": ({"msgsnd_sync": "false"}, ".XX"),
    "V9 buffered": ({"msgsnd_sync": "false", "msgsnd": "buffered"}, "..X"),
    "V9' immediate": ({"msgsnd_sync": "false", "guest": "false"}, "..."),
    "V9' buffered": ({"msgsnd_sync": "false", "msgsnd": "buffered", "guest": "false"}, "..."),
    "V10": ({"msgsync": "false"}, "..."),
    "V11": ({"host_tests_flag": "true"}, "..."),  # the sheet says X under sc without having explored it: docs/models/ipi.md
    "V12": ({**V0, "always_send": "true"}, "..X"),
}
LENGTHS = {  # of the shortest story that ends in a lost IPI, where there is one
    "V0": (22,), "V2' relaxed": (23, 23), "V2' load": (23, 23), "V3": (23,), "V4": (25,), "V5": (24, 24), "V7": (24, 24, 24),
    "V8": (23, 23, 23), "V9 immediate": (10, 10), "V9 buffered": (10,), "V12": (21,)}

COMMIT_MESSAGE = """
    X: smp_mb()
    X: message[RESCHEDULE] = 1
    X: kvmppc_set_host_ipi(42, 1)
    X: ppc_msgsnd_sync()
    X: ppc_msgsnd() -> 42
   42: doorbell_exception()
   42: ppc_msgsync()
  105: smp_mb()
  105: message[CALL_FUNCTION] = 1
  105: kvmppc_set_host_ipi(42, 1)
   42: kvmppc_set_host_ipi(42, 0)
   42: smp_ipi_demux_relaxed()
   42: returns to executing guest
  105: message[CALL_FUNCTION] = 1
  105: ppc_msgsnd_sync()
  105: ppc_msgsnd() -> 42
   42: local_paca->kvm_hstate.host_ipi == 0  // IPI ignored
"""
UNMENTIONED = {
    "llist_add(&p->wake_entry, &cpu_rq(42)->wake_list)", "csd_lock(csd)",
    "llist_add(&csd->llist, &call_single_queue[42])", "while (info->messages)  // none left",
    "h_doorbell out of the guest; ppc_msgsync()"}
"""Steps of the model's story that the commit message takes for granted."""

Story = list[tuple[str, str]]


def bind(spec: Spec, texts: dict[str, str]) -> Model:
    """The ground model with constants given as on the command line."""
    ground(spec)
    known = spec.known_constants()
    return ground(spec, {name: parse(known[name], text) for name, text in texts.items()})


def run(name: str, **texts: str) -> StateSpace:
    return explore(bind(load(SPECS / f"{name}.py"), texts))


def numbers(space: StateSpace) -> tuple[int, int, int]:
    return space.distinct, space.transitions, space.depth


def story(space: StateSpace, property: str) -> Story:
    return [(step.actor, step.label) for step in tell(space, space.violations[property]).steps[1:]]


def told() -> Story:
    lines = [line.strip().partition(": ") for line in COMMIT_MESSAGE.strip().splitlines()]
    return [(cpu, text) for cpu, _, text in lines]


@pytest.fixture(scope="module")
def buggy() -> StateSpace:
    return run("ipi_buggy")


def test_the_fixed_kernel_holds() -> None:
    space = run("ipi_fixed")
    assert numbers(space) == (5444, 19882, 33)
    assert space.violations == {} and space.stopped is None


def test_the_buggy_kernel_loses_an_ipi(buggy: StateSpace) -> None:
    assert numbers(buggy) == (6128, 24096, 29)
    assert {name: tell(buggy, found).length for name, found in buggy.violations.items()} == {
        "no_ignored_message": 22, "no_lost_ipi": 22, "no_soft_lockup": 22, "no_stuck_spinner": 23}


def test_expectations_say_what_is_found(buggy: StateSpace) -> None:
    expect = load(SPECS / "ipi_buggy.py").expect
    assert expect is not None and expect.property == "no_lost_ipi" and expect.steps == len(story(buggy, "no_lost_ipi"))


def test_every_cpu_of_the_story_does_what_the_commit_message_says(buggy: StateSpace) -> None:
    shortest = [step for step in story(buggy, "no_lost_ipi") if step[1] not in UNMENTIONED]
    for cpu in ("X", "105", "42"):
        assert [text for who, text in shortest if who == cpu] == [text for who, text in told() if who == cpu]
    assert len(shortest) == len(told())


def test_the_story_is_the_commit_messages_but_for_the_order_of_independent_steps(buggy: StateSpace) -> None:
    shortest = story(buggy, "no_lost_ipi")
    early = [("42", "doorbell_exception()"), ("42", "ppc_msgsync()")]
    moved = [step for step in shortest if step not in early and step[1] not in UNMENTIONED]
    first = moved.index(("105", "smp_mb()"))
    assert moved[:first] + early + moved[first:] == told()
    between = shortest[shortest.index(("105", "csd_lock(csd)")):shortest.index(early[0])]
    assert {cpu for cpu, _ in between} == {"105"}, "only steps of 105 that 42 does not see come before its exception"


def test_the_commit_messages_own_order_is_a_run_of_the_buggy_kernel(buggy: StateSpace) -> None:
    states: set[State] = set(buggy.model.initial_states())
    for step in _with_unmentioned(told(), story(buggy, "no_lost_ipi")):
        states = {after for state in states for after in _steps(buggy.model, state, step)}
        assert states, f"no run takes the step {step}"
    lost = {buggy.decode(state) for state in buggy.violations["no_lost_ipi"].states}
    assert states & lost


def _with_unmentioned(mentioned: Story, full: Story) -> Story:
    """The mentioned steps in their order, each behind the unmentioned ones that its own CPU takes first."""
    waiting = {cpu: [text for who, text in full if who == cpu] for cpu in ("X", "105", "42")}
    order: Story = []
    for cpu, text in mentioned:
        while (following := waiting[cpu].pop(0)) != text:
            order.append((cpu, following))
        order.append((cpu, text))
    return order


def _steps(model: Model, state: State, step: tuple[str, str]) -> list[State]:
    """The states that steps with this actor and text lead to."""
    found = []
    for _, number, after in successors(model, state):
        instance = model.instances[number]
        pieces = [concrete(piece, state) if isinstance(piece, Value) else piece for piece in instance.label]
        if (instance.actor, "".join(map(value_text, pieces))) == step:
            found.append(after)
    return found


@pytest.mark.parametrize("memory", ("sc", "tso", "pso"))
@pytest.mark.parametrize("name", VARIANTS)
def test_variants_have_the_verdicts_of_the_fact_sheet(name: str, memory: str) -> None:
    texts, verdicts = VARIANTS[name]
    space = run("ipi_fixed", memory=memory, **texts)
    column = ("sc", "tso", "pso").index(memory)
    if verdicts[column] == ".":
        assert space.violations == {}
    else:
        lengths = LENGTHS[name]
        assert set(space.violations) == {"no_lost_ipi", "no_ignored_message", "no_soft_lockup", "no_stuck_spinner"}
        assert space.violations["no_lost_ipi"].level == lengths[column - verdicts.index("X")]


@pytest.mark.parametrize("texts, expected", [
    ({"ipis": "2"}, (152234, 646044, 52)),
    ({"senders": "3"}, (177041, 806645, 48)),
    ({"targets": "2"}, (85653, 452738, 37)),
    ({"message_types": "5"}, (20186, 74722, 33)),
    ({"spinners": "2"}, (12832, 53898, 35)),
    ({"locks": "false"}, (2420, 7622, 31)),
    ({"napping": "false"}, (4434, 15486, 33)),
    ({"soft_masked": "false"}, (4448, 15470, 33)),
    ({"kicks": "1", "always_send": "true"}, (53582, 220268, 35)),
])
def test_the_fixed_kernel_holds_in_every_size(texts: dict[str, str], expected: tuple[int, int, int]) -> None:
    space = run("ipi_fixed", **texts)
    assert space.violations == {}
    assert numbers(space) == expected


def test_without_a_first_doorbell_nobody_clears_the_flag() -> None:
    """One sender alone loses nothing; a kick by KVM is enough of a first doorbell."""
    assert run("ipi_buggy", senders="1").violations == {}
    assert run("ipi_buggy", senders="1", kicks="1").violations["no_lost_ipi"].level == 16
    assert run("ipi_fixed", senders="1", kicks="1").violations == {}


def test_only_a_guest_ignores_doorbells() -> None:
    assert run("ipi_buggy", guest="false").violations == {}


def test_a_host_that_tests_the_flag_spreads_the_bug_of_5_3_to_the_host() -> None:
    assert run("ipi_buggy", guest="false", host_tests_flag="true").violations["no_lost_ipi"].level == 23


def test_at_the_end_everything_is_served() -> None:
    """Without guests and masking no step is left at the end, so a call that is not served would be a deadlock."""
    assert run("ipi_fixed", guest="false", soft_masked="false").violations == {}


def _served(space: StateSpace, without: str) -> bool:
    """Whether any run from the hung states serves the call of 105, where an action is left out."""
    model = space.model
    csd = next(cell for cell in range(model.size) if model.cell_name(cell) == "csd[105][42]")
    frontier = {s for s in map(space.decode, space.violations["no_soft_lockup"].states) if s[csd]}
    assert frontier, "no state where 105 hangs"
    seen: set[State] = set()
    while frontier:
        seen |= frontier
        frontier = {after for state in frontier for _, number, after in successors(model, state)
                    if model.instances[number].action.name != without} - seen
    return any(not state[csd] for state in seen)


def test_later_calls_do_not_rescue_a_lost_one() -> None:
    """They find the list occupied and send nothing (V0); only an IPI for each call would (V12)."""
    assert not _served(run("ipi_buggy", ipis="2"), without="queue_wakeup")
    assert _served(run("ipi_buggy", ipis="2", always_send="true"), without="queue_wakeup")


def test_an_ipi_of_another_kind_rescues_a_lost_call() -> None:
    """Hence they must be finitely many for the hang to be permanent."""
    assert _served(run("ipi_buggy", ipis="2"), without="")


@pytest.mark.parametrize("name", ("ipi_fixed", "ipi_buggy"))
def test_nothing_in_the_shipped_specs_is_vacuous(name: str) -> None:
    space = run(name)
    assert [found.text for found in findings(space, coverage(space)) if found.severe] == []


@pytest.mark.parametrize("name", ("ipi_fixed", "ipi_buggy"))
def test_the_reference_counts_the_same(name: str) -> None:
    model = bind(load(SPECS / f"{name}.py"), {})
    fast, slow = explore(model), reference.explore(model)
    assert numbers(fast) == numbers(slow)
    assert {k: v.level for k, v in fast.violations.items()} == {k: v.level for k, v in slow.violations.items()}
