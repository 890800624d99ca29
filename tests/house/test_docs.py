"""The pages speak the truth: every Python block in them is executed.

A block that starts with `# file: name.py` is a spec file: it is written, loaded and explored, and its
expectation must be met. A malformed one must be followed by a text block with its exact message. A file
without `spec` is a module for those after it. The other blocks of a page run in order, in one namespace.
"""

import itertools
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from explorer import SpecError
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.house import ROOT

PAGES = [page for page in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"] if page.exists()]


class Block(NamedTuple):
    language: str
    line: int
    text: str

    @property
    def file(self) -> str | None:
        match = re.match(r"# file: (\S+)\n", self.text)
        return match[1] if match else None


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(match[1], text[: match.start()].count("\n") + 2, match[2])
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    ]


def check_expectation(space: StateSpace) -> None:
    """Exactly the expected property fails, after the expected number of steps."""
    expected = space.model.expect
    if expected is None or expected.holds:
        assert set(space.violations) == set()
        return
    found = space.violations[expected.property]
    assert expected.steps in (None, found.level + (found.kind == "step"))
    assert set(space.violations) == {expected.property}


def check_file(folder: Path, block: Block, following: Block | None) -> None:
    """A spec file is explored, or rejected with the text that follows it."""
    assert block.file
    path = folder / block.file
    path.write_text(block.text)
    if not re.search(r"^spec = ", block.text, flags=re.MULTILINE):
        return
    try:
        space = explore(ground(load(path)))
    except SpecError as error:
        assert following is not None and following.language == "text", str(error)
        assert following.text.rstrip("\n") == str(error).replace(f"{folder}/", "")
        return
    check_expectation(space)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_python_block_of_a_page_works(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reader copies from a page runs and says what the page says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    namespace: dict[str, object] = {"__name__": "page"}
    found = blocks(page)
    for at, following in itertools.zip_longest(found, found[1:]):
        if at.language != "python":
            continue
        if at.file:
            check_file(tmp_path, at, following)
            continue
        code = tmp_path / f"block_at_line_{at.line}.py"
        code.write_text(at.text)
        exec(compile(at.text, str(code), "exec"), namespace)
    sys.modules.pop("page", None)


def test_the_pages_have_examples() -> None:
    """The reference and the tutorial are there, and not without Python."""
    names = {page.name: sum(block.language == "python" for block in blocks(page)) for page in PAGES}
    assert names["language.md"] >= 12 and names["tutorial.md"] >= 4
