"""The pages speak the truth: every Python block in them is executed.

A block that starts with `# file: name.py` is a spec file: it is written, loaded and explored, and its
expectation must be met. A malformed one must be followed by a text block with its exact message. A file
without `spec` is a module for those after it. The other blocks of a page run in order, in one namespace.
A block that is no Python is a file where the line before it ends with the name, as "`trace.txt`:".
"""

import ast
import itertools
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import explorer
from explorer import SpecError
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.command_line import run
from tests.support.house import DOCS, ROOT

PAGES = [page for page in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"] if page.exists()]


class Block(NamedTuple):
    language: str
    line: int
    text: str
    file: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(match[1], text[: match.start()].count("\n") + 2, match[2], _file(match, text))
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    ]


def _file(block: re.Match[str], page: str) -> str | None:
    """The name that a block's first line, of Python, or the line before it gives it."""
    if block[1] == "python":
        named = re.match(r"# file: (\S+)\n", block[2])
    else:
        named = re.search(r"`([\w.]+)`:\n\n\Z", page[: block.start()])
    return named[1] if named else None


def check_expectation(space: StateSpace) -> None:
    """Exactly the expected properties fail, the first after the expected number of steps."""
    expected = space.model.expect
    if expected is None or expected.holds:
        assert set(space.violations) == set()
        return
    found = space.violations[expected.property]
    assert expected.steps in (None, found.level + (found.kind == "step"))
    assert set(space.violations) == {expected.property, *expected.also}


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


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_command_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    """The lines below a command in a `console` block are lines of its output, in this order; `...` at the end
    of one stands for more.
    """
    (tmp_path / "spec").symlink_to(ROOT / "spec")
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        elif block.language == "console":
            command, _, shown = block.text.removeprefix("$ python -m explorer ").partition("\n")
            done = run(*shlex.split(command), cwd=tmp_path)
            lines = iter((done.out + done.err).splitlines())
            missing = [line for line in shown.splitlines() if line and not any(map(_shows(line), lines))]
            assert not missing, f"{page.name}:{block.line}"


def _shows(line: str) -> Callable[[str], bool]:
    start = line.removesuffix("...")
    return lambda printed: printed.startswith(start) if start != line else printed == line


def test_every_idea_is_where_the_page_says() -> None:
    """docs/architecture.md names file and function of at least thirty ideas, and the code has them."""
    text = (DOCS / "architecture.md").read_text()
    rows = re.findall(r"^\| (.+) \| `(explorer/\S+)` \| `(\S+)` \|$", text, re.MULTILINE)
    wrong = [row for row in rows if not (ROOT / row[1]).exists() or row[2] not in defined(ROOT / row[1])]
    assert len(rows) >= 30 and not wrong


def defined(path: Path) -> set[str]:
    """The names of a module's functions and classes, and of the methods as Class.method."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{at.name}" for at in node.body if isinstance(at, ast.FunctionDef)}
    return names


def test_every_public_name_is_in_the_reference() -> None:
    """docs/language.md or docs/python.md says what each name of `from explorer import *` is for."""
    text = (DOCS / "language.md").read_text() + (DOCS / "python.md").read_text()
    assert [name for name in explorer.__all__ if not re.search(rf"\b{name}\b", text)] == []
    assert "quiet=True" in text


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of a page, and of the README, names a file or folder that exists."""
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    links = [(page, to) for page in pages for to in re.findall(r"\]\(([^)#:\s]+)[^)\s]*\)", page.read_text())]
    broken = [f"{page.relative_to(ROOT)}: {to}" for page, to in links if not (page.parent / to).exists()]
    assert len(links) > 40 and not broken


def test_the_pages_have_examples() -> None:
    """The reference and the tutorial are there, and not without Python."""
    names = {page.name: sum(block.language == "python" for block in blocks(page)) for page in PAGES}
    assert names["language.md"] >= 12 and names["tutorial.md"] >= 4


def test_decisions_are_numbered_once() -> None:
    """The file's number is the title's, and no two decisions share one."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for page, number in zip(pages, numbers, strict=True):
        assert page.read_text().startswith(f"# {number}. "), page.name
