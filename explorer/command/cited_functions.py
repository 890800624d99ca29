"""Where a function is in a source tree, and a digest of what it says: comments and white space do not count.

C is not parsed. A definition begins in the first column and ends with the first brace there; what a file
defines twice, under different conditions, counts with both texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".c", ".h", ".S")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def digest(tree: Path, path: str, function: str) -> str | None:
    """The digest of the function in that file of the tree; None where the file or the function is missing."""
    text = _text(tree / path)
    bodies = definitions(text, function, Path(path).suffix) if text is not None else []
    if not bodies:
        return None
    plain = " ".join(" ".join(COMMENT.sub(" ", one).split()) for one in bodies)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def elsewhere(tree: Path, path: str, function: str) -> str | None:
    """Another file of the same top folder (arch/powerpc, kernel, hw) that defines the function."""
    parts = Path(path).parts
    top = tree.joinpath(*(parts[:2] if parts[0] in ("arch", "drivers") else parts[:1]))
    word = re.compile(rf"\b{re.escape(function)}\b")
    for file in _files(top):
        text = _text(file)
        if text is not None and word.search(text) and definitions(text, function, file.suffix):
            return file.relative_to(tree).as_posix()
    return None


def _files(top: Path) -> Iterator[Path]:
    yield from (file for file in sorted(top.rglob("*")) if file.suffix in SUFFIXES and file.is_file())


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def definitions(text: str, function: str, suffix: str) -> list[str]:
    """The texts of all definitions of the function in a file."""
    name = re.escape(function)
    if suffix == ".rst":
        heading = rf"^{name}\n[-~=^]{{3,}}\n.*?(?=^\S[^\n]*\n[-~=^]{{3,}}\n|\Z)"
        return re.findall(heading, text, re.MULTILINE | re.DOTALL)
    if suffix == ".S":
        label = rf"^(?:{name}:|_GLOBAL(?:_TOC)?\({name}\)).*?(?=^(?:[A-Za-z_]\w*:|_GLOBAL)|\Z)"
        return re.findall(label, text, re.MULTILINE | re.DOTALL)
    head = rf"^(?:[A-Za-z_][^\n;={{}}#]*\b)?{name}\([^;{{}}]*\)[^;{{}}()]*\{{.*?^\}}"
    return re.findall(head, text, re.MULTILINE | re.DOTALL)
