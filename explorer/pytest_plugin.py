"""Spec files as tests: `pytest spec/ -k ipi` has one test for each property of each spec, and a failure shows
the story.

A file is a spec where `spec = Spec(...)` or `spec = other.variant(...)` stands at the top of the module. A
property passes if its verdict is the declared one: violated where `expect=violates(...)` names it, and else
it must hold, without a declaration too. Undetermined fails. A spec is explored once, for all its tests. Files
that pytest takes as test modules (`python_files`) are left to it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from explorer.api import Checked

_SPEC = re.compile(r"^spec(?:: Spec)? = (?:Spec|[\w.]+\.variant)\(", re.MULTILINE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A collector for a spec file; None for every other file."""
    if file_path.suffix != ".py" or _is_test(file_path, parent.config.getini("python_files")):
        return None
    if not _is_spec(file_path.read_text(encoding="utf-8", errors="replace")):
        return None
    made: pytest.Collector = SpecFile.from_parent(parent, path=file_path)
    return made


def _is_test(path: Path, patterns: list[str]) -> bool:
    """Whether pytest takes a file as a test module; a pattern with a slash is about the end of the path, any
    other about the name.
    """
    return any(
        fnmatch(str(path), f"*/{pattern}") if "/" in pattern else fnmatch(path.name, pattern)
        for pattern in patterns
    )


def _is_spec(text: str) -> bool:
    """Whether a module binds `spec` to a Spec; one that cannot be parsed seems to, and its mistake is told
    when it is loaded.
    """
    if not _SPEC.search(text):
        return False
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return True
    return any(
        isinstance(at, (ast.Assign, ast.AnnAssign)) and _SPEC.match(ast.unparse(at)) for at in statements
    )


class Failure(Exception):
    """A property whose verdict is not the declared one; the text is all there is to show, its first line goes
    into pytest's summary.
    """


class _Shown:
    """What pytest prints of a failure, and `reprcrash.message`, of which it puts the first line into its
    summary.
    """

    def __init__(self, text: str, path: Path):
        self.text, self.reprcrash = text, SimpleNamespace(path=str(path), lineno=1, message=text)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        writer.line(self.text)


class SpecFile(pytest.File):
    """A spec; its items are its properties."""

    _checked: Checked | None = None

    def collect(self) -> Iterator[pytest.Item]:
        from explorer.ground.ground import ground
        from explorer.ir.errors import SpecError
        from explorer.run.load import load

        try:
            model = ground(load(self.path), {}, str(self.path))
        except SpecError as error:
            raise self.CollectError(str(error)) from None
        for name in [*(p.name for p in model.stated), "deadlock", "evaluation"]:
            yield SpecItem.from_parent(self, name=name)

    def checked(self) -> Checked:
        """What the explorer finds, when first asked for."""
        from explorer.api import check

        if self._checked is None:
            self._checked = check(self.path)
        return self._checked

    def teardown(self) -> None:
        self._checked = None


class SpecItem(pytest.Item):
    """One property of a spec."""

    parent: SpecFile

    def runtest(self) -> None:
        from explorer.render.text.terminal import counted
        from explorer.verdict.expectation import as_expected, wanted

        found = self.parent.checked()
        mine = next(p for p in found.verdict.properties if p.name == self.name)
        expect = found.space.model.expect
        if as_expected(expect, mine, found.verdict.bounds):
            return
        verdict, steps = wanted(expect, self.name)
        story = found.traces[self.name].story() if self.name in found.traces else ""
        length = f" after {counted(mine.trace_length, 'step')}" if mine.trace_length is not None else ""
        because = f": {mine.reason}" if mine.reason else ""
        asked = verdict if steps is None else f"{verdict} after {counted(steps, 'step')}"
        raise Failure(
            "\n".join(
                filter(None, [f"{self.name} {mine.verdict}{length}{because}; expected: {asked}", story])
            )
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return (
            _Shown(str(excinfo.value), self.path)
            if isinstance(excinfo.value, Failure)
            else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name
