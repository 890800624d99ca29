"""The hash mixer as instructions of LLVM, for code that Numba does not see (`mixing.py` is what it sees)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from explorer.codegen import mixer

_WORD = ir.IntType(64)


def mix(builder: Any, word: Any) -> Any:
    """`mixer.mix` of a word of 64 bits."""
    word = builder.mul(word, ir.Constant(_WORD, mixer.FIRST))
    word = builder.xor(word, builder.lshr(word, ir.Constant(_WORD, 32)))
    word = builder.mul(word, ir.Constant(_WORD, mixer.SECOND))
    return builder.xor(word, builder.lshr(word, ir.Constant(_WORD, 29)))


def mix_several(builder: Any, words: Any) -> Any:
    """`mixer.mix_several` of some words."""
    together = ir.Constant(_WORD, 0)
    for word, weight in zip(words, mixer.WEIGHTS):
        together = builder.xor(together, builder.mul(word, ir.Constant(_WORD, weight)))
    return mix(builder, together)
