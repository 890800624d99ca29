"""The instructions of x86 that litmus tests use, in Intel's order of operands (Intel SDM volume 2;
x86-TSO).
"""

from __future__ import annotations

import re

from explorer.memory.architecture import Barrier

from ..expressions import Expression, Register, integer
from ..program import OLD, Assign, Branch, Exchange, Fence, Instruction, Load, Store, Thread
from .cells import Cell, Make, operation, pattern, read_column

CONDITIONS = {"E": "==", "Z": "==", "NE": "!=", "NZ": "!=", "L": "<", "G": ">", "LE": "<=", "GE": ">="}
OPERATIONS = {"ADD": "+", "SUB": "-", "AND": "&", "OR": "|", "XOR": "^"}
FLAGS = "flags"


def canonical(register: str) -> str:
    """One name for each register: EAX for eax and RAX."""
    name = register.upper().removeprefix("%")
    return "E" + name[1:] if name[0] == "R" and not name[1:2].isdigit() else name


def _operand(text: str) -> Expression:
    return Register(canonical(text)) if IS_REGISTER.fullmatch(text) else integer(text.removeprefix("$"))


def _address(text: str) -> Expression:
    inside = text.strip("[]() ")
    return Register(canonical(inside)) if IS_REGISTER.fullmatch(inside) else inside


SIZES = {"B": 1, "W": 2, "L": 4, "Q": 8}


def _size(suffix: str, operand: str) -> int:
    """The bytes that an instruction moves: as its name says, or as wide as its register."""
    return SIZES[suffix.upper()] if suffix else 8 if re.fullmatch(r"%?r([a-z]+|\d+)", operand.lower()) else 4


def _load(line: int, suffix: str, target: str, address: str) -> Load:
    size = _size(suffix, target)
    return Load(line=line, register=canonical(target), address=_address(address), size=size)


def _store(line: int, suffix: str, address: str, value: str) -> Store:
    return Store(line=line, value=_operand(value), address=_address(address), size=_size(suffix, value))


def _move(line: int, target: str, value: str) -> Assign:
    return Assign(line=line, register=canonical(target), value=_operand(value))


def _compute(line: int, name: str, target: str, value: str) -> list[Instruction]:
    register = canonical(target)
    result = operation(OPERATIONS[name.upper()], Register(register), _operand(value))
    return [Assign(line=line, register=register, value=result), _flags(line, Register(register), 0)]


def _flags(line: int, left: Expression, right: Expression) -> Assign:
    return Assign(line=line, register=FLAGS, value=operation("compare", left, right))


def _step(line: int, name: str, target: str) -> list[Instruction]:
    return _compute(line, "ADD" if name.upper() == "INC" else "SUB", target, "1")


def _locked(
    line: int, register: str, address: str, value: Expression, expected: Expression | None = None
) -> list[Instruction]:
    """A locked instruction is a full barrier."""
    barrier = Fence(line=line, kind=Barrier.SYNC)
    exchange = Exchange(
        line=line, register=register, value=value, address=_address(address), size=4, expected=expected
    )
    return [barrier, exchange, barrier]


def _exchange(line: int, address: str, register: str) -> list[Instruction]:
    name = canonical(register)
    return _locked(line, name, address, Register(name))


def _exchange_and_add(line: int, address: str, register: str) -> list[Instruction]:
    name = canonical(register)
    return _locked(line, name, address, operation("+", Register(OLD), Register(name)))


def _compare_and_exchange(line: int, address: str, register: str) -> list[Instruction]:
    locked = _locked(line, "<read>", address, Register(canonical(register)), Register("EAX"))
    compared = _flags(line, Register("EAX"), Register("<read>"))
    return [*locked, compared, Assign(line=line, register="EAX", value=Register("<read>"))]


def _locked_compute(line: int, name: str, address: str, value: str) -> list[Instruction]:
    result = operation(OPERATIONS[name.upper()], Register(OLD), _operand(value))
    return _locked(line, "<read>", address, result)


def _locked_step(line: int, name: str, address: str) -> list[Instruction]:
    return _locked_compute(line, "ADD" if name.upper() == "INC" else "SUB", address, "1")


def _branch(line: int, condition: str, target: str) -> Branch:
    test = operation(CONDITIONS[condition.upper()], Register(FLAGS), 0)
    return Branch(line=line, condition=test, target=target)


REGISTERS = r"%?(?:[ER][ABCD]X|[ER][SD]I|[ER][SB]P|R\d+D?)"
R, LABEL = rf"({REGISTERS})", r"([A-Za-z_.][\w.]*)"
IS_REGISTER = pattern(REGISTERS)
M = r"([\[(] *%?[A-Za-z_]\w* *[\])])"
V = rf"({REGISTERS}|\$?-?(?:0x[0-9a-f]+|\d+))"
NAMES = "|".join(OPERATIONS)

TABLE: list[tuple[str, Make]] = [
    (rf"MOV([BWLQ]?) {R} , {M}", _load),
    (rf"MOV([BWLQ]?) {M} , {V}", _store),
    (rf"MOV[BWLQ]? {R} , {V}", _move),
    (r"MFENCE", lambda line: Fence(line=line, kind=Barrier.SYNC)),
    (r"[LS]FENCE", lambda line: []),
    (rf"(?:LOCK )?XCHGL? {M} , {R}", _exchange),
    (rf"(?:LOCK )?XCHGL? {R} , {M}", lambda line, register, address: _exchange(line, address, register)),
    (rf"LOCK XADDL? {M} , {R}", _exchange_and_add),
    (rf"LOCK CMPXCHGL? {M} , {R}", _compare_and_exchange),
    (rf"LOCK ({NAMES})L? {M} , {V}", _locked_compute),
    (rf"LOCK (INC|DEC)L? {M}", _locked_step),
    (rf"({NAMES})L? {R} , {V}", _compute),
    (rf"(INC|DEC)L? {R}", _step),
    (rf"CMPL? {R} , {V}", lambda line, left, right: _flags(line, _operand(left), _operand(right))),
    (rf"JMP {LABEL}", lambda line, target: Branch(line=line, condition=None, target=target)),
    (rf"J({'|'.join(CONDITIONS)}) {LABEL}", _branch),
    (r"NOP", lambda line: []),
]
PATTERNS = [(pattern(text), make) for text, make in TABLE]

KNOWN = (
    "MOV, MFENCE, LFENCE, SFENCE, XCHG, LOCK XADD, LOCK CMPXCHG, LOCK ADD/SUB/AND/OR/XOR/INC/DEC, "
    "ADD, SUB, AND, OR, XOR, INC, DEC, CMP, JMP, JE, JNE, JL, JG, JLE, JGE, NOP, with operands as in "
    "MOV [x],$1"
)


def read(cells: list[Cell]) -> Thread:
    """The thread of a column."""
    return read_column(cells, PATTERNS, KNOWN)
