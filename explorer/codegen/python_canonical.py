"""The canonical form of packed states as readable Python: one state of every orbit, and how many states the
orbit has.

Identities are sorted by keys: what is their own and, mixed in without regard to names, what relates them to
others. Exchanging identities exchanges their keys, so the states with sorted keys are the same for all of an
orbit; where keys leave a choice the least packed state is taken. Knows nothing of search.
`native_canonical.py` writes the same functions for machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial
from typing import Any

from explorer.codegen.mixer import WORD, mix
from explorer.codegen.template import fill
from explorer.symmetry.plan import KEY_BITS, Identity, Piece, Plan, Swap

Read = Callable[[int, int], str]
"""The source text of a field, by shift and mask."""


def closure(state: int, swaps: list[Callable[[int], int]]) -> set[int]:
    """All states that swaps make of a state."""
    result, todo = {state}, [state]
    while todo:
        at = todo.pop()
        for swap in swaps:
            other = swap(at)
            if other not in result:
                result.add(other)
                todo.append(other)
    return result


def settle(state: int, swaps: list[Callable[[int], int]]) -> int:
    """The least of the states that swaps make of a state."""
    return state if all(swap(state) == state for swap in swaps) else min(closure(state, swaps))


def settle_named(
    state: int, element: int, swaps: list[tuple[Callable[[int], int], list[int]]]
) -> tuple[int, int]:
    """What `settle` gives, and what renames to it: of several elements of the group the least, if any swap
    changes the state.
    """
    if all(swap(state) == state for swap, _ in swaps):
        return state, element
    result, todo = {(state, element)}, [(state, element)]
    while todo:
        at, done = todo.pop()
        for swap, left in swaps:
            other = swap(at), left[done]
            if other not in result:
                result.add(other)
                todo.append(other)
    return min(result)


def settle_reached(
    state: int, element: int, swaps: list[tuple[Callable[[int], int], Any]]
) -> tuple[int, int]:
    """The same, where so many elements must not be compared: of several the one that is reached first."""
    by, todo = {state: element}, [state]
    for at in todo:
        for swap, left in swaps:
            other = swap(at)
            if other not in by:
                by[other] = left[by[at]]
                todo.append(other)
    least = min(by)
    return least, by[least]


def runs(tied: list[bool]) -> int:
    """In how many ways identities can be arranged where `tied` says which neighbours have one key."""
    result, length = 1, 1
    for same in tied:
        length = length + 1 if same else 1
        result *= length
    return result


NAMES: dict[str, Any] = {
    "mix": mix,
    "closure": closure,
    "settle": settle,
    "settle_named": settle_named,
    "runs": runs,
    "M": WORD,
}
"""What the generated text uses."""


SWAP = """
def swap{number}(s):
    {exchange}
    return s
"""

FIND_NAMES = """
code{n} = {read}
named{n} = {tests}
"""

EXCHANGE_NAMES = """
if named{n}:
    s ^= {both}
"""

EXCHANGE_BITS = """
different = (s ^ s >> {distance}) & {mask}
s ^= different | different << {distance}
"""

RENAME_MEMORY = """
number = {read}
s ^= (number ^ {function}(number)) << {shift}
"""

SORT = """
if {right} < {left}:
    {right}, {left} = {left}, {right}
    {swap}
"""

REPRESENTATIVES = """
def canonical(s):
    {canonical}
    return s

def orbit(s):
    {orbit}

def renamed(s, p=0):
    {renamed}
    return s, p
"""


TIED = """
def tied(s):
    {keys}
    return [g for g, same in {{tests}}.items() if same]
"""


def canonical_source(plan: Plan) -> str:
    """`canonical(s)`, the representative of a state, and `orbit(s)`, for how many states a representative
    stands.

    `renamed(s, p)` gives the representative and what becomes of p on the way: exchange g makes L[g][p] of it.
    If `L` is the `left` of a group (`group.py`), it becomes the element that makes the representative.
    """
    swaps = [fill(SWAP, number=g, exchange=list(_swap(swap))) for g, swap in enumerate(plan.swaps)]
    representatives = fill(
        REPRESENTATIVES,
        canonical=list(_canonical(plan)),
        orbit=list(_orbit(plan)),
        renamed=list(_canonical(plan, True)),
    )
    return "\n\n".join([*swaps, representatives]) + "\n"


def tied_source(plan: Plan) -> str:
    """`tied(s)`: exchanges, by number; what leaves a representative as it is, is made of them."""
    loose = {k for k in plan.loose if plan.direct}
    tests = [
        f"{g}: {True if swap.scalarset in loose else _tied(plan, g)}" for g, swap in enumerate(plan.swaps)
    ]
    return fill(TIED, keys=list(_keys(plan)), tests=", ".join(tests)) + "\n"


def read(shift: int, mask: int) -> str:
    return f"(s >> {shift} & {mask})" if shift else f"(s & {mask})"


def _swap(swap: Swap) -> Iterator[str]:
    """Lines that exchange two neighbours."""
    for n, (shift, mask, a, b, needs) in enumerate(swap.codes):
        tests = [f"(code{n} == {a} or code{n} == {b})"]
        tests += [f"{read(at, m)} >= {least}" for at, m, least in needs]
        yield fill(FIND_NAMES, n=n, read=read(shift, mask), tests=" and ".join(tests))
    for n, (shift, _, a, b, _) in enumerate(swap.codes):
        yield fill(EXCHANGE_NAMES, n=n, both=(a ^ b) << shift)
    for distance, mask in swap.moves:
        yield fill(EXCHANGE_BITS, distance=distance, mask=hex(mask))
    for shift, mask, function in swap.memories:
        yield fill(RENAME_MEMORY, read=read(shift, mask), function=function.symbol, shift=shift)


def gathered(
    pieces: tuple[Piece, ...],
    read: Read,
    present: Callable[[tuple[Any, ...]], str],
    word: Callable[[int], str],
) -> list[str]:
    """The pieces of a block as expressions of at most KEY_BITS bits each; neighbouring fields are read at
    once.
    """
    groups: list[list[tuple[int, Piece]]] = []
    at = KEY_BITS + 1
    for piece in pieces:
        if at + piece.width > KEY_BITS:
            groups.append([])
            at = 0
        groups[-1].append((at, piece))
        at += piece.width
    return [" | ".join(_terms(group, read, present, word)) for group in groups]


def _terms(
    group: list[tuple[int, Piece]],
    read: Read,
    present: Callable[[tuple[Any, ...]], str],
    word: Callable[[int], str],
) -> Iterator[str]:
    merged: list[tuple[int, Piece]] = []
    for at, piece in group:
        if merged and _plain(piece) and _plain(merged[-1][1]):
            start, before = merged[-1]
            last = (piece.shift + piece.width - 1) // 64
            if piece.shift == before.shift + before.width and piece.shift // 64 == before.shift // 64 == last:
                width = before.width + piece.width
                merged[-1] = start, Piece(before.colour, before.shift, width, (1 << width) - 1)
                continue
        merged.append((at, piece))
    for at, piece in merged:
        text = read(piece.shift, piece.mask)
        if piece.code is not None:
            text = present(
                ((text, "==", piece.code), *((read(s, m), ">=", least) for s, m, least in piece.needs))
            )
        elif piece.kinds:
            table = sum(kind << i * piece.width for i, kind in enumerate(piece.kinds))
            text = f"({word(table)} >> {text} * {word(piece.width)} & {word((1 << piece.width) - 1)})"
        yield f"{text} << {word(at)}" if at else text


def _plain(piece: Piece) -> bool:
    return piece.code is None and not piece.kinds


def _truth(tests: tuple[Any, ...]) -> str:
    return "(" + " and ".join(f"{text} {sign} {value}" for text, sign, value in tests) + ")"


def owned(plan: Plan, one: Identity) -> list[tuple[int, tuple[Identity, ...]]]:
    """The blocks of several identities that an identity is in, with its position."""
    return [(ids.index(one), ids) for ids in plan.blocks if len(ids) > 1 and one in ids]


def kind_of(plan: Plan, ids: tuple[Identity, ...]) -> int:
    """A number for the classes of a block's identities: the same for the blocks that renamings make of each
    other.
    """
    kinds = sorted({tuple(k for k, _ in other) for other in plan.blocks})
    return 1 + kinds.index(tuple(k for k, _ in ids))


def name(ids: tuple[Identity, ...]) -> str:
    """The variable of a block."""
    return "block" + "".join(f"_{k}{i}" for k, i in ids)


def key_of(one: Identity) -> str:
    """The variable of an identity's key: the number of its scalarset and its own."""
    return f"key_{one[0]}{one[1]}"


def mixed_key_of(one: Identity) -> str:
    """The variable of its key with those of others mixed in."""
    return f"mixed_{one[0]}{one[1]}"


def salt(plan: Plan, ids: tuple[Identity, ...], position: int, turn: int) -> int:
    """What tells the uses of a block's content from each other."""
    return mix(kind_of(plan, ids) << 8 | position << 2 | turn)


def _keys(plan: Plan) -> Iterator[str]:
    """Lines that give every identity its key (`k`, then the number of its scalarset and its own).

    A loose scalarset's keys are mixed from what is the identity's own and from its blocks with others; where
    two keys are equal, the keys of those others are mixed in too. Where all renamings of the loose ones are
    tried, they have no keys.
    """
    for k, size in enumerate(plan.sizes):
        if plan.exact[k]:
            for i in range(size):
                yield f"{key_of((k, i))} = {_gathered(plan.blocks[(k, i),])[0]}"
    if plan.direct:
        return
    loose = [(k, i) for k in plan.loose for i in range(plan.sizes[k])]
    for ids, pieces in plan.blocks.items():
        if len(ids) > 1:
            parts = _gathered(pieces)
            yield f"{name(ids)} = {parts[0]}"
            yield from (f"{name(ids)} = mix({name(ids)}) + ({part})" for part in parts[1:])
    for one in loose:
        key = key_of(one)
        own = _gathered(plan.blocks.get((one,), ()))
        yield f"{key} = 0"
        yield from (f"{key} = mix({key} + ({part}))" for part in own)
        terms = [
            f"mix({name(ids)} + {salt(plan, ids, position, 0)} & M)" for position, ids in owned(plan, one)
        ]
        if terms:
            yield f"{key} = {key} + {' + '.join(terms)} & M"
    yield "if " + " or ".join(_some_tie(k, plan.sizes[k]) for k in sorted({k for k, _ in loose})) + ":"
    for one in loose:
        terms = []
        for position, ids in owned(plan, one):
            others = [f"{key_of(y)} * {2 * ids.index(y) + 3}" for y in ids if y != one]
            terms.append(f"mix({name(ids)} + {salt(plan, ids, position, 1)} + {' + '.join(others)} & M)")
        mixed = f" + {' + '.join(terms)} & M" if terms else ""
        yield f"    {mixed_key_of(one)} = mix({key_of(one)}){mixed}"
    yield from (f"    {key_of(one)} = {mixed_key_of(one)}" for one in loose)


def _some_tie(k: int, size: int) -> str:
    return f"len({{{', '.join(key_of((k, i)) for i in range(size))}}}) < {size}"


def _gathered(pieces: tuple[Piece, ...]) -> list[str]:
    return gathered(pieces, read, _truth, str)


def _canonical(plan: Plan, named: bool = False) -> Iterator[str]:
    """Lines that make the state its representative; `named`: and that keep in `p` what did."""
    yield from _keys(plan)
    for k, size in enumerate(plan.sizes):
        if plan.direct and not plan.exact[k]:
            continue
        first = plan.swaps_of(k)[0]
        for last in range(1, size):
            for j in range(last, 0, -1):
                left, right = key_of((k, j - 1)), key_of((k, j))
                yield fill(SORT, left=left, right=right, swap=_apply(first + j - 1, named))
    if plan.direct:
        yield from _tour(plan, named)
        return
    loose = [g for g, swap in enumerate(plan.swaps) if not plan.exact[swap.scalarset]]
    if loose:
        ties = ", ".join(
            f"{_tied(plan, g)} and " + (f"(swap{g}, L[{g}])" if named else f"swap{g}") for g in loose
        )
        yield f"ties = [{ties}]"
        yield "if any(ties):"
        yield f"    return {'settle_named(s, p' if named else 'settle(s'}, [swap for swap in ties if swap])"


def _apply(g: int, named: bool) -> list[str]:
    """Lines that exchange two neighbours, and keep in `p` what did."""
    return [f"s = swap{g}(s)", *[f"p = L[{g}][p]"] * named]


def _tour(plan: Plan, named: bool) -> Iterator[str]:
    """The least of all that the loose scalarsets make of a state."""
    tour = plan.tour()
    if tour:
        yield "r, q = s, p" if named else "r = s"
    for g in tour:
        yield from _apply(g, named)
        yield "if (s, p) < (r, q): r, q = s, p" if named else "if s < r: r = s"
    if tour:
        yield "s, p = r, q" if named else "s = r"


def _tied(plan: Plan, g: int) -> str:
    k, i = plan.swaps[g].scalarset, plan.swaps[g].first
    return f"{key_of((k, i))} == {key_of((k, i + 1))}"


def _orbit(plan: Plan) -> Iterator[str]:
    """A representative has sorted keys; it is fixed by the exchange of equal identities, and by nothing
    else.
    """
    yield from _keys(plan)
    factors = []
    for k, size in enumerate(plan.sizes):
        tied = ", ".join(_tied(plan, g) for g in plan.swaps_of(k))
        if plan.exact[k]:
            factors.append(f"{factorial(size)} // runs([{tied}])")
        elif plan.direct:
            factors.append(str(factorial(size)))
        else:
            yield f"r{k} = runs([{tied}])"
            factors.append(f"{factorial(size)} // r{k}")
    if plan.direct and plan.loose:
        yield "t, fixed = s, 1"
        for g in plan.tour():
            yield f"t = swap{g}(t)"
            yield "fixed += t == s"
        yield f"return {' * '.join(f'({f})' for f in factors)} // fixed"
        return
    loose = [g for g, swap in enumerate(plan.swaps) if not plan.exact[swap.scalarset]]
    if loose:
        yield (
            f"ties = [swap for swap in [{', '.join(f'{_tied(plan, g)} and swap{g}' for g in loose)}] if swap]"
        )
        yield "if ties:"
        yield f"    return {' * '.join(f'({f})' for f in factors)} * len(closure(s, ties))"
    yield f"return {' * '.join(f'({f})' for f in factors)}"
