"""What goes wrong in a spec, said once and well. Knows nothing of expressions, types or engines.

Every mistake has a code, what was found, what was expected, where, and what to write instead.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
from types import FrameType

from explorer.ir.data import dataclass
from explorer.ir.source import outline

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_COMPONENTS = os.path.join(_PACKAGE, "library") + os.sep


def is_ours(file: str) -> bool:
    """Whether a file is the explorer's own. The library's components are specs, wherever they are."""
    return file.startswith(_PACKAGE) and not file.startswith(_COMPONENTS)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a spec author's file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.shown}:{self.line}"

    @property
    def shown(self) -> str:
        """The file, relative to the working directory where it lies below it."""
        relative = os.path.relpath(self.file) if os.path.isabs(self.file) else self.file
        return self.file if relative.startswith("..") else relative


NOWHERE = Place("<unknown>", 0)


class SpecError(Exception):
    """A spec that means nothing, found before any state is visited (exit code 150).

    `str(error)` is the complete message; its text is part of the public contract.
    """

    def __init__(
        self, code: str, found: str, *, expected: str = "", write: str = "", place: Place | None = None
    ):
        self.code, self.found, self.expected, self.write = code, found, expected, write
        self.place = place or caller()
        super().__init__(self.message)

    @property
    def message(self) -> str:
        lines = [f"{self.place}: {self.code}: {self.found}"]
        if self.expected:
            lines.append(f"    expected: {self.expected}")
        if self.write:
            lines.append("    write:    " + self.write.replace("\n", "\n" + " " * 14))
        return "\n".join(lines)

    @property
    def mistakes(self) -> list[SpecError]:
        """This one, or all that are reported together."""
        return [self]

    def __str__(self) -> str:
        return self.message


class SpecErrors(SpecError):
    """Several mistakes of one spec, reported together."""

    def __init__(self, errors: list[SpecError]):
        self.errors = errors
        first = errors[0]
        super().__init__(
            first.code, first.found, expected=first.expected, write=first.write, place=first.place
        )

    @property
    def mistakes(self) -> list[SpecError]:
        return self.errors

    def __str__(self) -> str:
        return "\n".join(error.message for error in self.errors)


def author_frame() -> FrameType | None:
    """The innermost frame that is not ours: the line the author wrote."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if (
            not is_ours(name)
            and not name.startswith("<frozen")
            and not name.endswith(("/typing.py", "/enum.py"))
        ):
            return frame
        frame = frame.f_back
    return None


def caller() -> Place:
    frame = author_frame()
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else NOWHERE


def nearest(name: str, known: list[str]) -> str:
    """`did you mean 'x'?` or a list of what exists, for a message about an unknown name."""
    close = closest(name, known)
    if close:
        return f"did you mean {close!r}?"
    return "known: " + (", ".join(sorted(known)) if known else "none")


def closest(name: str, known: list[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """The known name that was probably meant, whatever its capitals; `otherwise` where none is near."""
    meant = name.lower()
    letters = sorted(meant)
    same = [other for other in known if sorted(other.lower()) == letters]
    if same:
        return min(same, key=lambda other: other.lower() != meant)
    import difflib  # nobody waits for a mistake

    near = difflib.get_close_matches(meant, {other.lower() for other in known}, 1, cutoff)
    alike = [other for other in known if other.lower() in near]
    return max(alike, key=lambda other: difflib.SequenceMatcher(None, name, other).ratio(), default=otherwise)


def class_place(cls: type) -> Place:
    """Where a class is defined, as near as Python tells."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or _file_of_members(cls)
    linecache.checkcache(file)
    return Place(file, _lines_of(cls, file)[0])


def attribute_place(cls: type, name: str) -> Place:
    """The line of a class that names an attribute; the class itself where its source cannot be read."""
    place = class_place(cls)
    own = linecache.getlines(place.file)[place.line - 1 : _lines_of(cls, place.file)[1]]
    lines_with = (i for i, line in enumerate(own) if re.match(rf"\s+{re.escape(name)}\s*[:=]", line))
    return Place(place.file, place.line + next(lines_with, 0))


def declared_twice(cls: type) -> tuple[str, Place] | None:
    """A name that the body of a class annotates twice, and the second place."""
    file = class_place(cls).file
    seen: set[str] = set()
    for name, line in _lines_of(cls, file)[2]:
        if name in seen:
            return name, Place(file, line)
        seen.add(name)
    return None


def _lines_of(cls: type, file: str) -> tuple[int, int, list[tuple[str, int]]]:
    """What the outline of its file says of a class; nothing behind line 1 where it is not there."""
    return outline("".join(linecache.getlines(file))).classes.get(cls.__qualname__, (1, 0, []))


def _file_of_members(cls: type) -> str:
    for value in vars(cls).values():
        place = getattr(value, "place", None)
        if isinstance(place, Place):
            return place.file
        if inspect.isfunction(value):
            return value.__code__.co_filename
    return NOWHERE.file
