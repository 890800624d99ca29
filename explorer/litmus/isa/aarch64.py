"""The instructions of Arm's A64 that litmus tests use (Arm ARM DDI 0487, chapter C6)."""

from __future__ import annotations

from explorer.memory.architecture import Barrier

from ..expressions import Expression, Register, integer
from ..program import (
    OLD,
    Assign,
    Branch,
    Exchange,
    Fence,
    Instruction,
    Load,
    Select,
    Store,
    StoreConditional,
    Thread,
)
from .cells import Cell, Make, add, operation, pattern, read_column

CONDITIONS = {
    "EQ": "==",
    "NE": "!=",
    "LT": "<",
    "GT": ">",
    "LE": "<=",
    "GE": ">=",
    "LO": "<",
    "CC": "<",
    "HI": ">",
    "LS": "<=",
    "HS": ">=",
    "CS": ">=",
}
OPERATIONS = {
    "ADD": "+",
    "SUB": "-",
    "AND": "&",
    "ORR": "|",
    "EOR": "^",
    "MUL": "*",
    "LSL": "<<",
    "LSR": ">>",
}
ATOMICS = {"ADD": "+", "EOR": "^", "SET": "|"}
FENCES = {"SY": Barrier.SYNC, "LD": Barrier.DMB_LD, "ST": Barrier.EIEIO}
FLAGS = "nzcv"


def canonical(register: str) -> str:
    """One name for each register: X1 for W1."""
    name = register.upper()
    return "X" + name[1:] if name[0] == "W" else name


def _operand(text: str) -> Expression:
    text = text.strip()
    if text.upper() in ("WZR", "XZR"):
        return 0
    return Register(canonical(text)) if text[0] in "wxWX" else integer(text.lstrip("#"))


def _address(base: str, offset: str | None) -> Expression:
    return add(Register(canonical(base)), _operand(offset.split(",")[0]) if offset else 0)


def _size(register: str, part: str | None) -> int:
    """4 bytes of a W register, 8 of an X register, or the part that B and H mean."""
    return {"B": 1, "H": 2}.get((part or "").upper(), 4 if register[0] in "wW" else 8)


def _is_zero(register: str) -> bool:
    return register.upper() in ("WZR", "XZR")


def _target(register: str) -> str:
    """What an instruction writes: nothing, where it is the zero register."""
    return "<discarded>" if _is_zero(register) else canonical(register)


def _load(line: int, kind: str, part: str, target: str, base: str, offset: str | None = None) -> Load:
    kind = kind.upper()
    return Load(
        line=line,
        register=_target(target),
        address=_address(base, offset),
        size=_size(target, part),
        acquire="A" in kind,
        exclusive="X" in kind,
        weakly="P" in kind,
        silent=_is_zero(target),
    )


def _store(line: int, kind: str, part: str, value: str, base: str, offset: str | None = None) -> Store:
    return Store(
        line=line,
        value=_operand(value),
        address=_address(base, offset),
        size=_size(value, part),
        release="L" in kind.upper(),
    )


def _conditional(line: int, kind: str, part: str, status: str, value: str, base: str) -> StoreConditional:
    return StoreConditional(
        line=line,
        status=canonical(status),
        value=_operand(value),
        address=_address(base, None),
        size=_size(value, part),
        release="L" in kind.upper(),
        tells=False,
    )


def _atomic(
    line: int, operand: str, target: str, base: str, order: str, value: Expression, part: str
) -> Exchange:
    silent = _is_zero(target)
    return Exchange(
        line=line,
        register=_target(target),
        value=value,
        address=_address(base, None),
        size=_size(operand, part),
        acquire="A" in order.upper() and not silent,
        release="L" in order.upper(),
        silent=silent,
    )


def _swap(line: int, order: str, part: str, new: str, old: str, base: str) -> Exchange:
    return _atomic(line, new, target=old, base=base, order=order, value=_operand(new), part=part)


def _fetch(line: int, name: str, order: str, part: str, operand: str, old: str, base: str) -> Exchange:
    if name.upper() == "CLR":
        value: Expression = operation("&", Register(OLD), operation("~", _operand(operand)))
    else:
        value = operation(ATOMICS[name.upper()], Register(OLD), _operand(operand))
    return _atomic(line, operand, target=old, base=base, order=order, value=value, part=part)


def _apply(line: int, name: str, order: str, part: str, operand: str, base: str) -> Exchange:
    return _fetch(line, name, order=order, part=part, operand=operand, old="WZR", base=base)


def _compare_and_swap(line: int, order: str, part: str, expected: str, new: str, base: str) -> Exchange:
    silent = _is_zero(expected)
    return Exchange(
        line=line,
        register=_target(expected),
        value=_operand(new),
        address=_address(base, None),
        size=_size(new, part),
        expected=_operand(expected),
        acquire="A" in order.upper() and not silent,
        release="L" in order.upper(),
        silent=silent,
    )


def _move(line: int, target: str, value: str) -> Assign:
    return Assign(line=line, register=_target(target), value=_operand(value))


def _complement(line: int, target: str, value: str) -> Assign:
    return Assign(line=line, register=_target(target), value=operation("~", _operand(value)))


def _select(line: int, change: str, target: str, value: str, otherwise: str, condition: str) -> Select:
    """CSEL; CSINC, CSINV and CSNEG change the second value."""
    other = _operand(otherwise)
    changed = {
        "EL": other,
        "INC": add(other, 1),
        "INV": operation("~", other),
        "NEG": operation("-", 0, other),
    }
    return Select(
        line=line,
        register=_target(target),
        condition=_holds(condition),
        value=_operand(value),
        otherwise=changed[change.upper()],
    )


def _set(line: int, target: str, condition: str) -> Select:
    return Select(line=line, register=_target(target), condition=_holds(condition), value=1, otherwise=0)


def _holds(condition: str) -> Expression:
    return operation(CONDITIONS[condition.upper()], Register(FLAGS), 0)


def _compute(line: int, name: str, flags: str, target: str, left: str, right: str) -> list[Instruction]:
    result = operation(OPERATIONS[name.upper()], _operand(left), _operand(right.split(",")[0]))
    instructions: list[Instruction] = [Assign(line=line, register=_target(target), value=result)]
    if flags:
        instructions.append(Assign(line=line, register=FLAGS, value=operation("compare", result, 0)))
    return instructions


def _compare(line: int, left: str, right: str) -> Assign:
    return Assign(line=line, register=FLAGS, value=operation("compare", _operand(left), _operand(right)))


def _branch(line: int, condition: str, target: str) -> Branch:
    return Branch(line=line, condition=_holds(condition), target=target)


def _test_and_branch(line: int, negated: str, register: str, bit: str, target: str) -> Branch:
    tested = operation("&", _operand(register), 1 << integer(bit.lstrip("#")))
    return Branch(line=line, condition=operation("!=" if negated else "==", tested, 0), target=target)


def _compare_and_branch(line: int, negated: str, register: str, target: str) -> Branch:
    test = operation("!=" if negated else "==", _operand(register), 0)
    return Branch(line=line, condition=test, target=target)


def _fence(line: int, kind: str) -> Fence:
    return Fence(line=line, kind=FENCES[kind[-2:].upper() if kind[-2:].upper() in FENCES else "SY"])


NUMBER = r"#-?(?:0x[0-9a-f]+|\d+)"
R, LABEL, B = r"([wx](?:\d+|zr))", r"([A-Za-z_.][\w.]*)", r"\[ *(x\d+) *\]"
V = rf"([wx](?:\d+|zr)|{NUMBER})"
INDEXED = rf"\[ *(x\d+)(?: *, *((?:[wx]\d+|{NUMBER})(?: *, *(?:[su]xt[wx]|lsl)(?: #0)?)?))? *\]"
NAMES = "|".join(OPERATIONS)
C = f"({'|'.join(CONDITIONS)})"

TABLE: list[tuple[str, Make]] = [
    (rf"LD(R|UR)([BH]?) {R} , {INDEXED}", _load),
    (rf"LD(AR|APR|XR|AXR)([BH]?) {R} , {B}", _load),
    (
        rf"ST(R|UR)([BH]?) {R} , {INDEXED}".replace("UR", "UR"),
        lambda line, kind, *rest: _store(line, "", *rest),
    ),
    (rf"ST(LR)([BH]?) {R} , {B}", _store),
    (rf"ST(L?)XR([BH]?) {R} , {R} , {B}", _conditional),
    (rf"SWP(A?L?)([BH]?) {R} , {R} , {B}", _swap),
    (rf"LD(ADD|EOR|SET|CLR)(A?L?)([BH]?) {R} , {R} , {B}", _fetch),
    (rf"ST(ADD|EOR|SET|CLR)(L?)([BH]?) {R} , {B}", _apply),
    (rf"CAS(A?L?)([BH]?) {R} , {R} , {B}", _compare_and_swap),
    (rf"(?:MOVZ?|[SU]XTW) {R} , {V}", _move),
    (rf"MVN {R} , {R}", _complement),
    (rf"CS(EL|INC|INV|NEG) {R} , {R} , {R} , {C}", _select),
    (rf"CSET {R} , {C}", _set),
    (rf"({NAMES})(S?) {R} , {R} , ((?:{V[1:-1]})(?: *, *[su]xt[wx])?)", _compute),
    (rf"CMP {R} , {V}", _compare),
    (rf"B {LABEL}", lambda line, target: Branch(line=line, condition=None, target=target)),
    (rf"B\.{C} {LABEL}", _branch),
    (rf"TB(N?)Z {R} , (#\d+) , {LABEL}", _test_and_branch),
    (rf"CB(N?)Z {R} , {LABEL}", _compare_and_branch),
    (r"D[MS]B ((?:ISH|NSH|OSH)?(?:LD|ST)|SY|ISH|NSH|OSH)", _fence),
    (r"ISB(?: SY)?", lambda line: Fence(line=line, kind=Barrier.ISYNC)),
    (r"NOP", lambda line: []),
]
PATTERNS = [(pattern(text), make) for text, make in TABLE]

KNOWN = (
    "LDR, LDAR, LDAPR, LDXR, LDAXR, STR, STLR, STXR, STLXR, SWP, LDADD, LDEOR, LDSET, LDCLR, STADD, "
    "CAS (with A, L, AL), MOV, MVN, SXTW, CSEL, CSINC, CSINV, CSNEG, CSET, ADD, SUB, AND, ORR, EOR, MUL, "
    "LSL, LSR, CMP, B, B.EQ and the like, CBZ, CBNZ, TBZ, TBNZ, DMB and DSB (SY, LD, ST), ISB, NOP"
)


def read(cells: list[Cell]) -> Thread:
    """The thread of a column."""
    return read_column(cells, PATTERNS, KNOWN)
