"""Every mistake of a spec author is found at definition, with one exact message.

The cases stand in `tests/mistakes/*.txt`: a title after `===`, the spec, and the message after `---`. A spec imports
`tests/mistakes/base.py`; `# file: name.py` starts another file; without a `Spec(` the file composes itself.
`python tests/test_mistakes.py` writes the messages as they are now; read the difference before keeping it.
"""

import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from explorer import SpecError
from explorer.compile.ground import ground

HERE = Path(__file__).resolve().parent
CASES = HERE / "mistakes"
PACKAGE = HERE.parent / "explorer"


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


def files_of(source: str) -> dict[str, str]:
    """The files of a case by name; `spec.py` comes last and is the one loaded."""
    parts = re.split(r"^# file: (\S+)\n", source, flags=re.MULTILINE)
    files = {"spec.py": parts[0]} if len(parts) == 1 else dict(zip(parts[1::2], parts[2::2], strict=True))
    if "Spec(" not in files["spec.py"]:
        files["spec.py"] += "spec = Spec()\n"
    return files


@contextmanager
def modules_from(folder: Path) -> Iterator[None]:
    """Imports look into the folder first, and what they loaded is forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


def load(folder: Path) -> Any:
    """The spec of `spec.py` in the folder."""
    made = importlib.util.spec_from_file_location("spec", folder / "spec.py")
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    sys.modules["spec"] = module
    made.loader.exec_module(module)
    return module.spec


def message_of(source: str, folder: Path) -> str:
    """What an author reads about a spec; empty where nothing is wrong. Anything but a SpecError is passed on."""
    shutil.copy(CASES / "base.py", folder)
    for name, text in files_of(source).items():
        (folder / name).write_text(text)
    with modules_from(folder):
        try:
            ground(load(folder))
        except SpecError as error:
            return str(error).replace(f"{folder}/", "")
    return ""


@pytest.mark.parametrize("case", ALL, ids=[f"{case.file.stem}: {case.title}" for case in ALL])
def test_a_mistake_has_its_exact_message(case: Case, tmp_path: Path) -> None:
    """The message names file and line, what was found, what was expected and what to write instead."""
    message = message_of(case.source, tmp_path)
    assert message == case.message
    assert message, "the mistake is accepted"


@pytest.mark.parametrize("case", ALL, ids=[f"{case.file.stem}: {case.title}" for case in ALL])
def test_a_message_is_complete(case: Case) -> None:
    """Every part is there, and the line is one of the author's."""
    firsts = re.findall(r"^\S.*$", case.message, flags=re.MULTILINE)
    parts = re.findall(r"^    (expected|write): +\S.*$", case.message, flags=re.MULTILINE)
    assert parts == ["expected", "write"] * len(firsts)
    for first in firsts:
        match = re.fullmatch(r"(\w+\.py):(\d+): E\d{4}: .+", first)
        assert match, first
        lines = (files_of(case.source) | {"base.py": (CASES / "base.py").read_text()})[match[1]].splitlines()
        assert 1 <= int(match[2]) <= len(lines) and lines[int(match[2]) - 1].strip()


def test_every_code_is_provoked() -> None:
    """No code of the language and the compiler is without a case."""
    rooms = [*PACKAGE.glob("language/*.py"), *PACKAGE.glob("compile/*.py")]
    codes = {code for file in rooms for code in re.findall(r'"(E\d{4})"', file.read_text())}
    provoked = {code for case in ALL for code in re.findall(r": (E\d{4}): ", case.message)}
    assert codes - provoked == set()
    assert len(ALL) >= 45 and len({case.title for case in ALL}) == len(ALL)


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
