"""`export`: the files, the commands that run them, and what is refused by name."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.export.flat import CannotSay, flatten
from explorer.export.murphi import murphi
from explorer.export.names import unique, word
from explorer.export.promela import promela
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.house import SPECS
from tests.support.slow import rest_slow

LOCK = """\
import enum
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class At(enum.Enum):
    IDLE, INSIDE = range(2)

class Lock(State):
    at: Map[Cpu, At] = initially(At.IDLE)
    printf: Var[Cpu | None] = initially(None)

@action(actor="cpu", source="kernel/lock.c:take")
def take(lock: Lock, cpu: Cpu) -> None:
    \"\"\"takes the lock\"\"\"
    when(lock.at[cpu] == At.IDLE)
    lock.at[cpu].next = At.INSIDE
    lock.printf.next = cpu

@invariant
def one_holder(lock: Lock) -> Value[bool]:
    return count(lock.at[cpu] == At.INSIDE for cpu in Cpu) <= 1

spec = Spec()
"""


@pytest.fixture
def lock(tmp_path: Path) -> str:
    (tmp_path / "lock.py").write_text(LOCK)
    return str(tmp_path / "lock.py")


@pytest.mark.parametrize(
    "to, file, run, lines",
    [
        (
            "promela",
            "lock.pml",
            "spin -a lock.pml",
            (
                "/* at[]: At, lock.py:12 */",
                "#define IDLE 0",
                "#define no_Cpu 0",
                "  /* take(cpu), lock.py:15, actor cpu, source kernel/lock.c:take */",
                "  :: d_step { /* A: takes the lock */",
                "       (at_A == IDLE) ->",
                "       at_A = INSIDE;",
                "       printf_2 = A;",
                "    /* one_holder, lock.py:22 */",
            ),
        ),
        (
            "murphi",
            "lock.m",
            "rumur --deadlock-detection stuck --symmetry-reduction off --threads 1 --output model.c lock.m",
            (
                "  -- at[]: At, lock.py:12",
                "  IDLE: 0;",
                "  no_Cpu: -1;",
                "-- take(cpu), lock.py:15, actor cpu, source kernel/lock.c:take",
                "-- A: takes the lock",
                'rule "take(cpu=A)"',
                "  (at_A = IDLE)",
                "  at_A := INSIDE;",
                "  printf := A;",
            ),
        ),
    ],
)
def test_an_exported_model_has_the_authors_names_labels_and_sources(
    lock: str,
    to: str,
    file: str,
    run: str,
    lines: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names, values, labels, lines and sources are the author's; a reserved word gets a number."""
    assert main(["export", lock, "--to", to, "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == str(tmp_path / "out" / file)
    assert f"  {run}" in shown
    assert set(lines) - set((tmp_path / "out" / file).read_text().splitlines()) == set()


@pytest.mark.parametrize(
    "to, judge, violated", [("promela", "spin", "errors: [1-9]"), ("murphi", "rumur", "one_holder.* failed")]
)
def test_the_commands_that_export_tells_find_the_violation(
    lock: str, to: str, judge: str, violated: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands below `run there:` works as it is printed, on this machine and its compiler."""
    if not (shutil.which(judge) and shutil.which("gcc")):
        pytest.skip(f"{judge} or gcc is not installed")
    out = tmp_path / "out"
    assert main(["export", lock, "--to", to, "--out", str(out)]) == 0
    commands = capsys.readouterr().out.partition("run there:\n")[2].splitlines()
    ran = [
        subprocess.run(command, shell=True, cwd=out, capture_output=True, text=True, timeout=120)
        for command in commands
    ]
    assert len(ran) == 3 and [done.returncode for done in ran[:2]] == [0, 0], ran
    assert re.search(violated, ran[-1].stdout), ran[-1].stdout


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--to", "murphi"], 2, "no spec file; write: python -m explorer export spec/ipi_fixed.py"),
        (["{lock}"], 2, "no language; write: python -m explorer export --to promela"),
        (["{lock}", "--to", "promel"], 2, "invalid choice: 'promel'; did you mean 'promela'?"),
        (["{lock}", "--to", "murphi", "-D", "x=1"], 2, "-D x: no such constant"),
        (["{lock}", "--to", "murphi", "--out", "{lock}"], 74, "lock.py: cannot be written"),
        (["{lock}", "--to", "murphi", "--out", ""], 2, "the name is empty"),
        (["none.py", "--to", "murphi"], 2, "none.py: no such file"),
    ],
)
def test_what_a_user_gets_wrong_is_one_message(
    arguments: list[str], code: int, message: str, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong words and places end with their code and one line."""
    assert main(["export", *(a.format(lock=lock) for a in arguments)]) == code
    error = capsys.readouterr().err
    assert error.startswith("explorer: ") and message in error and error.count("\n") == 1


MANY = """
from explorer import *

class S(State):
    n: Map[Range(0, 14), bool] = initially(any_of(bool))

@action
def stay(s: S) -> None:
    s.n[0].next = True

spec = Spec()
"""
NO_VALUE = """
from typing import Annotated
from explorer import *

class S(State):
    q: Annotated[Queue[bool], Capacity(2)] = initially([])

@action
def stay(s: S) -> None:
    when(s.q.length == 1)
    s.q.next = s.q.push(True)

@terminal
def over(s: S) -> Value[bool]:
    return s.q.head

spec = Spec()
"""
CROSSED = """
from typing import Annotated
from explorer import *

Bit = Annotated[int, Range(0, 1)]

class S(State):
    a: Map[Bit, Bit] = initially(0)
    b: Map[Bit, Bit] = initially(0)

@action
def cross(s: S) -> None:
    s.a[s.b[0]].next = 1
    s.b[s.a[0]].next = 1

spec = Spec()
"""


@pytest.mark.parametrize(
    "text, message",
    [
        (CROSSED, "assignments to a[] and b[] in one step, each at an index that the other changes"),
        (MANY, "more than 20,000 initial states"),
        (NO_VALUE, "a terminal condition that may have no value"),
    ],
)
def test_what_no_exporter_can_say_is_refused_by_name(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 and the name of what cannot be said; no file is written."""
    (tmp_path / "odd.py").write_text(text)
    code = main(["export", str(tmp_path / "odd.py"), "--to", "promela", "--out", str(tmp_path / "out")])
    assert code == 1
    assert capsys.readouterr().err in (
        f"explorer: promela cannot say it: odd: {message}\n",
        f"explorer: promela cannot say it: {message}\n",
    )
    assert not (tmp_path / "out").exists()


def test_names_are_words_and_each_is_one_things() -> None:
    """Signs become underscores, digits do not come first, and what occurs again gets a number."""
    assert [word(t) for t in ("at[X]", "2nd", "--", "a.b[]")] == ["at_X", "n2nd", "n", "a_b"]
    assert unique(["a", "b", "a"]) == ["a", "b", "a #2"]


SHIPPED = [
    *sorted(SPECS.glob("*.py")),
    *sorted(SPECS.glob("examples/*.py")),
    *sorted(SPECS.glob("gallery/*.py")),
]


@pytest.mark.parametrize("path", rest_slow(SHIPPED), ids=lambda path: path.stem)
def test_every_shipped_spec_is_exported(path: Path) -> None:
    """Promela says all, with two memories too, Murphi all without one; the refusal names it."""
    model = ground(load(path), file=str(path))
    flat = flatten(model)
    assert promela(flat).count(":: d_step") >= len(flat.steps)
    if flat.memories:
        with pytest.raises(CannotSay, match=r"the memory .*: Rumur takes a second for each call"):
            murphi(flat)
    else:
        assert murphi(flat).count("\nrule ") >= len(flat.steps)


def test_a_temporal_property_is_a_file_for_spin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each part has its file, which says what is asked, and the formula that SPIN translates."""
    spec = str(SPECS / "examples" / "peterson.py")
    assert main(["export", spec, "--to", "promela", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    formula = "([] <> fair__all) && ((!has__begun) U (has__begun && <> ((atom__0 && [] (atom__1)))))"
    assert f"  spin -a -f '{formula}' peterson_no_starvation_2.pml\n" in shown
    text = (tmp_path / "peterson_no_starvation_2.pml").read_text()
    assert (
        "#define atom__1 ((at_Process1 != CRITICAL))\n" in text
        and "#define fair__all (fair__turn == 8)" in text
    )
    asked = "/* asked: no_starvation, spec/examples/peterson.py:124: leads_to("
    assert asked in text and "not in this file" not in text
