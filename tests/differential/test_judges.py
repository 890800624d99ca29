"""SPIN and Rumur count, judge and tell as this explorer does; a judge that says something else is heard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.export import promela as exporter
from explorer.export.flat import Flat, flatten
from explorer.export.murphi import initial_number, murphi
from explorer.export.promela import on_the_way
from explorer.ground.ground import ground
from explorer.judge import compare, spin
from explorer.judge.answers import Answer, Story, replayed
from explorer.judge.compare import JUDGES, judge, table
from explorer.run.load import load
from tests.support.house import SPECS
from tests.support.judged import judged
from tests.support.judged_specs import LARGE, LASTING, PASSING, STARTS, in_two_memories, model_of

WITHOUT = [name for name, installed in JUDGES.items() if not installed()]
pytestmark = pytest.mark.skipif(bool(WITHOUT), reason=f"{' and '.join(WITHOUT)} not installed")

MIXED = """
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(-1, 6)]] = initially(any_of(0, 2))
    q: Annotated[Queue[Annotated[int, Range(0, 2)]], Capacity(2)] = initially([])
    register: Var[bool] = initially(False)

@action
def up(s: S) -> None:
    \"\"\"n moves: {s.n}\"\"\"
    when(~s.register)
    s.n.next = s.n + 2

@action
def down(s: S) -> None:
    when(s.n > 0)
    s.n.next = (s.n - 3) // 2

@action
def push(s: S) -> None:
    when(s.n == 2)
    s.q.next = s.q.push(s.n % 3)

@action
def end(s: S) -> None:
    when((s.q.length == 1) & ~s.register)
    s.register.next = True
    s.n.next = ite(s.q.head == 2, 0, -1)

@invariant
def small(s: S) -> Value[bool]:
    return s.n < 4

@step_invariant
def moves(s: S) -> Value[bool]:
    return s.n.next != s.n

@step_invariant
def slowly(s: S) -> Value[bool]:
    return s.n.next - s.n > -3

@constraint
def near(s: S) -> Value[bool]:
    return s.n != 5

@terminal
def ended(s: S) -> Value[bool]:
    return s.register & (s.n == -1)

spec = Spec()
"""


def test_both_judges_agree_on_every_kind_of_property(tmp_path: Path) -> None:
    """Invariants, step invariants, deadlock with terminal states, steps without a value, constraints: equal
    counts and verdicts, and stories of equal length that are behaviours here.
    """
    found = judge(model_of(tmp_path, MIXED), ("SPIN", "Rumur"), 10_000, 100)
    assert found.agreed, list(table(found))
    mine, *others = found.answers
    assert {*mine.violated} == {"small", "moves", "slowly", "deadlock", "evaluation"}
    assert [{*answer.stories} for answer in others] == [{*mine.violated}] * 2


@pytest.mark.parametrize("name", ["SPIN", "Rumur"])
def test_many_initial_states_are_those_of_the_judges(name: str, tmp_path: Path) -> None:
    """Hundreds of initial states, some of which depend on each other and leave gaps, are counted as they are;
    each story begins in its own.
    """
    model = model_of(tmp_path, STARTS)
    found = judge(model, (name,), 10_000, 100)
    assert found.agreed, list(table(found))
    assert {*found.answers[1].stories} == {"rare", "at_once", "slowly", "deadlock"}
    assert len(flatten(model).initial) == (9 + 8 + 7 + 3 + 2) * 8 * 3


def test_judges_are_given_few_initial_states(tmp_path: Path) -> None:
    """A start state of Murphi, and an option of Promela, for each product of initial states and not for each
    of them; what is none of them is refused.
    """
    flat = flatten(model_of(tmp_path, STARTS))
    assert murphi(flat).count("\nstartstate ") == 5 < len(flat.initial)
    assert exporter.promela(flat).count("initial state") == 5
    for told, why in (
        ('"initial state 5"', "found product 5, of 5"),
        ('"initial states 0"', "shorter"),
        ('"another"', "'\"another\"' is no start state"),
    ):
        with pytest.raises(ValueError, match=why):
            initial_number(flat, told)


ALONE = """
from typing import Annotated
from explorer import *

class S(State):
    a: Var[Annotated[int, Range(0, 5)]] = initially(any_of(0, 2))
    b: Var[bool] = initially(any_of(bool))
    c: Var[Annotated[int, Range(0, 2)]] = initially(any_of(*range(3)))
    d: Var[bool] = initially(any_of(bool))

@initial
def depends(s: S) -> Value[bool]:
    return (s.a == 0) | (s.b & s.d)

@action
def go(s: S) -> None:
    when(s.a < 5)
    s.a.next = s.a + 1

spec = Spec()
"""


def test_initial_states_of_unlike_products_are_equally_far(tmp_path: Path) -> None:
    """Three states that differ in a cell, and twelve that differ in three: SPIN chooses all in four steps,
    and what it has on the way is counted.
    """
    model = model_of(tmp_path, ALONE)
    found = judge(model, ("SPIN", "Rumur"), 10_000, 100)
    assert found.agreed and [answer.states for answer in found.answers] == [72] * 3, list(table(found))
    flat = flatten(model)
    assert len(flat.initial) == 12 + 3 and on_the_way(flat) == (1 + (1 + 2 + 6) + (1 + 1 + 1), 4)


WITHOUT_A_VALUE = """
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 2)]] = initially(1)

@action
def down(s: S) -> None:
    when(s.n > 0)
    s.n.next = s.n - 1

@action
def stay(s: S) -> None:
    s.n.next = s.n

@invariant
def halves(s: S) -> Value[bool]:
    return 2 // s.n >= 1

@step_invariant
def slowly(s: S) -> Value[bool]:
    return 2 // (s.n - s.n.next) >= 1

spec = Spec()
"""


def test_a_property_of_a_step_has_no_value_in_the_state_before_it(tmp_path: Path) -> None:
    """Both judges meet `halves` without a value one step later: the shorter story is that of `slowly`."""
    found = judge(model_of(tmp_path, WITHOUT_A_VALUE), ("SPIN", "Rumur"), 10_000, 100)
    assert found.agreed, list(table(found))
    assert [answer.violated["evaluation"] for answer in found.answers] == [0, 0, 0]


def test_spin_judges_a_memory_by_rules_of_its_own(tmp_path: Path) -> None:
    """The storage that is written in C has as many states of POWER's memory as ours, and as few steps to the
    stale load.
    """
    found = judge(model_of(tmp_path, PASSING), ("SPIN",), 100_000, 100)
    assert found.agreed and "no_stale_data" in found.answers[1].violated, list(table(found))


def test_spin_judges_two_memories(tmp_path: Path) -> None:
    """Two storages of different sizes stand in one file: the barrier of one orders nothing in the other."""
    model = model_of(tmp_path, in_two_memories())
    found = judge(model, ("SPIN",), 100_000, 100)
    assert found.agreed and len(flatten(model).memories) == 2, list(table(found))
    assert "no_stale_data" in found.answers[1].violated


def test_in_brief_few_stories_are_looked_for(tmp_path: Path) -> None:
    """All that holds, and the two properties with the shortest stories; no temporal ones."""
    found = judge(model_of(tmp_path, MIXED), ("SPIN", "Rumur"), 10_000, 100, brief=True)
    assert found.agreed, list(table(found))
    assert [len(answer.violated) for answer in found.answers] == [2, 2, 2]
    assert len(found.unasked) == 3 and not {*found.unasked} & found.answers[1].violated.keys()
    assert f"  violated, and not asked for in brief: {', '.join(found.unasked)}" in table(found)
    found = judge(model_of(tmp_path, LASTING), ("SPIN",), 10_000, 100, brief=True)
    assert found.agreed and [answer.temporal for answer in found.answers] == [(), ()]


def test_large_numbers_do_not_overflow(tmp_path: Path) -> None:
    """An int of Promela has 32 bits; what comes to more, be it on the way, is computed in C."""
    found = judge(model_of(tmp_path, LARGE), ("SPIN",), 100, 100)
    assert found.agreed, list(table(found))


@pytest.mark.parametrize("seed", [311, 442, 650, 654, 670])
def test_random_specs_that_once_were_none_for_spin(seed: int) -> None:
    """All steps that vanish, a constraint without a value, an array that is indexed by itself: of the random
    specs 0 to 999 these and their like had no answer, or a story that was not taken here.
    """
    assert judged(seed, ("SPIN",)) == ("agreed", [])


def test_a_judge_that_sees_another_model_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the exported model lacks a guard, the command says what differs and exits with 1."""
    (tmp_path / "mixed.py").write_text(MIXED)
    whole = exporter.promela

    def wrong(flat: Flat, packed: bool = True, told: bool = True) -> str:
        text = whole(flat, packed, told)
        assert "(n == 3)" in text  # n is kept with an offset
        return text.replace("(n == 3)", "(n <= 3)")

    monkeypatch.setattr(spin, "promela", wrong)
    assert main(["judge", str(tmp_path / "mixed.py"), "--by", "spin"]) == 1
    shown = capsys.readouterr().out
    assert "DIFFERS: states: " in shown and "0 agreed, 1 differ" in shown


def test_a_story_that_is_none_here_is_a_difference(tmp_path: Path) -> None:
    """A judge's story is taken step by step: it must be possible, and break what it says."""
    model = model_of(tmp_path, MIXED)
    initial = tuple(model.initial_states())
    names = [instance.name for instance in model.instances]
    up, down = names.index("up()" if "up()" in names else "up"), names.index("down")
    assert replayed(model, initial, "small", Story(1, (up,))) == ""
    assert replayed(model, initial, "small", Story(0, (up,))) == "small is not violated after 1 steps"
    assert "waits for 0 < n" in replayed(model, initial, "small", Story(0, (down,)))


def test_differences_without_a_reason_are_told_and_others_explained() -> None:
    """Each figure is compared; what a judge does not tell, or tells in eight digits, is explained."""
    mine = Answer("explorer", 200_000_001, 7, 3, {"a": 2}, 0.0)
    other = Answer("SPIN", 200_000_000, 8, None, {"b": 2}, 0.0, reasons=["SPIN tells eight digits"])
    differences, explained = compare._compared(mine, other)
    assert explained == ["states: SPIN tells eight digits", "depth: SPIN tells none"]
    assert differences == [
        "transitions: 7, SPIN has 8",
        "a: violated after 2 steps, SPIN says holds",
        "b: holds, SPIN says violated after 2 steps",
    ]


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        ([], 2, "no spec file; write: python -m explorer judge spec/ipi_fixed.py"),
        (["{spec}", "--by", "nusmv"], 2, "--by nusmv: no such judge; write: --by spin,rumur,tlc"),
        (["{spec}", "--max-states", "0"], 2, "'0' is not a positive integer"),
        (["{spec}", "none.py"], 2, "none.py: no such file"),
    ],
)
def test_what_a_user_gets_wrong_is_one_message(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong words end with exit code 2 and one line, before any work."""
    (tmp_path / "mixed.py").write_text(MIXED)
    assert main(["judge", *(a.format(spec=tmp_path / "mixed.py") for a in arguments)]) == code
    assert message in capsys.readouterr().err


def test_without_a_judge_there_is_no_judgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where none is installed, or the one that is asked for is not, the command says what to install."""
    (tmp_path / "mixed.py").write_text(MIXED)
    monkeypatch.setattr("explorer.command.judge.JUDGES", dict.fromkeys(JUDGES, lambda: False))
    assert main(["judge", str(tmp_path / "mixed.py")]) == 2
    assert capsys.readouterr().err == "explorer: no judge is installed; write: apt install spin rumur gcc\n"
    assert main(["judge", str(tmp_path / "mixed.py"), "--by", "spin"]) == 2
    assert "--by spin: SPIN is not installed; write: apt install spin gcc" in capsys.readouterr().err


def test_a_limit_is_no_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model that is too large for --max-states is not judged: exit code 20."""
    (tmp_path / "mixed.py").write_text(MIXED)
    assert main(["judge", str(tmp_path / "mixed.py"), "--max-states", "3"]) == 20
    assert "not judged: --max-states 3 reached" in capsys.readouterr().out


def test_a_judge_that_cannot_be_asked_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the language of the only judge has no words for a spec, nobody agreed: exit code 20 and why."""
    (tmp_path / "passing.py").write_text(PASSING)
    assert main(["judge", str(tmp_path / "passing.py"), "--by", "rumur"]) == 20
    shown = capsys.readouterr().out
    assert "  Rumur cannot be asked: the memory Ram: Rumur takes a second for each call" in shown
    assert "0 agreed, 0 differ, 1 not judged" in shown


def test_a_judge_that_takes_too_long_gives_no_answer(tmp_path: Path) -> None:
    """Its patience over, the judge is ended and named; that is no agreement."""
    found = judge(model_of(tmp_path, MIXED), ("SPIN",), 10_000, 0.05)
    assert not found.agreed and (found.stopped or "takes longer than it may" in found.silent["SPIN"])


def test_the_record_has_every_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints the answers, and nothing else."""
    (tmp_path / "passing.py").write_text(PASSING)
    assert main(["judge", str(tmp_path / "passing.py"), "--by", "rumur", "--json"]) == 20
    record = json.loads(capsys.readouterr().out)
    (found,) = record["models"]
    assert (record["judges"], found["spec"], [*found["refused"]]) == (["Rumur"], "passing", ["Rumur"])
    assert [answer["judge"] for answer in found["answers"]] == ["explorer"]


SHIPPED = [p for folder in (".", "examples", "gallery") for p in sorted((SPECS / folder).glob("*.py"))]

SMALLER: dict[str, dict[str, object]] = {"byzantine_broadcast": {"n": 3, "f": 0, "t": 0}}
"""Constants of specs that have more than a million states without symmetry."""

SMALL: dict[str, dict[str, object]] = SMALLER | {
    "ipi_healing": {"senders": 1},
    "page_walk_ipi_buggy": {"senders": 1},
    "page_walk_ipi_fixed": {"senders": 1},
}
"""Constants with which both judges are asked of every spec in little more than a minute."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_spec_is_judged_in_brief(path: Path) -> None:
    """Counts, verdicts and the shortest stories, of SPIN and, where Murphi can say the spec, of Rumur."""
    model = ground(load(path), SMALL.get(path.stem, {}), str(path))
    found = judge(model, ("SPIN", "Rumur"), 60_000, 100, brief=True)
    assert found.agreed, list(table(found))
    assert {*found.refused} <= {"Rumur"} and all("the memory" in why for why in found.refused.values())


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_spec_has_the_same_answer_from_every_judge(path: Path) -> None:
    """Counts, verdicts and stories of SPIN, and of Rumur where Murphi can say the spec."""
    model = ground(load(path), SMALLER.get(path.stem, {}), str(path))
    found = judge(model, ("SPIN", "Rumur"), 200_000, 3_600)
    assert found.agreed, list(table(found))
    assert {*found.refused} <= {"Rumur"} and all("the memory" in why for why in found.refused.values())
