"""Which functions of Linux, skiboot or QEMU the specs cite, and what was seen there: `citations.tsv`.

A citation is the `source` of an action, `path:function`. What is not Linux 5.4 says so in front: `skiboot`,
`qemu`, `Linux 5.10`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from explorer.ir.data import dataclass
from explorer.run.load import PathError

CITATION = re.compile(r"(?:(skiboot|qemu|Linux [\d.]+) )?([\w/-][\w./-]*/[\w./-]+\.(?:c|h|S|rst)):(\w+)")
LINUX = "Linux 5.4"
"""Whose the citations are that name nobody."""

HEADER = "citation\tread in\tdigest"
UNREAD = "-"
"""In place of a digest: no tree was at hand, only this function's text."""


@dataclass(frozen=True, slots=True)
class Citation:
    """`project` is linux, skiboot or qemu; `version` that of Linux, else empty."""

    text: str
    project: str
    version: str
    path: str
    function: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file: the version that was read, and the digest of the function there."""

    citation: Citation
    read_in: str
    digest: str


def citation(text: str) -> Citation | None:
    """The citation that a string is, if it is one."""
    match = CITATION.fullmatch(text)
    if match is None:
        return None
    whose, path, function = match[1] or LINUX, match[2], match[3]
    project, _, version = whose.partition(" ")
    return Citation(text, project.lower(), version, path, function)


def cited(folder: Path) -> list[Citation]:
    """Every citation in the Python files of a folder, in order. Raises PathError for one that is none."""
    texts = {text for path in sorted(folder.rglob("*.py")) for text in strings(path)}
    return [one for text in sorted(texts) if (one := citation(text)) is not None]


def _module(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise PathError(f"{path}: cannot be read as Python: {error}") from None


def strings(path: Path) -> Iterable[str]:
    """Every string of a module, with the module's constants filled into its f-strings."""
    module = _module(path)
    known = {**dict(_imported(path, module)), **dict(_constants(module))}
    parts = {part for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.value
        elif isinstance(node, ast.JoinedStr) and (text := _filled(node, known)) is not None:
            yield text


def _constants(module: ast.Module) -> Iterable[tuple[str, str]]:
    """`NAME = "text"`, and `A, B = "text", "text"`."""
    for node in module.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        names = target.elts if both and isinstance(target, ast.Tuple) else [target]
        values = value.elts if both and isinstance(value, ast.Tuple) else [value]
        for name, one in zip(names, values, strict=False):
            if isinstance(name, ast.Name) and isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield name.id, one.value


def _imported(path: Path, module: ast.Module) -> Iterable[tuple[str, str]]:
    """The constants that `from .neighbour import NAME` brings."""
    for node in module.body:
        if not isinstance(node, ast.ImportFrom) or not node.level or node.module is None:
            continue
        neighbour = path.parents[node.level - 1].joinpath(*node.module.split(".")).with_suffix(".py")
        known = dict(_constants(_module(neighbour))) if neighbour.is_file() else {}
        yield from ((name.asname or name.name, known[name.name]) for name in node.names if name.name in known)


def _filled(node: ast.JoinedStr, known: Mapping[str, str]) -> str | None:
    """The text of an f-string that only names constants."""
    text = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif (
            isinstance(part, ast.FormattedValue)
            and isinstance(part.value, ast.Name)
            and part.value.id in known
        ):
            text += known[part.value.id]
        else:
            return None
    return text


def read(path: Path) -> list[Entry]:
    """The entries of a file. Raises PathError where it cannot be read, or a line is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PathError(f"{path}: the list of citations cannot be read: {error}") from None
    if lines[:1] != [HEADER]:
        raise PathError(f"{path}:1: not a list of citations; expected: {HEADER!r}")
    return [_entry(path, number, line) for number, line in enumerate(lines[1:], 2)]


def _entry(path: Path, number: int, line: str) -> Entry:
    fields = line.split("\t")
    one = citation(fields[0])
    if len(fields) != 3 or one is None or not re.fullmatch(r"[0-9a-f]{16}|-", fields[2]):
        raise PathError(
            f"{path}:{number}: {line!r} is no entry; expected: path:function, the version that was read and a"
            " digest (or -), with tabs between; write: python -m explorer cite TREE --record VERSION"
        )
    return Entry(one, fields[1], fields[2])


def written(entries: Iterable[Entry]) -> str:
    """The file's text."""
    lines = [f"{entry.citation.text}\t{entry.read_in}\t{entry.digest}" for entry in entries]
    return "\n".join([HEADER, *lines]) + "\n"
