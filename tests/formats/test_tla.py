"""TLA+ as `export` writes it: read by a reader of the subset, which explores the text, and counts as the
reference does. No TLC is asked: whether it takes the file is not shown here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from explorer.command.main import main
from explorer.engine import reference
from explorer.export.flat import flatten
from explorer.export.tla import tla
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from tests.support.house import ROOT, SPECS

Values = dict[str, Any]

SIGNS = {
    "/\\": " and ",
    "\\/": " or ",
    "\\union": "|",
    "\\intersect": "&",
    "\\in": " in ",
    "\\div": "//",
    "~": " not ",
    "#": "!=",
    "=": "==",
    "<=": "<=",
    "{}": "frozenset()",
    "\\": "-",
    "TRUE": "True",
    "FALSE": "False",
    "Cardinality": "len",
}
TOKEN = re.compile(r"/\\|\\/|\\[a-z]+|\{\}|<=|\\|[A-Za-z_]\w*|\d+|\S")


@cache
def compiled(text: str) -> Any:
    """An expression of TLA+, to be evaluated many times."""
    return compile(python(text), "<TLA+>", "eval")


def python(text: str) -> str:
    """An expression of TLA+ as one of Python: `(IF c THEN a ELSE b)` is turned round."""
    tokens = TOKEN.findall(text)

    def until(end: str) -> str:
        parts: list[str] = []
        while tokens and tokens[0] != end:
            token = tokens.pop(0)
            if token == "IF":
                condition = until("THEN")
                tokens.pop(0)
                first = until("ELSE")
                tokens.pop(0)
                parts.append(f"({first}) if ({condition}) else ({until(')')})")
            elif token in ("(", "{", "["):
                inner = until({"(": ")", "{": "}", "[": "]"}[token])
                close = tokens.pop(0)
                parts.append(f"frozenset([{inner}])" if token == "{" else f"{token}{inner}{close}")
            else:
                parts.append(SIGNS.get(token, token))
        return " ".join(parts)

    return until("")


class Module:
    """A module: its definitions, by name, as lines."""

    def __init__(self, text: str):
        body = [line for line in text.splitlines() if not line.lstrip().startswith("\\*")]
        self.variables = [b.strip() for a, b in itertools.pairwise(body) if a == "VARIABLE"]
        self.definitions: dict[str, list[str]] = {}
        for line in body:
            head = re.match(r"(\w+) ==(.*)", line)
            if head:
                current = self.definitions.setdefault(head[1], [])
                current += [head[2].strip()] if head[2].strip() else []
            elif line.startswith("  ") and self.definitions:
                current.append(line.strip())
        self.constants = {n: int(d[0]) for n, d in self.definitions.items() if re.fullmatch(r"-?\d+", d[0])}

    def truth(self, text: str, values: Values) -> Any:
        within = {
            n: self.truth(d[0], values) for n, d in self.definitions.items() if n == "within_constraints"
        }
        return eval(compiled(text), {**self.constants, **within, **values})

    def initial(self) -> Iterator[Values]:
        for line in self.definitions["Init"]:
            parts = [
                part.split(" ", 2)
                for part in re.split(r" /\\ (?=\w+ (?:=|\\in) )", line.removeprefix("\\/ "))
            ]
            choices = [
                [(name, self.function(text))]
                if sign == "="
                else [(name, value) for value in self.truth(text, {})]
                for name, sign, text in parts
            ]
            yield from map(dict, itertools.product(*choices))

    def function(self, text: str) -> Any:
        array = re.fullmatch(r"\[i \\in 0\.\.(\d+) \|-> (.*)\]", text)
        if not array:
            return self.truth(text, {})
        return tuple(self.truth(f"({array[2]})", {"i": i}) for i in range(int(array[1]) + 1))

    def step(self, name: str, values: Values) -> Values | None:
        after = dict(values)
        for line in self.definitions[name]:
            text = line.removeprefix("/\\ ")
            assigned = re.fullmatch(r"(\w+)' = (.*)", text)
            if assigned is None:
                if not text.startswith("UNCHANGED") and not self.truth(text, values):
                    return None
            elif " EXCEPT " in assigned[2]:
                cells = list(values[assigned[1]])
                for index, value in re.findall(r"!\[(.*?)\] = (.*?)(?=, !\[|\]$)", assigned[2]):
                    cells[self.truth(index, values)] = self.truth(value, values)
                after[assigned[1]] = tuple(cells)
            else:
                after[assigned[1]] = self.truth(assigned[2], values)
        return after

    def count(self, broken: Callable[[Values], bool]) -> tuple[int, int, int, int]:
        """States, transitions, depth, and how many states are `broken`."""
        level = list(self.initial())
        seen = {tuple(v[n] for n in self.variables) for v in level}
        transitions, depth, bad = 0, 0, 0
        actions = [line.removeprefix("\\/ ") for line in self.definitions["Next"]]
        while level:
            bad += sum(map(broken, level))
            fresh = []
            for values in level:
                for action in actions:
                    after = self.step(action, values)
                    if after is not None:
                        transitions += 1
                        key = tuple(after[n] for n in self.variables)
                        if key not in seen:
                            seen.add(key)
                            fresh.append(after)
            depth += bool(fresh)
            level = fresh
        return len(seen), transitions, depth, bad


def model_of(path: Path) -> Model:
    return ground(load(path), file=str(path))


@pytest.mark.parametrize(
    "path, invariant",
    [
        (ROOT / "tests" / "bench" / "specs" / "corners.py", "digits"),
        (SPECS / "examples" / "peterson.py", "mutual_exclusion"),
        (SPECS / "examples" / "token_ring.py", ""),
    ],
    ids=lambda value: getattr(value, "stem", ""),
)
def test_the_module_has_the_references_states(path: Path, invariant: str) -> None:
    """The text alone, explored by its reader, gives the same states, transitions and depth."""
    model = model_of(path)
    module = Module(tla(flatten(model)).text)
    (text,) = module.definitions[invariant] if invariant else ["TRUE"]
    expected = reference.explore(model)
    found = module.count(lambda values: not module.truth(text, values))
    assert found == (expected.distinct, expected.transitions, expected.depth, 0)


def test_fairness_and_temporal_properties_are_formulas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weak fairness of each action, `leads to`, the types of Apalache, and the configuration that asks for
    everything.
    """
    path = str(SPECS / "examples" / "peterson.py")
    assert main(["export", path, "--to", "tla", "--out", str(tmp_path)]) == 0
    assert "java -cp tla2tools.jar tlc2.TLC -config peterson.cfg peterson.tla" in capsys.readouterr().out
    text = (tmp_path / "peterson.tla").read_text()
    assert "  /\\ WF_vars(leave_process_Process0)\n" in text and "\n  \\* @type: Int;\n" in text
    assert "  /\\ ((at_Process0 = FIRST_STORE) ~> (at_Process0 = CRITICAL))\n" in text
    assert (tmp_path / "peterson.cfg").read_text().splitlines() == [
        "SPECIFICATION Spec",
        "CHECK_DEADLOCK FALSE",
        "INVARIANT TypeOK",
        "INVARIANT mutual_exclusion",
        "INVARIANT no_deadlock",
        "PROPERTY no_starvation",
        "\\* one state of each orbit, where no temporal property is asked:",
        "\\* VIEW Orbit",
    ]


def test_a_memory_is_a_variable_with_operators_of_its_own() -> None:
    """Under the bound and the switches that the spec gives it; each call names what it is after."""
    text = tla(flatten(model_of(SPECS / "examples" / "sqpoll.py"))).text
    assert "BOUND == 5\n" in text and "MULTI_COPY_ATOMIC == FALSE\n" in text
    assert 'MemoryBarrier(Ring, 0, "LWSYNC", {})' in text and "  /\\ Ring' = " in text
