"""The canonical form of packed states as source for Numba: what `canonical.py` writes in Python, on 64-bit
words.

A state of one word is the value `s`; a wider one is the array `T`, changed in place. Knows nothing of search.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial, prod
from typing import Any

from explorer.codegen.native_expressions import Constants
from explorer.codegen.python_canonical import gathered, key_of, name, owned, salt
from explorer.symmetry.plan import Piece, Plan, Swap

WORD = 64

_ONE = '''
@njit(nogil=True)
def settle(s, ties):
    """The least state that tied swaps make of a state, and how many of their products leave it as it is
    (plain changes:
    Knuth 7.2.1.2, algorithm P, over all runs of tied swaps)."""
    C, O, J, B, n = changes(ties)
    first = best = s
    fixed = 1
    while True:
        g = following(C, O, J, B, n)
        if g < 0:
            return best, fixed
        s = swap(s, g)
        fixed += s == first
        best = min(best, s)

'''

_WIDE = '''
@njit(nogil=True)
def same(A, B):
    for w in range(A.shape[0]):
        if A[w] != B[w]:
            return False
    return True


@njit(nogil=True)
def less(A, B):
    for w in range(A.shape[0] - 1, -1, -1):
        if A[w] != B[w]:
            return A[w] < B[w]
    return False


@njit(nogil=True)
def copy(A, B):
    for w in range(A.shape[0]):
        A[w] = B[w]


@njit(nogil=True)
def moves(T, g):
    """Whether a swap changes the state, which is left as it was."""
    first = T.copy()
    swap(T, g)
    moved = not same(first, T)
    copy(T, first)
    return moved


@njit(nogil=True)
def settle(T, ties):
    """Makes a state the least that tied swaps make of it; how many of their products leave it as it is
    (plain changes:
    Knuth 7.2.1.2, algorithm P, over all runs of tied swaps)."""
    C, O, J, B, n = changes(ties)
    first, best = T.copy(), T.copy()
    fixed = 1
    while True:
        g = following(C, O, J, B, n)
        if g < 0:
            copy(T, best)
            return fixed
        swap(T, g)
        fixed += same(T, first)
        if less(T, best):
            copy(best, T)

'''

_WEIGH = '''
@njit("int64(uint64[:,::1], int64, int64)", nogil=True, cache=True)
def weigh(F, start, stop):
    """How many states the representatives F[start:stop] stand for."""
'''

_WEIGH_ONE = (
    _WEIGH
    + """\
    total = 0
    for b in range(start, stop):
        total += orbit(F[b, 0])
    return total
"""
)

_WEIGH_WIDE = (
    _WEIGH
    + """\
    T = np.empty(F.shape[1], np.uint64)
    total = 0
    for b in range(start, stop):
        copy(T, F[b])
        total += orbit(T)
    return total
"""
)


def native_canonical(plan: Plan, words: int, constants: Constants) -> str:
    """The functions `canonical` and `weigh`, and all that they need. What is called has no signature: it is
    compiled only where what calls it is not in the cache."""
    writer = Writer(plan, words == 1, constants)
    parts = [_function(f"swap{g}({writer.state})", writer.swap(swap)) for g, swap in enumerate(plan.swaps)]
    parts += [
        _function(f"swap({writer.state}, g)", writer.any_swap()),
        _changes(plan),
        _ONE if writer.one else _WIDE,
    ]
    parts += [
        _function(f"canonical({writer.state})", writer.canonical()),
        _function(f"orbit({writer.state})", writer.orbit()),
    ]
    return "\n".join([*parts, _WEIGH_ONE if writer.one else _WEIGH_WIDE])


def _function(head: str, lines: Iterator[str]) -> str:
    return "\n".join(["@njit(nogil=True)", f"def {head}:", *(f"    {line}" for line in lines), ""])


def _changes(plan: Plan) -> str:
    """`changes` begins a tour through all products of tied swaps, `following` gives its next swap, or -1."""
    classes = "".join(str(s.scalarset) + ", " for s in plan.swaps)
    n = len(plan.swaps) + 1
    return f"""
@njit(nogil=True)
def changes(ties):
    C, O = np.zeros({n}, np.int64), np.ones({n}, np.int64)
    J, B = np.zeros({n}, np.int64), np.zeros({n}, np.int64)
    owner = ({classes})
    n = 0
    g = 0
    while g < {n - 1}:
        if not ties >> U(g) & U(1):
            g += 1
            continue
        first = g
        while g < {n - 1} and ties >> U(g) & U(1) and owner[g] == owner[first]:
            g += 1
        for j in range(g - first + 1, 1, -1):
            J[n] = j
            B[n] = first
            n += 1
    return C, O, J, B, n


@njit(nogil=True)
def following(C, O, J, B, n):
    off = 0
    for d in range(n):
        if d and B[d] != B[d - 1]:
            off = 0
        q = C[d] + O[d]
        if 0 <= q < J[d]:
            at = B[d] + J[d] - max(C[d], q) + off - 1
            C[d] = q
            return at
        if q == J[d]:
            off += 1
        O[d] = -O[d]
    return -1

"""


class Writer:
    """Writes for states of one word or more; `named`: and keeps in `p` which element of the group was
    applied.
    """

    def __init__(self, plan: Plan, one: bool, constants: Constants, named: bool = False):
        self.plan, self.one, self.constants, self.named = plan, one, constants, named
        self.state = "s" if one else "T"

    def word(self, value: int) -> str:
        return self.constants.name(value)

    def at(self, word: int) -> str:
        return "s" if self.one else f"T[{self.word(word)}]"

    def read(self, shift: int, mask: int) -> str:
        word, place = divmod(shift, WORD)
        return (
            f"({self.at(word)} >> {self.word(place)} & {self.word(mask)})"
            if place
            else f"({self.at(word)} & {self.word(mask)})"
        )

    def truth(self, tests: tuple[Any, ...]) -> str:
        return "U(" + " and ".join(f"{text} {sign} {self.word(value)}" for text, sign, value in tests) + ")"

    def gathered(self, pieces: tuple[Piece, ...]) -> list[str]:
        return gathered(pieces, self.read, self.truth, self.word)

    def apply(self, g: int) -> str:
        return (f"s = swap{g}(s)" if self.one else f"swap{g}(T)") + (f"; p = L[{g}, p]" if self.named else "")

    def swap(self, swap: Swap) -> Iterator[str]:
        for n, (shift, mask, a, b, needs) in enumerate(swap.codes):
            tests = [f"{self.read(at, m)} >= {self.word(least)}" for at, m, least in needs]
            yield f"v{n} = {self.read(shift, mask)}"
            yield f"c{n} = " + " and ".join([f"(v{n} == {self.word(a)} or v{n} == {self.word(b)})", *tests])
        for n, (shift, _, a, b, _) in enumerate(swap.codes):
            yield f"if c{n}:"
            yield f"    {self.at(shift // WORD)} ^= {self.word((a ^ b) << shift % WORD)}"
        for (low, high, by), mask in _by_words(swap).items():
            bits, far = self.word(mask), self.word(abs(by))
            there, back = (">>", "<<") if by >= 0 else ("<<", ">>")
            yield f"x = ({self.at(low)} ^ {self.at(high)} {there} {far}) & {bits}"
            yield f"{self.at(low)} ^= x"
            yield f"{self.at(high)} ^= x {back} {far}"
        if self.one:
            yield "return s"

    def any_swap(self) -> Iterator[str]:
        for g in range(len(self.plan.swaps)):
            yield f"if g == {g}:"
            yield f"    return swap{g}({self.state})" if self.one else f"    swap{g}(T)"
        if self.one:
            yield "return s"

    def keys(self) -> Iterator[str]:
        plan = self.plan
        for k, size in enumerate(plan.sizes):
            if plan.exact[k]:
                for i in range(size):
                    yield f"k{k}{i} = {self.gathered(plan.blocks[(k, i),])[0]}"
        loose = [] if plan.direct else [(k, i) for k in plan.loose for i in range(plan.sizes[k])]
        if not loose:
            return
        for ids, pieces in plan.blocks.items():
            if len(ids) > 1:
                parts = self.gathered(pieces)
                yield f"{name(ids)} = {parts[0]}"
                yield from (f"{name(ids)} = mix({name(ids)}) + ({part})" for part in parts[1:])
        for one in loose:
            key = key_of(one)
            yield f"{key} = C_0x0"
            yield from (
                f"{key} = mix({key} + ({part}))" for part in self.gathered(plan.blocks.get((one,), ()))
            )
            for position, ids in owned(plan, one):
                yield f"{key} += mix({name(ids)} + {self.word(salt(plan, ids, position, 0))})"
        pairs = [f"k{k}{i} == k{k}{j}" for k in plan.loose for i in range(plan.sizes[k]) for j in range(i)]
        yield f"if {' or '.join(pairs)}:"
        for one in loose:
            yield f"    n{one[0]}{one[1]} = mix({key_of(one)})"
            for position, ids in owned(plan, one):
                others = [f"{key_of(y)} * {self.word(2 * ids.index(y) + 3)}" for y in ids if y != one]
                yield (
                    f"    n{one[0]}{one[1]} += mix({name(ids)} + {self.word(salt(plan, ids, position, 1))} +"
                    f" {' + '.join(others)})"
                )
        yield from (f"    k{k}{i} = n{k}{i}" for k, i in loose)

    def canonical(self) -> Iterator[str]:
        plan = self.plan
        yield from self.keys()
        for k, size in enumerate(plan.sizes):
            if plan.direct and not plan.exact[k]:
                continue
            first = plan.swaps_of(k)[0]
            for last in range(1, size):
                for j in range(last, 0, -1):
                    yield f"if k{k}{j} < k{k}{j - 1}:"
                    yield f"    k{k}{j}, k{k}{j - 1} = k{k}{j - 1}, k{k}{j}"
                    yield f"    {self.apply(first + j - 1)}"
        if plan.direct:
            yield from self.tour()
        elif plan.loose:
            yield from self.ties()
            yield "if moved:"
            if self.named:
                yield (
                    "    s, p = settle_named(s, p, ties, L)"
                    if self.one
                    else "    p = settle_named(T, p, ties, L)"
                )
            else:
                yield "    s, fixed = settle(s, ties)" if self.one else "    settle(T, ties)"
        if self.one and not self.named:
            yield "return s"

    def tour(self) -> Iterator[str]:
        tour, less = self.plan.tour(), "s < best" if self.one else "less(T, best)"
        if self.named:
            less += f" or ({'s == best' if self.one else 'same(T, best)'} and p < least)"
        if tour:
            yield "best = s" if self.one else "best = T.copy()"
            yield from ["least = p"] * self.named
        for g in tour:
            yield self.apply(g)
            if self.one and not self.named:
                yield "best = min(best, s)"
                continue
            yield f"if {less}:"
            yield "    best = s" if self.one else "    copy(best, T)"
            yield from ["    least = p"] * self.named
        if tour:
            yield "s = best" if self.one else "copy(T, best)"
            yield from ["p = least"] * self.named

    def ties(self) -> Iterator[str]:
        """`ties` are the swaps of identities with one key, `moved` says whether one of them changes the
        state.
        """
        yield "ties = C_0x0"
        yield "moved = False"
        for g, swap in enumerate(self.plan.swaps):
            k, i = swap.scalarset, swap.first
            if not self.plan.exact[k]:
                yield f"if k{k}{i} == k{k}{i + 1}:"
                yield f"    ties |= {self.word(1 << g)}"
                yield f"    if not moved and {f'swap{g}(s) != s' if self.one else f'moves(T, {g})'}:"
                yield "        moved = True"

    def orbit(self) -> Iterator[str]:
        plan = self.plan
        yield from self.keys()
        yield "fixed = 1"
        for k, size in enumerate(plan.sizes):
            if plan.exact[k] or not plan.direct:
                yield "length = 1"
                for i in range(size - 1):
                    yield f"length = length + 1 if k{k}{i} == k{k}{i + 1} else 1"
                    yield "fixed *= length"
        order = prod(map(factorial, plan.sizes))
        if plan.direct and plan.loose:
            yield "first = s" if self.one else "first = T.copy()"
            yield "count = 1"
            for g in plan.tour():
                yield self.apply(g)
                yield "count += s == first" if self.one else "count += same(T, first)"
            yield "fixed *= count"
        elif plan.loose:
            yield from self.ties()
            yield "if moved:"
            for k in plan.loose:
                yield "    length = 1"
                for i in range(plan.sizes[k] - 1):
                    yield f"    length = length + 1 if k{k}{i} == k{k}{i + 1} else 1"
                    yield "    fixed //= length"
            yield "    s, count = settle(s, ties)" if self.one else "    count = settle(T, ties)"
            yield "    fixed *= count"
        yield f"return {order} // fixed"


def _by_words(swap: Swap) -> dict[tuple[int, int, int], int]:
    """The moves of a swap as masks by (low word, high word, distance inside a word)."""
    result: dict[tuple[int, int, int], int] = {}
    for distance, mask in swap.moves:
        for p in range(mask.bit_length()):
            if mask >> p & 1:
                low, high = p // WORD, (p + distance) // WORD
                key = low, high, (p + distance) % WORD - p % WORD
                result[key] = result.get(key, 0) | 1 << p % WORD
    return result
