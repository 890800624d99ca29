"""`python -m explorer explain E0207`: what a message means. The texts stand in `messages/codes.txt`, each
with an example whose message is made on the spot, so that it never says anything else than the compiler does.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from functools import cache
from pathlib import Path

from explorer.ground.ground import ground
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError, closest
from explorer.program.program import reduce
from explorer.run.load import load
from explorer.run.options import UsageError

MESSAGES = Path(__file__).parent.parent / "messages"
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A code with its cause, its cure, and a spec that provokes it."""

    code: str
    title: str
    cause: str
    cure: str
    example: str


@cache
def entries() -> dict[str, Entry]:
    """Every code, in order."""
    result = {}
    for block in re.split(r"^=== ", (MESSAGES / "codes.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[
        1:
    ]:
        first, cure, example = block.split("\n\n", 2)
        head, _, cause = first.partition("\n")
        code, _, title = head.partition(" ")
        result[code] = Entry(code, title, cause, cure, example.strip("\n") + "\n")
    return result


def explain(code: str) -> str:
    """The explanation of a code; of all codes their titles where it is empty. UsageError for an unknown
    one.
    """
    known = entries()
    if not code:
        return "\n".join(f"{entry.code}  {entry.title}" for entry in known.values())
    entry = known.get(code.upper())
    if entry is None:
        near = closest(code.upper(), list(known), "")
        hint = f"; did you mean {near}?" if near else ""
        raise UsageError(f"explain {code}: no such code{hint}; write: python -m explorer explain, for all")
    with tempfile.TemporaryDirectory() as folder:
        message = message_of(entry.example, Path(folder).resolve())
    example = entry.example.replace("from base import *\n", "")
    return "\n\n".join(
        [
            f"{entry.code}  {entry.title}",
            textwrap.fill(entry.cause, WIDTH),
            textwrap.fill(entry.cure, WIDTH),
            "For example\n\n" + textwrap.indent(example.rstrip(), "    "),
            "says\n\n" + textwrap.indent(message, "    "),
        ]
    )


def files_of(source: str) -> dict[str, str]:
    """The files of an example by name: `# file: name.py` starts another one. `spec.py` comes last and is the
    one loaded; without a `spec` it composes itself."""
    parts = re.split(r"^# file: (\S+)\n", source, flags=re.MULTILINE)
    files = {"spec.py": parts[0]} if len(parts) == 1 else dict(zip(parts[1::2], parts[2::2], strict=True))
    if not re.search(r"^spec\b", files["spec.py"], flags=re.MULTILINE) and "no spec" not in files["spec.py"]:
        files["spec.py"] += "spec = Spec()\n"
    return files


def base() -> str:
    """What examples mean by `from base import *`."""
    return (MESSAGES / "base.txt").read_text(encoding="utf-8")


def message_of(source: str, folder: Path) -> str:
    """What an author reads about a spec; empty where nothing is wrong. Anything but a SpecError is passed
    on.
    """
    for name, text in {"base.py": base(), **files_of(source)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    try:
        model = ground(load(folder / "spec.py"))
        next(model.initial_states(), None)
        reduce(model)
    except SpecError as error:
        return str(error).replace(f"{folder}/", "")
    return ""
