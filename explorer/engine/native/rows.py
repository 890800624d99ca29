"""What functions give for the memories of a model, in rows for machine code (`codegen/columns.py`).

A table of a memory has a row for each number m of one, which begins at word `(m - LEAST) * width` behind its
base. In front of this place are the words of bits that say which rules the memory lets pass, the last word
first. At it are halves of words: 1 where these bits are known, then for each column twice the result plus
one. 0: not yet written. What is not there yet machine code asks Python for, once; Python enters it.

A head tells machine code where the tables are. A larger table takes the place of a smaller one, which is
kept: so several workers may look things up while one of them enters something. Only then is the number of
rows raised, and it is read first.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Protocol

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from explorer.codegen.columns import MOST_MEMORIES, Columns, Question
from explorer.language.memory_wiring import LEAST

ROOM = 1 << 10
"""Rows of a new table."""
HEAD = 3
"""Words of a head: rows, the address of the first one, words of a row."""
LARGE = 1 << 30
"""Results that have room are below."""
FEW = 16
"""Memories that have asked for a result before it is computed for all."""
LINE, MOST = 64, 512
"""Bytes of a line of the processor's cache, and of a row that are fetched before they are needed."""

_heads = np.zeros((MOST_MEMORIES, HEAD), np.int64)
_nothing = np.zeros(8, np.uint64)
_current: list[Table] = []
"""The tables that are looked up in."""


class Owner(Protocol):
    """Whose tables these are: one thread at a time computes, and after an error nothing counts any more."""

    lock: threading.Lock
    error: BaseException | None


class Table:
    """The rows of one memory."""

    table: Any
    """uint64 [rows * width]"""

    def __init__(self, columns: Columns, k: int, owner: Owner):
        self.owner = owner
        self.calls = [(function.plain, given) for function, given in columns.calls[k]]
        asked = columns.questions[k]
        self.questions = [(q.function.plain, q.given, *_answers(q, columns.rules)) for q in asked]
        self.front = columns.words if asked else 0
        self.everything = (1 << columns.rules) - 1
        self.width = self.front + (2 + len(self.calls)) // 2
        self.certain = [
            (column, function.possible.plain, given)
            for column, (function, given) in enumerate(columns.calls[k])
            if function.possible is not None
        ]
        self.harmless = [function.low >= 0 for function, _ in columns.calls[k]]
        self.met, self.asked, self.eager = 0, [0] * len(self.calls), list[int]()
        self.kept: list[Any] = []
        self.rows = 0
        self._make(ROOM)

    def result(self, column: int, m: int) -> int:
        """What a function gives, entered into the table."""
        call, given = self.calls[column]
        value = call(m, *given)
        if -LARGE <= value < LARGE:
            at = self._row(m)
            self.halves[at + column + 1] = 2 * value + 1
        return value

    def meet(self, numbers: Any) -> None:
        """Settle which rules some memories let pass, and compute what most were asked for so far: one after
        the other that costs half of what it costs between machine code.
        """
        seen = np.zeros(int(numbers.max(initial=0)) + 1, np.bool_)
        seen[numbers] = True
        with self.owner.lock:
            self._row(len(seen))
            met = np.flatnonzero(seen)
            flags = self.table.view(np.int32).reshape(self.rows, -1)[:, 2 * self.front]
            new = met[flags[met - LEAST] == 0].tolist()
            for m in new:
                self.passed(m)
                for column, possible, given in self.certain:
                    if possible(m, *given):
                        self.result(column, m)
                for column in self.eager:
                    self.result(column, m)
            self.met += len(new)

    def passing(self, m: int) -> int:
        """The rules that a memory lets pass, as bits."""
        passing = self.everything
        for call, given, least, answers in self.questions:
            passing &= answers[min(max(call(m, *given) - least, 0), len(answers) - 1)]
        return passing

    def passed(self, m: int) -> int:
        """The address of a row, in front of which there are the bits of the rules that pass."""
        passing, at = self.passing(m), self._row(m)
        for word in range(self.front):
            self.words[(at >> 1) - 1 - word] = passing >> 64 * word & (1 << 64) - 1
        self.halves[at] = 1
        return int(self.address + 4 * at)

    def note(self, column: int, m: int) -> None:
        """Machine code has asked. What half of the memories in states are asked for is computed at once, if
        every memory lets it happen: so it makes no store live, and nothing goes beyond a bound.
        """
        at = self._row(m)
        if self.harmless[column] and self.halves[at]:
            self.asked[column] += 1
            if self.asked[column] == max(FEW, self.met // 2):
                self.eager.append(column)

    def _row(self, m: int) -> int:
        """Where a row begins, in halves of words from the first one; there is room for it."""
        if m - LEAST >= self.rows:
            self._make(2 * (m - LEAST))
        return 2 * (self.width * (m - LEAST) + self.front)

    def _make(self, rows: int) -> None:
        table: Any = np.zeros(rows * self.width, np.uint64)
        if self.rows:
            table[: len(self.table)] = self.table
            self.kept.append(self.table)
        self.table, self.rows = table, rows
        self.words, self.halves = memoryview(table), memoryview(table.view(np.int32))
        self.address = table.ctypes.data
        if self in _current:
            self.show(_current.index(self))

    def show(self, k: int) -> None:
        """Let machine code look things up here."""
        _heads[k, 2] = self.width
        _heads[k, 1] = self.address + 8 * self.front
        _heads[k, 0] = self.rows


def _answers(question: Question, rules: int) -> tuple[int, list[int]]:
    """The least answer that is told apart, and for it and the next ones the rules that pass."""
    first, last = min(question.least.values()) - 1, max(question.least.values())
    everything = (1 << rules) - 1
    return first, [
        everything & ~sum(1 << rank for rank, least in question.least.items() if least > answer)
        for answer in range(first, last + 1)
    ]


def enter(tables: list[Table]) -> None:
    """Let machine code look things up in these tables."""
    if _current != tables:
        _current[:] = tables
        _heads[:, 0] = 0
        for k, table in enumerate(tables):
            table.show(k)


# For the interpreter, where Numba is switched off.


def entry(k: Any, column: Any, m: Any) -> Any:
    """The result in a column, for memory m of those with number k."""
    call, given = _current[int(k)].calls[int(column)]
    return np.int64(call(int(m), *given))


def passed(k: Any, m: Any) -> Any:
    """The rules that a memory lets pass, as bits of one number."""
    return _current[int(k)].passing(int(m))


def announced(k: Any, m: Any) -> Any:
    """Nothing is fetched here."""
    return np.int64(0)


def bits(passing: Any, word: int) -> Any:
    """A word of them."""
    return np.uint64(passing >> 64 * word & (1 << 64) - 1)


# For machine code.

WORD, HALF = ir.IntType(64), ir.IntType(32)


def _computed(k: int, column: int, m: int) -> int:
    def result() -> int:
        _current[k].note(column, m)
        return _current[k].result(column, m)

    return _alone(_current[k].owner, result, -1)


def _settled(k: int, m: int) -> int:
    end = int(_nothing.ctypes.data + _nothing.nbytes)
    return _alone(_current[k].owner, lambda: _current[k].passed(m), end)


def _alone(owner: Owner, compute: Callable[[], int], otherwise: int) -> int:
    with owner.lock:
        if owner.error is None:
            try:
                return compute()
            except BaseException as error:
                owner.error = error
        return otherwise


_CALLED = {
    "explorer_entry": ctypes.CFUNCTYPE(*[ctypes.c_int64] * 4)(_computed),
    "explorer_passed": ctypes.CFUNCTYPE(*[ctypes.c_int64] * 3)(_settled),
}
"""What machine code calls for what is in no row."""


def _define() -> Any:
    """Compile `explorer_entry(k, column, m)`, `explorer_passed(k, m)` and `explorer_announced(k, m)`, and let
    machine code find them.
    """
    module = ir.Module("explorer_rows")
    module.triple = llvm.get_process_triple()
    _function(module, "explorer_entry", 3)
    _function(module, "explorer_passed", 2)
    _announced(module)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(opt=2)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), target)
    engine.finalize_object()
    for name in (*_CALLED, "explorer_announced"):
        llvm.add_symbol(name, engine.get_function_address(name))
    return engine


def _word(value: int) -> Any:
    return ir.Constant(WORD, value)


def _find(build: Any, k: Any, m: Any, inside: Any, missing: Any) -> tuple[Any, Any]:
    """Go on in `inside` where memory m has a row: its address, and its bytes."""
    heads = _word(_heads.ctypes.data).inttoptr(WORD.as_pointer())
    head = build.gep(heads, [build.mul(k, _word(HEAD))])
    rows = build.load_atomic(head, "acquire", 8)
    number = build.sub(m, _word(LEAST))
    build.cbranch(build.icmp_unsigned("<", number, rows), inside, missing)
    build.position_at_end(inside)
    first, width = (build.load(build.gep(head, [_word(i)])) for i in (1, 2))
    size = build.shl(width, _word(3))
    return build.add(first, build.mul(number, size)), size


def _function(module: Any, name: str, arguments: int) -> None:
    """A function that looks into a row: at a result, or at whether the bits in front of it are known."""
    kind = ir.FunctionType(WORD, [WORD] * arguments)
    function = ir.Function(module, kind, name)
    entry, inside, hit, missing = map(function.append_basic_block, ("entry", "inside", "hit", "missing"))
    build: Any = ir.IRBuilder(entry)
    k, *column, m = function.args
    row, _ = _find(build, k, m, inside, missing)
    halves = build.inttoptr(row, HALF.as_pointer())
    found = build.load(build.gep(halves, [build.add(column[0], _word(1))] if column else [_word(0)]))
    build.cbranch(build.icmp_unsigned("!=", found, ir.Constant(HALF, 0)), hit, missing)

    build.position_at_end(hit)
    build.ret(build.sext(build.ashr(found, ir.Constant(HALF, 1)), WORD) if column else row)

    build.position_at_end(missing)
    called = ctypes.cast(_CALLED[name], ctypes.c_void_p).value
    assert called is not None
    build.ret(build.call(build.inttoptr(_word(called), kind.as_pointer()), function.args))


def _announced(module: Any) -> None:
    """A function that lets the processor fetch the first lines of a row."""
    function = ir.Function(module, ir.FunctionType(WORD, [WORD] * 2), "explorer_announced")
    entry, inside, line, end = map(function.append_basic_block, ("entry", "inside", "line", "end"))
    build: Any = ir.IRBuilder(entry)
    k, m = function.args
    row, size = _find(build, k, m, inside, end)
    first = build.sub(row, _word(LINE))
    last = build.add(row, build.select(build.icmp_unsigned("<", size, _word(MOST)), size, _word(MOST)))
    build.branch(line)

    build.position_at_end(line)
    at = build.phi(WORD)
    at.add_incoming(first, inside)
    byte = ir.IntType(8).as_pointer()
    flag = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
    prefetch = module.globals.get("llvm.prefetch.p0") or ir.Function(module, kind, "llvm.prefetch.p0")
    build.call(prefetch, [build.inttoptr(at, byte), *(ir.Constant(flag, value) for value in (0, 3, 1))])
    following = build.add(at, _word(LINE))
    at.add_incoming(following, line)
    build.cbranch(build.icmp_unsigned("<", following, last), line, end)

    build.position_at_end(end)
    build.ret(_word(0))


_engine = _define()
"""Kept: it owns the machine code."""
