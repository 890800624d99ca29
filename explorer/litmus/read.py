"""Reads litmus files: header, initial state, program, `locations`, condition. The instructions are read by
`isa/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .condition import Condition, ConditionError, Parser, Place, places
from .expressions import Value, integer
from .isa import aarch64, ppc, x86, x86_64
from .isa.cells import Cell, InstructionError
from .kernel.read import read_functions
from .program import LitmusError, LitmusTest, Thread, unreadable

ISAS = {"PPC": ppc, "X86": x86, "X86_64": x86_64, "AArch64": aarch64}
"""For each architecture of herd the module that reads its instructions."""

FINAL = re.compile(r"^[ \t]*(locations|filter|exists|forall|~[ \t]*exists)\b", re.MULTILINE)


COMMENT = re.compile(r"\(\*(?=[\s*]).*?\*\)|/\*.*?\*/|//[^\n]*", re.DOTALL)
"""`(*` opens a comment only before a blank or a star: `READ_ONCE(*x)` is none."""


class Source(NamedTuple):
    """The text of a file without its comments, in which every character keeps its line."""

    file: str
    text: str

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def error(self, at: int, message: str) -> LitmusError:
        return LitmusError(self.file, self.line(at), message)


def read_file(path: Path, mapping: str = "power") -> LitmusTest:
    """The litmus test of a file; raises LitmusError. `mapping`: the architecture that a C test is compiled
    for.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(path, problem) from None
    return read(text, str(path), mapping)


def read(text: str, file: str, mapping: str = "power") -> LitmusTest:
    """The litmus test of a text; raises LitmusError."""
    source = Source(file, COMMENT.sub(_blank, text))
    words = source.text.split(maxsplit=2)
    if len(words) < 2 or words[0] not in (*ISAS, "C"):
        first = words[0] if words else "nothing"
        known = ", ".join(ISAS)
        raise source.error(0, f"found {first}, expected an architecture and a name; known are {known} and C")
    architecture, name = words[:2]
    opening, closing = source.text.find("{"), source.text.find("}")
    if opening < 0 or closing < opening:
        raise source.error(0, "no initial state; write { } after the header")
    final = FINAL.search(source.text, source.text.rfind("}"))
    if final is None:
        raise source.error(len(source.text.rstrip()), "no final condition; write: exists (0:r1=1 /\\ x=2)")
    canonical: Callable[[str], str] = str if architecture == "C" else ISAS[architecture].canonical
    memory, registers = _initial(source, opening + 1, closing, canonical)
    if architecture == "C":
        threads = read_functions(source.text, closing + 1, final.start(), source.error, mapping)
    else:
        threads = _columns(source, closing + 1, final.start(), ISAS[architecture].read)
    for number in registers:
        if number not in range(len(threads)):
            raise source.error(opening, f"the initial state has registers of thread {number}; there is none")
    condition, observed = _final(source, final, canonical)
    for place in observed:
        if place.thread is not None and place.thread not in range(len(threads)):
            raise source.error(
                final.start(), f"the condition has registers of thread {place.thread}; there is none"
            )
    return LitmusTest(
        file,
        architecture=architecture,
        name=name,
        threads=tuple(
            Thread(t.instructions, t.labels, t.registers | registers.get(n, {}))
            for n, t in enumerate(threads)
        ),
        memory=memory,
        condition=condition,
        observed=observed,
        line=source.line(final.start()),
    )


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


INITIAL = re.compile(
    r"(?P<type>(?:(?:volatile|const|unsigned|signed|struct)\s+)*[A-Za-z_]\w*[\s*]+)?"
    r"(?:P?(?P<thread>\d+)\s*:\s*(?P<register>[%\w]+)|\[?(?P<name>[A-Za-z_]\w*)\]?)"
    r"(?:\s*=\s*(?P<value>-?\w+|&?\s*[A-Za-z_]\w*))?\s*$"
)


def _initial(
    source: Source, start: int, end: int, canonical: Callable[[str], str]
) -> tuple[dict[str, Value], dict[int, dict[str, Value]]]:
    """What the initial state says of locations and of registers."""
    memory: dict[str, Value] = {}
    registers: dict[int, dict[str, Value]] = {}
    at = start
    for item in source.text[start:end].split(";"):
        match = INITIAL.match(item.strip())
        if item.strip():
            where = at + len(item) - len(item.lstrip())
            if match is None:
                message = f"cannot read {item.strip()!r} in the initial state; write x=1; or 0:r1=x;"
                raise source.error(where, message)
            value = _value(match["value"] or "0")
            if match["thread"] is None:
                memory[match["name"]] = value
            else:
                registers.setdefault(int(match["thread"]), {})[canonical(match["register"])] = value
        at += len(item) + 1
    return memory, registers


def _value(text: str) -> Value:
    text = text.removeprefix("&").strip()
    try:
        return integer(text)
    except ValueError:
        return text


def _columns(
    source: Source, start: int, end: int, read_column: Callable[[list[Cell]], Thread]
) -> list[Thread]:
    """The threads of an assembly program: columns separated by `|`, rows ended by `;`."""
    columns: list[list[Cell]] = []
    at = start
    for row in source.text[start:end].split(";"):
        where = at + len(row) - len(row.lstrip())
        cells = [cell.strip() for cell in row.split("|")]
        if not columns and any(cells):
            if any(re.fullmatch(r"P\d+", cell) is None for cell in cells):
                raise source.error(
                    where, f"found {row.strip()!r}, expected the names of the threads: P0 | P1 ;"
                )
            columns = [[] for _ in cells]
        elif any(cells):
            if len(cells) != len(columns):
                message = f"a row of {len(cells)} columns, expected {len(columns)}: one for each thread"
                raise source.error(where, message)
            for column, cell in zip(columns, cells, strict=True):
                column.append(Cell(cell, source.line(where)))
        at += len(row) + 1
    if not columns:
        raise source.error(start, "no program; write P0 | P1 ; and a row for each instruction")
    try:
        return [read_column(column) for column in columns]
    except InstructionError as error:
        raise LitmusError(source.file, error.line, str(error)) from None


LOCATIONS = re.compile(r"[ \t]*locations\s*\[([^\]]*(?:\[\w+\][^\]]*)*)\]")
QUANTIFIER = re.compile(r"\s*(exists|forall|~\s*exists)")


def _final(
    source: Source, final: re.Match[str], canonical: Callable[[str], str]
) -> tuple[Condition, tuple[Place, ...]]:
    """The condition, and what a final state shows."""
    at, observed = final.start(), []
    if final[1] == "filter":
        raise source.error(at, "a filter is not modelled; conjoin it to the condition")
    if final[1] == "locations":
        match = LOCATIONS.match(source.text, at)
        if match is None:
            raise source.error(at, "cannot read the locations; write locations [x; 0:r1;]")
        for text in filter(None, map(str.strip, match[1].split(";"))):
            try:
                observed.append(Parser(text, canonical).place())
            except ConditionError as error:
                raise source.error(at, str(error)) from None
        at = match.end()
    quantifier = QUANTIFIER.match(source.text, at)
    if quantifier is None:
        raise source.error(at, "no final condition; write: exists (0:r1=1 /\\ x=2)")
    try:
        proposition = Parser(source.text[quantifier.end() :], canonical).parse()
    except ConditionError as error:
        raise source.error(quantifier.end() + error.at, str(error)) from None
    ordered = sorted(
        {*observed, *places(proposition)}, key=lambda p: (p.thread is None, p.thread or 0, p.name)
    )
    return Condition(quantifier[1].replace(" ", ""), proposition), tuple(ordered)
