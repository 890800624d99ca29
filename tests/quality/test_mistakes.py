"""Every mistake of a spec author is found at definition, with one exact message.

The cases stand beside this file in `mistakes/*.txt`: a title after `===`, the spec, and the message after
`---`. A spec imports `explorer/messages/base.txt` as `base`; `# file: name.py` starts another file; without a
`Spec(` the file composes itself. `python -m tests.quality.test_mistakes` writes the messages as they are now;
read the difference before keeping it.
"""

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from explorer.command.explain import base, entries, explain, files_of, message_of
from tests.support.house import ROOT
from tests.support.slow import slow_where

CASES = Path(__file__).parent / "mistakes"
PACKAGE = ROOT / "explorer"


class Case(NamedTuple):
    file: Path
    title: str
    source: str
    message: str


def cases(file: Path) -> list[Case]:
    """The cases of one file, in order."""
    found = []
    for block in re.split(r"^=== ", file.read_text(), flags=re.MULTILINE)[1:]:
        title, _, rest = block.partition("\n")
        source, _, message = rest.partition("\n---\n")
        found.append(Case(file, title, source.strip("\n") + "\n", message.strip("\n")))
    return found


ALL = [case for file in sorted(CASES.glob("*.txt")) for case in cases(file)]
TITLES = [f"{case.file.stem}: {case.title}" for case in ALL]
LONG = [case for case in ALL if "E0808" in case.message]
"""Hundreds of places are traced before they are too many."""


@pytest.mark.parametrize("case", slow_where(ALL, LONG), ids=TITLES)
def test_a_mistake_has_its_exact_message(case: Case, tmp_path: Path) -> None:
    """The message names file and line, what was found, what was expected and what to write instead."""
    message = message_of(case.source, tmp_path)
    assert message == case.message
    assert message, "the mistake is accepted"


@pytest.mark.parametrize("case", ALL, ids=TITLES)
def test_a_message_is_complete(case: Case) -> None:
    """Every part is there, and the line is one of the author's."""
    firsts = re.findall(r"^\S.*$", case.message, flags=re.MULTILINE)
    parts = re.findall(r"^    (expected|write): +\S.*$", case.message, flags=re.MULTILINE)
    assert parts == ["expected", "write"] * len(firsts)
    for first in firsts:
        match = re.fullmatch(r"(\w+\.py):(\d+): E\d{4}: .+", first)
        assert match, first
        lines = (files_of(case.source) | {"base.py": base()})[match[1]].splitlines()
        assert 1 <= int(match[2]) <= len(lines) and lines[int(match[2]) - 1].strip()


def test_every_code_is_provoked() -> None:
    """No code of the language, the compiler and the loader is without a case."""
    rooms = [
        *(p for room in ("ir", "language", "ground") for p in PACKAGE.glob(f"{room}/*.py")),
        PACKAGE / "run/load.py",
    ]
    codes = {code for file in rooms for code in re.findall(r'"(E\d{4})"', file.read_text())}
    provoked = {code for case in ALL for code in re.findall(r": (E\d{4}): ", case.message)}
    assert codes - provoked == set()
    assert len(ALL) >= 45 and len({case.title for case in ALL}) == len(ALL)


@pytest.mark.parametrize("code", slow_where(entries(), ["E0808"]))
def test_an_explained_code_is_the_one_that_its_example_provokes(code: str, tmp_path: Path) -> None:
    """The example of an explanation provokes exactly this code, and the explanation shows its message."""
    entry = entries()[code]
    message = message_of(entry.example, tmp_path)
    assert set(re.findall(r": (E\d{4}): ", message)) == {code}
    text = explain(code)
    assert entry.title in text and message.splitlines()[0] in text
    assert len(entry.cause.split()) > 5 and len(entry.cure.split()) > 1


def test_every_code_is_explained() -> None:
    """No code of the whole package is without an explanation, and none is explained that does not exist."""
    codes = {code for file in PACKAGE.rglob("*.py") for code in re.findall(r'"(E\d{4})"', file.read_text())}
    assert codes == set(entries())


def rewrite() -> None:
    """Write every case again with the message it has now."""
    for file in sorted(CASES.glob("*.txt")):
        blocks = []
        for case in cases(file):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    message = message_of(case.source, Path(folder).resolve())
                except Exception as error:
                    message = f"!!! {type(error).__name__}: {error}"
            blocks.append(f"=== {case.title}\n{case.source}---\n{message or '!!! accepted'}\n")
        file.write_text("\n".join(blocks))


if __name__ == "__main__":
    rewrite()
