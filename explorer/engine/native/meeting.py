"""How workers meet within machine code: numbers that one writes and others read without a lock, and a clock.

Each number has one writer. Who has read what was published last sees all that its writer wrote before.
"""

from __future__ import annotations

import platform
import time
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from explorer.engine.native.probing import _address

WORD = ir.IntType(64)
MONOTONIC = 1
"""The number that Linux has for its monotonic clock."""
AVAILABLE = platform.system() == "Linux"
"""Whether the clock is there."""


@intrinsic
def _published(_: Any, array: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = _address(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(at, "acquire", 8)

    return types.int64(array, types.int64), generate


@intrinsic
def _publish(_: Any, array: Any, place: Any, number: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store_atomic(arguments[2], at, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@intrinsic
def _nanoseconds(_: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [number, WORD.as_pointer()])
        clock = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")  # type: ignore[no-untyped-call]
        spec = cgutils.alloca_once(builder, WORD, 2)  # type: ignore[no-untyped-call]
        builder.call(clock, [ir.Constant(number, MONOTONIC), spec])
        rest = builder.load(builder.gep(spec, [ir.Constant(number, 1)]))
        return builder.add(builder.mul(builder.load(spec), ir.Constant(WORD, 10**9)), rest)

    return types.int64(), generate


@intrinsic
def _breathe(_: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if platform.machine() in ("x86_64", "AMD64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _rest(_: Any, microseconds: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [number])
        sleep = cgutils.get_or_insert_function(builder.module, kind, "usleep")  # type: ignore[no-untyped-call]
        builder.call(sleep, [builder.trunc(arguments[0], number)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _interpreted_published(array: Any, place: Any) -> int:
    return int(array[place])


def _interpreted_publish(array: Any, place: Any, number: Any) -> None:
    array[place] = number


published: Any = _published
"""`published(array, place)`: the number that another worker has published there."""
publish: Any = _publish
"""`publish(array, place, number)`."""
nanoseconds: Any = _nanoseconds
"""`nanoseconds()`: the time of a clock that never goes back."""
breathe: Any = _breathe
"""`breathe()`: the processor may rest for a moment, as this is a loop that waits."""
rest: Any = _rest
"""`rest(microseconds)`: sleep."""
if config.DISABLE_JIT:  # type: ignore[attr-defined]
    published, publish = _interpreted_published, _interpreted_publish
    nanoseconds, breathe = time.monotonic_ns, lambda: None
    rest = lambda microseconds: time.sleep(microseconds / 1e6)  # noqa: E731
