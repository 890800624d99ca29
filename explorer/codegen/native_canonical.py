"""The canonical form of packed states as source for Numba: what `python_canonical.py` writes in Python, on
64-bit words.

A state of one word is a value, a wider one an array that is changed in place; both are called `state`. Where
the text is `named`, `element` is the element of the symmetry group that was applied so far, and `left` its
multiplication table (`symmetry/group.py`). Knows nothing of search.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial, prod
from typing import Any

from explorer.codegen.native_expressions import WORD, Constants
from explorer.codegen.native_ties import ties_source
from explorer.codegen.python_canonical import gathered, key_of, mixed_key_of, name, owned, salt
from explorer.codegen.template import fill
from explorer.symmetry.plan import Identity, Piece, Plan, Swap

FUNCTION = """
@njit(nogil=True)
def {name}({parameters}):
    {body}

"""

# Exchanging two neighbours.

SWAP = """
@lowered("{result}({state})")
def {name}(state):
    {body}
    return {value}

"""

FIND_NAMES = """
code{n} = {read}
named{n} = {tests}
"""

EXCHANGE_NAMES = """
if named{n}:
    {word} ^= {both}
"""

EXCHANGE_BITS = """
different = ({low} ^ {high} {down} {distance}) & {mask}
{low} ^= different
{high} ^= different {up} {distance}
"""

RENAME_MEMORY = """
number = I({read})
{word} ^= U(number ^ renamed_memory({function}, number)) << {shift}
"""

RENAMED_MEMORY = """
@lowered("int64(int64, int64)")
def renamed_memory(function, number):
    result = apply(function, number)
    return result

"""

ONE_OF = """
if number == {number}:
    {swap}
"""

# Keys.

KEYS = """
@lowered("{result}({state})")
def keys(state):
    {body}
    return {names}

"""

ALIKE = """
@lowered("uint64({state})")
def alike(state):
    {body}
    return {sum}

"""

LATER_KEYS = """
if {some_tie}:
    {mixed}
    {keys}
"""

SORT = """
if {right} < {left}:
    {right}, {left} = {left}, {right}
    {swap}
"""

# Ties.

TIE = """
if {left} == {right}:
    ties |= {bit}
    if not moved and {moves}:
        moved = True
"""

IF_MOVED = """
if moved:
    {work}
"""

RUN = """
length = length + 1 if {left} == {right} else 1
{change}
"""

WEIGH = '''
@njit("int64(uint64[:,::1], int64, int64)", nogil=True, cache=True)
def weigh(states, start, stop):
    """How many states the representatives states[start:stop] stand for."""
    {scratch}
    total = 0
    for b in range(start, stop):
        {add}
    return total

'''


def native_canonical(plan: Plan, words: int, constants: Constants) -> str:
    """The functions `canonical` and `weigh`, and all that they need. What is called has no signature: it is
    compiled only where what calls it is not in the cache."""
    writer = Writer(plan, words == 1, constants)
    swaps = [writer.swap_function(f"swap{g}", swap) for g, swap in enumerate(plan.swaps)]
    last = [("canonical", "state", writer.canonical()), ("orbit", "state", writer.orbit())]
    if writer.one:
        weigh = fill(WEIGH, scratch=[], add="total += orbit(states[b, 0])")
    else:
        scratch = "state = np.empty(states.shape[1], np.uint64)"
        weigh = fill(WEIGH, scratch=scratch, add=["copy(state, states[b])", "total += orbit(state)"])
    memories = any(swap.memories for swap in plan.swaps)
    return "\n\n\n".join(
        [
            *[RENAMED_MEMORY.strip("\n")] * memories,
            *swaps,
            _function("swap", "state, number", writer.any_swap()),
            *writer.keys_function(),
            ties_source(plan, writer.one),
            *(_function(*function) for function in last),
            weigh,
        ]
    )


def _function(name: str, parameters: str, body: Iterator[str]) -> str:
    return fill(FUNCTION, name=name, parameters=parameters, body=list(body))


class Writer:
    """Writes for states of one word or more; `named`: and keeps in `element` which element of the group was
    applied.
    """

    def __init__(self, plan: Plan, one: bool, constants: Constants, named: bool = False):
        self.plan, self.one, self.constants, self.named = plan, one, constants, named

    # Parts of a state.

    def constant(self, value: int) -> str:
        return self.constants.name(value)

    def word(self, number: int) -> str:
        return "state" if self.one else f"state[{self.constant(number)}]"

    def read(self, shift: int, mask: int) -> str:
        number, place = divmod(shift, WORD)
        shifted = f"{self.word(number)} >> {self.constant(place)}" if place else self.word(number)
        return f"({shifted} & {self.constant(mask)})"

    def truth(self, tests: tuple[Any, ...]) -> str:
        return "U(" + " and ".join(f"{text} {sign} {self.constant(v)}" for text, sign, v in tests) + ")"

    def gathered(self, pieces: tuple[Piece, ...]) -> list[str]:
        return gathered(pieces, self.read, self.truth, self.constant)

    # Exchanging two neighbours.

    def swap_function(self, name: str, swap: Swap) -> str:
        """The function that exchanges two neighbours; LLVM takes it as it is, but for what calls another."""
        body = list(self._swap(swap))
        if swap.memories:
            return _function(name, "state", iter([*body, *["return state"] * self.one]))
        result, state = ("uint64", "uint64") if self.one else ("boolean", "uint64[::1]")
        return fill(
            SWAP, name=name, result=result, state=state, body=body, value="state" if self.one else "True"
        )

    def _swap(self, swap: Swap) -> Iterator[str]:
        for n, (shift, mask, a, b, needs) in enumerate(swap.codes):
            tests = [f"(code{n} == {self.constant(a)} or code{n} == {self.constant(b)})"]
            tests += [f"{self.read(at, m)} >= {self.constant(least)}" for at, m, least in needs]
            yield fill(FIND_NAMES, n=n, read=self.read(shift, mask), tests=" and ".join(tests))
        for n, (shift, _, a, b, _) in enumerate(swap.codes):
            both = self.constant((a ^ b) << shift % WORD)
            yield fill(EXCHANGE_NAMES, n=n, word=self.word(shift // WORD), both=both)
        for (low, high, by), mask in _by_words(swap).items():
            yield fill(
                EXCHANGE_BITS,
                low=self.word(low),
                high=self.word(high),
                down=">>" if by >= 0 else "<<",
                up="<<" if by >= 0 else ">>",
                distance=self.constant(abs(by)),
                mask=self.constant(mask),
            )
        for shift, mask, function in swap.memories:
            yield fill(
                RENAME_MEMORY,
                read=self.read(shift, mask),
                word=self.word(shift // WORD),
                function=function.number,
                shift=self.constant(shift % WORD),
            )

    def any_swap(self) -> Iterator[str]:
        """The swap of a number that is known only when it is called."""
        for g in range(len(self.plan.swaps)):
            yield fill(ONE_OF, number=g, swap=f"return swap{g}(state)" if self.one else f"swap{g}(state)")
        if self.one:
            yield "return state"

    def apply(self, g: int) -> list[str]:
        swapped = f"state = swap{g}(state)" if self.one else f"swap{g}(state)"
        return [swapped, *[f"element = left[{g}, element]"] * self.named]

    # Keys.

    def key_names(self) -> list[str]:
        """The identities that have a key."""
        plan = self.plan
        keyed = [k for k in range(len(plan.sizes)) if plan.exact[k] or (not plan.direct and k in plan.loose)]
        return [key_of((k, i)) for k in keyed for i in range(plan.sizes[k])]

    def keys(self) -> Iterator[str]:
        """The line that gives every identity its key."""
        names = self.key_names()
        if names:
            yield f"{', '.join(names)} = keys(state)"

    def keys_function(self) -> Iterator[str]:
        """The function that computes keys. LLVM takes it as it is: Numba takes ten seconds for some."""
        names = self.key_names()
        if names:
            yield fill(
                KEYS,
                result=f"UniTuple(uint64, {len(names)})" if len(names) > 1 else "uint64",
                state="uint64" if self.one else "uint64[::1]",
                body=list(self._keys()),
                names=", ".join(names),
            )

    def alike_function(self) -> Iterator[str]:
        """The function `alike(state)`: a number that is the same for all states of an orbit. None where no
        identity has a key.
        """
        names = self.key_names()
        if names:
            yield fill(
                ALIKE,
                state="uint64" if self.one else "uint64[::1]",
                body=list(self._keys()),
                sum=" + ".join(f"mix({name})" for name in names),
            )

    def _keys(self) -> Iterator[str]:
        """Lines that give every identity its key (see `python_canonical._keys`)."""
        plan = self.plan
        for k, size in enumerate(plan.sizes):
            if plan.exact[k]:
                for i in range(size):
                    yield f"{key_of((k, i))} = {self.gathered(plan.blocks[(k, i),])[0]}"
        loose = [] if plan.direct else [(k, i) for k in plan.loose for i in range(plan.sizes[k])]
        if not loose:
            return
        for ids, pieces in plan.blocks.items():
            if len(ids) > 1:
                first, *parts = self.gathered(pieces)
                yield f"{name(ids)} = {first}"
                yield from (f"{name(ids)} = mix({name(ids)}) + ({part})" for part in parts)
        for one in loose:
            yield from self._first_key(one)
        pairs = [
            f"{key_of((k, i))} == {key_of((k, j))}"
            for k in plan.loose
            for i in range(plan.sizes[k])
            for j in range(i)
        ]
        yield fill(
            LATER_KEYS,
            some_tie=" or ".join(pairs),
            mixed=[line for one in loose for line in self._mixed_key(one)],
            keys=[f"{key_of(one)} = {mixed_key_of(one)}" for one in loose],
        )

    def _first_key(self, one: Identity) -> Iterator[str]:
        """A loose identity's key from what is its own and from its blocks with others."""
        key = key_of(one)
        yield f"{key} = C_0x0"
        for part in self.gathered(self.plan.blocks.get((one,), ())):
            yield f"{key} = mix({key} + ({part}))"
        for position, ids in owned(self.plan, one):
            yield f"{key} += mix({name(ids)} + {self.constant(salt(self.plan, ids, position, 0))})"

    def _mixed_key(self, one: Identity) -> Iterator[str]:
        """The same with the keys of the others mixed in."""
        key = mixed_key_of(one)
        yield f"{key} = mix({key_of(one)})"
        for position, ids in owned(self.plan, one):
            others = [f"{key_of(y)} * {self.constant(2 * ids.index(y) + 3)}" for y in ids if y != one]
            salted = self.constant(salt(self.plan, ids, position, 1))
            yield f"{key} += mix({name(ids)} + {salted} + {' + '.join(others)})"

    # The representative.

    def canonical(self) -> Iterator[str]:
        """Lines that make the state its representative, and return it where it is a value."""
        plan = self.plan
        yield from self.keys()
        for k, size in enumerate(plan.sizes):
            if plan.direct and not plan.exact[k]:
                continue
            first = plan.swaps_of(k)[0]
            for last in range(1, size):
                for j in range(last, 0, -1):
                    swap = self.apply(first + j - 1)
                    yield fill(SORT, left=key_of((k, j - 1)), right=key_of((k, j)), swap=swap)
        if plan.direct:
            yield from self.tour()
        elif plan.loose:
            yield from self.ties()
            yield fill(IF_MOVED, work=self._settle())
        if self.one and not self.named:
            yield "return state"

    def _settle(self) -> str:
        if self.named:
            results = "state, element" if self.one else "element"
            return f"{results} = settle_named(state, element, ties, left)"
        return "state, fixed = settle(state, ties)" if self.one else "settle(state, ties)"

    def tour(self) -> Iterator[str]:
        """Lines that look at all that the loose scalarsets make of the state, and take the least."""
        tour = self.plan.tour()
        if not tour:
            return
        less, same = (
            ("state < best", "state == best") if self.one else ("less(state, best)", "same(state, best)")
        )
        if self.named:
            less += f" or ({same} and element < least)"
        yield "best = state" if self.one else "best = state.copy()"
        yield from ["least = element"] * self.named
        for g in tour:
            yield from self.apply(g)
            if self.one and not self.named:
                yield "best = min(best, state)"
                continue
            yield f"if {less}:"
            yield "    best = state" if self.one else "    copy(best, state)"
            yield from ["    least = element"] * self.named
        yield "state = best" if self.one else "copy(state, best)"
        yield from ["element = least"] * self.named

    def ties(self) -> Iterator[str]:
        """`ties` are the swaps of identities with one key, `moved` says whether one of them changes the
        state.
        """
        yield "ties = C_0x0"
        yield "moved = False"
        for g, swap in enumerate(self.plan.swaps):
            k, i = swap.scalarset, swap.first
            if not self.plan.exact[k]:
                moves = f"swap{g}(state) != state" if self.one else f"moves(state, {g})"
                left, right = key_of((k, i)), key_of((k, i + 1))
                yield fill(TIE, left=left, right=right, bit=self.constant(1 << g), moves=moves)

    # The orbit.

    def orbit(self) -> Iterator[str]:
        """Lines that return for how many states a representative stands. A wide one is left as another of
        them.
        """
        plan = self.plan
        yield from self.keys()
        yield "fixed = 1"
        for k in range(len(plan.sizes)):
            if plan.exact[k] or not plan.direct:
                yield from self._runs(k, "fixed *= length")
        order = prod(map(factorial, plan.sizes))
        if plan.direct and plan.loose:
            yield "first = state" if self.one else "first = state.copy()"
            yield "count = 1"
            for g in plan.tour():
                yield from self.apply(g)
                yield "count += state == first" if self.one else "count += same(state, first)"
            yield "fixed *= count"
        elif plan.loose:
            yield from self.ties()
            work = [line for k in plan.loose for line in self._runs(k, "fixed //= length")]
            work.append("state, count = settle(state, ties)" if self.one else "count = settle(state, ties)")
            yield fill(IF_MOVED, work=[*work, "fixed *= count"])
        yield f"return {order} // fixed"

    def _runs(self, k: int, change: str) -> Iterator[str]:
        """Lines that change `fixed` by the number of ways to arrange identities with equal keys."""
        yield "length = 1"
        for i in range(self.plan.sizes[k] - 1):
            yield fill(RUN, left=key_of((k, i)), right=key_of((k, i + 1)), change=change)


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
