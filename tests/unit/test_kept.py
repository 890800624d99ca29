"""What is kept on disk is read only where it is what would be made, and nothing about the directory is an
error.
"""

from __future__ import annotations

import ast
import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.ground import lint as linting
from explorer.ir import kept as keeping
from explorer.ir.kept import code_of, keep, kept
from explorer.ir.source import functions, names, outline
from explorer.run.load import load
from tests.support.command_line import ENVIRONMENT, run
from tests.support.house import ROOT, SPECS

TEXT = "answer = 1\n" + "#" * keeping.LARGE


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    keep(tmp_path / "made")
    yield tmp_path / "made"
    keep(None)


def answer(text: str | bytes = TEXT, name: str = "<text>") -> int:
    space: dict[str, int] = {}
    exec(code_of(text, name), space)
    return space["answer"]


def test_what_was_made_is_read(directory: Path) -> None:
    """A text is compiled once; another text, another name, and the same text as bytes are something else."""
    assert [answer(), answer()] == [1, 1] and len([*directory.iterdir()]) == 1
    made = kept("squares", TEXT, lambda: [n * n for n in range(3)])
    assert kept("squares", TEXT, lambda: pytest.fail("made again")) == made == [0, 1, 4]
    assert answer(TEXT.replace("1", "2")) == 2
    assert code_of(TEXT, "<other>").co_filename == "<other>"
    assert answer(TEXT.encode()) == 1
    assert len([*directory.iterdir()]) == 5


def test_other_code_makes_it_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the code that makes something, or Python, has changed, it is made again."""
    file = directory.parent / "maker.py"
    file.write_text("a")
    assert kept("n", TEXT, lambda: 1, (str(file),)) == 1
    assert kept("n", TEXT, lambda: 2, (str(file),)) == 1
    file.write_text("b")
    keeping._digest.cache_clear()
    assert kept("n", TEXT, lambda: 3, (str(file),)) == 3
    monkeypatch.setattr("sys.version", "another")
    assert kept("n", TEXT, lambda: 4, (str(file),)) == 4


@pytest.mark.parametrize("damage", ["cut", "garbled", "one bit", "another's", "empty", "a directory"])
def test_any_damage_means_to_make_it_anew(directory: Path, damage: str) -> None:
    """Whatever has become of a file, the answer is right and the file is written again where that can be."""
    answer()
    (file,) = directory.iterdir()
    whole, rng = file.read_bytes(), random.Random(damage)
    if damage == "a directory":
        file.unlink()
        file.mkdir()
    elif damage == "another's":
        answer(TEXT.replace("1", "2"))
        (other,) = (path for path in directory.iterdir() if path != file)
        file.write_bytes(other.read_bytes()[:-1])
    else:
        at = rng.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
        held = {"cut": whole[:at], "garbled": rng.randbytes(500), "one bit": flipped, "empty": b""}
        file.write_bytes(held[damage])
    assert answer() == 1
    assert damage == "a directory" or file.read_bytes() == whole


def test_a_directory_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """A file in the directory's place: everything is made each time."""
    (tmp_path / "made").write_text("")
    keep(tmp_path / "made")
    try:
        assert answer() == 1
    finally:
        keep(None)


def test_what_was_used_last_is_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that writes throws away what is old, where there is more than has a place."""
    monkeypatch.setattr(keeping, "KEPT", 2)
    monkeypatch.setattr(keeping, "YOUNG", -1)
    for n in range(4):
        answer(TEXT.replace("1", str(n)))
    monkeypatch.setattr(keeping, "_written", 0)
    assert answer(TEXT.replace("1", "9")) == 9
    assert len([*directory.iterdir()]) == 2


def test_what_a_file_says_is_the_same_from_disk(directory: Path) -> None:
    """The outline, the names and the functions without a mistake of every shipped spec and action, made and
    read.
    """
    texts = [path.read_text() for path in sorted(SPECS.rglob("*.py"))]
    for text in texts:
        first = outline(text), names(text), linting._clean(text)
        for cached in (outline, names, linting._clean):
            cached.cache_clear()
        assert (outline(text), names(text), linting._clean(text)) == first
        assert first[0].docstring == (ast.get_docstring(ast.parse(text)) or "")
        assert first[0].functions.keys() == functions(text).keys() >= first[2].keys()


def test_a_module_that_was_edited_within_a_second_is_the_new_one(directory: Path) -> None:
    """A spec, and a module beside it, are what their texts say, whatever byte code lies beside them."""
    file, beside = directory.parent / "edited.py", directory.parent / "edited_part.py"
    rest = "\n" + "#" * keeping.LARGE
    for size in (3, 4, 3):
        file.write_text(
            "from explorer import Spec\nfrom edited_part import N\n"
            f"spec = Spec(name=f's{{N + {size}}}')\n{rest}"
        )
        beside.write_text(f"N = {size}{rest}")
        assert load(file).name == f"s{2 * size}"


def test_a_second_run_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that keeps what it makes, one that reads it, and one whose directory is damaged print the same
    and write the same report.
    """
    monkeypatch.setitem(ENVIRONMENT, "EXPLORER_CACHE", str(tmp_path / "cache"))
    spec = str(ROOT / "spec" / "ipi_buggy.py")
    printed = []
    for number in range(3):
        done = run(spec, "--json", cwd=tmp_path)
        printed.append((done.code, [line for line in done.out.splitlines() if not _varies(line)]))
        made = [*(tmp_path / "cache" / "made").iterdir()]
        assert len(made) > 5
        if number == 1:
            for path in made:
                path.write_bytes(path.read_bytes()[:40])
    assert printed[0] == printed[1] == printed[2]


def _varies(line: str) -> bool:
    return any(word in line for word in ('"seconds"', '"states_per_second"', '"peak_memory_bytes"'))


def test_what_another_user_wrote_is_not_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read is run: a file of another user is made anew, and written again where that can be."""
    assert kept("n", TEXT, lambda: 1) == 1
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert kept("n", TEXT, lambda: 2) == 2
    assert kept("n", TEXT, lambda: 3) == 2


def test_others_cannot_write_where_things_are_kept(directory: Path) -> None:
    """Directories are made for their user alone, whatever the mask; one that is there stays what it is."""
    before = os.umask(0)
    try:
        keep(directory / "deep" / "deeper")
        answer()
    finally:
        os.umask(before)
    made = [directory, directory / "deep", directory / "deep" / "deeper"]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * 3
    directory.chmod(0o755)
    answer(TEXT.replace("1", "2"))
    assert directory.stat().st_mode & 0o777 == 0o755


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(directory: Path) -> None:
    """What is no plain file is replaced."""
    answer()
    (file,) = directory.iterdir()
    file.unlink()
    os.mkfifo(file)
    assert answer() == 1 and file.is_file()


def test_a_file_that_cannot_be_marked_as_used_is_read(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that can only be read, what is there serves."""

    def refused(*path: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    assert kept("n", TEXT, lambda: 1) == 1
    monkeypatch.setattr(os, "utime", refused)
    assert kept("n", TEXT, lambda: 2) == 1


def test_a_full_disk_leaves_no_part_of_a_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is right, and what was written of a file is taken away."""
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:40])
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert answer() == 1
    assert directory.is_dir() and not [*directory.iterdir()]
