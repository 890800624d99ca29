"""Mutation: what is removed from a spec is exactly one declared thing, and what is said of the mutant is
true.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from explorer import SpecError
from explorer.command import main as cli
from explorer.command.mutant_fates import same_steps
from explorer.command.mutate import mutate
from explorer.engine import reference
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.program.mutants import Mutant, mutants, mutated
from explorer.run.load import load
from explorer.run.options import UsageError
from explorer.verdict.verdict import judge
from tests.support.generators import spec_of, spec_text
from tests.support.house import ROOT

LOCK = """\
import enum
from typing import Annotated
from explorer import *

STRICT = constant("STRICT", True)

class Cpu(Scalarset):
    size = 2

class Step(enum.Enum):
    OUT, WANT, IN = range(3)

class Buffer(State):
    full: Map[Cpu, bool] = initially(False)

    def barrier(self, cpu: Cpu) -> None:
        when(~self.full[cpu])

class Lock(State):
    at: Map[Cpu, Step] = initially(Step.OUT)
    owner: Var[Cpu | None] = initially(None)
    spare: Var[Annotated[int, Range(0, 1)]] = initially(0)

@action(actor="cpu")
def want(lock: Lock, buffer: Buffer, cpu: Cpu):
    when(lock.at[cpu] == Step.OUT)
    when(STRICT)
    when(cpu.index >= 0)
    lock.at[cpu].next = Step.WANT
    buffer.full[cpu].next = True

@action(actor="cpu")
def flush(buffer: Buffer, cpu: Cpu):
    when(buffer.full[cpu])
    buffer.full[cpu].next = False

@action(actor="cpu")
def take(lock: Lock, buffer: Buffer, cpu: Cpu):
    when((lock.at[cpu] == Step.WANT) & (lock.owner == None))
    buffer.barrier(cpu)
    lock.owner.next = cpu
    lock.at[cpu].next = Step.IN

@action(actor="cpu")
def give(lock: Lock, cpu: Cpu):
    when(lock.at[cpu] == Step.IN)
    lock.owner.next, lock.at[cpu].next = None, Step.OUT
    lock.spare.next = 0

@action(actor="cpu")
def never(lock: Lock, cpu: Cpu):
    when(not STRICT)
    lock.at[cpu].next = Step.IN

@invariant
def mutual_exclusion(lock: Lock):
    return count(lock.at[cpu] == Step.IN for cpu in Cpu) <= 1

@invariant
def owned(lock: Lock, cpu: Cpu):
    return implies(lock.at[cpu] == Step.IN, lock.owner == cpu)

@invariant
def drained(lock: Lock, buffer: Buffer, cpu: Cpu):
    return ~((lock.at[cpu] == Step.IN) & buffer.full[cpu])

spec = Spec(survivors={"give: lock.owner.next": "REASON", "want: nothing": "unused"})
"""

LOCK_TABLE = [
    ("want", "guard", "when(lock.at[cpu] == Step.OUT)", "", "survived", {}),
    ("want", "update", "lock.at[cpu].next = Step.WANT", "", "survived", {}),
    ("want", "update", "buffer.full[cpu].next = True", "", "survived", {}),
    ("flush", "guard", "when(buffer.full[cpu])", "", "survived", {}),
    ("flush", "update", "buffer.full[cpu].next = False", "", "survived", {}),
    ("take", "guard", "when(lock.at[cpu] == Step.WANT)", "", "survived", {}),
    ("take", "guard", "when(lock.owner == None)", "", "noticed", {"mutual_exclusion": 6, "owned": 6}),
    ("take", "barrier", "when(~self.full[cpu])", "Buffer.barrier", "noticed", {"drained": 2}),
    ("take", "update", "lock.owner.next = cpu", "", "noticed", {"owned": 3}),
    ("take", "update", "lock.at[cpu].next = Step.IN", "", "noticed", {"deadlock": 5}),
    ("give", "guard", "when(lock.at[cpu] == Step.IN)", "", "noticed", {"owned": 4}),
    (
        "give",
        "update",
        "lock.owner.next, lock.at[cpu].next = None, Step.OUT  [owner]",
        "",
        "noticed",
        {"deadlock": 8},
    ),
    (
        "give",
        "update",
        "lock.owner.next, lock.at[cpu].next = None, Step.OUT  [at]",
        "",
        "noticed",
        {"owned": 4},
    ),
    ("give", "update", "lock.spare.next = 0", "", "equivalent", {}),
]


def written(folder: Path, text: str = LOCK, name: str = "lock.py") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def record_of(path: str, **options: Any) -> dict[str, Any]:
    return mutate(path, **options)[1]


def test_every_guard_barrier_and_update_is_a_mutant_and_its_fate_is_told(tmp_path: Path) -> None:
    """Conjuncts are told apart, a barrier is called one, switches by constants are none, and each row says
    what notices.
    """
    rows = record_of(written(tmp_path))["mutants"]
    found = [
        (
            r["action"],
            r["kind"],
            r["text"],
            r["helper"],
            r["status"],
            {p["property"]: p["steps"] for p in r["by"]},
        )
        for r in rows
    ]
    assert found == LOCK_TABLE


def test_the_steps_are_those_of_the_spec_without_the_line(tmp_path: Path) -> None:
    """A mutant fails as the same spec does with the line deleted by hand."""
    for removed, properties in (
        ("    when(~self.full[cpu])\n", {"drained": 2}),
        ("    lock.owner.next = cpu\n", {"owned": 3}),
    ):
        text = LOCK.replace(removed, "    pass\n" if "self" not in removed else "        pass\n")
        verdict = judge(reference.explore(ground(load(written(tmp_path, text, "by_hand.py")))))
        lengths = {p.name: p.trace_length for p in verdict.properties if p.trace_length is not None}
        assert properties.items() <= lengths.items() and min(lengths.values()) == min(properties.values())


def test_strict_findings_count_where_asked(tmp_path: Path) -> None:
    """An action that can never be taken is noticed under --strict, and told beside the survivor otherwise."""
    loose, strict = (record_of(written(tmp_path), strict=asked) for asked in (False, True))
    row = next(r for r in loose["mutants"] if r["text"] == "lock.at[cpu].next = Step.WANT")
    assert (row["status"], row["findings"][0]) == ("survived", "never-taken take")
    row = next(r for r in strict["mutants"] if r["text"] == "lock.at[cpu].next = Step.WANT")
    assert row["status"] == "noticed" and {"property": "never-taken take", "steps": None} in row["by"]
    assert strict["share"] > loose["share"]


def test_the_share_leaves_out_what_does_not_differ(tmp_path: Path) -> None:
    """Noticed mutants among all but the equivalent ones, in percent."""
    record = record_of(written(tmp_path))
    assert record["counts"] == {"noticed": 7, "survived": 6, "undetermined": 0, "equivalent": 1}
    assert record["share"] == 53.8


def test_the_author_explains_survivors(tmp_path: Path) -> None:
    """The reason stands with the mutant that it names; a reason that explains none is reported."""
    text = LOCK.replace("give: lock.owner.next", "want: buffer.full")
    rows = record_of(written(tmp_path, text))
    assert [r["text"] for r in rows["mutants"] if r["reason"] == "REASON"] == ["buffer.full[cpu].next = True"]
    assert rows["unused_reasons"] == ["want: nothing"]


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    """Two processes give the same table as one, constants of the command line included."""
    path = written(tmp_path)
    one, two = (record_of(path, define=["STRICT=true"], workers=n) for n in (1, 2))
    for record in (one, two):
        for row in record["mutants"]:
            del row["seconds"]
    assert one == two and one["mutants"]


def test_a_limit_leaves_a_mutant_undetermined(tmp_path: Path) -> None:
    """A mutant that outgrows the limit is not said to survive."""
    text = """\
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 900)]] = initially(0)
    odd: Var[bool] = initially(False)

@action
def up(s: S):
    when(s.n < 3)
    s.n.next = ite(s.n < 900, s.n + 1, 0)

@action
def reset(s: S):
    s.n.next = 0

@invariant
def small(s: S):
    return s.n <= 900

spec = Spec()
"""
    rows = record_of(written(tmp_path, text), max_states=50)["mutants"]
    row = next(r for r in rows if r["kind"] == "guard")
    assert (row["status"], row["reason"]) == ("undetermined", "--max-states 50 reached")


def test_what_a_quantifier_says_is_one_conjunct(tmp_path: Path) -> None:
    """`every(...)` is not split, `a & b & c` is, and a helper's condition is dropped whole."""
    text = LOCK.replace(
        "when((lock.at[cpu] == Step.WANT) & (lock.owner == None))",
        "when((lock.at[cpu] == Step.WANT) & every(lock.owner != c for c in Cpu) & (lock.spare == 0))",
    )
    found = [
        m.text
        for m in mutants(ground(load(written(tmp_path, text))))
        if m.action == "take" and m.kind == "guard"
    ]
    assert found == [
        "when(lock.at[cpu] == Step.WANT)",
        "when(every(lock.owner != c for c in Cpu))",
        "when(lock.spare == 0)",
    ]


def steps_of(space: StateSpace) -> set[Any]:
    model = space.model
    return {
        (model.instances[i].action.name, s, t)
        for level in space.levels
        for s, i, t in space.edges(level, None)
    }


def outcome(model: Model, mutant: Mutant, space: StateSpace) -> bool | None:
    """Whether a mutant explored in full has the same states and steps; None where it is too large."""
    other = reference.explore(mutated(model, mutant), Limits(max_states=400))
    if other.stopped or "evaluation" in other.violations:
        return None if other.stopped else False
    same = {s for level in space.levels for s in level} == {s for level in other.levels for s in level}
    return same and steps_of(space) == steps_of(other)


def test_equivalence_is_what_complete_explorations_show() -> None:
    """On random specs, a mutant is called equivalent exactly where its state space is the original's."""
    seen = {True: 0, False: 0}
    for seed in range(60):
        try:
            model = ground(spec_of(spec_text(random.Random(seed))))
        except SpecError:  # the generator may assign a place twice
            continue
        space = reference.explore(model, Limits(max_states=150))
        if space.stopped or space.cut or "evaluation" in space.violations:
            continue
        for mutant in mutants(model):
            wanted = outcome(model, mutant, space)
            if wanted is not None:
                assert same_steps(model, mutant, (s for level in space.levels for s in level)) == wanted, (
                    seed,
                    mutant.text,
                )
                seen[wanted] += 1
    assert seen[True] > 10 and seen[False] > 100


def test_the_barriers_of_the_lost_ipi_are_mutants() -> None:
    """A step that is only a barrier has its guard conjunct listed as the barrier that it is."""
    model = ground(load(ROOT / "spec" / "ipi_fixed.py"))
    barriers = [m for m in mutants(model) if m.kind == "barrier"]
    assert {m.action for m in barriers} >= {"set_barrier", "clear_barrier", "smp_mb", "ppc_msgsnd_sync"}
    assert {(m.helper, m.text) for m in barriers} == {("Memory.fence", "self.smp_mb(cpu)")}
    alone = [m for m in mutants(model) if m.action == "set_barrier" and m.kind == "update"]
    assert [(m.helper, m.text) for m in alone] == [("Senders.turn", "self.at[cpu].next = following(step)")]


# The command.


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "explorer", "mutate", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        timeout=120,
    )


def test_the_command_writes_and_tells(tmp_path: Path) -> None:
    """The table on the screen, both files, nothing on standard error, exit 0."""
    written(tmp_path)
    done = run(tmp_path, "lock.py")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert (
        lines[0]
        == "lock: 14 mutants, 13 differ from the original: 7 noticed (53.8 %), 6 survived, 0 undetermined; 1"
        " equivalent."
    )
    assert (
        lines[10].split() == "take lock.py:17 barrier Buffer.barrier: when(~self.full[cpu]) drained 2".split()
    )
    assert lines[-1] == "note: survivors has a reason for 'want: nothing', and no such mutant survives"
    assert (
        "| take | lock.py:17 | barrier `Buffer.barrier: when(~self.full[cpu])` | drained 2 |"
        in (tmp_path / "out" / "lock" / "mutations.md").read_text()
    )
    assert json.loads((tmp_path / "out" / "lock" / "mutations.json").read_text())["share"] == 53.8


def test_json_is_the_record(tmp_path: Path) -> None:
    """--json prints what mutations.json holds, and nothing else."""
    done = run(tmp_path, written(tmp_path), "--json", "--workers", "1", "--out", "here")
    assert (
        done.stdout == (tmp_path / "here" / "mutations.json").read_text()
        and len(json.loads(done.stdout)["mutants"]) == 14
    )


def test_at_least_decides_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than --at-least is exit 1; enough is exit 0."""
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path)
    assert cli.main(["mutate", path, "--workers", "1", "--at-least", "53.84"]) == 0
    assert cli.main(["mutate", path, "--workers", "1", "--at-least", "53.85"]) == 1


def test_an_earlier_table_of_mutants_does_not_outlive_its_spec(tmp_path: Path) -> None:
    """Where a spec cannot be understood any more, the mutants of the run before are removed; what another
    command wrote stays.
    """
    path = tmp_path / written(tmp_path)
    run(tmp_path, "lock.py", "--workers", "1")
    (tmp_path / "out/lock/report.html").write_text("of another command")
    path.write_text("spec = 3\n")
    assert run(tmp_path, "lock.py", "--workers", "1").returncode == 150
    assert [p.name for p in (tmp_path / "out/lock").iterdir()] == ["report.html"]


def test_only_a_spec_that_holds_is_mutated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spec that is violated or cut short itself keeps its own exit code, and no mutant is judged."""
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, LOCK.replace("buffer.barrier(cpu)", "pass"))
    assert cli.main(["mutate", path]) == 12
    assert (
        capsys.readouterr().out
        == "lock is violated itself (drained): only a spec that holds can be mutated.\n"
    )
    assert cli.main(["mutate", written(tmp_path), "--max-states", "2"]) == 20
    assert "is undetermined itself (--max-states 2 reached)" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "lock" / "mutations.json").read_text())["mutants"] == []


def test_wrong_usage_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No spec, a percentage above 100, an unknown option, too many processes, a matrix: exit 2 and a
    sentence.
    """
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path)
    for arguments, said in (
        ([], "no spec file; write: python -m explorer mutate"),
        ([path, "--at-least", "101"], "percentage"),
        ([path, "--worker", "2"], "--workers"),
        ([path, "--workers", "99999"], "at most"),
        ([path, "-D", "STRICT=true,false"], "one value for each constant"),
        (["missing.py"], "no such file"),
    ):
        assert cli.main(["mutate", *arguments]) == 2
        error = capsys.readouterr().err
        assert error.startswith("explorer: ") and said in error and error.count("\n") == 1


def test_a_process_that_dies_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working process that the system ends is no traceback."""
    text = LOCK.replace(
        "import enum\n",
        "import enum, multiprocessing, os\nif multiprocessing.parent_process():\n    os._exit(1)\n",
        1,
    )
    with pytest.raises(UsageError, match="a process ended before its work was done"):
        record_of(written(tmp_path, text), workers=2)


def test_places_and_registers_of_a_process_are_nobodys_lines(tmp_path: Path) -> None:
    """What a process does to its place and its registers is no mutant; what its author wrote is one."""
    path = written(
        tmp_path,
        """
from typing import Annotated
from explorer import *

class Counter(State):
    n: Var[Annotated[int, Range(0, 3)]] = initially(0)

@process
def increment(counter: Counter) -> Steps:
    yield "loads"
    old = yield keep(counter.n)
    yield "stores"
    counter.n.next = old + 1

@invariant
def small(counter: Counter) -> Value[bool]:
    return counter.n <= 1

spec = Spec(expect=HOLDS)
""",
    )
    found = mutants(ground(load(path)))
    assert [(m.action, m.kind, m.text) for m in found] == [
        ("increment.loads", "guard", 'yield "loads"'),
        ("increment.stores", "guard", 'yield "stores"'),
        ("increment.stores", "update", "counter.n.next = old + 1"),
    ]
