"""How the kernels look at a table: a group of slots at once, and memory asked for before it is needed.

A group is `GROUP` slots from a multiple of it on. Its slots are compared together, without a branch for each,
which a processor would guess wrongly. LLVM makes of it what the processor has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

GROUP = 8


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Where an element of a contiguous array of one dimension lies."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def _ask_for(_: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _address(context, builder, signature.args[0], *arguments)
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        name = "llvm.prefetch.p0i8"
        prefetch = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
        hints = [ir.Constant(number, value) for value in (1, 3, 1)]  # to be written, kept, data
        builder.call(prefetch, [builder.bitcast(place, byte), *hints])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


@intrinsic
def _first_of(_: Any, slots: Any, at: Any, part: Any, key: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, mask, wanted = arguments
        place = _address(context, builder, signature.args[0], array, index)
        element, word = place.type.pointee, ir.IntType(64)
        group = ir.VectorType(element, GROUP)

        def spread(value: Any) -> Any:
            narrow = value if element == word else builder.trunc(value, element)
            vector = ir.Constant(group, ir.Undefined)
            for lane in range(GROUP):
                vector = builder.insert_element(vector, narrow, ir.Constant(ir.IntType(32), lane))
            return vector

        held = builder.load(builder.bitcast(place, group.as_pointer()), align=element.width // 8)
        none = ir.Constant(group, [0] * GROUP)
        same = builder.icmp_unsigned("==", builder.and_(held, spread(mask)), spread(wanted))
        empty = builder.icmp_unsigned("==", held, none)
        bits = builder.zext(builder.bitcast(builder.or_(same, empty), ir.IntType(GROUP)), word)
        return builder.cttz(builder.or_(bits, ir.Constant(word, 1 << GROUP)), ir.Constant(ir.IntType(1), 1))

    return types.uint64(slots, types.uint64, types.uint64, types.uint64), generate


def _interpreted_ask_for(slots: Any, index: Any) -> None:
    """Nothing: the interpreter waits for memory."""


def _interpreted_first_of(slots: Any, at: Any, part: Any, key: Any) -> Any:
    for lane in range(GROUP):
        held = int(slots[int(at) + lane])
        if not held or held & int(part) == int(key):
            return np.uint64(lane)
    return np.uint64(GROUP)


ask_for: Any = _ask_for
"""`ask_for(slots, index)`: the group at an index is about to be looked at, and written."""
first_of: Any = _first_of
"""`first_of(slots, index, part, key)`: which slot of the group at an index is the first that is empty or
holds the key in the bits `part`; `GROUP` if none."""
if config.DISABLE_JIT:  # type: ignore[attr-defined]
    ask_for, first_of = _interpreted_ask_for, _interpreted_first_of
