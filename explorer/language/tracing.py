"""The record an author's function leaves behind while it runs on symbolic state. Knows nothing of engines.

`current()` is the trace in progress; `Value` operators, `when`, `.next` and the marks write into it.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from types import FrameType
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError, author_frame
from explorer.ir.expressions import Expr, Family
from explorer.ir.steps import Condition, Doubt, Mark, Write

DECORATORS = {
    "action": "action",
    "invariant": "invariant",
    "step": "step_invariant",
    "terminal": "terminal",
    "constraint": "constraint",
    "initial": "initial",
    "observe": "observe",
    "temporal": "temporal",
    "process": "process",
    "refinement": "refines",
}
"""The decorator that an author writes for each kind of declaration."""


class Impossible(BaseException):
    """A guard is constantly false: the instance ends there, and nothing behind it runs. No `except Exception`
    of an author takes it.
    """


@dataclass(frozen=True, slots=True)
class Pick:
    """A choice among `count` possibilities that a step makes; `what` is its text."""

    what: str
    count: int
    chosen: int


_TWO_WAYS = ("beyond fair_when",)
"""Choices between what is usual and what is not: no number tells which."""


def unusual(picks: list[Pick]) -> str:
    """The choices of a step that are not the first possibility; "" where all are."""
    names = [pick.what for pick in picks]
    return ", ".join(
        (pick.what if pick.what in _TWO_WAYS else f"{pick.what} {pick.chosen}")
        + (f" in access {i + 1}" if names.count(pick.what) > 1 else "")
        for i, pick in enumerate(picks)
        if pick.chosen
    )


@dataclass(slots=True)
class Trace:
    """What one function left behind. `kind`: action, invariant, step, temporal, initial, constraint,
    terminal, observe, label, process (one of its steps). `decisions` are those that a step of a process made,
    `outcomes` what it said of its outcome: one at most.
    """

    kind: str
    subject: str
    conditions: list[Condition] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    premises: list[Condition] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    promised: bool = True
    """Whether the fairness of the action speaks of this step."""
    asked: tuple[int, ...] = ()
    """What the first picks shall be; the others are 0."""
    picked: list[Pick] = field(default_factory=list)
    decisions: list[Any] = field(default_factory=list)
    under: list[Expr] = field(default_factory=list)
    """The conditions of the `with where(...)` at hand."""
    merged: set[tuple[Family, Expr]] = field(default_factory=set)
    """The places that are assigned under conditions."""
    outcomes: list[Any] = field(default_factory=list)

    def pick(self, what: str, count: int) -> int:
        """A choice of the step besides its parameters, below `count`: each is an instance of its own."""
        number = len(self.picked)
        chosen = self.asked[number] if number < len(self.asked) else 0
        self.picked.append(Pick(what, count, chosen))
        return chosen

    @property
    def decorator(self) -> str:
        return f"@{DECORATORS[self.kind]}" if self.kind in DECORATORS else self.kind

    @property
    def impossible(self) -> bool:
        """Whether a guard is constantly false, as `when(cpu != heir)` is where both are one."""
        return any(c.expr.op == "const" and not c.expr.value for c in self.conditions)

    @property
    def may_write(self) -> bool:
        return self.kind in ("action", "process")

    @property
    def may_prime(self) -> bool:
        return self.kind in ("step", "label")


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def tracing(trace: Trace) -> Iterator[Trace]:
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def is_tracing() -> bool:
    """Whether an author's function runs to be read."""
    return _current.get() is not None


def current(what: str) -> Trace:
    """The trace in progress; SpecError when an author uses `what` outside any traced function."""
    trace = _current.get()
    if trace is None:
        raise SpecError(
            "E0201",
            f"{what} outside an action or property",
            expected="a call while a spec is being compiled",
            write="move it into a function decorated with @action",
        )
    return trace


def maybe_current() -> Trace | None:
    return _current.get()


_CONSTRUCTS = {
    "if": ("`if` on a symbolic value", "when(condition) for a guard, ite(condition, a, b) for a value"),
    "while": ("`while` on a symbolic value", "one action for each turn, with a program counter"),
    "conditional": ("`a if c else b` on a symbolic value", "ite(c, a, b)"),
    "and": ("`and` on a symbolic value", "a & b, with each side in parentheses"),
    "or": ("`or` on a symbolic value", "a | b, with each side in parentheses"),
    "not": ("`not` on a symbolic value", "~a"),
    "in": ("`in` on a symbolic value", "set.contains(x), or is_in(x, {A, B})"),
    "chain": ("a chained comparison of symbolic values", "(a <= b) & (b <= c)"),
    "assert": ("`assert` on a symbolic value", "when(condition) in an action, @invariant for a property"),
    "match": (
        "`match` on a symbolic value",
        "one action for each case, with when(x == ...), or ite(x == ..., a, b)",
    ),
    "any": ("any() of symbolic values", "some(...)"),
    "all": ("all() of symbolic values", "every(...)"),
    "max": ("max() of symbolic values", "maximum(a, b)"),
    "min": ("min() of symbolic values", "minimum(a, b)"),
    "sorted": ("sorted() of symbolic values", "a condition on the order: every(...)"),
    "filter": (
        "`if` on a symbolic value inside a comprehension",
        "every(implies(condition, p) for x in values)",
    ),
    "bool": ("a symbolic value used where Python needs a real bool", "when(...), ite(...), &, | or ~"),
}

_IN_A_PROCESS = {
    "if": "if (yield branch(condition)): where both ways go on, when(condition) where the step waits",
    "while": "while (yield branch(condition)): with steps in it, when(condition) where the step waits",
}


def no_truth_value() -> SpecError:
    """The error for Python asking a symbolic value whether it is true, naming the construct that asked."""
    frame = author_frame()
    name, trace = _construct(frame) if frame else "bool", maybe_current()
    construct, write = _CONSTRUCTS[name]
    if trace is not None and trace.kind == "process":
        write = _IN_A_PROCESS.get(name, write)
    return SpecError(
        "E0202", construct, expected="an expression: the value is known only during exploration", write=write
    )


def _construct(frame: FrameType) -> str:
    """Which construct at the frame's current instruction asks for a truth value, read off the source."""
    positions = list(frame.f_code.co_positions())
    at = positions[frame.f_lasti // 2]
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    if not source or at[0] is None:
        return "bool"
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return "bool"
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    same = [
        n
        for n in ast.walk(tree)
        if isinstance(n, (ast.expr, ast.stmt, ast.pattern))
        and (n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) == (at[0], at[1], at[2], at[3])
    ]
    names = (_name_construct(node, parents) for node in same)
    return next((name for name in names if name), "bool")


_STATEMENTS: list[tuple[type[ast.AST], str]] = [
    (ast.IfExp, "conditional"),
    (ast.If, "if"),
    (ast.While, "while"),
    (ast.Assert, "assert"),
    (ast.pattern, "match"),
    (ast.comprehension, "filter"),
]


def _name_construct(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str | None:
    """The construct that a node is, or that it is the test of. (Python places a jump at the statement or at
    its test.)
    """
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        return "chain"
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return "in"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return "not"
    if isinstance(node, ast.BoolOp):
        return "and" if isinstance(node.op, ast.And) else "or"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CONSTRUCTS:
        return node.func.id
    parent = parents.get(node)
    if isinstance(parent, ast.BoolOp):
        return "and" if isinstance(parent.op, ast.And) else "or"
    if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
        return "not"
    if isinstance(parent, ast.Compare):
        return "chain" if len(parent.ops) > 1 else None
    if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)):
        return "filter" if any(part.ifs for part in node.generators) else None
    return next(
        (name for kind, name in _STATEMENTS if isinstance(node, kind) or isinstance(parent, kind)), None
    )
