"""`replay --story`: interleavings of commit messages against specs, line by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.verdict import exit_codes
from tests.support.house import SPECS

MESSAGE = Path(__file__).with_name("host_ipi.txt")
"""Both interleavings of Linux commit 3a83f677a6ee, as the feed has them: with its entities and its typing
error.
"""

LOCK = """\
import enum
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class Lock(State):
    taken: Var[bool] = initially(any_of(False, True))
    inside: Map[Cpu, bool] = initially(False)

@action(actor="cpu", source="lock.c:take_lock")
def take(lock: Lock, cpu: Cpu):
    \"\"\"word = 1\"\"\"
    when(~lock.taken & ~lock.inside[cpu])
    lock.taken.next = True
    lock.inside[cpu].next = True

@action(actor="cpu", source="lock.c:give_lock")
def give(lock: Lock, cpu: Cpu):
    \"\"\"word = 0\"\"\"
    when(lock.inside[cpu])
    lock.taken.next = False
    lock.inside[cpu].next = False

@action(actor="cpu", stutters=True, source="lock.c:look")
def look(lock: Lock, cpu: Cpu):
    \"\"\"read() == {lock.taken}  // the word\"\"\"

@action(actor="cpu", stutters=True, source="lock.c:look")
def look_again(lock: Lock, cpu: Cpu):
    \"\"\"reread()  // once\"\"\"

@action(actor="cpu", stutters=True, source="lock.c:look")
def look_thrice(lock: Lock, cpu: Cpu):
    \"\"\"reread()  // twice\"\"\"

spec = Spec()
"""

Replay = Callable[..., tuple[int, str, str]]


@pytest.fixture
def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replay:
    """Replays a story in the spec LOCK: exit code, output, errors."""

    def run(text: str, *options: str) -> tuple[int, str, str]:
        (tmp_path / "lock.py").write_text(LOCK)
        (tmp_path / "mail.txt").write_text(text)
        code = main(["replay", "--story", str(tmp_path / "mail.txt"), str(tmp_path / "lock.py"), *options])
        out, err = capsys.readouterr()
        return code, out.replace(f"{tmp_path}/", ""), err.replace(f"{tmp_path}/", "")

    return run


@pytest.mark.parametrize("memory", ["pso", "power"])
def test_both_interleavings_of_the_commit_are_behaviours(
    memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Linux 5.3 with a relaxed exchange has both: 17 or 16 lines are steps, five are filled in, and the IPI
    is lost.
    """
    spec = str(SPECS / "ipi_buggy.py")
    code = main(["replay", "--story", str(MESSAGE), spec, "-D", "exchange=relaxed", "-D", f"memory={memory}"])
    out = capsys.readouterr().out
    assert code == exit_codes.OK
    assert out.count(": a behaviour of ipi_buggy: ") == 2
    assert out.count("no_lost_ipi is violated at its end") == 2
    assert out.count(", 5 filled in") == 2
    assert out.count("(arrow fits: the others miss it until line ") == 2
    assert out.count("smb_mb()") == out.count("is `smp_mb()` (a letter differs)") == 2
    assert out.count("hangs waiting on 42 to process messages/call_single_queue  a comment, not checked") == 2


def test_an_arrow_that_no_memory_allows_is_no_behaviour(capsys: pytest.CaptureFixture[str]) -> None:
    """Under TSO the message is not deferred beyond the flag: 42 does not miss it, and the answer says so."""
    spec = str(SPECS / "ipi_buggy.py")
    code = main(["replay", "--story", str(MESSAGE), spec, "-D", "exchange=relaxed", "-D", "memory=tso"])
    out = capsys.readouterr().out
    assert code == exit_codes.UNDETERMINED
    assert (
        "host_ipi.txt:19: undetermined: the steps are a behaviour of ipi_buggy, but not with the arrow" in out
    )
    assert "demux(cpu=42), 42 does not miss it before that line (bytes[42][CALL_FUNCTION])" in out


def test_an_arrow_that_ends_too_late_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sync of 105 makes its message reach 42: an arrow that goes on behind it is not what happened."""
    spec = str(SPECS / "ipi_buggy.py")
    main([spec, "--property", "no_lost_ipi", "--format", "commit"])
    told = capsys.readouterr().out
    moved = told.replace("--->           ppc_msgsnd_sync()", "|              ppc_msgsnd_sync()")
    moved = moved.replace("               ppc_msgsnd() -> 42", "--->           ppc_msgsnd() -> 42")
    assert moved.count("--->") == told.count("--->") == 1
    answers = []
    for text in (told, moved):
        (tmp_path / "message.txt").write_text(text)
        code = main(["replay", "--story", str(tmp_path / "message.txt"), spec])
        answers.append((code, "(arrow does not fit)" in (out := capsys.readouterr().out)))
    assert answers == [(exit_codes.OK, False), (exit_codes.UNDETERMINED, True)]
    assert "ppc_msgsnd_sync(cpu=105, target=42), makes it reach 42" in out


@pytest.mark.parametrize("memory", ["pso", "power"])
def test_the_second_interleaving_needs_a_relaxed_exchange(
    memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the ordered exchange of 5.3 the first one is a behaviour. Of the second the flag that reads 0 is
    the first line that is none: the clear is ordered before the exchange, and 105 sets the flag behind it.
    """
    code = main(["replay", "--story", str(MESSAGE), str(SPECS / "ipi_buggy.py"), "-D", f"memory={memory}"])
    out = capsys.readouterr().out
    assert code == exit_codes.UNEXPECTED
    assert out.count(": a behaviour of ipi_buggy: ") == 1
    stuck = out[out.index("no behaviour of ipi_buggy has this line here") :]
    assert stuck.splitlines()[0].endswith("here: 42: local_paca->kvm_hstate.host_ipi == 0 // IPI ignored")
    assert "ignore_in_guest(cpu=42) waits for " in stuck and "possible instead:\n" in stuck


def test_what_linux_5_4_does_not_say_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """5.4 has no `kvmppc_set_host_ipi(42, 1)`: every such line of the first story is told, and nothing is
    guessed.
    """
    assert main(["replay", "--story", str(MESSAGE), str(SPECS / "ipi_fixed.py")]) == exit_codes.USAGE
    err = capsys.readouterr().err
    assert err.count("no step of X has this label; near: `kvmppc_set_host_ipi(42)`") == 1
    assert err.count("has this label") == 3


def test_steps_in_between_are_filled_in(replay: Replay) -> None:
    """B takes the lock after A: that A gives it back stands in no line."""
    code, out, _ = replay("CPU\n  A: word = 1\n  B: word=1;\n")
    assert code == exit_codes.OK
    assert "2 steps of the story, 1 filled in" in out
    assert "A:   word = 0  // filled in" in out


def test_columns_and_calls_are_read_too(replay: Replay) -> None:
    """Columns below underlined names; a line `function(): step`; prose around the story is passed over."""
    text = (
        "Subject: a lock\n\nNote: this is a mail.\n\n  CPU0        CPU1\n  ----        ----\n"
        "  take_lock(): word = 1\n              // waits\n              read() == True  // the\n"
        "                    word\n  word = 0\n\nSigned-off-by: B\n"
    )
    code, out, _ = replay(text, "--as", "CPU0=A", "--as", "CPU1=B")
    assert code == exit_codes.OK
    assert "3 steps of the story, 0 filled in" in out
    assert "B: // waits                     a comment, not checked" in out


def test_a_value_in_a_label_is_checked(replay: Replay) -> None:
    """A label with a value is one only in states where it has that value."""
    code, out, _ = replay("A: word = 1\nA: word = 0\nA: read() == True // the word\n")
    assert code == exit_codes.OK
    assert "3 steps of the story, 1 filled in" in out
    code, out, _ = replay("// initially taken = True\nA: word = 1\n")
    assert code == exit_codes.UNEXPECTED
    assert "mail.txt:2: no behaviour of lock has this line here: A: word = 1" in out
    assert "take(cpu=A) waits for ~taken" in out


@pytest.mark.parametrize(
    "text, message",
    [
        ("A: word = 2\n", "mail.txt:1: A: word = 2: no step of A has this label; near: `word = 1`"),
        ("A: reread()\n", "A: reread(): may mean `reread()  // once`, `reread()  // twice`; write one"),
        ("C: word = 1\n", "mail.txt:1: C: word = 1: no actor of the spec is called C; known: A, B"),
        ("A: take_look():\n", "A: take_look():: the spec has no function take_look(); near: take_lock"),
        ("--A: word = 1\n", "A: word = 1: no step that defers a store of A has this label"),
        ("A: word = 1\nand so on\n", "line 2: 'and so on' is no line of a story; expected: who acts"),
        ("", "mail.txt: line 1: no step follows; expected: lines such as"),
        ("// initially token = True\nA: word = 1\n", "has token = True; did you mean 'taken'"),
        ("  A      B\n  ---    ---\n  word = 1\n it\n", "line 4: 'it' begins left of the first column"),
    ],
)  # fmt: skip
def test_a_line_that_means_nothing_is_a_mistake(replay: Replay, text: str, message: str) -> None:
    """Unknown, ambiguous and unreadable lines are told with what is near; nothing is searched."""
    code, out, err = replay(text)
    assert (code, out) == (exit_codes.USAGE, "")
    assert message in err


def test_a_limit_leaves_it_undetermined(replay: Replay) -> None:
    """With a limit that is reached nothing is said of the line."""
    code, out, _ = replay("A: word = 1\nB: word = 1\nA: word = 1\n", "--max-states", "3")
    assert code == exit_codes.UNDETERMINED
    assert "undetermined: --max-states 3 reached" in out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--story", "mail.txt"], "no spec file; write: python -m explorer replay --story MESSAGE spec"),
        (["--story", "mail.txt", "a.py", "b.py"], "one argument too many: b.py"),
        (["--story", "mail.txt", "a.py", "--own-constants"], "--own-constants is for stored traces"),
        (["x.itf.json", "--as", "A=B"], "--as is for --story only"),
        (
            ["--story", "nowhere.txt", str(SPECS / "xmon_fixed.py")],
            "replay --story nowhere.txt: No such file",
        ),
        ([], "no trace; write: python -m explorer replay out/ipi_buggy/no_lost_ipi.itf.json"),
    ],
)
def test_wrong_words_are_told(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Options that mean nothing together are one sentence."""
    assert main(["replay", *arguments]) == exit_codes.USAGE
    assert message in capsys.readouterr().err


def test_names_must_be_pairs(replay: Replay) -> None:
    """--as without a name on both sides is a mistake."""
    code, _, err = replay("A: word = 1\n", "--as", "A")
    assert (code, "--as A: expected the story's name and the spec's, such as CPU0=A" in err) == (2, True)


def test_the_story_of_the_screen_is_told_from_that_of_a_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What changed stands on its right: the format that can be read back is named."""
    (tmp_path / "screen.txt").write_text(
        "    CPU\n      X: smp_mb()\n      X: message = 1   bytes[42]: 0 → 1\n"
    )
    code = main(["replay", "--story", str(tmp_path / "screen.txt"), str(SPECS / "ipi_buggy.py")])
    assert code == exit_codes.USAGE
    assert "screen.txt: line 3: the story as the screen shows it" in capsys.readouterr().err
