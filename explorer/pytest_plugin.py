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

LARGEST = 1 << 20
"""Bytes of a file that is looked at: what is larger is no spec."""

_passed_over: list[str] = []
"""Files of this session that are no tests although they look like specs, each with the reason."""


def pytest_sessionstart(session: pytest.Session) -> None:
    _passed_over.clear()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A collector for a spec file; None for every other file."""
    if file_path.suffix != ".py":
        return None
    looks = _looks_like(file_path)
    if looks and _is_test(file_path, parent.config.getini("python_files")):
        _passed_over.append(
            f"{file_path}: pytest takes it as a test module; write: another name for the spec"
        )
    elif looks == "other":
        _passed_over.append(f"{file_path}: binds `spec` in a way that is not seen; write: spec = Spec(...)")
    elif looks:
        result: pytest.Collector = SpecFile.from_parent(parent, path=file_path)
        return result
    return None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was passed over, so that nobody takes it for checked."""
    for line in dict.fromkeys(_passed_over):
        terminalreporter.write_line(f"not checked: {line}")


def _is_test(path: Path, patterns: list[str]) -> bool:
    """Whether pytest takes a file as a test module; a pattern with a slash is about the end of the path, any
    other about the name.
    """
    return any(
        fnmatch(str(path), f"*/{pattern}") if "/" in pattern else fnmatch(path.name, pattern)
        for pattern in patterns
    )


def _looks_like(path: Path, seen: frozenset[Path] = frozenset()) -> str:
    """`spec` for a module that binds `spec` to a Spec of the explorer or a variant of one, `other` for one
    that imports the explorer and binds it in another way, "" for the modules of strangers. Nothing is
    imported.

    One that cannot be parsed and seems to be a spec is one: its mistake is told when it is loaded.
    """
    try:
        if path in seen or not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if not _BINDS.search(text):
        return ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "spec" if _IMPORTS.search(text) and _SPEC.search(text) else ""
    names = _names_of_explorer(tree)
    related = bool(names) or _extends_a_spec(tree, path, seen | {path})
    bound = [at for at in ast.walk(tree) if _binds_spec(at)]
    if not related or not any(_at_module_level(tree, at) for at in bound):
        return ""
    return "spec" if any(at in tree.body and _makes_spec(at, names) for at in bound) else "other"


_BINDS = re.compile(r"\bspec\b")
_IMPORTS = re.compile(r"^(?:from explorer\b|import explorer\b)", re.MULTILINE)
_SPEC = re.compile(r"^spec(?:: Spec)? = ", re.MULTILINE)


def _names_of_explorer(tree: ast.Module) -> set[str]:
    """What a module calls `Spec` of the explorer: `Spec`, another name, or `explorer.Spec`; "" for an import
    of others.
    """
    result: set[str] = set()
    for at in ast.walk(tree):
        if isinstance(at, ast.ImportFrom) and at.module == "explorer" and not at.level:
            result |= {
                "Spec" if a.name == "*" else (a.asname or a.name) * (a.name == "Spec") for a in at.names
            }
        elif isinstance(at, ast.Import):
            result |= {f"{a.asname or a.name}.Spec" for a in at.names if a.name == "explorer"}
    return result


def _extends_a_spec(tree: ast.Module, path: Path, seen: frozenset[Path]) -> bool:
    """Whether a module imports one beside it that is a spec, whose variant it may be."""
    modules = {at.module or "" for at in ast.walk(tree) if isinstance(at, ast.ImportFrom)}
    modules |= {a.name for at in ast.walk(tree) if isinstance(at, ast.Import) for a in at.names}
    return any(
        _looks_like(path.parent / f"{module.replace('.', '/')}.py", seen) == "spec"
        for module in modules
        if module
    )


def _binds_spec(at: ast.AST) -> bool:
    targets = (
        at.targets if isinstance(at, ast.Assign) else [at.target] if isinstance(at, ast.AnnAssign) else []
    )
    return any(
        isinstance(name, ast.Name) and name.id == "spec" for target in targets for name in ast.walk(target)
    )


def _at_module_level(tree: ast.Module, wanted: ast.AST) -> bool:
    """Whether a statement runs when the module is imported: it stands in no function and no class."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    todo: list[ast.AST] = [tree]
    while todo:
        at = todo.pop()
        if at is wanted:
            return True
        todo += [child for child in ast.iter_child_nodes(at) if not isinstance(child, inner)]
    return False


def _makes_spec(at: ast.AST, names: set[str]) -> bool:
    """Whether an assignment is `spec = Spec(...)` with the explorer's Spec, or `spec =
    other.variant(...)`.
    """
    value = at.value if isinstance(at, (ast.Assign, ast.AnnAssign)) else None
    targets = (
        at.targets if isinstance(at, ast.Assign) else [at.target] if isinstance(at, ast.AnnAssign) else []
    )
    if not isinstance(value, ast.Call) or not all(isinstance(target, ast.Name) for target in targets):
        return False
    called = ast.unparse(value.func)
    return called in names or (isinstance(value.func, ast.Attribute) and value.func.attr == "variant")


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

        checked = self.parent.checked()
        mine = next(p for p in checked.verdict.properties if p.name == self.name)
        expect = checked.space.model.expect
        if as_expected(expect, mine, checked.verdict.bounds):
            return
        verdict, steps = wanted(expect, self.name)
        story = checked.traces[self.name].story() if self.name in checked.traces else ""
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
