"""The memory of a model as operators of TLA+: the storage of explorer/memory, written once more, for TLC.

A memory is a record; an operation takes one and gives one, whose `result` is 0 or says why there is none.
The text is in `memory_tla_text.py`. A model with two memories has it twice: what the second one defines has a
suffix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from explorer.export.flat import CannotSay
from explorer.export.memory_c import storage
from explorer.export.memory_tla_text import TEXT
from explorer.export.names import words_of
from explorer.export.printer import Printer
from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Family
from explorer.language.memory_wiring import made_by
from explorer.memory.architecture import Barrier
from explorer.memory.operations import Ordering

MADE = 40
"""Memories that are defined on the way of a step, at most."""


def reserved(families: Sequence[Family]) -> set[str]:
    """The words that stand in the text of these memories."""
    words = words_of(TEXT) if families else set()
    return words | {word + _suffix(n) for word in words for n in range(len(families))} | {*_names()}


class Memories:
    """The memories of a model, and what is done to them in its steps: `cell` names their variables, `printer`
    writes the other operands.
    """

    def __init__(
        self, families: Sequence[Family], cell: Callable[[Family, int], str], printer: Callable[[], Printer]
    ):
        self.families, self.cell, self.printer = families, cell, printer
        self.suffixes = {family.type: _suffix(n) for n, family in enumerate(families)}
        self.named: dict[Expr, str] = {}

    def declarations(self) -> Iterator[str]:
        """The constants of each memory and its operators, what they define with its suffix."""
        for family in self.families:
            text = "\n".join([*_constants(family), TEXT.strip()])
            names, suffix = "|".join(defined(text)), self.suffixes[family.type]
            yield from (re.sub(rf"\b({names})\b", rf"\1{suffix}", text) if suffix else text).splitlines()

    def start(self, family: Family, number: int) -> str:
        """A memory's initial state of a number: what each location holds, what each CPU will not use."""
        of = storage(family)
        dead = of.declared(number)
        values = ", ".join(str(entries[0].value) for entries in of.state(number).entries)
        unused = _set(f"<<{cpu}, {x}>>" for cpu, x in sorted(dead.floors))
        cpus = (_set(map(str, sorted(those))) for those in (dead.fences, dead.finished))
        return f"MemoryOf{self.suffixes[family.type]}(<<{values}>>, {unused}, {', '.join(cpus)})"

    def shared(self, *roots: Expr) -> Iterator[str]:
        """The head of an expression: definitions of the memories that are made in it. Without, TLC makes each
        again wherever it stands. They have names until the next call.
        """
        self.named = {}
        every = dict.fromkeys(at for root in roots for at in ex.walk(root) if at.op == "apply" and _whole(at))
        for name, at in zip(_names(), every):
            yield f"  {'   ' if self.named else 'LET'} {name} == {self.made(at)}"
            self.named[at] = name
        if self.named:
            yield "  IN"

    def apply(self, expr: Expr, number: Callable[[Expr], str]) -> str:
        """A question to a memory, or whether an operation on it has a result."""
        return f"{self.made(expr)}.result" if _whole(expr) else self.call(expr)

    def made(self, expr: Expr) -> str:
        """An expression whose value is a memory."""
        if expr in self.named:
            return self.named[expr]
        if expr.op == "load":
            return self.cell(*expr.value)
        if expr.op == "ite":
            condition, *branches = expr.args
            first, second = map(self.made, branches)
            return f"(IF {self.printer().truth(condition)} THEN {first} ELSE {second})"
        if expr.op != "apply":
            raise CannotSay(f"`{expr}`: an operator on a memory")
        return self.call(expr)

    def call(self, expr: Expr) -> str:
        """What a function of a memory is."""
        name, static = made_by(expr.value)
        suffix = self.suffixes[expr.value.operands[0]]
        now, *rest = expr.args
        args = [self.made(now), *map(self.printer().number, rest)]
        if name == "barriers_where":
            (kinds,) = static
            text, (cpu, passed) = args[0], args[1:]
            for kind in kinds:
                text = f"BarrierWhere{suffix}({text}, {cpu}, {passed}, {_static(kind)[0]})"
            return text
        args += [text for value in static for text in _static(value)]
        return f"{operator(name)}{suffix}({', '.join(args)})"


def _suffix(number: int) -> str:
    return f"_{number + 1}" if number else ""


def _names() -> Iterator[str]:
    return (f"made_{number + 1}" for number in range(MADE))


def _whole(expr: Expr) -> bool:
    """Whether a function of a memory makes a memory."""
    operands = expr.value.operands
    return bool(operands[-1] == operands[0])


def defined(text: str) -> list[str]:
    """The operators that a text defines."""
    return sorted(set(re.findall(r"^(\w+)(?:\(.*?\))? ==", text, re.MULTILINE)))


def _constants(family: Family) -> Iterator[str]:
    of = storage(family)
    memory, architecture = of.memory, of.architecture
    yield from (
        f"{name} == {value}"
        for name, value in (
            ("CPUS", of.cpus),
            ("LOCATIONS", of.locations),
            ("SLOTS", of.slots),
            ("BOUND", of.bound),
            ("SETTLE", _truth(of.settle)),
            ("EARLY_LOADS", _truth(architecture.early_loads)),
            ("ORDERED_STORES", _truth(architecture.ordered_stores)),
            ("MULTI_COPY_ATOMIC", _truth(architecture.multi_copy_atomic)),
            ("IMMEDIATE", _truth(architecture.immediate)),
            ("FENCES_STORES", _truth(architecture.fences_stores)),
            ("DEPENDENCIES", _truth(memory.dependencies)),
            ("TRACKS_OWN", _truth(memory.tracks_own)),
            ("LOADS", _set(f"<<{cpu}, {x}>>" for cpu, x in sorted(of.loads))),
            ("STORES", _set(f"<<{cpu}, {x}>>" for cpu, x in sorted(of.stores))),
        )
    )


def operator(name: str) -> str:
    """The operator of an operation or question of the storage."""
    return "Memory" + "".join(part.capitalize() for part in name.split("_"))


def _static(value: object) -> list[str]:
    if isinstance(value, Ordering):
        return [_slots(value.after), str(-1 if value.save is None else value.save), _truth(value.acquire)]
    if isinstance(value, Barrier):
        return [f'"{value.name}"']
    if isinstance(value, tuple):
        return [_slots(value)]
    return [_truth(value) if isinstance(value, bool) else str(value)]


def _slots(slots: Iterable[int]) -> str:
    return _set(map(str, sorted(set(slots))))


def _set(members: Iterable[str]) -> str:
    return "{" + ", ".join(members) + "}"


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def shown(family: Family, number: int) -> tuple[object, ...]:
    """What tells an initial state of a memory from others: the values, and what will not be used."""
    of = storage(family)
    dead = of.declared(number)
    held = tuple(entries[0].value for entries in of.state(number).entries)
    return held, frozenset(dead.floors), frozenset(dead.fences), frozenset(dead.finished)


def seen(memory: Mapping[str, Any]) -> tuple[object, ...]:
    """The same of an initial state that TLC tells: a record, functions as mappings, sequences as tuples."""
    entries = memory["entries"]
    held = tuple(entries[x][0]["value"] for x in range(len(entries)))
    return held, memory["no_loads"], memory["no_stores"], memory["finished"]
