"""Functions of integers that only Python can compute (`apply` among the expressions), for machine code.

Machine code calls `apply`, which looks the result up in a table. What is not there yet is computed by Python,
once, and entered. So the memory of a multiprocessor, whose states are numbers, is an automaton that machine
code walks and Python extends.

The table is an array int64 [rows, 6]: the function's number (0: the row is free), four arguments, and twice
the result plus one (0: not yet written). Its first row is a head: the number of rows that can be taken, less
one (a power of two less one). A row is never changed once it is written, and a larger table takes the place
of a smaller one in one store, so that several workers may look things up while one of them enters something.
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
from explorer.engine.native.llvm_mixer import mix_several
from explorer.ir.expressions import Expr, Function, walk

ARGUMENTS = 4
"""The most arguments of a function, besides its number."""
FIRST = 1 << 14
"""Rows of a new table."""
WORD = ir.IntType(64)

_nothing = np.zeros((2, 2 + ARGUMENTS), np.int64)
_state = np.array([_nothing.ctypes.data], np.int64)
"""Where the table lies that is looked up; at first an empty one."""
_current: Functions | None = None


class Functions:
    """The functions that a model applies, with the results known so far."""

    def __init__(self, expressions: Iterable[Expr], more: Iterable[Function] = ()):
        self.calls: dict[int, Callable[..., int]] = {}
        self.arity: dict[int, int] = {}
        self.error: BaseException | None = None
        self.lock = threading.Lock()
        self.kept: list[Any] = []
        self.used = 0
        self.know(expressions)
        for function in more:
            self.calls[function.number], self.arity[function.number] = function.call, 1
        self._make(FIRST)

    def know(self, expressions: Iterable[Expr]) -> None:
        """Note the functions that some expressions apply."""
        for expression in expressions:
            for at in walk(expression):
                if at.op == "apply":
                    self.calls[at.value.number] = at.value.call
                    self.arity[at.value.number] = len(at.args)

    def enter(self) -> None:
        """Let machine code look things up here. To be called before it is."""
        global _current
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
            try:
                value = self.calls[number](*arguments[: self.arity[number]])
                self._enter((number, *arguments), value)
            except BaseException as error:
                self.error = self.error or error
                return -1
            return value

    def _make(self, rows: int) -> None:
        table = np.zeros((rows + 1, 2 + ARGUMENTS), np.int64)
        table[0, 0] = rows - 1
        self.kept.append(table)  # one that was left may still be looked up
        self.table, self.words = table, memoryview(table.data).cast("B").cast("q")

    def _enter(self, key: tuple[int, ...], value: int) -> None:
        if 2 * self.used >= len(self.table):
            old = self.table
            self._make(2 * (len(old) - 1))
            for row in old[1:][old[1:, 0] != 0].tolist():
                self._put(tuple(row[:-1]), row[-1])
            if _current is self:
                _state[0] = self.table.ctypes.data
        self.used += self._put(key, 2 * value + 1)

    def _put(self, key: tuple[int, ...], value: int) -> bool:
        """Enter a row; whether it is new."""
        words, width = self.words, 2 + ARGUMENTS
        mask = words[0]
        at = mixer.mix_several(key) & mask
        while words[(at + 1) * width]:
            row = (at + 1) * width
            if tuple(words[row : row + width - 1]) == key:
                return False
            at = at + 1 & mask
        row = (at + 1) * width
        for k in range(1, width - 1):
            words[row + k] = key[k]
        words[row + width - 1] = value
        words[row] = key[0]
        return True


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
    entry, probe, taken, same, next_, missing = (
        function.append_basic_block(name) for name in ("entry", "probe", "taken", "same", "next", "missing")
    )

    def word(value: int) -> Any:
        return ir.Constant(WORD, value)

    def address(value: int, target: Any) -> Any:
        return word(value).inttoptr(target.as_pointer())

    build: Any = ir.IRBuilder(entry)
    table = build.inttoptr(build.load(address(_state.ctypes.data, WORD)), WORD.as_pointer())
    mask = build.load(table)
    first = build.and_(mix_several(build, function.args), mask)
    build.branch(probe)

    build.position_at_end(probe)
    at = build.phi(WORD)
    at.add_incoming(first, entry)
    row = build.gep(table, [build.mul(build.add(at, word(1)), word(2 + ARGUMENTS))])
    build.cbranch(build.icmp_signed("==", build.load(row), word(0)), missing, taken)

    build.position_at_end(taken)
    equal: Any = ir.Constant(ir.IntType(1), 1)
    for k, argument in enumerate(function.args):
        equal = build.and_(equal, build.icmp_signed("==", build.load(build.gep(row, [word(k)])), argument))
    build.cbranch(equal, same, next_)

    build.position_at_end(same)
    result = build.load(build.gep(row, [word(1 + ARGUMENTS)]))
    hit = function.append_basic_block("hit")
    build.cbranch(build.icmp_signed("==", result, word(0)), missing, hit)
    build.position_at_end(hit)
    build.ret(build.ashr(result, word(1)))

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
