"""Rules as data: instances that differ only in offsets and constants share one shape, the differences stand
in tables.

The native engine's code grows with the number of shapes, never with the number of instances. In the text of a
shape `signed[rule, k]` and `unsigned[rule, k]` are number k of the rule. Knows nothing of Numba.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any

from explorer.codegen.columns import Columns
from explorer.codegen.native_expressions import SLOT, WORD, Constants, Scribe, Sharing, cell_equals, signed
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import TRUE, Expr, is_const
from explorer.language.memory_wiring import MemoryType
from explorer.program.after_step import on_step
from explorer.program.bitmaps import (
    MAX_RULES,
    Bitmap,
    Codes,
    Settled,
    bitmaps,
    constant_effect,
    settled,
    split,
)
from explorer.program.dispatch import Cell, roots
from explorer.program.facts import Facts
from explorer.program.layout import Layout
from explorer.program.program import Program, Rule, Test


@dataclass(frozen=True, slots=True)
class Block:
    """What a rule does once its masked guard holds: source text with slots, and the slots' values.

    The text sets `ok` and the successor where the step is possible, `flag` where it has no value or breaks a
    property, and `until` where a limit rules out other rules too.
    """

    text: str
    slots: tuple[int, ...]
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A conjunct `least <= bound` that asks for a function's result: where it fails behind the conjuncts of
    `key`, it fails for every rule with the same key and no smaller `least`. `slot` holds the first rank that
    is not ruled out. So of the ways in which an access to a memory may go, those too old are not looked at
    one by one.
    """

    key: tuple[Any, ...]
    least: int
    slot: int


@dataclass(slots=True)
class Shape:
    """Rules with one text. Numbers that differ between them are read from tables; the others stand in the
    text.
    """

    number: int
    text: str
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Tables:
    """Everything that differs between instances, by rank of the rule in the program.

    `guards[r]` and `updates[r]` are (word, mask, wanted) and (word, keep, add) triples; `signed[r]` and
    `unsigned[r]` are the numbers of a shape that differ; `constants` are named in its text;
    `numbers` are the rules' instances. Few rules are found by `bitmaps`, many from the value of a cell by
    `root_*` and `cases`. The questions that bitmaps answer of a rule: whether it is possible; whether it
    raises no flag; whether it changes nothing. `settled` are the rules (bits by rank) of which they tell all
    that, `resting` those that may change nothing, `constant` those with a constant effect. `limited` says
    whether rules have limits. `columns` are the functions that are looked up in rows, and what they ask;
    `memories` are those that let rules pass or not: number, word, shift and mask.
    """

    shapes: list[Shape]
    shape_of: list[int]
    guards: list[list[tuple[int, int, int]]]
    updates: list[list[tuple[int, int, int]]]
    signed: list[list[int]]
    unsigned: list[list[int]]
    constants: Constants
    numbers: list[int]
    bitmaps: list[Bitmap]
    settled: int
    resting: int
    constant: int
    limited: bool
    columns: Columns
    memories: list[tuple[int, int, int, int]]
    root_cells: list[tuple[int, int, int]]
    cases: list[list[list[int]]]


def tabulate(program: Program, layout: Layout) -> Tables:
    """Group the rules of a program into shapes."""
    few = len(program.rules) <= MAX_RULES
    tabulated = [] if few else roots(program.rules)
    consumed = {
        rule.instance.number: cell for cell, cases in tabulated for rules in cases for rule in rules if cell
    }
    columns = Columns()
    entries = [
        _entry(program, rule, layout, columns, few=few, root=consumed.get(rule.instance.number))
        for rule in program.rules
    ]
    kinds = list(dict.fromkeys(entry.block.text for entry in entries))
    entries.sort(key=lambda entry: kinds.index(entry.block.text))
    rank = {entry.rule.instance.number: r for r, entry in enumerate(entries)}
    columns.ask(((r, entry.asked) for r, entry in enumerate(entries)), len(entries))
    constants = Constants()
    shapes, shape_of, signed_rows, unsigned_rows = group(
        [e.rule for e in entries], _with_limits([e.block for e in entries]), constants
    )
    root_cells = []
    for cell, _ in tabulated:
        if cell is None:
            root_cells.append((0, 0, 0))
        else:
            field = layout.fields[cell[0]]
            word, shift = divmod(field.shift(cell[1]), WORD)
            root_cells.append((word, shift, field.mask))
    cases = [
        [[rank[rule.instance.number] for rule in rules] for rules in by_value] for _, by_value in tabulated
    ]
    known = [entry.settled for entry in entries]
    questions = [
        [e.allowed for e in entries],
        [one.plain if one else {} for one in known],
        [one.idle or {} if one else {} for one in known],
    ]
    return Tables(
        shapes,
        shape_of=shape_of,
        guards=[e.masked for e in entries],
        updates=[e.updates for e in entries],
        signed=signed_rows,
        unsigned=unsigned_rows,
        constants=constants,
        numbers=[*rank],
        bitmaps=bitmaps(questions, layout) if few else [],
        settled=sum(1 << r for r, one in enumerate(known) if one),
        resting=sum(1 << r for r, one in enumerate(known) if one and one.idle is not None),
        constant=sum(1 << r for r, one in enumerate(known) if one and one.constant),
        limited=any(e.block.limits for e in entries),
        columns=columns,
        memories=[(k, *_place(type, layout)) for k, type in columns.asking()],
        root_cells=root_cells,
        cases=cases,
    )


def _with_limits(blocks: list[Block]) -> list[Block]:
    """The blocks by rank, with the ranks that their limits do not rule out in the slots."""
    known = [{limit.key: limit.least for limit in block.limits} for block in blocks]
    result = []
    for rank, block in enumerate(blocks):
        slots = list(block.slots)
        for limit in block.limits:
            until = rank + 1
            while until < len(blocks) and known[until].get(limit.key, limit.least - 1) >= limit.least:
                until += 1
            slots[limit.slot] = until
        result.append(replace(block, slots=tuple(slots)))
    return result


def _place(memory: MemoryType, layout: Layout) -> tuple[int, int, int]:
    """Word, shift and mask of the cell that holds a memory."""
    (family,) = (family for family in layout.fields if family.type is memory)
    assert family.low == 0
    field = layout.fields[family]
    return (*divmod(field.shift(0), WORD), field.mask)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule, and how it is found and taken: by bitmaps, by what memories let pass, or by a masked guard; by
    constant updates and the rest.
    """

    rule: Rule
    allowed: Codes
    settled: Settled | None
    asked: list[Expr]
    masked: list[tuple[int, int, int]]
    updates: list[tuple[int, int, int]]
    block: Block


def _entry(
    program: Program, rule: Rule, layout: Layout, columns: Columns, *, few: bool, root: Cell | None
) -> _Entry:
    allowed, rest = split(rule, layout) if few else ({}, [])
    asked, rest = columns.split(rest) if few else ([], rest)
    masked, rest = ([], rest) if few else _split_guard(rule, layout, root)
    updates, block = _block(program, rule, rest, layout, columns)
    wanted = [c.ok for c in rule.checks] + [condition for condition, _ in _step_conditions(program, rule)]
    known = settled(rule, wanted, layout) if few and not rest else None
    return _Entry(rule, allowed, settled=known, asked=asked, masked=masked, updates=updates, block=block)


def _split_guard(
    rule: Rule, layout: Layout, root: Cell | None
) -> tuple[list[tuple[int, int, int]], list[Test]]:
    """Conjuncts that compare whole cells with constants become masks by word; those a root has settled
    vanish.
    """
    masks: dict[int, list[int]] = {}
    rest: list[Test] = []
    early = True
    for test in rule.guard:
        early = early and not test.checks
        if early and root is not None and _only(test.condition, root):
            continue
        wanted = cell_equals(test.condition) if early else None
        if wanted is None:
            rest.append(test)
            continue
        family, index, code = wanted
        field = layout.fields[family]
        word, shift = divmod(field.shift(index), WORD)
        pair = masks.setdefault(word, [0, 0])
        pair[0] |= field.mask << shift
        pair[1] |= code - family.low << shift
    return [(word, mask, value) for word, (mask, value) in sorted(masks.items())], rest


def _only(condition: Expr, cell: Cell) -> bool:
    loads = {at.value for at in ex.walk(condition) if at.op == "load"}
    return loads == {cell} and not any(at.op == "loadat" for at in ex.walk(condition))


def _block(
    program: Program, rule: Rule, guard: list[Test], layout: Layout, columns: Columns
) -> tuple[list[tuple[int, int, int]], Block]:
    guard_of = rule.instance.guard
    scribe = Scribe(layout, program.facts, rule.instance.action.place, columns)
    lines: list[str] = []
    depth = 0

    def line(text: str) -> None:
        lines.append("    " * depth + text)

    steps = _step_conditions(program, rule)
    sharing = Sharing(
        scribe,
        [e for test in guard for e in (*(c.ok for c in test.checks), test.condition)]
        + [c.ok for c in rule.checks]
        + [e for u in rule.updates for e in (u.index, u.expr)]
        + [wanted for wanted, _ in steps],
    )

    def share(roots: Iterable[Expr], facts: Facts) -> None:
        for text in sharing.names(roots, facts):
            line(text)

    ruled_out: list[tuple[int, str]] = []
    limits: list[Limit] = []
    passed: list[Any] = []
    for test in guard:
        word = "if"
        scribe.where = guard_of[test.number].place
        share([c.ok for c in test.checks], program.facts)
        for check in test.checks:
            line(f"{word} not {scribe.truth(check.ok)}:")
            line("    flag = True")
            word = "elif"
        if word == "if":
            share([test.condition], program.facts)
        if test.condition is not TRUE or test.checks:
            line(f"{word} {scribe.truth(test.condition)}:")
            if _is_limit(test):
                least, bound = test.condition.args
                limits.append(Limit((*passed, bound), least.value, len(scribe.slots)))
                ruled_out.insert(0, (depth, scribe.word(0)))
            depth += 1
        passed.append((*(c.ok for c in test.checks), test.condition))
    word = "if"
    scribe.facts, scribe.where = rule.facts, rule.instance.action.place
    share([c.ok for c in rule.checks], rule.facts)
    for check in rule.checks:
        line(f"{word} not {scribe.truth(check.ok)}:")
        line("    flag = True")
        word = "elif"
    if rule.checks:
        line("else:")
        depth += 1
    line("ok = True")
    share([e for u in rule.updates for e in (u.index, u.expr)], rule.facts)
    static, terms = _updates(rule, layout, scribe)
    for text in terms:
        line(text)
    for wanted, scribe.where in steps:
        share([wanted], rule.facts)
        line(f"if not {scribe.truth(wanted)}:")
        line("    flag = True")
    for at, until in ruled_out:
        lines += ["    " * at + "else:", "    " * at + f"    until = {until}"]
    return static, Block("\n".join(lines), tuple(scribe.slots), tuple(limits))


def _is_limit(test: Test) -> bool:
    condition = test.condition
    plain = condition.op == "le" and is_const(condition.args[0]) and not test.checks
    return plain and any(at.op == "apply" for at in ex.walk(condition))


def _updates(rule: Rule, layout: Layout, scribe: Scribe) -> tuple[list[tuple[int, int, int]], list[str]]:
    """Constant parts as (word, keep, add); computed parts as text after `t` has them."""
    clear: dict[int, int] = {}
    add: dict[int, int] = {}
    computed, dynamic = [], []
    for u in rule.updates:
        field = layout.fields[u.family]
        if not is_const(u.index):
            dynamic.append(u)
            continue
        word, shift = divmod(field.shift(u.index.value), WORD)
        effect = constant_effect(u, field)
        if effect is None:
            computed.append((u, word, shift))
        cleared, added = effect or (field.mask, 0)
        clear[word] = clear.get(word, 0) | cleared << shift
        add[word] = add.get(word, 0) | added << shift
    full = (1 << WORD) - 1
    static = [(word, full & ~mask, add.get(word, 0)) for word, mask in sorted(clear.items())]
    terms = []
    for u, word, shift in computed:
        target = "t" if scribe.one else f"t[{scribe.word(word)}]"
        terms.append(f"{target} |= {scribe.content(u.expr, u.family)} << {scribe.word(shift)}")
    for k, u in enumerate(dynamic):
        mask = layout.fields[u.family].mask
        at, by = scribe.place(u.family, u.index)
        target = "t" if scribe.one else f"t[word{k}]"
        if not scribe.one:
            terms.append(f"word{k} = {at}")
        terms.append(f"shift{k} = U({by})")
        value = scribe.content(u.expr, u.family)
        terms.append(f"{target} = ({target} & ~({scribe.word(mask)} << shift{k})) | ({value} << shift{k})")
    return static, terms


def _step_conditions(program: Program, rule: Rule) -> list[tuple[Expr, Place]]:
    """What must hold on a step of a rule, or a step property fails or has no value; and where it stands."""
    wanted: list[tuple[Expr, Place]] = []
    for prop, checks, condition in on_step(program.model.properties, rule):
        wanted += [(c.ok, prop.place) for c in checks]
        wanted += [(condition, prop.place)] if condition is not TRUE else []
    return wanted


def group(
    rules: list[Rule], blocks: list[Block], constants: Constants
) -> tuple[list[Shape], list[int], list[list[int]], list[list[int]]]:
    """Shapes in order of their first rule; slots that never differ are written into the text, the others
    become columns.
    """
    members: dict[str, list[int]] = {}
    for r, block in enumerate(blocks):
        members.setdefault(block.text, []).append(r)
    shapes: list[Shape] = []
    shape_of = [0] * len(blocks)
    rows: dict[str, list[list[int]]] = {"I": [[] for _ in blocks], "U": [[] for _ in blocks]}
    for text, ranks in members.items():
        columns: dict[str, dict[tuple[int, ...], int]] = {"I": {}, "U": {}}

        def written(
            match: re.Match[str],
            ranks: list[int] = ranks,
            columns: dict[str, dict[tuple[int, ...], int]] = columns,
        ) -> str:
            kind, k = match.group(1), int(match.group(2))
            values = tuple(blocks[r].slots[k] for r in ranks)
            if len(set(values)) == 1:
                return constants.name(values[0]) if kind == "U" else signed(values[0])
            column = columns[kind].setdefault(values, len(columns[kind]))
            return f"{'unsigned' if kind == 'U' else 'signed'}[rule, {column}]"

        shape = Shape(len(shapes), SLOT.sub(written, text), [rules[r] for r in ranks])
        for kind, columns_of_kind in columns.items():
            for values in columns_of_kind:
                for r, value in zip(ranks, values):
                    rows[kind][r].append(value)
        shapes.append(shape)
        for r in ranks:
            shape_of[r] = shape.number
    return shapes, shape_of, rows["I"], rows["U"]
