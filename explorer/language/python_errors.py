"""What an author meant whose own Python raised an exception: an unknown name, a call with other arguments, a
text that does not parse. Knows nothing of when it was raised.
"""

from __future__ import annotations

import builtins
import enum
import inspect
import re
import sys
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from explorer.ir.errors import closest, is_ours, nearest
from explorer.language.domains import Scalarset
from explorer.language.memory_models import MemoryModel


class Told(NamedTuple):
    """The middle of a message: what a SpecError says beside its code and place."""

    found: str
    expected: str
    write: str


def told(error: BaseException) -> Told | None:
    """What to say of an exception; None where nothing better is known than its text."""
    if isinstance(error, NameError) and error.name:
        return _unknown_name(str(error), error.name, _author(error))
    if isinstance(error, AttributeError) and error.name:
        return _unknown_attribute(error.obj, error.name)
    if isinstance(error, ModuleNotFoundError):
        return None
    if isinstance(error, ImportError) and error.name:
        wanted = re.match(r"cannot import name '(\w+)'", error.msg)
        return _unknown_import(error, error.name, wanted[1]) if wanted else None
    if isinstance(error, TypeError):
        return _wrong_operand(str(error), _author(error)) or _wrong_call(str(error), _author(error))
    return None


def _author(error: BaseException) -> FrameType | None:
    """The innermost frame of a traceback that is not the explorer's."""
    frame, tb = None, error.__traceback__
    while tb is not None:
        frame = frame if is_ours(tb.tb_frame.f_code.co_filename) else tb.tb_frame
        tb = tb.tb_next
    return frame


def language() -> dict[str, Any]:
    """What `from explorer import *` gives."""
    package = sys.modules["explorer"]
    return {name: getattr(package, name) for name in package.__all__}


def _unknown_name(text: str, name: str, frame: FrameType | None) -> Told:
    if name.upper() in MemoryModel.__members__:
        model = f"MemoryModel.{name.upper()}"
        return Told(text, f"did you mean {model!r}?", model)
    expected, words = "a parameter, an imported or a defined name", language()
    if name in words:
        return Told(text, expected, f"from explorer import {name}")
    own = {**frame.f_globals, **frame.f_locals} if frame else {}
    known = [n for n in [*own, *words] if not n.startswith("_")]
    meant = closest(name, known, cutoff=0.7) or closest(name, list(vars(builtins)), cutoff=0.85)
    if not meant:
        return Told(text, expected, f"import or define {name}, or correct its spelling")
    there = meant in own or meant in vars(builtins)
    return Told(text, f"did you mean {meant!r}?", meant if there else f"from explorer import {meant}")


def _unknown_attribute(owner: Any, name: str) -> Told | None:
    if isinstance(owner, enum.EnumType):
        members = list(owner.__members__)
        known = closest(name, members, members[0] if members else "...")
        found = f"{owner.__name__} has no member {name!r}"
        return Told(found, nearest(name, members), f"{owner.__name__}.{known}")
    if isinstance(owner, (ModuleType, type)):
        meant = closest(name, [n for n in dir(owner) if not n.startswith("_")])
        shown = owner.__name__.rpartition(".")[2]
        what = f"the module {shown}" if isinstance(owner, ModuleType) else f"the class {shown}"
        hint = f"did you mean {meant!r}?" if meant else "a name that it defines"
        return Told(f"{what} has no {name!r}", hint, f"{shown}.{meant}" if meant else f"{name} in {shown}")
    return None


def _unknown_import(error: ImportError, module: str, name: str) -> Told:
    tb, waiting = error.__traceback__, False
    while tb is not None:
        code = tb.tb_frame.f_code
        waiting |= code.co_name == "<module>" and tb.tb_frame.f_globals.get("__name__") == module
        tb = tb.tb_next
    if waiting:
        return Told(
            f"{name} of the module {module}, which waits for this one: the two import each other",
            "imports in one direction",
            f"what both need in a third file, and from there: import {name}",
        )
    names = dir(sys.modules[module]) if module in sys.modules else []
    meant = closest(name, [n for n in names if not n.startswith("_")])
    return Told(
        f"the module {module} has no {name!r}",
        f"did you mean {meant!r}?" if meant else "a name that it defines",
        f"from {module} import {meant or '...'}",
    )


def _wrong_operand(text: str, frame: FrameType | None) -> Told | None:
    if "'NoneType'" in text:
        return Told(
            f"{text}: a function that was called returned nothing",
            "a value",
            "return ... at the end of that function",
        )
    order = re.match(r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'", text)
    cls = frame and order and {**frame.f_globals, **frame.f_locals}.get(order[2])
    if order and isinstance(cls, type) and issubclass(cls, Scalarset):
        return Told(
            f"`{order[1]}` between two of {cls.__name__}, which have no order",
            "== or !=",
            "a != b, or a.index < b.index where the identities are not interchangeable",
        )
    if "'_ScalarsetMeta' object" in text:
        return Told(
            "a Scalarset class where Python needs a real integer",
            "the class itself",
            "for cpu in domain(Cpu)",
        )
    return None


def _wrong_call(text: str, frame: FrameType | None) -> Told | None:
    """A call with other arguments than the function takes, of the language or the author's own."""
    generic = re.search(r"arguments for <class '[\w.]*?(\w+)'>; actual \d+, expected (?:at least )?2", text)
    if generic:
        return Told(
            f"{generic[1]}[...] of another number of types", "two of them", f"{generic[1]}[Key, Value]"
        )
    call = re.match(r"([\w.<>]+)\(\) (?:missing|got|takes)\b", text)
    if not call:
        return None
    name = call[1].removesuffix(".__init__").rpartition(".")[2]
    words, own = language(), {**frame.f_globals, **frame.f_locals} if frame else {}
    called = own.get(name, words.get(name))
    parameters = _parameters(called)
    if parameters is None:
        return None
    needed = ", ".join(
        n for n, p in parameters.items() if p.default is p.empty and p.kind is not p.KEYWORD_ONLY
    )
    option = re.search(r"unexpected keyword argument '(\w+)'", text)
    if option:
        if needed == "function":
            return Told(f"{name}({option[1]}=...)", "the decorator alone", f"@{name}")
        meant = closest(option[1], list(parameters))
        known = f"did you mean {meant!r}?" if meant else nearest(option[1], list(parameters))
        return Told(f"{name}({option[1]}=...)", known, f"{name}({meant or next(iter(parameters))}=...)")
    if needed == "function" and called is words.get(name):
        return Told(f"@{name} with parentheses", "the decorator alone", f"@{name}")
    if name == "when" and "were given" in text:
        return Told(
            text, "one condition", "when(a & b), with each side in parentheses, or a when(...) for each"
        )
    return Told(text, "the arguments that it takes", f"{name}({needed})")


def _parameters(called: Any) -> dict[str, inspect.Parameter] | None:
    try:
        return dict(inspect.signature(called).parameters) if callable(called) else None
    except (TypeError, ValueError):
        return None


def of_syntax(error: SyntaxError) -> Told:
    """A text that is no Python: the line, and what it lacks."""
    line = " ".join((error.text or "").split())
    found = f"{error.msg[:1].lower()}{error.msg[1:]}" if error.msg else "a text that is no Python"
    found = f"{found}: `{line}`" if line else found
    write = "the line without what is too much, or with what is missing"
    if error.text and error.offset and 0 < error.offset <= len(error.text.rstrip()):
        write += f", at `{error.text[error.offset - 1 :].strip()}`"
    if "null bytes" in error.msg or "(unicode error) 'utf-8'" in error.msg or "encoding" in error.msg:
        write = "the file saved as text in UTF-8"
    elif isinstance(error, TabError):
        write = "spaces only: four for each level"
    elif isinstance(error, IndentationError):
        write = "the lines of one block under each other, four spaces further in than the line above them"
    elif error.msg == "expected ':'":
        write = f"{line}:"
    elif 'meant "=="' in error.msg or "'==' instead of '='" in error.msg:
        write = re.sub(r"(?<![=!<>])=(?!=)", "==", line)
    elif "was never closed" in error.msg:
        opened = error.msg.split("'")[1]
        write = f"as many {dict(zip('([{', ')]}'))[opened]} as {opened}"
    return Told(found, "a file that Python can read", write)
