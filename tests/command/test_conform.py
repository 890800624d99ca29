"""`conform`: a recorded run against a spec, as a user meets it; every mistake in one line, with its place."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import re
from pathlib import Path

import pytest

from explorer.command.main import main
from tests.support.conform import LOCK, MAPPING
from tests.support.house import DOCS, ROOT

LOG = """\
{"time": 10, "cpu": 0, "event": "take"}
{"time": 20, "cpu": 0, "event": "give", "taken": "False"}
{"time": 30, "cpu": 1, "event": "take"}
{"time": 35, "cpu": 0, "event": "given"}
{"time": 40, "cpu": 7, "event": "take"}
{"time": 41, "cpu": 1, "event": "sched_switch"}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("lock.py", LOCK), ("lock.toml", MAPPING), ("log", LOG)):
        (tmp_path / name).write_text(text)
    return tmp_path


def conform(*more: str) -> int:
    return main(["conform", "lock.py", "log", "--map", "lock.toml", *more])


def test_a_log_that_fits(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts, the behaviour with the lines of the log, and the invariant that some explanations break."""
    assert conform() == 20
    out = capsys.readouterr().out
    for line in (
        "log: 6 lines: 4 matched (3 events), 2 skipped, 0 of no event, 0 unreadable",
        "  skipped: 1 of take with a value that [names] has not",
        "  overlap: 2 events in no order, at most 2 at once",
        "log fits lock: 3 events, all explained",
        "mutual_exclusion is undetermined: violated on some behaviours that explain the log, on others not",
    ):
        assert line in out.splitlines()
    assert re.search(r"A: takes the lock  // line 1 ", out) and "A: sees that the lock is free  " in out


def test_a_log_that_does_not(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The event, the states before it, the guard that keeps it, and what was possible instead."""
    lines = LOG.splitlines(keepends=True)
    (here / "log").write_text(lines[0].replace('"cpu": 0', '"cpu": 1') + lines[1] + lines[3])
    assert conform() == 12
    out = capsys.readouterr().out
    end = out[out.index("log:2:") :].splitlines()
    assert end[:3] == [
        "log:2: no behaviour of lock has this event here:",
        "  give(cpu=A), taken = False",
        '  {"time": 20, "cpu": 0, "event": "give", "taken": "False"}',
    ]
    assert "  give(cpu=A) waits for at[A] == INSIDE  (lock.py:32; in 2 of 2 states)" in end
    possible = end[end.index("  possible instead:") + 1 :]
    assert possible == ["    give(cpu=B)  (in 2 states)", "    take(cpu=A)  (in 1 state)"]


def test_values_that_differ_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A step that is possible, and leads elsewhere than the log says."""
    (here / "log").write_text(LOG.replace('"False"', '"True"'))
    assert conform() == 12
    assert "give(cpu=A) is possible; after it taken = False, not True" in capsys.readouterr().out


def test_the_answer_as_data(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json has counts, verdict, and the steps with their lines."""
    assert conform("--json") == 20
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["events"], found["overlapping"]) == ("undetermined", 3, 2)
    assert found["broken"] == {"mutual_exclusion": "some"}
    assert [step["line"] for step in found["steps"] if step["line"]] in ([1, 2, 3], [1, 3, 2])


def test_a_log_may_begin_anywhere(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the lock is given back first, it was taken before; `begins` says in which states it may begin."""
    (here / "log").write_text(LOG.split("\n", 1)[1])
    assert conform() == 12
    assert conform("--anywhere") in (0, 20)
    assert "it begins in one of 13 states" in capsys.readouterr().out
    (here / "lock.toml").write_text('begins = { taken = "True" }\n' + MAPPING)
    assert conform("--anywhere") in (0, 20)
    assert "it begins in one of 5 states" in capsys.readouterr().out
    assert conform() == 2
    assert capsys.readouterr().err == (
        "explorer: conform --map lock.toml: no initial state has taken = True; write: --anywhere, where the"
        " log begins later\n"
    )
    assert conform("--anywhere", "--max-states", "3") == 20
    assert "--max-states 3 reached among the states where the log may begin" in capsys.readouterr().out


def test_unseen_steps_are_bounded(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any the lock cannot be looked at; the answer names the bound."""
    (here / "lock.toml").write_text("silent_steps = 0\n" + MAPPING)
    assert conform() == 12
    assert "  with at most 0 unseen steps between two events, as the mapping says" in capsys.readouterr().out


def test_rows_of_some_cpus_only(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the other CPU does is skipped, and may happen unseen; a monitor of it has no event."""
    (here / "lock.toml").write_text(MAPPING.replace("with =", "match = { on = [0, 7] }\nwith ="))
    (here / "log").write_text(LOG.splitlines()[2] + "\n" + LOG.splitlines()[0].replace("10", "50") + "\n")
    assert conform("--json") == 20
    found = json.loads(capsys.readouterr().out)
    assert found["skipped"] == {"take with no row that matches": 1} and found["events"] == 1
    assert found["broken"] == {"mutual_exclusion": "some"}
    assert main(["export", "lock.py", "--to", "rv", "--map", "lock.toml", "--cpu", "1"]) == 2
    assert capsys.readouterr().err == "explorer: --to rv: no event of lock.toml is one of CPU 1\n"


def test_a_gap_stands_for_what_was_lost(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The event that nobody saw is filled in; so is one whose beginning was lost."""
    (here / "log").write_text(
        '{"time": 10, "cpu": 0, "lost": 1}\n{"time": 20, "cpu": 0, "event": "give", "taken": "False"}\n'
        '{"time": 21, "cpu": 0, "event": "given"}\n{"time": 30, "cpu": 0, "lost": 5}\n'
        '{"time": 31, "cpu": 0, "event": "given"}\n'
    )
    assert conform() == 0
    out = capsys.readouterr().out
    assert "  lost: 6 events in 2 gaps" in out and "A: gives the lock back  // line 5" in out


MISTAKES = [
    case.split("\n---\n")
    for case in re.split(
        r"^=== .*\n", (Path(__file__).parent / "conform_mistakes.txt").read_text(), flags=re.M
    )
    if case
]
"""A mapping (`BASE` is MAPPING), a log (`LOG` is LOG), and what is said of them."""


@pytest.mark.parametrize("mapping, log, message", MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_mistakes_in_one_line(
    here: Path, mapping: str, log: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found, where, and what to write; exit 2."""
    (here / "lock.toml").write_text(mapping.replace("BASE\n", MAPPING))
    (here / "log").write_text(log.replace("LOG\n", LOG))
    assert conform() == 2
    assert capsys.readouterr().err == f"explorer: {message}"


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "it is empty; write: what trace-cmd report"),
        (gzip.compress(LOG.encode()), "it is compressed; write: gzip -dc log > trace.txt"),
        (lzma.compress(LOG.encode()), "it is compressed; write: xz -dc log > trace.txt"),
        (b"\x17\x08Dtracing6", "it is what trace-cmd records; write: trace-cmd report -i log > trace.txt"),
        (b"PERFILE2h", "it is what perf records; write: perf script -i log > trace.txt"),
        (LOG.encode("utf-16"), "it is no text in UTF-8; write: what trace-cmd report"),
    ],
)
def test_a_file_that_is_no_text_is_told_for_what_it_is(
    content: bytes, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty, compressed, binary: what it is and what makes a log of it; exit 2."""
    (here / "log").write_bytes(content)
    assert conform() == 2
    told = capsys.readouterr().err
    assert told.startswith(f"explorer: conform log: {message}") and told.count("\n") == 1


def test_what_can_be_read_once_is_no_log(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe is refused, and not waited for; so are a directory and standard input."""
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    for name, message in (
        ("pipe", "a log is read twice, and this can be read once; write: cat pipe > trace.txt"),
        ("folder", "it is a directory; write: the path of a log"),
        ("-", "a log is read twice, so it is a file; write: its path"),
    ):
        assert main(["conform", "lock.py", name, "--map", "lock.toml"]) == 2
        assert capsys.readouterr().err == f"explorer: conform {name}: {message}\n"


def test_ends_of_lines_do_not_matter_and_a_log_that_is_cut_off_is_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Carriage returns, and a mark of UTF-8 in front, change nothing; a last line without its end is said."""
    (here / "lock.toml").write_text(MAPPING)
    told = []
    for text in (LOG, LOG.replace("\n", "\r\n"), "\ufeff" + LOG, LOG[:-1]):
        (here / "log").write_bytes(text.encode())
        told.append((conform(), capsys.readouterr().out))
    plain, *others, cut = told
    assert others == [plain] * 2
    assert (
        cut[1].replace("  the last line has no end: the log may be cut off there\n", "") == plain[1] != cut[1]
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("lock.py", "--map", "x"), "no log; write: python -m explorer conform spec/ipi_fixed.py trace.txt"
         " --map docs/conform/ipi.toml"),
        (("lock.py", "log"), "no mapping; write: python -m explorer conform spec/ipi_fixed.py trace.txt --map"
         " docs/conform/ipi.toml"),
        (("lock.py", "log", "--map", "none"), "conform --map none: No such file or directory"),
        (("lock.py", "none", "--map", "lock.toml"), "conform none: No such file or directory"),
        (("lock.py", "log", "--map", "lock.toml", "--seed", "1"), "--seed is for --generate only"),
        (("lock.py", "log", "--map", "lock.toml", "--generate", "5"), "conform --generate: log exists; write:"
         " another name"),
    ],
)  # fmt: skip
def test_wrong_usage(
    here: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing, and an example."""
    assert main(["conform", *arguments]) == 2
    assert capsys.readouterr().err == f"explorer: {message}\n"


def test_a_spec_without_behaviours(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no state is initial no log fits, and nothing is judged."""
    never = "@initial\ndef never(lock: Lock) -> Value[bool]:\n    return lock.taken\n\nspec ="
    (here / "lock.py").write_text(LOCK.replace("spec =", never))
    assert conform() == 2
    assert capsys.readouterr().err == "explorer: conform: lock has no initial state, and no behaviour\n"


def test_logs_are_generated(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are read back; a mapping that cannot be read backwards is refused."""
    again = ["conform", "lock.py", "made", "--map", "lock.toml"]
    assert main([*again, "--generate", "50", "--seed", "3", "--overlap", "20", "--lose", "1"]) == 0
    assert main(again) in (0, 12, 20)
    assert "made fits lock" in capsys.readouterr().out
    (here / "lock.toml").write_text(MAPPING.replace('"{taken}"', '"{a}{b}"'))
    assert main(["conform", "lock.py", "other", "--map", "lock.toml", "--generate", "5"]) == 2
    assert capsys.readouterr().err == (
        "explorer: conform --generate: lock.toml:12: no field follows from a step for '{a}{b}'; write: a"
        " parameter or value of one field\n"
    )


@pytest.mark.parametrize(
    "spec, log, code, end",
    [
        ("fixed", "opal", 0, "docs/conform/ipi_opal.txt fits ipi_fixed: 6 events, all explained"),
        ("fixed", "fits", 0, "docs/conform/ipi_fits.txt fits ipi_fixed: 11 events, all explained"),
        ("fixed", "lost", 12, "docs/conform/ipi_lost.txt:14: no behaviour of ipi_fixed has this event here:"),
        ("buggy", "lost", 12, "no_lost_ipi is violated on every behaviour that explains the log"),
    ],
)
def test_the_traces_of_a_powerpc_kernel(
    spec: str,
    log: str,
    code: int,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The example of docs/conform.md: a call that is lost fits Linux 5.3 and not 5.4."""
    monkeypatch.chdir(ROOT)
    assert DOCS.is_dir()
    mapping = ["docs/conform/ipi_opal.toml", "-D", "controller=xics_opal"]
    mapping = mapping if log == "opal" else ["docs/conform/ipi.toml"]
    arguments = [f"spec/ipi_{spec}.py", f"docs/conform/ipi_{log}.txt", "--map", *mapping]
    assert main(["conform", *arguments]) == code
    assert end in capsys.readouterr().out.splitlines()
