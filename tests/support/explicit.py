"""Random specs as plain data: written as the text of a spec, and explored here by brute force.

The brute force shares no code with the engines: its states are tuples of plain values, its expressions nested
tuples, its arithmetic is that of Python. The specs have what other generators lack: large constants and
products, wide ranges, unions of enums with equal names, components made by a function, queues of optional
values, and expressions without a value beside formulas.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MEMBERS = ("A.P", "A.Q", "B.P", "B.R")
"""The members of `A | B`, in the order of their classes."""

ELEMENTS = ("A.P", "A.Q", None)
"""What a queue of `A | None` holds."""

CAPACITY = 2
State = tuple[int, str, tuple[bool, ...], tuple[Any, ...]]
"""The values of `x`, `u`, `m` and `q`."""

Expression = tuple[Any, ...]


class NoValue(Exception):
    """An expression has no value: a queue is empty or full, a number outside its range."""


@dataclass(frozen=True, slots=True)
class Step:
    """An action: a guard, and the new values of some variables."""

    guard: Expression
    updates: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A spec. `made`: its component is made by a function, and so are its actions."""

    low: int
    high: int
    start: int
    steps: tuple[Step, ...]
    invariant: Expression
    always: Expression
    eventually: Expression
    made: bool


@dataclass(slots=True)
class Found:
    """What brute force finds: the size of each level, the number of steps, where something is first wrong."""

    levels: list[int] = field(default_factory=list)
    transitions: int = 0
    broken: int | None = None
    failed: int | None = None
    always_fails: bool = False
    eventually_fails: bool = False


# A random one.


def sample(seed: int) -> Sample:
    """The spec of a seed."""
    rng = random.Random(seed)
    low = rng.choice((0, -3, -(1 << 40), -(1 << 62)))
    high = rng.choice((5, 1 << 20, 1 << 41, 1 << 62))
    start = rng.choice((low, high, 0, min(high, low + 2), max(low, high - 1), rng.randint(low, high)))
    steps = tuple(_step(rng, low, high) for _ in range(rng.randint(1, 4)))
    conditions = [_condition(rng, 2) for _ in range(3)]
    return Sample(low, high, start, steps, *conditions, rng.random() < 0.3)


def _step(rng: random.Random, low: int, high: int) -> Step:
    kinds = rng.sample(("x", "u", "m", "q"), rng.randint(1, 2))
    return Step(_condition(rng, 2), tuple((kind, _update(rng, kind, low, high)) for kind in kinds))


def _update(rng: random.Random, kind: str, low: int, high: int) -> Expression:
    if kind == "x":
        if rng.random() < 0.3:
            return ("const", rng.choice((low, high, 0)))
        small = ("%", _number(rng, 2), ("const", rng.randint(2, 6)))
        return small if rng.random() < 0.7 else _number(rng, 1)
    if kind == "u":
        return ("member", rng.choice(MEMBERS))
    if kind == "m":
        return ("put", rng.choice(MEMBERS), _condition(rng, 1))
    return rng.choice((("pop",), ("push", rng.choice(ELEMENTS)), ("push", rng.choice(ELEMENTS))))


def _number(rng: random.Random, depth: int) -> Expression:
    if depth == 0 or rng.random() < 0.3:
        value = rng.choice((0, 1, 2, 3, 1 << 31, (1 << 62) + 1, 1 << 64, -(1 << 63), 10**25, -7))
        return ("x",) if rng.random() < 0.5 else ("const", value)
    op = rng.choice(("+", "-", "*", "*", "//", "%"))
    right = ("const", rng.choice((2, 3, -5, 1 << 33))) if op in ("//", "%") else _number(rng, depth - 1)
    return (op, _number(rng, depth - 1), right)


def _condition(rng: random.Random, depth: int) -> Expression:
    if depth == 0 or rng.random() < 0.3:
        kind = rng.choice(("<", "<=", "==", "u", "m", "empty", "has", "head"))
        if kind in ("<", "<=", "=="):
            return (kind, ("+", ("x",), _number(rng, 2)), _number(rng, 1))
        if kind in ("u", "m"):
            return (kind, rng.choice(MEMBERS))
        return ("empty",) if kind == "empty" else (kind, rng.choice(ELEMENTS))
    op = rng.choice(("and", "or", "not"))
    parts = [_condition(rng, depth - 1) for _ in range(1 if op == "not" else 2)]
    return (op, *parts)


# As text.

HEAD = """\
import enum
from typing import Annotated
from explorer import *

class A(enum.Enum):
    P, Q = range(2)

class B(enum.Enum):
    P, R = range(2)

"""


def text(spec: Sample) -> str:
    """The spec as an author would write it."""
    body = [
        "class S(State):",
        f"    x: Var[Annotated[int, Range({spec.low}, {spec.high})]] = initially({spec.start})",
        "    u: Var[A | B] = initially(A.P)",
        "    m: Map[A | B, bool] = initially(False)",
        f"    q: Annotated[Queue[A | None], Capacity({CAPACITY})] = initially([])",
        "",
    ]
    for number, step in enumerate(spec.steps):
        body += ["@action", f"def step{number}(s: S) -> None:", f"    when({_text(step.guard)})"]
        body += [f"    {_assignment(kind, new)}" for kind, new in step.updates] + [""]
    names = ["S", *(f"step{number}" for number in range(len(spec.steps)))]
    if spec.made:
        body = ["def make():", *(f"    {line}" for line in body), f"    return {', '.join(names)}", ""]
        body += [f"{', '.join(names)} = make()", ""]
    ends = [
        "@terminal\ndef end(s: S):\n    return True\n",
        f"@invariant\ndef inside(s: S):\n    return {_text(spec.invariant)}\n",
        f"@temporal\ndef ever(s: S):\n    return always({_text(spec.always)})\n",
        f"@temporal\ndef once(s: S):\n    return eventually({_text(spec.eventually)})\n",
        "spec = Spec()\n",
    ]
    return HEAD + "\n".join(body) + "\n" + "\n".join(ends)


def _assignment(kind: str, new: Expression) -> str:
    if kind == "m":
        return f"s.m[{new[1]}].next = {_text(new[2])}"
    if kind == "q":
        return "s.q.next = s.q.pop()" if new[0] == "pop" else f"s.q.next = s.q.push({new[1]})"
    return f"s.{kind}.next = {_text(new)}"


def _text(e: Expression) -> str:
    op, *args = e
    if op in ("const", "member"):
        return f"({args[0]})"
    if op == "x":
        return "s.x"
    if op in ("u", "m", "empty", "has", "head"):
        plain = {"empty": "s.q.empty", "m": f"s.m[{e[-1]}]", "u": f"(s.u == {e[-1]})"}
        queue = {"has": f"s.q.contains({e[-1]})", "head": f"(s.q.head == {e[-1]})"}
        return {**plain, **queue}[op]
    if op == "not":
        return f"(~{_text(args[0])})"
    sign = {"and": "&", "or": "|"}.get(op, op)
    return f"({_text(args[0])} {sign} {_text(args[1])})"


# By brute force.


def explore(spec: Sample, most: int) -> Found | None:
    """Every reachable state, level by level; None where there are more than so many."""
    found = Found()
    first: State = (spec.start, "A.P", (False,) * len(MEMBERS), ())
    known, level = {first}, [first]
    found.eventually_fails = not _holds(spec.eventually, first, found, 0)
    while level:
        depth = len(found.levels)
        found.levels.append(len(level))
        after: dict[State, None] = {}
        for state in level:
            if not _holds(spec.invariant, state, found, depth) and found.broken is None:
                found.broken = depth
            found.always_fails |= not _holds(spec.always, state, found, depth)
            _holds(spec.eventually, state, found, depth)
            for target in _successors(spec, state, found, depth):
                found.transitions += 1
                if target not in known:
                    known.add(target)
                    after[target] = None
        if len(known) > most:
            return None
        level = list(after)
    return found


def _holds(condition: Expression, state: State, found: Found, depth: int) -> bool:
    """Whether a condition holds; one without a value is noted, and counts as true."""
    try:
        return bool(value(condition, state))
    except NoValue:
        found.failed = depth if found.failed is None else found.failed
        return True


def _successors(spec: Sample, state: State, found: Found, depth: int) -> Iterator[State]:
    for step in spec.steps:
        try:
            if value(step.guard, state):
                yield _after(spec, step, state)
        except NoValue:
            found.failed = depth if found.failed is None else found.failed


def _after(spec: Sample, step: Step, state: State) -> State:
    new = dict(zip(("x", "u", "m", "q"), state))
    for kind, e in step.updates:
        if kind == "m":
            place, held = MEMBERS.index(e[1]), bool(value(e[2], state))
            new["m"] = (*state[2][:place], held, *state[2][place + 1 :])
        else:
            new[kind] = value(e, state)
    if not spec.low <= new["x"] <= spec.high:
        raise NoValue
    return new["x"], new["u"], new["m"], new["q"]


def value(e: Expression, state: State) -> Any:
    """What an expression means in a state. Raises NoValue where it means nothing."""
    op, *args = e
    x, u, m, q = state
    if op in ("const", "member"):
        return args[0]
    if op in ("and", "or"):
        left = value(args[0], state)
        return value(args[1], state) if bool(left) == (op == "and") else left
    if op == "not":
        return not value(args[0], state)
    if (op == "push" and len(q) == CAPACITY) or (op in ("pop", "head") and not q):
        raise NoValue
    table: dict[str, Any] = {
        "x": lambda: x,
        "u": lambda: u == args[0],
        "m": lambda: m[MEMBERS.index(args[0])],
        "empty": lambda: not q,
        "has": lambda: args[0] in q,
        "head": lambda: q[0] == args[0],
        "push": lambda: (*q, args[0]),
        "pop": lambda: q[1:],
    }
    if op in table:
        return table[op]()
    a, b = value(args[0], state), value(args[1], state)
    numbers: dict[str, Any] = {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "//": lambda: a // b,
        "%": lambda: a % b,
        "<": lambda: a < b,
        "<=": lambda: a <= b,
        "==": lambda: a == b,
    }
    return numbers[op]()
