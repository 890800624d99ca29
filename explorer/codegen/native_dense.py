"""Source for Numba that makes one word of a state of several, and the state of the word
(`program/dense.py`). Text only.
"""

from __future__ import annotations

from explorer.codegen.native_expressions import Constants
from explorer.codegen.native_module import module_of
from explorer.codegen.template import fill
from explorer.program.dense import Chunk, Dense

PACKED = """
@lowered("uint64({types})")
def packed({parameters}):
    word = U(0)
    {add}
    return word

"""

PART = """
@lowered("uint64(uint64)")
def word{number}(root):
    word = U(0)
    {add}
    return word

"""

KERNELS = """
@njit("void(uint64[:,::1], uint64[:,::1])", nogil=True, cache=True)
def fold(states, roots):
    for r in range(states.shape[0]):
        roots[U(r), U(0)] = packed({stored})


@njit("void(uint64[:,::1], UniTuple(int64, 2), uint64[:,::1])", nogil=True, cache=True)
def unfold(roots, span, states):
    start, stop = span
    for r in range(stop - start):
        root = roots[U(start + r), U(0)]
        {words}

"""


def packed_source(dense: Dense, words: int) -> str:
    """The text of `packed(part0, part1, ...)`: the one word of a state of these words."""
    return fill(
        PACKED,
        types=", ".join(["uint64"] * words),
        parameters=", ".join(f"part{w}" for w in range(words)),
        add=[f"word |= {_stored(c)} << U({c.place})" for c in dense.chunks],
    )


def dense_source(dense: Dense, words: int) -> str:
    """The text of `fold` and `unfold`: states as one word each, and back."""
    parts = [
        fill(
            PART,
            number=w,
            add=[f"word |= {_content(c)} << U({c.shift})" for c in dense.chunks if c.word == w],
        )
        for w in range(words)
    ]
    kernels = fill(
        KERNELS,
        stored=", ".join(f"states[U(r), U({w})]" for w in range(words)),
        words=[f"states[U(r), U({w})] = word{w}(root)" for w in range(words)],
    )
    return module_of(Constants(), packed_source(dense, words), *parts, kernels)


def _stored(c: Chunk) -> str:
    """The number of what stands in a chunk of a state; of what cannot stand there any."""
    content = f"part{c.word} >> U({c.shift}) & U({(1 << c.bits) - 1})"
    if c.contents is None:
        return f"({content})"
    numbers = {content: number for number, content in enumerate(c.contents)}
    return f"U(table({content}, {', '.join(str(numbers.get(x, 0)) for x in range(1 << c.bits))}))"


def _content(c: Chunk) -> str:
    """What stands in a chunk whose number the one word has."""
    number = f"root >> U({c.place}) & U({(1 << c.width) - 1})"
    if c.contents is None:
        return f"({number})"
    whole = [*c.contents, *[0] * ((1 << c.width) - len(c.contents))]
    return f"U(table({number}, {', '.join(map(str, whole))}))"
