"""Formulas of Linux's runtime verification as specs: a variable for each atom, that changes at any time, and
the rule as a temporal property.

The grammar is that of the kernel's rvgen: operators have no precedence. An operand is a name or stands in
parentheses; behind it `until`, `and`, `or` and `imply` take all that follows, and so do `not`, `always`,
`eventually` and `next`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from explorer.export.rv_dot import Unreadable, text_of
from explorer.export.rv_spec import class_name, python_name
from explorer.ir.data import dataclass

RULE = "RULE"
UNARY = {"always": "always", "eventually": "eventually", "next": "next_step", "not": "~"}
BINARY = {"until": "until", "and": "&", "or": "|", "imply": "implies"}
_TOKEN = re.compile(r"#.*|[A-Za-z_]\w*|[()=]|\S")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Formula:
    """`op` of `args`; a name or a literal has none."""

    op: str
    args: tuple[Formula, ...] = ()

    def names(self) -> Iterator[str]:
        """The names in it."""
        if not self.args and self.op not in ("true", "false"):
            yield self.op
        for at in self.args:
            yield from at.names()


def read_ltl(path: Path) -> dict[str, Formula]:
    """The definitions in a file. Raises Unreadable."""
    return dict(_Reader(path).definitions())


def spec_of(name: str, definitions: Mapping[str, Formula]) -> str:
    """The text of the spec."""
    return "\n".join(_lines(name, definitions)) + "\n"


class _Reader:
    def __init__(self, path: Path):
        self.path = path
        self.tokens: list[tuple[str, int]] = []
        for number, line in enumerate(text_of(path).splitlines(), 1):
            self.tokens += [(t, number) for t in _TOKEN.findall(line) if not t.startswith("#")]
        self.place = 0

    def definitions(self) -> Iterator[tuple[str, Formula]]:
        seen: set[str] = set()
        found: dict[str, Formula] = {}
        while self.place < len(self.tokens):
            name = self.take("a name in capitals, as RULE", _NAME.fullmatch)
            if name in seen:
                raise self.wrong(f"a second {name}", "one definition of each name", self.place - 1)
            seen.add(name)
            self.take("=", "=".__eq__)
            found[name] = self.formula()
        if RULE not in found:
            raise Unreadable(f"{self.path}: no {RULE}; write: {RULE} = always (A imply B)")
        self.check(found, RULE, ())
        yield from found.items()

    def check(self, found: Mapping[str, Formula], name: str, above: tuple[str, ...]) -> None:
        """A definition is not made of itself."""
        if name in above:
            raise Unreadable(f"{self.path}: {name} is defined by itself: {' -> '.join([*above, name])}")
        for inner in dict.fromkeys(found[name].names()):
            if inner in found:
                self.check(found, inner, (*above, name))

    def formula(self) -> Formula:
        if self.next in UNARY:
            return Formula(self.take("an operator", UNARY.__contains__), (self.formula(),))
        left = self.operand()
        if self.next not in BINARY:
            return left
        return Formula(self.take("an operator", BINARY.__contains__), (left, self.formula()))

    def operand(self) -> Formula:
        if self.next == "(":
            self.place += 1
            inner = self.formula()
            self.take("until, and, or, imply or )", ")".__eq__)
            return inner
        return Formula(self.take("a name in capitals, an operator or (", _operand))

    @property
    def next(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def take(self, expected: str, fits: Callable[[str], object]) -> str:
        token = self.next
        if not token or not fits(token):
            raise self.wrong(f"`{token}`" if token else "the end", expected, self.place)
        self.place += 1
        return token

    def wrong(self, found: str, expected: str, place: int) -> Unreadable:
        line = self.tokens[min(place, len(self.tokens) - 1)][1] if self.tokens else 1
        return Unreadable(f"{self.path}:{line}: found {found}, expected {expected}")


def _operand(token: str) -> bool:
    return token in ("true", "false") or bool(_NAME.fullmatch(token))


def _lines(name: str, definitions: Mapping[str, Formula]) -> Iterator[str]:
    used = [*_needed(definitions, RULE)]
    atoms = sorted({n for d in used for n in definitions[d].names()} - {*definitions})
    kind, variable = class_name(name), "monitor"
    names = {name: python_name(name.lower(), (kind, variable)) for name in (*atoms, *used)}
    yield f'"""{name}: a formula of Linux\'s runtime verification, written from its {name}.ltl.'
    yield ""
    yield "What it speaks of changes at any time, so that by itself the rule is violated."
    yield '"""'
    yield ""
    yield "from explorer import *"
    yield ""
    yield ""
    yield f"class {kind}(State):"
    yield from (f"    {names[atom]}: Var[bool] = initially(False)" for atom in atoms)
    for atom in atoms:
        yield from ("", "", "@action", f"def {names[atom]}_changes({variable}: {kind}) -> None:")
        yield f"    {variable}.{names[atom]}.next = ~{variable}.{names[atom]}"
    for definition in reversed(used):
        text = _text(definitions[definition], definitions, names, variable)
        yield from ("", "")
        yield from ("@temporal",) if definition == RULE else ()
        yield f"def {names[definition]}({variable}: {kind}) -> Formula:"
        yield f"    return {text}"
    yield from ("", "", "spec = Spec()")


def _needed(definitions: Mapping[str, Formula], name: str) -> Iterator[str]:
    """A definition and those that it is made of, each once."""
    waiting, seen = [name], dict[str, None]()
    while waiting:
        at = waiting.pop(0)
        seen.pop(at, None)
        seen[at] = None
        waiting += [n for n in dict.fromkeys(definitions[at].names()) if n in definitions]
    yield from seen


def _text(
    formula: Formula, definitions: Mapping[str, Formula], names: Mapping[str, str], variable: str
) -> str:
    inner = [_text(a, definitions, names, variable) for a in formula.args]
    if not inner:
        if formula.op in definitions:
            return f"{names[formula.op]}({variable})"
        return f"{variable}.{names[formula.op]}" if formula.op in names else formula.op.capitalize()
    if formula.op == "not":
        return f"~({inner[0]})" if formula.args[0].args else f"~{inner[0]}"
    if formula.op in ("and", "or"):
        return f"({inner[0]} {BINARY[formula.op]} {inner[1]})"
    return f"{ {**UNARY, **BINARY}[formula.op] }({', '.join(inner)})"
