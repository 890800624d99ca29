"""From a temporal formula to a generalised Buechi automaton that accepts the behaviours on which it holds.

The tableau of Gerth, Peled, Vardi and Wolper (PSTV 1995): a place is what is claimed of the present and of
the next moment. Places are labelled, edges are not. Knows nothing of graphs and of fairness.
"""

from __future__ import annotations

from dataclasses import field

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl

MAX_PLACES, MAX_ATOMS, MAX_WORK = 512, 60, 20_000
"""Places, conditions, and claims worked off, of the largest automaton; its making takes at most a second."""


class TooLarge(Exception):
    """The automaton of a formula has too many places or letters; the message says so."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A formula in negation normal form. `op`: atom (number, wanted value), true, false, and, or, next,
    until, release.
    """

    op: str
    args: tuple[Claim, ...] = ()
    atom: int = 0
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Automaton:
    """Place q can be in a state where every atom of `must[q]` holds and none of `never[q]` does (bit masks
    over `atoms`).

    A run starts in an initial place and is accepted if it is in `marks` of every bit of `demands` again and
    again.
    """

    atoms: tuple[Expr, ...]
    initial: tuple[int, ...]
    next: tuple[tuple[int, ...], ...]
    must: tuple[int, ...]
    never: tuple[int, ...]
    marks: tuple[int, ...]
    demands: int

    @property
    def empty(self) -> bool:
        """Whether it accepts no behaviour whatever: a contradiction (Emerson and Lei 1986)."""
        places = set(range(len(self.next)))
        while True:
            before = len(places)
            wanted = [
                {q for q in places if self.marks[q] >> bit & 1} for bit in range(self.demands.bit_length())
            ]
            for goal in wanted or [places]:
                places &= self._before(goal & places, places)
            if len(places) == before:
                return not self._reached() & places

    def _before(self, goal: set[int], places: set[int]) -> set[int]:
        """The places from which one step or more, within `places`, lead to the goal."""
        result: set[int] = set()
        while True:
            fresh = {q for q in places - result if any(p in goal or p in result for p in self.next[q])}
            if not fresh:
                return result
            result |= fresh

    def _reached(self) -> set[int]:
        result, todo = set(self.initial), list(self.initial)
        while todo:
            fresh = set(self.next[todo.pop()]) - result
            result |= fresh
            todo += fresh
        return result


@dataclass(slots=True)
class _Place:
    before: set[int]
    new: list[Claim]
    old: dict[Claim, None] = field(default_factory=dict)
    next: dict[Claim, None] = field(default_factory=dict)

    def split(self, new: tuple[Claim, ...], next: tuple[Claim, ...] = ()) -> _Place:
        fresh = [c for c in new if c not in self.old]
        return _Place(
            set(self.before), self.new + fresh, dict(self.old), {**self.next, **dict.fromkeys(next)}
        )


START = -1
_Key = tuple[frozenset[Claim], frozenset[Claim]]


def automaton(formula: Ltl) -> Automaton:
    """The automaton of a formula. Raises TooLarge."""
    atoms: list[Expr] = []
    claim = normal(formula, True, atoms)
    places: dict[_Key, _Place] = {}
    waiting, work = [_Place({START}, [claim])], 0
    while waiting:
        _expand(waiting.pop(), places, waiting)
        work += 1
        if len(places) > MAX_PLACES or len(atoms) > MAX_ATOMS or work > MAX_WORK:
            raise TooLarge(
                f"the automaton of the formula has more than {MAX_PLACES} places or {MAX_ATOMS} conditions,"
                " or takes too long to make; write several properties"
            )
    result = list(places.values())
    untils = list(dict.fromkeys(c for p in result for c in p.old if c.op == "until"))
    follow: list[list[int]] = [[] for _ in result]
    for q, place in enumerate(result):
        for before in place.before:
            if before != START:
                follow[before].append(q)
    return Automaton(
        atoms=tuple(atoms),
        initial=tuple(q for q, p in enumerate(result) if START in p.before),
        next=tuple(tuple(sorted(f)) for f in follow),
        must=tuple(sum(1 << c.atom for c in p.old if c.op == "atom" and c.wanted) for p in result),
        never=tuple(sum(1 << c.atom for c in p.old if c.op == "atom" and not c.wanted) for p in result),
        marks=tuple(
            sum(1 << i for i, u in enumerate(untils) if u not in p.old or u.args[1] in p.old) for p in result
        ),
        demands=(1 << len(untils)) - 1,
    )


def normal(f: Ltl, wanted: bool, atoms: list[Expr]) -> Claim:
    """The claim that a formula has a truth value; conditions get numbers in `atoms`."""
    if f.op == "state":
        return _atom(f.condition, wanted, atoms)
    if f.op == "not":
        return normal(f.args[0], not wanted, atoms)
    args = [normal(a, wanted, atoms) for a in f.args]
    if f.op in ("and", "or"):
        result = args[0]
        for a in args[1:]:
            result = Claim("and" if (f.op == "and") == wanted else "or", (result, a))
        return result
    if f.op == "next":
        return Claim("next", (args[0],))
    if f.op in ("eventually", "always"):
        until = (f.op == "eventually") == wanted
        return (
            Claim("until", (Claim("true"), args[0])) if until else Claim("release", (Claim("false"), args[0]))
        )
    return Claim("until" if (f.op == "until") == wanted else "release", (args[0], args[1]))


def literal(condition: Expr, wanted: bool = True) -> tuple[Expr, bool]:
    """A condition without what negates it, and the truth value that is wanted of it."""
    while condition.op == "not":
        condition, wanted = condition.args[0], not wanted
    return condition, wanted


def _atom(condition: Expr, wanted: bool, atoms: list[Expr]) -> Claim:
    condition, wanted = literal(condition, wanted)
    if ex.is_const(condition):
        return Claim("true" if bool(condition.value) == wanted else "false")
    if condition not in atoms:
        atoms.append(condition)
    return Claim("atom", (), atoms.index(condition), wanted)


def _expand(place: _Place, places: dict[_Key, _Place], waiting: list[_Place]) -> None:
    """Work off one claim of a place; when none is left, the place is made, or merged with an equal one."""
    if not place.new:
        key = frozenset(place.old), frozenset(place.next)
        if key in places:
            places[key].before |= place.before
        else:
            places[key] = place
            waiting.append(_Place({len(places) - 1}, list(place.next)))
        return
    claim = place.new.pop(0)
    if claim in place.old:
        waiting.append(place)
        return
    if claim.op == "false" or (
        claim.op == "atom" and Claim("atom", (), claim.atom, not claim.wanted) in place.old
    ):
        return
    place.old[claim] = None
    if claim.op in ("atom", "true"):
        waiting.append(place)
    elif claim.op == "and":
        waiting.append(place.split(claim.args))
    elif claim.op == "next":
        waiting.append(place.split((), claim.args))
    elif claim.op == "or":
        waiting += [place.split((claim.args[1],)), place.split((claim.args[0],))]
    else:
        a, b = claim.args
        first = place.split((a,) if claim.op == "until" else (b,), (claim,))
        second = place.split((b,) if claim.op == "until" else (a, b))
        waiting += [second, first]
