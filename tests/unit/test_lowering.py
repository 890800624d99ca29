"""Functions that LLVM compiles without Numba compute what Python computes."""

from __future__ import annotations

import ast
import random
from typing import Any

import numpy as np
import pytest

from explorer.codegen import mixer
from explorer.engine.python import run_source

numba = pytest.importorskip("numba")
from explorer.engine.native.harmless import LONG, length  # noqa: E402
from explorer.engine.native.probing import _interpreted_first_of, first_of  # noqa: E402

HEAD = """
import numpy as np
from numba import njit
from explorer.engine.native.lowering import lowered, popcount, table
U, I = np.uint64, np.int64
K0, K1 = U(0x15), U(3)

@lowered("Tuple((uint64, boolean, boolean))(uint64, uint64, int64[:,::1], uint64[:,::1], int64[::1])")
def step(s, i, P, Q, N):
    {body}
    return t, ok, flag

@njit("Tuple((uint64, boolean, boolean))(uint64, uint64, int64[:,::1], uint64[:,::1], int64[::1])")
def run(s, i, P, Q, N):
    return step(s, i, P, Q, N)
"""

BODY = """t = s
    ok = False
    flag = False
    x = I(s >> U(1) & K1) - 2
    c = x < 0 or (s & K0 == K0 and not s & K1 == K1)
    if c and P[i, 1] // (x - 3) <= 1:
        ok = True
        t |= U((x + P[i, 0]) % 3 + 3) << Q[i, 1]
    elif (7 if c else x) * -2 > P[i, 0] ^ 1:
        flag = True
    else:
        N[1] += popcount(I(s) & ~x)
        N[0] = table(x + 2, 7, -5, 11, 2)
        t = U(I(1) if c else -x)"""


def _expected(s: int, p: list[int], q: int, counts: list[int]) -> tuple[int, bool, bool]:
    x = (s >> 1 & 3) - 2
    c = x < 0 or (s & 21 == 21 and s & 3 != 3)
    if c and p[1] // (x - 3) <= 1:
        return s | ((x + p[0]) % 3 + 3) << q, True, False
    if (7 if c else x) * -2 > p[0] ^ 1:
        return s, False, True
    counts[1] += (s & ~x).bit_count()
    counts[0] = (7, -5, 11, 2)[x + 2]
    return (1 if c else -x) & 2**64 - 1, False, False


@pytest.mark.parametrize(
    ("condition", "harmless"),
    [
        ("s & K0 == K1 or not I(s) < 3", True),
        ("P[i, 1] == 2 and P[row, K0] < 7", True),
        ("part != 0", True),
        ("s // K0 == K1", False),
        ("I(s) % 3 == 0", False),
        ("P[i, part] == 2", False),
        ("P[i, Q[i]] == 2", False),
        ("popcount(s) == 2", False),
        ("apply(3, s) == 2", False),
    ],
)
def test_conditions_are_evaluated_unasked_where_that_is_harmless(condition: str, harmless: bool) -> None:
    """A division, a call or an element at a computed place is evaluated only where it is asked for."""
    tree = ast.parse(condition, mode="eval").body
    assert (length(tree, {"part"}) < LONG) == harmless


def test_a_group_of_slots_is_looked_at_as_a_whole() -> None:
    """Machine code and the interpreter find the same slot: the first that is empty or holds the key."""
    rng, part = random.Random(1), np.uint64(255)
    for kind in (np.uint64, np.uint32):
        first = numba.njit(lambda slots, at, part, key: first_of(slots, at, part, key))
        for _ in range(200):
            slots = np.array([rng.choice([0, 5, 6, 7]) | rng.choice([0, 256]) for _ in range(16)], kind)
            slots[rng.randrange(16) :] |= kind(1)
            at, key = np.uint64(rng.choice([0, 8])), np.uint64(rng.choice([5, 6, 7]))
            assert first(slots, at, part, key) == _interpreted_first_of(slots, at, part, key)


def test_a_lowered_function_computes_what_python_computes() -> None:
    """Signs, laziness, floors, choices, tables and arrays mean the same in machine code."""
    run = run_source(HEAD.format(body=BODY), "<lowered>")["run"]
    rng, signed, counts = random.Random(1), np.array([[4, 9], [-5, -7]], np.int64), [0, 0]
    unsigned, sums = np.array([[1, 8], [2, 5]], np.uint64), np.zeros(2, np.int64)
    for _ in range(500):
        s, i = rng.randrange(256), rng.randrange(2)
        got = run(np.uint64(s), np.uint64(i), signed, unsigned, sums)
        assert got == _expected(s, signed[i].tolist(), int(unsigned[i, 1]), counts)
        assert sums.tolist() == counts


def test_the_mixer_is_the_one_of_the_other_engines() -> None:
    """Keys of identities are mixed alike everywhere: representatives depend on them."""
    body = "t = mix(s + K0)\n    ok = True\n    flag = False"
    run: Any = run_source(HEAD.format(body=body), "<mixer>")["run"]
    one, words = np.zeros((1, 1), np.int64), np.zeros((1, 1), np.uint64)
    for s in (0, 1, 2**63, 2**64 - 30):
        mixed, _, _ = run(np.uint64(s), np.uint64(0), one, words, np.zeros(1, np.int64))
        assert int(mixed) == mixer.mix(s + 0x15)


def test_a_division_by_zero_stops_nothing() -> None:
    """What is computed where a check before it fails may divide by zero: the process goes on."""
    body = "t = U(I(s) // (I(s) - 3)) + U(I(s) % (I(s) - 3))\n    ok = True\n    flag = P[0, 0] == N[0]"
    run: Any = run_source(HEAD.format(body=body), "<division>")["run"]
    one, words = np.zeros((1, 1), np.int64), np.zeros((1, 1), np.uint64)
    _, ok, flag = run(np.uint64(3), np.uint64(0), one, words, np.zeros(1, np.int64))
    assert (ok, flag) == (True, True)
    assert run(np.uint64(9), np.uint64(0), one, words, np.zeros(1, np.int64))[0] == 9 // 6 + 9 % 6


def test_a_name_has_one_kind() -> None:
    """A generated function that gives a name a condition here and a number there is refused, not wrong."""
    body = "t = s\n    ok = True\n    flag = False\n    x = s == K0\n    x = I(s)"
    with pytest.raises(Exception, match="x is b and i"):
        run_source(HEAD.format(body=body), "<kinds>")
