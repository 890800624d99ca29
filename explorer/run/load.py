"""From the path of a spec file to its `Spec`. Knows nothing of what is done with it.

The file's directory is importable while it loads (`from actions import sender`). Every load starts afresh:
modules that an earlier one imported from its directory are forgotten first, so that directories with modules
of one name do not disturb each other.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import importlib
import importlib.util
import inspect
import linecache
import os
import re
import sys
import traceback
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from explorer.ir.errors import Place, SpecError, closest, is_ours
from explorer.ir.kept import code_of, kept
from explorer.ir.source import syntax
from explorer.language.python_errors import Told, of_syntax, told
from explorer.language.spec import Source, Spec
from explorer.language.symbolic import shown


class PathError(Exception):
    """A path that is no spec file (exit code 2); `missing` is one that is not there."""

    def __init__(self, message: str, missing: str = ""):
        super().__init__(message)
        self.missing = missing


def load(path: str | os.PathLike[str]) -> Spec:
    """The object named `spec` of a file.

    Raises PathError for a path that cannot be a spec file, SpecError for a file that fails while it is
    imported or has no `spec`.
    """
    file = spec_file(path)
    names = _import(file)
    spec = names.get("spec")
    if isinstance(spec, Spec):
        _refuse_lost(file)
        spec.sources = tuple(_sources)
        return spec
    others = [(name, value) for name, value in names.items() if isinstance(value, Spec)]
    if others and spec is None:
        (name, other), *_ = others
        what = f"no object named `spec`; {' and '.join(f'`{n}`' for n, _ in others)} is a Spec"
        raise SpecError("E0512", what, expected="a Spec", write=f"spec = {name}", place=other.place)
    what, place = "no object named `spec`", Place(str(file), 1)
    if inspect.isfunction(spec):
        what, place = "`spec` is a function", Place(str(file), spec.__code__.co_firstlineno)
    elif spec is not None:
        what = f"`spec` is {f'a {type(spec).__name__}' if isinstance(spec, (list, tuple)) else shown(spec)}"
    raise SpecError("E0512", what, expected="a Spec", write="spec = Spec()", place=place)


def _refuse_lost(file: Path) -> None:
    """SpecError for a Spec at the top of a file that no command can check, and nobody reads."""
    text = "".join(linecache.getlines(str(file)))
    made: dict[str, int] = {}
    for line, assigned, name, is_read in kept("specs", text, lambda: _specs(text), (__file__,)):
        lost = line
        if name == "spec":
            lost = made.get("spec", 0) * (not is_read)
        elif assigned and (not name or is_read or _is_imported(name, file)):
            lost = 0
        if lost:
            raise SpecError(
                "E0516",
                f"a second Spec{f', {name},' * bool(name)} that nothing uses",
                expected="one Spec for a file, named `spec`",
                write='spec = Spec(..., variants=[variant("NAME", ...)]) for several, or a file for each',
                place=Place(str(file), lost),
            )
        made[name] = line


def _specs(text: str) -> list[tuple[int, bool, str, bool]]:
    """Every Spec(...) at the top of a file: its line, whether it is assigned, the name that it gets, and
    whether that is read.
    """
    body = syntax(text).body
    read = {at.id for top in body for at in ast.walk(top) if isinstance(at, ast.Name) and _is_read(at)}
    found = []
    for at in body:
        if isinstance(at, (ast.Expr, ast.Assign)) and _is_spec(at.value):
            target = at.targets[0] if isinstance(at, ast.Assign) else None
            name = target.id if isinstance(target, ast.Name) else ""
            found.append((at.lineno, target is not None, name, name in read))
    return found


def _is_spec(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Spec"


def _is_read(at: ast.Name) -> bool:
    return isinstance(at.ctx, ast.Load)


def _is_imported(name: str, file: Path) -> bool:
    """Whether a file beside this one speaks of a name in it."""
    beside = (path.read_text(errors="replace") for path in file.parent.glob("*.py") if path != file)
    return any(re.search(rf"\b{name}\b", text) and file.stem in text for text in beside)


def spec_file(path: str | os.PathLike[str]) -> Path:
    """The whole path of a file. Raises PathError where there is none, or none that can be read."""
    try:
        return _spec_file(path, Path(path))
    except OSError as error:
        raise PathError(f"{path}: {error.strerror or error}") from None


def _spec_file(path: str | os.PathLike[str], file: Path) -> Path:
    if not file.exists():
        near = "" if file.is_symlink() else _similar(file)
        what = "leads to no file" if file.is_symlink() else "no such file"
        raise PathError(f"{path}: {what}" + (f"; did you mean {near}?" if near else ""), str(path))
    if file.is_dir():
        specs = sorted(str(p) for p in file.glob("*.py"))[:3]
        raise PathError(
            f"{path}: is a directory; name spec files" + (f", such as {' '.join(specs)}" if specs else "")
        )
    if not file.is_file():
        raise PathError(
            f"{path}: is no file that can be read again, such as a pipe; write: a file that ends in .py"
        )
    if file.stat().st_size > LARGEST:
        raise PathError(f"{path}: has {file.stat().st_size:,} bytes, a spec file has at most {LARGEST:,}")
    if not os.access(file, os.R_OK):
        raise PathError(f"{path}: {os.strerror(errno.EACCES)}")
    return file.resolve()


LARGEST = 1 << 24
"""Bytes of a spec file: what is larger is something else."""


_WORDS = {".litmus": "litmus", ".json": "replay", ".dot": "export --from rv", ".ltl": "export --from rv"}
"""The commands that read other files than specs."""

_imported: set[str] = set()


_sources: list[Source] = []


class _Loader(SourceFileLoader):
    """Takes a module from its text as it is now: a spec edited within a second must not be the old one, which
    byte code beside it may be.
    """

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        text = self.get_data(path)
        _sources.append(Source(fullname, path, text))
        return code_of(text, path)


class _Finder:
    """Finds modules where Python does, and lets `_Loader` load those below a directory, but for the
    explorer's own, which may be installed there.
    """

    def __init__(self, directory: str):
        self.inside = directory.rstrip(os.sep) + os.sep

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target)
        if found is not None:
            self.take(found)
        return found

    def take(self, found: ModuleSpec) -> None:
        origin = str(found.origin)
        if type(found.loader) is SourceFileLoader and origin.startswith(self.inside) and not is_ours(origin):
            found.loader = _Loader(found.name, str(found.origin))


def _import(file: Path) -> dict[str, Any]:
    directory = str(file.parent)
    for earlier in _imported:
        sys.modules.pop(earlier, None)
    _imported.clear()
    _sources.clear()
    before = set(sys.modules)
    unique = (
        f"{printable(file.stem)}_{hashlib.sha256(os.fsencode(file)).hexdigest()[:8]}"
        if _taken(file)
        else printable(file.stem)
    )
    loader = importlib.util.spec_from_file_location(unique, file)
    if loader is None or loader.loader is None:
        word = _WORDS.get(file.suffix)
        other = f"; write: python -m explorer {word} {file.name}" if word else ""
        raise PathError(f"{file}: not a Python file; a spec file ends in .py{other}")
    finder = _Finder(directory)
    finder.take(loader)
    module = importlib.util.module_from_spec(loader)
    sys.path.insert(0, directory)
    sys.meta_path.insert(sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0, finder)
    sys.modules[unique] = module
    cached, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # a spec edited within a second must not be the old one
    try:
        loader.loader.exec_module(module)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        known = _told(error, file)
        raise SpecError(
            "E0513", known.found, expected=known.expected, write=known.write, place=_where(error, file)
        ) from error
    finally:
        sys.dont_write_bytecode = cached
        sys.path.remove(directory)
        sys.meta_path.remove(finder)
        for added in set(sys.modules) - before:
            origin = os.path.realpath(getattr(sys.modules[added], "__file__", None) or "")
            if origin.startswith(directory + os.sep) and not is_ours(origin):
                _imported.add(added)
    spec = getattr(module, "spec", None)
    if isinstance(spec, Spec) and spec.name == unique:
        spec.name = printable(file.stem)
    return vars(module)


def printable(name: str) -> str:
    """A file's name as it can be shown: bytes that are no UTF-8, line breaks and controls become escapes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _taken(file: Path) -> bool:
    """Whether a module of the file's name is in use, stands in the standard library or is installed: the file
    must not take its place. One that is not yet imported is imported now, so that no one gets the file
    instead while its directory is on the path."""
    if file.stem in sys.modules:
        return True
    try:
        known = importlib.util.find_spec(file.stem)
    except (ImportError, ValueError):
        known = None
    other = (
        known is not None
        and (known.origin is None or os.path.realpath(known.origin) != str(file))
        and bool(known.loader)
    )
    if other and not _beside(known, file):
        importlib.import_module(file.stem)
        return True
    return file.stem in sys.stdlib_module_names


def _beside(known: ModuleSpec | None, file: Path) -> bool:
    """Whether a module stands in the file's own directory, as a package of the file's name does."""
    return known is not None and os.path.realpath(known.origin or "").startswith(str(file.parent) + os.sep)


def _told(error: BaseException, file: Path) -> Told:
    """What to say of an error that a file raises while it is imported."""
    said = f"{type(error).__name__} while importing the file: "
    if isinstance(error, SyntaxError):
        known = of_syntax(error)
        return known._replace(found=said + known.found)
    if isinstance(error, ModuleNotFoundError) and error.name:
        beside = [path.stem for path in file.parent.glob("*.py") if path != file]
        meant = closest(error.name, ["explorer", *beside, *sys.stdlib_module_names], cutoff=0.7)
        near = (
            f"did you mean {meant!r}?" if meant else "a module that is installed or stands beside this file"
        )
        write = f"import {meant}" if meant else f"a file {error.name.replace('.', '/')}.py beside this one"
        return Told(said + str(error), near, write)
    better = told(error)
    if better is not None:
        return better._replace(found=said + better.found)
    return Told(said + str(error), "a file that imports", f"a line that raises no {type(error).__name__}")


def _where(error: BaseException, file: Path) -> Place:
    """The innermost line of an error that is neither ours nor the import machinery's."""
    if isinstance(error, SyntaxError) and error.filename:
        return Place(error.filename, error.lineno or 1)
    directory = str(file.parent)
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if f.filename.startswith(directory) and not is_ours(f.filename)
    ]
    return Place(frames[-1].filename, frames[-1].lineno or 1) if frames else Place(str(file), 1)


def _similar(file: Path) -> str:
    import difflib

    if not file.parent.is_dir():
        return ""
    names = [p.name for p in file.parent.glob("*.py")]
    close = difflib.get_close_matches(file.name, names, 1)
    return str(file.parent / close[0]) if close else ""
