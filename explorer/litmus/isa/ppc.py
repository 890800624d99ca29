"""The instructions of POWER that litmus tests use (Power ISA 3.1, book I chapters 2 and 3, book II chapter
4).
"""

from __future__ import annotations

from explorer.memory.architecture import Barrier

from ..expressions import Expression, Register, integer
from ..program import Assign, Branch, Fence, Instruction, Load, Store, StoreConditional, Thread
from .cells import Cell, Make, add, operation, pattern, read_column

SIZES = {"b": 1, "h": 2, "w": 4, "d": 8}
CONDITIONS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
OPERATIONS = {
    "add": "+",
    "addi": "+",
    "and": "&",
    "andi.": "&",
    "or": "|",
    "ori": "|",
    "xor": "^",
    "xori": "^",
    "sub": "-",
    "subi": "-",
    "mullw": "*",
    "mulli": "*",
    "slw": "<<",
    "slwi": "<<",
    "srw": ">>",
    "srwi": ">>",
}
FENCES = {
    "sync": Barrier.SYNC,
    "hwsync": Barrier.SYNC,
    "lwsync": Barrier.LWSYNC,
    "eieio": Barrier.EIEIO,
    "isync": Barrier.ISYNC,
}


def canonical(register: str) -> str:
    """One name for each register: r1 for R1 and %r1."""
    return register.lower().removeprefix("%")


def _register(text: str) -> Register:
    return Register(canonical(text))


def _base(text: str) -> Expression:
    """Register or literal 0 as the first part of an address."""
    return 0 if text == "0" else _register(text)


def _flag(field: str | None) -> str:
    return (field or "cr0").rstrip(" ,").lower()


def _assign(line: int, target: str, value: Expression) -> Assign:
    return Assign(line=line, register=canonical(target), value=value)


def _load(line: int, size: str, target: str, displacement: str, base: str) -> Load:
    address = add(_base(base), integer(displacement))
    return Load(line=line, register=canonical(target), address=address, size=SIZES[size[0].lower()])


def _load_indexed(line: int, size: str, target: str, base: str, index: str) -> Load:
    address = add(_base(base), _register(index))
    return Load(line=line, register=canonical(target), address=address, size=SIZES[size[0].lower()])


def _reserve(line: int, size: str, target: str, base: str, index: str) -> Load:
    address = add(_base(base), _register(index))
    size = size.lower()
    return Load(line=line, register=canonical(target), address=address, size=SIZES[size], exclusive=True)


def _store(line: int, size: str, value: str, displacement: str, base: str) -> Store:
    address = add(_base(base), integer(displacement))
    return Store(line=line, value=_register(value), address=address, size=SIZES[size.lower()])


def _store_indexed(line: int, size: str, value: str, base: str, index: str) -> Store:
    address = add(_base(base), _register(index))
    return Store(line=line, value=_register(value), address=address, size=SIZES[size.lower()])


def _conditional(line: int, size: str, value: str, base: str, index: str) -> StoreConditional:
    address = add(_base(base), _register(index))
    return StoreConditional(
        line=line, status="cr0", value=_register(value), address=address, size=SIZES[size.lower()]
    )


def _compute(line: int, name: str, target: str, left: str, right: str) -> list[Instruction]:
    name = name.lower()
    second: Expression = integer(right) if right.lstrip("-")[0].isdigit() else _register(right)
    instructions: list[Instruction] = [
        _assign(line, target, operation(OPERATIONS[name], _register(left), second))
    ]
    if name.endswith("."):
        instructions.append(
            Assign(line=line, register="cr0", value=operation("compare", _register(target), 0))
        )
    return instructions


def _compare(line: int, field: str | None, left: str, right: str) -> Assign:
    second: Expression = integer(right) if right.lstrip("-")[0].isdigit() else _register(right)
    return Assign(line=line, register=_flag(field), value=operation("compare", _register(left), second))


def _branch(line: int, condition: str, field: str | None, target: str) -> Branch:
    test = operation(CONDITIONS[condition.lower()], Register(_flag(field)), 0)
    return Branch(line=line, condition=test, target=target)


R, N, LABEL, FIELD = r"(%?r\d+)", r"(-?(?:0x[0-9a-f]+|\d+))", r"([A-Za-z_.][\w.]*)", r"(cr\d *, *)?"
BASE, RN = r"(%?r\d+|0)", rf"(%?r\d+|{N[1:-1]})"

TABLE: list[tuple[str, Make]] = [
    (rf"l([bhw]z|wa|d) {R} , {N}\({R}\)", _load),
    (rf"l([bhw]z|wa|d)x {R} , {BASE} , {R}", _load_indexed),
    (rf"l([bhwd])arx {R} , {BASE} , {R}", _reserve),
    (rf"st([bhwd]) {R} , {N}\({R}\)", _store),
    (rf"st([bhwd])x {R} , {BASE} , {R}", _store_indexed),
    (rf"st([bhwd])cx\. {R} , {BASE} , {R}", _conditional),
    (rf"li {R} , {N}", lambda line, target, value: _assign(line, target, integer(value))),
    (rf"mr {R} , {R}", lambda line, target, source: _assign(line, target, _register(source))),
    (
        rf"neg {R} , {R}",
        lambda line, target, source: _assign(line, target, operation("-", 0, _register(source))),
    ),
    (rf"subf {R} , {R} , {R}", lambda line, target, a, b: _compute(line, "sub", target, b, a)),
    (rf"(add|and|or|xor|sub|mullw|slw|srw) {R} , {R} , {R}", _compute),
    (rf"(addi|andi\.|ori|xori|subi|mulli|slwi|srwi) {R} , {R} , {N}", _compute),
    (rf"cmpl?[wd]i? {FIELD}{R} , {RN}", _compare),
    (rf"b {LABEL}", lambda line, target: Branch(line=line, condition=None, target=target)),
    (rf"b(eq|ne|lt|gt|le|ge)[+-]? {FIELD}{LABEL}", _branch),
    (rf"({'|'.join(FENCES)})", lambda line, name: Fence(line=line, kind=FENCES[name.lower()])),
    (r"nop", lambda line: []),
]
PATTERNS = [(pattern(text), make) for text, make in TABLE]

KNOWN = (
    "loads and stores (lwz, lwa, ld, lbz, stw, std, stb; lwzx, stwx), lwarx, stwcx., li, mr, neg, "
    "add, addi, sub, subf, and, andi., or, ori, xor, xori, mullw, slw, srw, cmpw, cmpwi, b, beq, "
    "bne, blt, bgt, ble, bge, sync, lwsync, eieio, isync, nop"
)


def read(cells: list[Cell]) -> Thread:
    """The thread of a column."""
    return read_column(cells, PATTERNS, KNOWN)
