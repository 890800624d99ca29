"""The hash mixer is one: Python and machine code agree, and a hash gives its state back."""

from __future__ import annotations

import random

import pytest

from explorer.codegen import mixer

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

from numba import njit  # noqa: E402

from explorer.engine.native import hashing  # noqa: E402
from explorer.engine.native import mixing as lowered  # noqa: E402


class mixing:
    """The functions as compiled code has them."""

    mix = staticmethod(njit("uint64(uint64)")(lambda x: lowered.mix(x)))
    permuted = staticmethod(
        njit("uint64(uint64, uint64, uint64, uint64, uint64)")(
            lambda x, half, first, second, whole: lowered.permuted(x, half, first, second, whole)
        )
    )


def test_python_and_machine_code_mix_alike() -> None:
    """`mix` gives the same 64 bits in both."""
    choose = random.Random(1)
    for x in (0, 1, mixer.WORD, *(choose.getrandbits(64) for _ in range(200))):
        assert int(mixing.mix(np.uint64(x))) == mixer.mix(x)


@pytest.mark.parametrize("bits", [2, 3, 9, 12])
def test_every_state_has_a_hash_of_its_own(bits: int) -> None:
    """On all states of a few bits, `permuted` is a permutation, and with `back` it is undone."""
    there, back = hashing.exact(bits).there[:4], hashing.exact(bits).back[:4]
    hashes = [mixing.permuted(np.uint64(state), *there) for state in range(1 << bits)]
    assert sorted(map(int, hashes)) == list(range(1 << bits))
    assert [int(mixing.permuted(np.uint64(h), *back)) for h in hashes] == list(range(1 << bits))


@pytest.mark.parametrize("bits", [31, 63, 64])
def test_a_hash_of_many_bits_gives_its_state_back(bits: int) -> None:
    """The same for random states of up to a word."""
    choose = random.Random(bits)
    there, back = hashing.exact(bits).there[:4], hashing.exact(bits).back[:4]
    for state in (0, (1 << bits) - 1, *(choose.getrandbits(bits) for _ in range(200))):
        state_hash = np.uint64(mixing.permuted(np.uint64(state), *there))
        assert int(mixing.permuted(state_hash, *back)) == state
