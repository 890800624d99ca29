"""One column of a litmus test: labels and instructions, matched against a table of patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..expressions import Expression, Operation, Register, ValueProblem
from ..program import Branch, Instruction, Thread


class Cell(NamedTuple):
    """One cell of the program: an instruction, a label, or nothing."""

    text: str
    line: int


class InstructionError(Exception):
    """An instruction that is not known; `line` is its line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


Make = Callable[..., Instruction | list[Instruction]]
"""Given the line and the groups of the pattern, the instructions; ValueProblem says what is wrong with
them.
"""

Table = Sequence[tuple[re.Pattern[str], Make]]


def pattern(text: str) -> re.Pattern[str]:
    """A pattern of an instruction: blanks match any blanks, also none beside a comma."""
    text = re.sub(r" ?, ?", r"\\s*,\\s*", text.replace(" *", r"\s*"))
    return re.compile(re.sub(r" ", r"\\s+", text), re.IGNORECASE)


LABEL = re.compile(r"([A-Za-z_.][\w.]*):\s*")


def read_column(cells: list[Cell], table: Table, known: str) -> Thread:
    """The thread of a column; `known` says which instructions there are."""
    instructions: list[Instruction] = []
    labels: dict[str, int] = {}
    for text, line in cells:
        while (label := LABEL.match(text)) is not None:
            if label[1] in labels:
                raise InstructionError(line, f"the label {label[1]} stands twice in this thread")
            labels[label[1]] = len(instructions)
            text = text[label.end() :]
        if text.strip():
            instructions += _instruction(text.strip(), line, table, known)
    for each in instructions:
        if isinstance(each, Branch) and each.target not in labels:
            raise InstructionError(each.line, f"a branch to {each.target}, which is no label of this thread")
    return Thread(tuple(instructions), labels)


def _instruction(text: str, line: int, table: Table, known: str) -> list[Instruction]:
    for shape, make in table:
        match = shape.fullmatch(text)
        if match is not None:
            try:
                instructions = make(line, *match.groups())
            except ValueProblem as problem:
                raise InstructionError(line, f"{text}: {problem}") from None
            return instructions if isinstance(instructions, list) else [instructions]
    raise InstructionError(line, f"cannot read the instruction {text!r}; known are {known}")


def add(a: Expression, b: Expression) -> Expression:
    """The sum, without a zero."""
    return a if b == 0 else b if a == 0 else Operation("+", (a, b))


def operation(name: str, *arguments: Expression) -> Operation:
    return Operation(name, arguments)


__all__ = [
    "Cell",
    "InstructionError",
    "Make",
    "Register",
    "Table",
    "add",
    "operation",
    "pattern",
    "read_column",
]
