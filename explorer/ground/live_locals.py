"""Which local names of a function are still read after an instruction (Kildall 1973, on CPython's bytecode).
Knows nothing of processes.

A place of a process is told apart by the local values that matter later, and by no others.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import cache
from types import CodeType

_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"}
_ENDS |= {"JUMP_BACKWARD_NO_INTERRUPT", "JUMP_NO_INTERRUPT", "JUMP"}


@cache
def live_after(code: CodeType, offset: int) -> frozenset[str]:
    """The local names whose value may be read after the instruction at a byte offset."""
    return _solution(code)[offset]


@cache
def name_assigned(code: CodeType, offset: int) -> str:
    """The name that the value of the `yield` at a byte offset is assigned to; "" where it is not."""
    following = [at for at in dis.get_instructions(code) if at.offset > offset and at.opname != "RESUME"]
    if following and following[0].opname.startswith("STORE_"):
        named = following[0].argval
        return str(named[0] if isinstance(named, tuple) else named)
    return ""


@cache
def _solution(code: CodeType) -> dict[int, frozenset[str]]:
    instructions = list(dis.get_instructions(code))
    offsets = [at.offset for at in instructions]
    followers = [list(_followers(code, instructions, i)) for i in range(len(instructions))]
    always = _shared(code)
    known = dict.fromkeys(offsets, always)
    before = dict(known)
    changed = True
    while changed:
        changed = False
        for at, after in zip(reversed(instructions), reversed(followers)):
            live = always.union(*(before[offset] for offset in after))
            read, assigned = _names(at)
            entering = (live - assigned) | read
            if live != known[at.offset] or entering != before[at.offset]:
                known[at.offset], before[at.offset], changed = live, entering, True
    return known


def _shared(code: CodeType) -> frozenset[str]:
    """The names that inner functions see, which may be called at any time; comprehensions run where they
    stand.
    """
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    lasting = [
        name for function in inner if not function.co_name.startswith("<") for name in function.co_freevars
    ]
    lasting += [n for function in inner if function.co_name == "<lambda>" for n in function.co_freevars]
    return frozenset(lasting) & frozenset(code.co_cellvars)


def _followers(code: CodeType, instructions: list[dis.Instruction], i: int) -> Iterator[int]:
    """The offsets that may be executed after the i-th instruction; an exception may lead to its handler."""
    at = instructions[i]
    if at.opname not in _ENDS and i + 1 < len(instructions):
        yield instructions[i + 1].offset
    if at.opcode in dis.hasjrel or at.opcode in dis.hasjabs:
        yield at.argval
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        if entry.start <= at.offset < entry.end:
            yield entry.target


def _names(at: dis.Instruction) -> tuple[frozenset[str], frozenset[str]]:
    """The local names that an instruction reads, and those it assigns. (3.13 joins two instructions in
    one.)
    """
    if at.opname in ("LOAD_DEREF", "LOAD_CLOSURE"):
        return frozenset({at.argval}), frozenset()
    if at.opname == "STORE_DEREF":
        return frozenset(), frozenset({at.argval})
    if "_FAST" not in at.opname or at.argval is None:
        return frozenset(), frozenset()
    names = at.argval if isinstance(at.argval, tuple) else (at.argval,)
    parts = [part for part in at.opname.split("_") if part in ("LOAD", "STORE", "DELETE")]
    if len(parts) != len(names):
        return frozenset(names), frozenset()
    read = frozenset(name for part, name in zip(parts, names) if part == "LOAD")
    return read, frozenset(name for part, name in zip(parts, names) if part != "LOAD") - read


def one_of_copies(code: CodeType, offset: int) -> int:
    """The first instruction that stands for the same text: Python compiles the test of a `while` twice."""
    return _first_copies(code).get(offset, offset)


@cache
def _first_copies(code: CodeType) -> dict[int, int]:
    """Of each instruction; nothing where a `finally` or `with` is compiled for several ways out of it."""
    instructions = list(dis.get_instructions(code))
    if any(i.opname == "PUSH_EXC_INFO" for i in instructions):
        return {}
    first: dict[tuple[object, ...], int] = {}
    return {
        i.offset: first.setdefault((i.opname, where), i.offset)
        for i, where in zip(instructions, _positions(code, instructions))
        if None not in where
    }


def _positions(code: CodeType, instructions: list[dis.Instruction]) -> list[tuple[int | None, ...]]:
    """Lines and columns of each instruction."""
    known = list(code.co_positions())
    return [known[i.offset // 2] for i in instructions]
