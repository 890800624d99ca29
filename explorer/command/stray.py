"""What a word of a command line was meant to be that stands where a path is expected. Knows nothing of
commands.

Names with spaces need quotes, a constant needs `=`, and a spec file has an ending.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

MOST = 8
"""Words of the longest name."""


def meant(arguments: Sequence[str], stray: str) -> str:
    """What to write in place of a stray word; "" where that is not to be seen."""
    at = next((n for n, word in enumerate(arguments) if word == stray), None)
    if at is None:
        return ""
    return _constant(arguments, at) or _quoted(arguments, at) or spec_named(stray)


def spec_named(word: str) -> str:
    """The path of the spec of a name."""
    files = (Path(f"{word}.py"), Path("spec") / f"{word}.py")
    return next((str(file) for file in files if file.is_file()), "")


def _constant(arguments: Sequence[str], at: int) -> str:
    """`-D N 3` and `-DN 3`: the value is the next word."""
    before = arguments[at - 1] if at else ""
    if before.startswith("-D") and len(before) > 2:
        name = before[2:]
    elif at > 1 and arguments[at - 2] == "-D":
        name = before
    else:
        return ""
    name = name.removesuffix("=")
    return "" if "=" in name else f"-D {name}={shlex.quote(arguments[at])}"


def _quoted(arguments: Sequence[str], at: int) -> str:
    """A path with spaces that is there, or the words behind an option that takes a name."""
    for first in range(max(at - MOST, 0), at + 1):
        for last in range(at + 1, min(at + MOST, len(arguments)) + 1):
            if last - first > 1 and Path(name := " ".join(arguments[first:last])).is_file():
                return shlex.quote(name)
    for first in range(at - 1, max(at - MOST, -1), -1):
        word = arguments[first]
        if word in NAMED:
            end = next((n for n in range(at, len(arguments)) if _is_own(arguments[n])), len(arguments))
            return f"{word} {shlex.quote(' '.join(arguments[first + 1 : end]))}" if at - first > 1 else ""
        if _is_own(word):
            return ""
    return ""


NAMED = ("--row", "--property")
"""Options whose values are names of the author's, which may have spaces."""


def _is_own(word: str) -> bool:
    """Whether a word stands for itself: an option, or a path that is there."""
    return word.startswith("-") or Path(word).exists()
