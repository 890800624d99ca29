"""Results of functions of a memory that machine code finds in rows, and what it asks of a memory before it
looks at rules.

A memory in the state is a number, and most functions are applied to it with constants beside it. Each such
function has a *column*: its result for memory m stands in row m, beside those of the others. Where rules ask
at first how much a memory allows, the row has a bit for each rule too: whether the memory lets it pass. So
the ways in which an access cannot go are ruled out together, like those that other cells rule out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Function, is_const
from explorer.language.memory_wiring import MemoryType
from explorer.program.program import Test

MOST_MEMORIES, MOST_COLUMNS = 4, 1 << 12
"""Memories that have rows, and functions that have columns; what is beyond is looked up in another way."""


@dataclass(frozen=True, slots=True)
class Question:
    """How much a memory allows: a function with its constants, and for ranks of rules what it must at least
    give.
    """

    function: Function
    given: tuple[int, ...]
    least: dict[int, int]


@dataclass(slots=True)
class Columns:
    """The functions, with their constants, that have columns in the rows of each memory, by the memory's
    number; and the questions that settle which rules a memory lets pass. `words` of bits are so settled.
    """

    memories: list[MemoryType] = field(default_factory=list)
    calls: list[list[tuple[Function, tuple[int, ...]]]] = field(default_factory=list)
    questions: list[list[Question]] = field(default_factory=list)
    words: int = 0
    rules: int = 0
    places: dict[tuple[Function, tuple[int, ...]], tuple[int, int]] = field(default_factory=dict)

    def memory(self, type: MemoryType) -> int | None:
        """The number of a memory; None where there are too many."""
        for k, known in enumerate(self.memories):
            if known is type:
                return k
        if len(self.memories) == MOST_MEMORIES:
            return None
        self.memories.append(type)
        self.calls.append([])
        self.questions.append([])
        return len(self.memories) - 1

    def place(self, expr: Expr) -> tuple[int, int] | None:
        """The memory and the column of what is applied; None where it has no column."""
        function: Function = expr.value
        if not function.operands or not all(map(is_const, expr.args[1:])):
            return None
        key = function, tuple(a.value for a in expr.args[1:])
        if key not in self.places:
            k = self.memory(function.operands[0])
            if k is None or len(self.calls[k]) == MOST_COLUMNS:
                return None
            self.places[key] = k, len(self.calls[k])
            self.calls[k].append(key)
        return self.places[key]

    def split(self, tests: list[Test]) -> tuple[list[Expr], list[Test]]:
        """The conditions that a memory in the state settles, as far as nothing before them may have no value;
        and the rest.
        """
        asked: list[Expr] = []
        rest: list[Test] = []
        early = True
        for test in tests:
            early = early and not test.checks
            if early and _settled(test.condition) and self._memory_of(test.condition) is not None:
                asked.append(test.condition)
            else:
                rest.append(test)
        return asked, rest

    def _memory_of(self, condition: Expr) -> int | None:
        return self.memory(condition.args[1].value.operands[0])

    def ask(self, asked: Iterable[tuple[int, list[Expr]]], rules: int) -> None:
        """Note the questions of some rules, by rank, of so many."""
        self.rules, self.words = rules, -(-rules // 64)
        found: dict[tuple[int, Function, tuple[int, ...]], dict[int, int]] = {}
        for rank, conditions in asked:
            for condition in conditions:
                (function, least), k = _question(condition), self._memory_of(condition)
                assert k is not None
                given = tuple(a.value for a in condition.args[1].args[1:])
                known = found.setdefault((k, function, given), {})
                known[rank] = max(least, known.get(rank, least))
        for (k, function, given), by_rank in found.items():
            self.questions[k].append(Question(function, given, by_rank))

    def asking(self) -> Iterator[tuple[int, MemoryType]]:
        """The memories that settle which rules pass."""
        return ((k, self.memories[k]) for k, several in enumerate(self.questions) if several)


def _question(condition: Expr) -> tuple[Function, int]:
    """What a condition `least <= f(memory, ...)` asks, as a quick question and what it must at least give."""
    function: Function = condition.args[1].value
    if function.possible is not None:
        return function.possible, 1
    return function, condition.args[0].value


def _settled(condition: Expr) -> bool:
    """Whether a condition is `least <= f(memory in the state, constants)` that costs little to know."""
    if condition.op != "le" or not is_const(condition.args[0]) or condition.args[1].op != "apply":
        return False
    least, bound = condition.args
    function: Function = bound.value
    if function.possible is not None and least.value != 0:
        return False
    memory, *given = bound.args
    return bool(
        function.operands
        and (function.quick or function.possible is not None)
        and memory.op == "load"
        and all(map(is_const, given))
    )
