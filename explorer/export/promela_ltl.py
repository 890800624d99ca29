"""A temporal property of a ground model as a formula of SPIN, on behaviours that are fair.

Every step counts: a turn goes on where the fair action whose turn it is was taken, or could not be, and
begins again after the last one. So a behaviour is fair where all have had their turn again and again. A step
that changes nothing is always possible: a behaviour may end where nothing fair is.

A strongly fair action has its turn where it was taken, or *rests*: in its turn, where it is not possible, it
may be guessed that it will never be again. A step that proves a guess wrong ends the behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from explorer.export import comments
from explorer.export.flat import CannotSay, Flat, Step, either
from explorer.export.promela import Writer
from explorer.ir.expressions import FALSE, TRUE, Expr, negate
from explorer.ir.formulas import Ltl, taken
from explorer.ir.steps import Fairness

STRONG = 6
"""Strongly fair actions of a file, at most: each may double the states."""

MOST = 250
"""Fair actions of a file, at most: a byte counts them."""

WORDS = {
    "and": "({0} && {1})",
    "or": "({0} || {1})",
    "always": "[] ({0})",
    "eventually": "<> ({0})",
    "until": "({0} U {1})",
    "release": "({0} V {1})",
}
OPPOSITE = {
    "and": "or",
    "or": "and",
    "always": "eventually",
    "eventually": "always",
    "until": "release",
    "release": "until",
}


def promela_ltl(flat: Flat, name: str, part: int) -> tuple[str, str]:
    """The text of a Promela file for a part of a temporal property, and the formula of what must not be: a
    fair behaviour that breaks it. CannotSay for the next state, and too many fair actions.
    """
    writer = _Lasting(flat, name, part)
    return "\n".join(writer.lines()) + "\n", writer.broken


COMMANDS = (
    "spin -a -f '{formula}' {file}",
    "gcc -O2 -DNOREDUCE -DNOFAIR -w -o pan pan.c",
    "./pan -a -E",
)
"""How the file is run: depth first, for cycles, without reduction."""


class _Lasting(Writer):
    def __init__(self, flat: Flat, name: str, part: int):
        steps = tuple(replace(step, claims=()) for step in flat.steps)
        super().__init__(replace(flat, properties=(), claims=(), steps=steps), packed=True, told=True)
        self.name, self.asked = name, dict(flat.formulas)[name][part]
        _check(self.asked, name)
        guards = {step.instance.number: step.guard for step in flat.steps}
        self.turns: dict[int, int] = {}
        self.enabled: list[Expr] = []
        self.strong: list[int] = []
        for group in flat.model.fair_groups:
            can = [n for n in group.instances if guards.get(n, FALSE) is not FALSE]
            if can and group.fair is Fairness.STRONG:
                self.strong.append(len(self.enabled))
            self.turns.update(dict.fromkeys(can, len(self.enabled)))
            self.enabled += [either(*(guards[n] for n in can))] if can else []
        if len(self.strong) > STRONG:
            raise CannotSay(
                f"{name}: {len(self.strong)} strongly fair actions, and SPIN is asked with at most {STRONG}"
            )
        if len(self.enabled) > MOST:
            raise CannotSay(
                f"{name}: {len(self.enabled)} fair actions, and SPIN is asked with at most {MOST}"
            )
        self.atoms: dict[str, str] = {}
        broken = self.formula(self.asked, negated=True)
        self.broken = f"([] <> fair__all) && ((!has__begun) U (has__begun && {broken}))"

    def head(self) -> list[str]:
        return [
            *comments.head(self.flat, "Promela", temporal=False),
            f"asked: {comments.property(self.flat, self.name)}: {self.asked}",
            f"run: spin -a -f '{self.broken}' for what must not be: a fair behaviour that breaks it",
        ]

    def counter(self) -> Iterator[str]:
        last = len(self.enabled)
        yield "bit has__begun;"
        yield f"byte fair__turn; /* of {last} fair actions; {last + 1} where a guess was wrong */"
        yield from (f"bit rests__{number}; /* will never be possible again */" for number in self.strong)
        yield f"#define fair__all (fair__turn == {last})"
        yield from (f"#define {atom} {self.condition(text)}" for text, atom in self.atoms.items())
        yield "c_code {"
        yield from (f"  {line}" for line in self.functions())
        yield "}"
        yield "#define NEXT__TURN(fair__taken) c_code { fair__next(fair__taken); }"

    def functions(self) -> Iterator[str]:
        """In C, said once and not in each step: whether a fair action is possible, who has the next turn,
        whether a step proves a guess wrong.
        """
        last, inside = len(self.enabled), self.checker.truth(self.flat.inside)
        yield "int fair__possible(int fair__number) {"
        yield f"  if (!({inside})) return 0;"
        yield "  switch (fair__number) {"
        for number, enabled in enumerate(self.enabled):
            yield f"  case {number}: return {self.checker.truth(enabled)};"
        yield "  }"
        yield "  return 0;"
        yield "}"
        yield "void fair__next(int fair__taken) {"
        yield "  int fair__at = now.fair__turn, fair__idle = !fair__possible(fair__at);"
        yield from (f"  if (fair__at == {n}) fair__idle = now.rests__{n};" for n in self.strong)
        yield f"  if (fair__at == {last}) now.fair__turn = 0;"
        yield "  else if (fair__at == fair__taken || fair__idle) now.fair__turn = fair__at + 1;"
        yield "}"
        yield "void fair__behind(void) {"
        for n in self.strong:
            yield f"  if (now.rests__{n} && fair__possible({n})) now.fair__turn = {last + 1};"
        yield "}"

    def condition(self, text: str) -> str:
        return f"c_expr {{ ({text}) }}" if self.in_c else f"({text})"

    def checks(self) -> Iterator[str]:
        yield f"#define CHECK {'c_code { fair__behind(); };' if self.strong else 'skip;'}"
        if self.flat.inside is not TRUE:
            yield f"#define WITHIN_CONSTRAINTS ({self.printer.truth(self.flat.inside)})"

    def guard(self, condition: Expr) -> str:
        text = super().guard(condition)
        return f"fair__turn <= {len(self.enabled)} && ({text})" if self.strong else text

    def begin(self) -> str:
        return "has__begun = 1; "

    def counted(self, step: Step) -> Iterator[str]:
        yield f"       NEXT__TURN({self.turns.get(step.instance.number, 255)});"

    def stutter(self) -> Iterator[str]:
        still = f"has__begun && fair__turn <= {len(self.enabled)}" if self.strong else "has__begun"
        yield f"  :: d_step {{ {still} -> NEXT__TURN(255) }} /* nothing happens */"
        for n in self.strong:
            free = f"now.fair__turn == {n} && !now.rests__{n} && !fair__possible({n})"
            yield f"  :: d_step {{ c_expr {{ ({free}) }} -> rests__{n} = 1 }}"

    def formula(self, formula: Ltl, negated: bool = False) -> str:
        """A formula, or its negation, without other negations than of conditions."""
        if formula.op == "not":
            return self.formula(formula.args[0], not negated)
        if formula.op == "state":
            condition = negate(formula.condition) if negated else formula.condition
            return self.atoms.setdefault(self.printer.truth(condition), f"atom__{len(self.atoms)}")
        word = WORDS[OPPOSITE[formula.op] if negated else formula.op]
        first, *rest = (self.formula(a, negated) for a in formula.args)
        if not rest:
            return word.format(first)
        for text in rest:
            first = word.format(first, text)
        return first


def _check(formula: Ltl, name: str) -> None:
    if formula.op == "next" or taken(formula):
        raise CannotSay(f"{name}: the next state, which a step that changes nothing would be")
    for inner in formula.args:
        _check(inner, name)
