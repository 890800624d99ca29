"""The instructions of x86.py as herd writes them for X86_64: in AT&T's order of operands (`movl $1,(x)`) and
with registers called `rax`.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from ..expressions import Operation, Register
from ..program import Instruction, Thread
from . import x86
from .cells import Cell, InstructionError

TWO = re.compile(r"(?P<name>.*\s)(?P<source>[^\s,]+)\s*,\s*(?P<target>[^\s,]+)", re.DOTALL)


def canonical(register: str) -> str:
    """One name for each register: rax for %eax and EAX."""
    name = x86.canonical(register).lower()
    return "r" + name[1:] if name[0] == "e" else name


def read(cells: list[Cell]) -> Thread:
    """The thread of a column."""
    intel = [Cell(TWO.sub(r"\g<name>\g<target>,\g<source>", cell.text), cell.line) for cell in cells]
    try:
        thread = x86.read(intel)
    except InstructionError as error:
        swapped, own = next((a.text, b.text) for a, b in zip(intel, cells) if b.line == error.line)
        message = str(error).replace(swapped, own).replace("MOV [x],$1", "movl $1,(x)")
        raise InstructionError(error.line, message) from None
    return Thread(tuple(map(_renamed, thread.instructions)), thread.labels)


def _renamed(instruction: Instruction) -> Instruction:
    own: dict[str, Any] = {each.name: _own(getattr(instruction, each.name)) for each in fields(instruction)}
    if "register" in own and own["register"][0] != "<":
        own["register"] = canonical(own["register"])
    return replace(instruction, **own)


def _own(value: Any) -> Any:
    """An expression with the registers' own names."""
    if isinstance(value, Operation):
        return Operation(value.name, tuple(map(_own, value.arguments)))
    if isinstance(value, Register) and value.name[0] != "<":
        return Register(canonical(value.name))
    return value
