"""Which words of a state the steps of each rule depend on (LTSmin's dependency matrix), and what follows: the
words that are always asked together, and the groups of rules that ask for no more than some of them.

The steps of a group are known where its part of the state is known (`engine/native/local_steps.py`). Knows
nothing of engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.program.after_step import on_step
from explorer.program.commuting import cells_of, read_cells
from explorer.program.facts import Facts
from explorer.program.layout import WORD, Layout
from explorer.program.program import Judgement, Program, Rule

MOST_PARTS = 64
MOST_GROUPS = 64
"""Parts of a state, as their sets are words of bits; groups that are looked up for each state."""


@dataclass(frozen=True, slots=True)
class Locality:
    """The words of a state by `parts`; `groups` are sets of parts, none within another, and fewer than all;
    `group_of` gives the group of each rule, by number of its instance. `judged`: no conjunct of
    an invariant reads more than the parts of one group.
    """

    parts: tuple[tuple[int, ...], ...]
    groups: tuple[tuple[int, ...], ...]
    group_of: dict[int, int]
    judged: bool


def locality(program: Program, layout: Layout) -> Locality | None:
    """The groups of a program whose states are stored as a tree; None where they would say nothing."""
    if layout.words == 1 or layout.dense is not None or program.constraints or not program.rules:
        return None
    word = {
        family.first + i: field.shift(i) // WORD
        for family, field in layout.fields.items()
        for i in range(family.size)
    }

    def words_of(cells: Iterable[int]) -> frozenset[int]:
        return frozenset(word[cell] for cell in cells if cell in word)

    asked = {rule.instance.number: words_of(_cells_of_rule(program, rule)) for rule in program.rules}
    largest = _largest(asked.values())
    parts = _parts(largest, layout.words)
    if len(parts) < 2 or len(parts) > MOST_PARTS or len(largest) > MOST_GROUPS:
        return None
    if any(len(words) == layout.words for words in largest):
        return None
    judged = [words_of(_cells(expr)) for j in program.invariants for expr in _conjuncts(j)]
    return Locality(
        parts,
        tuple(tuple(k for k, part in enumerate(parts) if part[0] in words) for words in largest),
        {
            number: next(g for g, whole in enumerate(largest) if words <= whole)
            for number, words in asked.items()
        },
        all(any(words <= whole for whole in largest) for words in judged),
    )


def _cells_of_rule(program: Program, rule: Rule) -> Iterator[int]:
    """The cells that a rule reads or writes, or that a property reads on its steps."""
    facts = Facts()
    yield from read_cells(rule, facts)
    for update in rule.updates:
        yield from cells_of(update.family, update.index, facts)
    for _, checks, condition in on_step(program.model.properties, rule):
        for expr in (*(check.ok for check in checks), condition):
            yield from _cells(expr)


def _conjuncts(judgement: Judgement) -> Iterator[Expr]:
    """What must hold together for a judgement to be good."""
    todo = [*(check.ok for check in judgement.checks), judgement.condition]
    while todo:
        expr = todo.pop()
        if expr.op == "and":
            todo += expr.args
        else:
            yield expr


def _cells(expr: Expr) -> Iterator[int]:
    for at in ex.walk(expr):
        if at.op == "load":
            family, index = at.value
            yield family.first + index
        elif at.op == "loadat":
            yield from cells_of(at.value, at.args[0], Facts())


def _largest(sets: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """The sets that are within no other."""
    different = sorted(set(sets), key=lambda words: (-len(words), sorted(words)))
    result: list[frozenset[int]] = []
    for words in different:
        if not any(words <= other for other in result):
            result.append(words)
    return result


def _parts(groups: list[frozenset[int]], words: int) -> tuple[tuple[int, ...], ...]:
    """The words by the groups that they are in."""
    result: dict[tuple[bool, ...], list[int]] = {}
    for word in range(words):
        result.setdefault(tuple(word in group for group in groups), []).append(word)
    return tuple(tuple(part) for part in result.values())
