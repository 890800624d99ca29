"""The lost IPI: `spec/ipi_fixed.py` and `spec/ipi_buggy.py` against Linux 5.4, Linux 5.3 and commit
3a83f677a6ee.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from explorer import check
from explorer.command.main import main
from explorer.engine import reference
from explorer.engine.python import explore
from explorer.engine.reference import successors
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.ir.types import value_text
from explorer.language.concrete import concrete
from explorer.language.constants import parse
from explorer.language.spec import Spec
from explorer.language.values import Value
from explorer.run.constants import constants_of
from explorer.run.load import load
from explorer.trace.tell import tell
from explorer.verdict.coverage import coverage
from explorer.verdict.vacuity import findings
from tests.support import families
from tests.support.house import SPECS
from tests.support.slow import rest_slow, slow_where

STEPS: dict[str, tuple[int | None, ...]] = {
    # variant of spec/ipi_fixed.py: the steps to the lost IPI under sc, tso, pso, arm, power; None: it holds
    "V0": (None, None, 21, 21, 21),
    "V1": (None, None, None, None, None),
    "V2": (None, None, None, None, None),
    "V2' relaxed": (None, None, 22, 22, 22),  # the sheet says lost under tso: there, every exchange is locked
    "V2' load": (None, 23, 22, 22, 22),
    "V3": (None, None, 22, 22, 22),
    "V4": (None, None, 24, 24, 24),
    "V5": (None, None, 23, 23, 23),  # likewise
    "V6": (None, None, None, None, None),
    "V6'": (None, None, None, None, 24),  # R+lwsync+sync: forbidden where a store reaches all CPUs at once
    "V7": (24, 24, 24, 24, 24),
    "V8": (23, 23, 23, 23, 23),
    "V9 immediate": (None, 9, 9, 9, 9),
    "V9 buffered": (None, None, 9, 9, 9),
    "V9' immediate": (None, None, None, None, None),
    "V9' buffered": (None, None, None, None, None),
    "V10": (None, None, None, 10, 10),  # loads may be early
    "V11": (None, None, None, None, None),  # the sheet says lost under sc, unexplored: docs/models/ipi.md
    "V12": (None, None, 20, 20, 20),
}
MODELS = ("sc", "tso", "pso", "arm", "power")
LOST = {"no_lost_ipi", "no_ignored_message", "no_soft_lockup", "no_stuck_spinner"}
NUMBERS = {  # states, transitions and depth
    "V1": (6130, 22825, 33),
    "V1 pso": (5468, 20078, 33),
    "V10": (16001, 71856, 34),
    "C6": (5116, 18395, 33),
    "C8": (47856, 205400, 35),
    "X1": (86040, 406398, 36),
    "O1": (86227, 406919, 36),
    "L1": (14378, 63103, 34),
    "L1 xics": (14338, 63071, 35),
    "R1 two": (21404, 79911, 34),
}

SLOW = (
    *(
        "R1",
        "R1 xics",
        "R1 two",
        "R1 xics two",
        "R3 xics",
        "V2' relaxed",
        "V2' load",
        "V5 pso",
        "V6'",
        "V6 pso",
    ),
    *("V9 buffered", "V9 buffered pso", "V0 recurring", "X no recheck", "X1", "O1", "C8"),
)
"""Rows with three senders (more than a hundred thousand states without symmetry) and others of seconds."""

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
  105: ppc_msgsnd_sync()
  105: ppc_msgsnd() -> 42
   42: local_paca->kvm_hstate.host_ipi == 0  // IPI ignored
"""
"""Its *RE-ORDERED STORE COMPLETES*, in front of the last ppc_msgsnd_sync(), is a mark here, and no step."""

UNMENTIONED = {
    "llist_add(&p->wake_entry, &cpu_rq(42)->wake_list)",
    "csd_lock(csd)",
    "llist_add(&csd->llist, &call_single_queue[42])",
    "while (info->messages)  // none left",
    "h_doorbell out of the guest; ppc_msgsync()",
}
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
    """The steps, without what a load or store says of its choice."""
    steps = tell(space, space.violations[property]).steps[1:]
    return [(step.actor, re.sub(r"(  // |; )bytes\[.*", "", step.label)) for step in steps]


def told() -> Story:
    lines = [line.strip().partition(": ") for line in COMMIT_MESSAGE.strip().splitlines()]
    return [(cpu, text) for cpu, _, text in lines]


@pytest.fixture(scope="module")
def buggy() -> StateSpace:
    return run("ipi_buggy")


def test_the_fixed_kernel_holds() -> None:
    """Linux 5.4 loses no IPI: every property holds in every reachable state."""
    space = run("ipi_fixed")
    assert numbers(space) == NUMBERS["V1"]
    assert space.violations == {} and space.stopped is None


def test_the_buggy_kernel_loses_an_ipi(buggy: StateSpace) -> None:
    """Linux 5.3 violates what the commit message says, after 21 steps."""
    assert numbers(buggy) == (6770, 27260, 30)
    assert {name: tell(buggy, found).length for name, found in buggy.violations.items()} == {
        "no_ignored_message": 21,
        "no_lost_ipi": 21,
        "no_soft_lockup": 21,
        "no_stuck_spinner": 22,
    }


def test_expectations_say_what_is_found(buggy: StateSpace) -> None:
    """The declared expectation names exactly the properties that fail."""
    expect = load(SPECS / "ipi_buggy.py").expect
    assert (
        expect is not None
        and expect.property == "no_lost_ipi"
        and expect.steps == len(story(buggy, "no_lost_ipi"))
    )


def test_every_cpu_of_the_story_does_what_the_commit_message_says(buggy: StateSpace) -> None:
    """Each CPU takes the message's steps in the message's order."""
    shortest = [step for step in story(buggy, "no_lost_ipi") if step[1] not in UNMENTIONED]
    for cpu in ("X", "105", "42"):
        assert [text for who, text in shortest if who == cpu] == [text for who, text in told() if who == cpu]
    assert len(shortest) == len(told())


def test_the_story_is_the_commit_messages_but_for_the_order_of_independent_steps(buggy: StateSpace) -> None:
    """Only steps that touch nothing in common stand elsewhere."""
    shortest = story(buggy, "no_lost_ipi")
    early = [("42", "doorbell_exception()"), ("42", "ppc_msgsync()")]
    late = ("42", "returns to executing guest")
    moved = [step for step in shortest if step not in (*early, late) and step[1] not in UNMENTIONED]
    first, last = moved.index(("105", "smp_mb()")), moved.index(("105", "ppc_msgsnd_sync()"))
    assert moved[:first] + early + moved[first:last] + [late] + moved[last:] == told()
    between = shortest[shortest.index(("105", "csd_lock(csd)")) : shortest.index(early[0])]
    assert {cpu for cpu, _ in between} == {"105"}, (
        "only steps of 105 that 42 does not see come before its exception"
    )


def test_the_deferred_store_completes_where_the_commit_message_says(buggy: StateSpace) -> None:
    """The message of 105 is on its way until ppc_msgsnd_sync() of 105 makes it reach 42, which has looked."""
    trace = tell(buggy, buggy.violations["no_lost_ipi"])
    (arrival,) = [a for a in trace.arrivals if a.key == "bytes[42][CALL_FUNCTION] = 1"]
    steps, issued, arrived = trace.steps, trace.steps[arrival.store], trace.steps[arrival.step or 0]
    assert (issued.actor, issued.label) == ("105", "message[CALL_FUNCTION] = 1")
    assert (arrived.actor, arrived.label) == ("105", "ppc_msgsnd_sync()")
    (looked,) = [step for step in steps if step.label.startswith("smp_ipi_demux_relaxed()")]
    assert looked.label.endswith("bytes[42][CALL_FUNCTION] as it was before the last store")
    assert issued.index < looked.index < arrived.index


def test_the_commit_messages_own_order_is_a_run_of_the_buggy_kernel(buggy: StateSpace) -> None:
    """The interleaving of the message itself can be taken step by step."""
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


@pytest.mark.parametrize("memory", rest_slow(MODELS))
@pytest.mark.parametrize("name", STEPS)
def test_variants_under_every_memory_model(name: str, memory: str) -> None:
    """The verdicts of the fact sheet, and what early loads and POWER's stores add."""
    spec = load(SPECS / "ipi_fixed.py")
    row = next(row for row in spec.variants if row.name == name)
    space = explore(
        ground(spec, constants_of(spec, replace(row, constants={**row.constants, "memory": memory})))
    )
    failed = set(space.violations) - {"no_stale_flag"}
    steps = STEPS[name][MODELS.index(memory)]
    assert failed == (set() if steps is None else LOST)
    assert steps is None or space.violations["no_lost_ipi"].level == steps


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
        for name in families.names("ipi_fixed")
    ],
)
def test_every_variant_is_as_it_declares(name: str) -> None:
    """Liveness included: where an IPI is lost, its call never completes; where none is, every call does."""
    verdict = families.check("ipi_fixed", name)
    steps = {p.name: p.trace_length for p in verdict.properties}["no_lost_ipi"]
    kernel, pso = name.removesuffix(" pso"), name.endswith(" pso")
    if kernel in STEPS:
        assert steps == STEPS[kernel][MODELS.index("pso" if pso else "power")]
    if name in NUMBERS:
        assert (
            verdict.states["distinct"],
            verdict.states["transitions"],
            verdict.states["depth"],
        ) == NUMBERS[name]


@pytest.mark.parametrize("name", ("ipi_fixed", "ipi_healing"))
def test_the_page_shows_the_table(name: str) -> None:
    """Every variant has its line in docs/models/ipi.md, with the steps it declares."""
    page = (SPECS.parent / "docs" / "models" / "ipi.md").read_text().splitlines()
    for row in load(SPECS / f"{name}.py").variants:
        (line,) = (
            line
            for line in page
            if line.startswith(f"  {row.name}  ") and line.endswith(f"  {row.text}") and "  met  " in line
        )
        assert ("violated" in line) != row.expect.holds
        assert row.expect.holds or f"violated {row.expect.steps} " in line


@pytest.mark.parametrize(
    "texts, expected",
    [
        pytest.param({"ipis": "2"}, (226360, 1054319, 52), marks=pytest.mark.slow),
        pytest.param({"senders": "3"}, (242588, 1171645, 48), marks=pytest.mark.slow),
        pytest.param({"targets": "2"}, (91141, 484514, 37), marks=pytest.mark.slow),
        pytest.param({"message_types": "5"}, (22366, 83650, 33), marks=pytest.mark.slow),
        ({"spinners": "2"}, (14534, 62261, 35)),
        ({"locks": "false"}, (2706, 8679, 31)),
        ({"napping": "false"}, (5116, 18395, 33)),
        ({"soft_masked": "false"}, (4971, 17681, 33)),
        ({"kicks": "1", "always_send": "true"}, (72141, 314801, 35)),
    ],
)
def test_the_fixed_kernel_holds_in_every_size(texts: dict[str, str], expected: tuple[int, int, int]) -> None:
    """With more CPUs or messages no property fails, and the counts are as they were."""
    space = run("ipi_fixed", **texts)
    assert space.violations == {}
    assert numbers(space) == expected


def test_without_a_first_doorbell_nobody_clears_the_flag() -> None:
    """One sender alone loses nothing; a kick by KVM is enough of a first doorbell."""
    assert run("ipi_buggy", senders="1").violations == {}
    assert run("ipi_buggy", senders="1", kicks="1").violations["no_lost_ipi"].level == 15
    assert run("ipi_fixed", senders="1", kicks="1").violations == {}


def test_only_a_guest_ignores_doorbells() -> None:
    """Without a guest Linux 5.3 loses no IPI."""
    assert run("ipi_buggy", guest="false").violations == {}


def test_a_host_that_tests_the_flag_spreads_the_bug_of_5_3_to_the_host() -> None:
    """Testing the flag in the host's handler loses IPIs without a guest."""
    assert run("ipi_buggy", guest="false", host_tests_flag="true").violations["no_lost_ipi"].level == 22


def test_at_the_end_everything_is_served() -> None:
    """Without guests and masking no step is left at the end, so a call that is not served would be a
    deadlock.
    """
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
        frontier = {
            after
            for state in frontier
            for _, number, after in successors(model, state)
            if model.instances[number].action.name != without
        } - seen
    return any(not state[csd] for state in seen)


@pytest.mark.slow
def test_later_calls_do_not_rescue_a_lost_one() -> None:
    """They find the list occupied and send nothing (V0); only an IPI for each call would (V12)."""
    assert not _served(run("ipi_buggy", ipis="2"), without="queue_wakeup")
    assert _served(run("ipi_buggy", ipis="2", always_send="true"), without="queue_wakeup")


def test_an_ipi_of_another_kind_rescues_a_lost_call() -> None:
    """Hence they must be finitely many for the hang to be permanent."""
    assert _served(run("ipi_buggy", ipis="2"), without="")


@pytest.mark.parametrize("name", slow_where(families.names("ipi_healing"), SLOW))
def test_what_ends_the_hang_and_what_does_not(name: str) -> None:
    """A later call does not end it, unless IPIs are sent where the list is not empty (V12); a recurring
    RESCHEDULE does.
    """
    families.check("ipi_healing", name)


def test_with_liveness_alone_the_buggy_kernel_hangs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 13, and the lasso is the lost IPI, after which nothing need happen."""
    arguments = [
        str(SPECS / "ipi_buggy.py"),
        "--property",
        "every_call_completes",
        "--property",
        "every_lock_is_passed_on",
    ]
    assert main([*arguments, "--out", str(tmp_path)]) == 13
    shown = capsys.readouterr().out
    assert re.search(r"// IPI ignored\n[ |]+// STUTTERS FOR EVER", shown)
    assert "every_call_completes     temporal  violated  lasso of 21 steps" in shown
    assert main([arguments[0].replace("buggy", "fixed"), *arguments[1:], "--out", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    "name, last",
    [
        (
            "C6 V0",
            [
                "42: wakes: msgclr; ppc_msgsync()",
                "42: local_paca->kvm_hstate.host_ipi == 0  // a wake-up for the guest, IPI ignored",
            ],
        ),
        (
            "X0",
            [
                "42: local_paca->kvm_hstate.host_ipi == 0",
                "42: XIRR: XICS_IPI; icp_native_set_qirr(42, 0xff)",
                "42: EOI; smp_mb()",
                "42: local_paca->kvm_hstate.host_ipi == 0  // still: IPI ignored",
            ],
        ),
        (
            "X late reset",
            [
                "105: icp_native_set_qirr(42, IPI_PRIORITY)",
                "42: while (info->messages)  // none left",
                "42: icp_native_set_qirr(42, 0xff)  // a sync inside: the clear is visible before",
                "42: icp_native_set_xirr(xirr)  // EOI",
            ],
        ),
        (
            "O no replay",
            [
                "105: opal_int_set_mfrr(42, IPI_PRIORITY)",
                "42: while (info->messages)  // none left",
                "42: opal_int_eoi(xirr)  // EOI",
            ],
        ),
        (
            "L2",
            [
                "42: msgclr; smp_mb()  // IPI dropped",
                "42: kvmppc_clear_host_ipi(42)",
                "42: smp_mb()  // kvmppc_clear_host_ipi",
            ],
        ),
        (
            "R2",
            [
                "42: llist_del_all(&call_single_queue[42])",
                "42: csd_unlock(csd)  // of 105, after its function has run",
                "105: csd_lock_wait(csd)  // 42 has run the function",
                "105: kvm_arch_vcpu_free(vcpu)",
            ],
        ),
    ],
)
def test_stories_end_in_the_kernels_own_words(name: str, last: list[str]) -> None:
    """The last lines of a story are those of the kernel functions."""
    space = explore(families.model("ipi_fixed", name))
    found = story(space, "no_action_on_a_freed_vcpu" if name == "R2" else "no_lost_ipi")
    assert [f"{actor}: {label}" for actor, label in found][-len(last) :] == last


@pytest.mark.parametrize("name", ("ipi_fixed", "ipi_buggy", "ipi_healing"))
def test_nothing_in_the_shipped_specs_is_vacuous(name: str) -> None:
    """No finding is made about the shipped specs of the IPI."""
    space = run(name)
    assert [found.text for found in findings(space, coverage(space)) if found.severe] == []


@pytest.mark.parametrize("name", ("ipi_fixed", "ipi_buggy"))
def test_the_reference_counts_the_same(name: str) -> None:
    """The reference finds the states, transitions and depth of the python engine."""
    model = bind(load(SPECS / f"{name}.py"), {})
    fast, slow = explore(model), reference.explore(model)
    assert numbers(fast) == numbers(slow)
    assert {k: v.level for k, v in fast.violations.items()} == {
        k: v.level for k, v in slow.violations.items()
    }


def test_a_third_call_lets_a_host_action_outlive_its_vcpu() -> None:
    """The story of R1: posted behind the exchange, while the destroyer's call joins the round under way."""
    row = next(row for row in load(SPECS / "ipi_fixed.py").variants if row.name == "R1")
    name = "no_action_on_a_freed_vcpu"
    checked = check(SPECS / "ipi_fixed.py", property=name, first=True, **row.constants)
    assert checked.trace is not None
    told = [step.partition(": ")[2].partition("  //")[0] for step in checked.trace.steps]
    posted = told.index("rm_core[42].rm_data = vcpu")
    assert (
        told.index("smp_ipi_demux_relaxed()") < posted < told.index("llist_del_all(&call_single_queue[42])")
    )
    assert told[-1] == "kvm_arch_vcpu_free(vcpu)" and not any("kvmppc_xics_ipi_action" in s for s in told)


@pytest.mark.slow
def test_which_barrier_is_needed_under_which_demultiplexer(capsys: pytest.CaptureFixture[str]) -> None:
    """The least barriers of the lost IPI on x86, Arm and POWER: herd's cells of the same question."""
    barriers = "--barriers=set_barrier,clear_barrier"
    question = [str(SPECS / "ipi_fixed.py"), barriers, "--memory=tso,arm,power", "--property=no_lost_ipi"]
    assert main(["synthesize", *question, "-D", "exchange=ordered,load", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    enough = {
        (run["constants"]["exchange"], run["memory"]): [tuple(e["choice"].values()) for e in run["enough"]]
        for run in found
    }
    assert enough == {
        ("ordered", "tso"): [("none", "none")],
        ("ordered", "arm"): [("lwsync", "none")],
        ("ordered", "power"): [("lwsync", "none")],
        ("load", "tso"): [("none", "sync")],
        ("load", "arm"): [("lwsync", "sync")],
        ("load", "power"): [("sync", "sync")],
    }
    alone = next(r for r in found if r["constants"]["exchange"] == "load" and r["memory"] == "power")
    steps = {tuple(c["choice"].values()): c["steps"] for c in alone["choices"]}
    assert steps["lwsync", "sync"] == 24  # variant P6' of the table
