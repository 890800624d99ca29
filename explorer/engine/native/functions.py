"""Functions of integers that only Python can compute (`apply` among the expressions), for machine code.

Machine code calls `apply`, which looks the result up. What is not there yet is computed by Python, once, and
entered. So the memory of a multiprocessor, whose states are numbers, is an automaton that machine code walks
and Python extends.

Results stand in columns: one for each function with all its arguments but the first, which is the number of
a memory. A column is an array int32: how many numbers have room, then for each of them, from `LEAST` + 1,
twice the result plus one (0: not yet written). A table finds the columns: int64 [rows, 4] with the function
and the second argument (0: the row is free), the third, the fourth, and the address of the column; its first
row is a head: the number of rows that can be taken, less one (a power of two less one). But for its address a
row is never changed once it is written, and a larger table or column takes the place of a smaller one in one
store. So several workers may look things up while one of them enters something. What has no room (a CPU
beyond 255, a result of more than 30 bits) is computed each time.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from explorer.codegen import mixer
from explorer.codegen.columns import Columns
from explorer.engine.native import rows
from explorer.ir.expressions import Expr, Function, walk

ARGUMENTS = 4
"""The most arguments of a function, besides its number."""
FIRST, ROOM = 1 << 8, 1 << 12
"""Rows of a new table, and numbers that have room in a new column."""
LEAST = -4
"""Less than each number that is asked for: the place of a column's head."""
WIDTH = 4
WORD, HALF = ir.IntType(64), ir.IntType(32)
_ONES = (1 << 64) - 1
_NUMBERS = 1 << 25
"""Numbers of memories that have room in a column are below; results are below `rows.LARGE`."""

_nothing = np.zeros((2, WIDTH), np.int64)
_state = np.array([_nothing.ctypes.data], np.int64)
"""Where the table lies that is looked up; at first an empty one."""
_current: Functions | None = None


class Functions:
    """The functions that a model applies, with the results known so far; those with `columns` in tables of
    rows.
    """

    def __init__(
        self, expressions: Iterable[Expr], more: Iterable[Function] = (), columns: Columns | None = None
    ):
        number = len(columns.memories) if columns is not None else 0
        self.lock = threading.Lock()
        self.tables = [rows.Table(columns, k, self) for k in range(number)] if columns else []
        self.calls: dict[int, Callable[..., int]] = {}
        self.arity: dict[int, int] = {}
        self.error: BaseException | None = None
        self.kept: list[Any] = []
        self.columns: dict[tuple[int, ...], Any] = {}
        self.know(expressions)
        for function in more:
            self.calls[function.number], self.arity[function.number] = function.plain, 1
        self._make(FIRST)

    def know(self, expressions: Iterable[Expr]) -> None:
        """Note the functions that some expressions apply."""
        for expression in expressions:
            for at in walk(expression):
                if at.op == "apply":
                    self.calls[at.value.number] = at.value.plain
                    self.arity[at.value.number] = len(at.args)

    def enter(self) -> None:
        """Let machine code look things up here. To be called before it is."""
        global _current
        rows.enter(self.tables)
        if _current is not self:
            _current = self
            _state[0] = self.table.ctypes.data

    def leave(self) -> None:
        """Raise what a function has raised since."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def result(self, number: int, *arguments: int) -> int:
        """What a function gives, entered into the table."""
        with self.lock:
            if self.error is not None:  # nothing counts any more
                return -1
            try:
                value = self.calls[number](*arguments[: self.arity[number]])
                self._enter((number, *arguments[1:]), arguments[0], value)
            except BaseException as error:
                self.error = error
                return -1
            return value

    def _make(self, rows: int) -> None:
        table = np.zeros((rows + 1, WIDTH), np.int64)
        table[0, 0] = rows - 1
        self.kept.append(table)  # one that was left may still be looked up
        self.table = table

    def _enter(self, key: tuple[int, ...], first: int, value: int) -> None:
        if not 0 <= key[1] < 1 << 8 or not LEAST < first < _NUMBERS or not -rows.LARGE <= value < rows.LARGE:
            return
        column = self.columns.get(key)
        if column is None or first >= column[0]:
            column = self._column(key, column, first)
        column[first - LEAST] = 2 * value + 1

    def _column(self, key: tuple[int, ...], old: Any, first: int) -> Any:
        """A column with room for a number, with what an old one holds."""
        room = max(ROOM, 1 << (first + 1).bit_length())
        column: Any = np.zeros(room - LEAST, np.int32)
        if old is not None:
            self.kept.append(old)
            column[: len(old.obj)] = old.obj
        column[0] = room
        self.columns[key] = memoryview(column)
        if old is None and 2 * len(self.columns) > len(self.table):
            self._make(2 * (len(self.table) - 1))
            for known, view in self.columns.items():
                self._put(known, view.obj.ctypes.data)
            if _current is self:
                _state[0] = self.table.ctypes.data
        else:
            self._put(key, column.ctypes.data)
        return self.columns[key]

    def _put(self, key: tuple[int, ...], address: int) -> None:
        """Enter the address of a column."""
        number, second, third, fourth = key
        head = number << 8 | second
        wanted = [head if head <= _ONES >> 1 else head - _ONES - 1, third, fourth]
        mask = int(self.table[0, 0])
        at = _place(*wanted) & mask
        while self.table[at + 1, 0] and self.table[at + 1, :3].tolist() != wanted:
            at = at + 1 & mask
        self.table[at + 1, 1:] = third, fourth, address
        self.table[at + 1, 0] = wanted[0]


def _place(*key: int) -> int:
    """Where the search for a row begins: a hash of its three words. Each is multiplied by itself, so that
    machine code does it at once.
    """
    together = 0
    for word, weight in zip(key, mixer.WEIGHTS, strict=False):
        together ^= word * weight
    return (together & _ONES) >> 32


def apply(number: Any, *arguments: Any) -> Any:
    """The same for the interpreter, where Numba is switched off."""
    assert _current is not None
    given = [int(argument) for argument in arguments]
    return np.int64(_current.calls[int(number)](*given))


def _computed(*key: int) -> int:
    assert _current is not None
    return _current.result(*key)


_compute = ctypes.CFUNCTYPE(*[ctypes.c_int64] * (2 + ARGUMENTS))(_computed)
"""What machine code calls for a result that is in no row."""


def _define() -> Any:
    """Compile `explorer_apply(number, four arguments)`, and let machine code find it by this name."""
    module = ir.Module("explorer_apply")
    module.triple = llvm.get_process_triple()
    kind = ir.FunctionType(WORD, [WORD] * (1 + ARGUMENTS))
    function = ir.Function(module, kind, "explorer_apply")
    entry, probe, taken, same, read, hit, next_, missing = (
        function.append_basic_block(name)
        for name in ("entry", "probe", "taken", "same", "read", "hit", "next", "missing")
    )

    def word(value: int) -> Any:
        return ir.Constant(WORD, value)

    def address(value: int, target: Any) -> Any:
        return word(value).inttoptr(target.as_pointer())

    build: Any = ir.IRBuilder(entry)
    number, first, second, third, fourth = function.args
    key = build.or_(build.shl(number, word(8)), second), third, fourth
    table = build.inttoptr(build.load(address(_state.ctypes.data, WORD)), WORD.as_pointer())
    mask = build.load(table)
    place: Any = word(0)
    for part, weight in zip(key, mixer.WEIGHTS, strict=False):
        place = build.xor(place, build.mul(part, word(weight)))
    start = build.and_(build.lshr(place, word(32)), mask)
    build.cbranch(build.icmp_unsigned("<", second, word(1 << 8)), probe, missing)

    build.position_at_end(probe)
    at = build.phi(WORD)
    at.add_incoming(start, entry)
    row = build.gep(table, [build.mul(build.add(at, word(1)), word(WIDTH))])
    begun = build.load(row)
    build.cbranch(build.icmp_signed("==", begun, word(0)), missing, taken)

    build.position_at_end(taken)
    equal = build.icmp_signed("==", begun, key[0])
    for k in (1, 2):
        equal = build.and_(equal, build.icmp_signed("==", build.load(build.gep(row, [word(k)])), key[k]))
    build.cbranch(equal, same, next_)

    build.position_at_end(same)
    column = build.inttoptr(build.load(build.gep(row, [word(WIDTH - 1)])), HALF.as_pointer())
    room = build.sext(build.load(column), WORD)
    inside = build.icmp_signed("<", first, room)
    build.cbranch(build.and_(inside, build.icmp_signed(">", first, word(LEAST))), read, missing)

    build.position_at_end(read)
    result = build.load(build.gep(column, [build.sub(first, word(LEAST))]))
    build.cbranch(build.icmp_signed("==", result, ir.Constant(HALF, 0)), missing, hit)

    build.position_at_end(hit)
    build.ret(build.sext(build.ashr(result, ir.Constant(HALF, 1)), WORD))

    build.position_at_end(next_)
    at.add_incoming(build.and_(build.add(at, word(1)), mask), next_)
    build.branch(probe)

    build.position_at_end(missing)
    called = ctypes.cast(_compute, ctypes.c_void_p).value
    assert called is not None
    build.ret(build.call(build.inttoptr(word(called), kind.as_pointer()), function.args))

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(opt=2)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), target)
    engine.finalize_object()
    llvm.add_symbol("explorer_apply", engine.get_function_address("explorer_apply"))
    return engine


_engine = _define()
"""Kept: it owns the machine code."""
