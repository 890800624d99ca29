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

COUNTED = 20_000
"""Conditions of fair actions that the steps of a file ask for, at most."""

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
        if len(self.enabled) * len(steps) > COUNTED or len(self.enabled) > 250:
            raise CannotSay(
                f"{name}: {len(self.enabled)} fair actions and {len(steps)} steps, too many to count"
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
        waits = "WITHIN_CONSTRAINTS && " if self.flat.inside is not TRUE else ""
        for number, enabled in enumerate(self.enabled):
            yield f"#define ENABLED__{number} {self.condition(waits + self.printer.truth(enabled))}"
        turns = [f"(fair__turn == {n} && (fair == {n} || {self.idle(n)}))" for n in range(last)]
        done = f"(({' || '.join(turns) or 'false'}) -> fair__turn + 1 : fair__turn)"
        yield f"#define NEXT__TURN(fair) fair__turn = (fair__turn == {last} -> 0 : {done})"
        yield f"#define fair__all (fair__turn == {last})"
        yield from (f"#define {atom} {self.condition(text)}" for text, atom in self.atoms.items())

    def condition(self, text: str) -> str:
        return f"c_expr {{ {text} }}" if self.in_c else f"({text})"

    def idle(self, number: int) -> str:
        """Where a fair action need not be taken."""
        return f"rests__{number}" if number in self.strong else f"!ENABLED__{number}"

    def checks(self) -> Iterator[str]:
        """Behind a step: what rests is not possible."""
        if not self.strong:
            yield from super().checks()
            return
        wrong = " || ".join(f"(rests__{n} && ENABLED__{n})" for n in self.strong)
        yield f"#define CHECK fair__turn = (({wrong}) -> {len(self.enabled) + 1} : fair__turn);"
        if self.flat.inside is not TRUE:
            yield f"#define WITHIN_CONSTRAINTS ({self.printer.truth(self.flat.inside)})"

    def guard(self, condition: Expr) -> str:
        text = super().guard(condition)
        return f"fair__turn <= {len(self.enabled)} && ({text})" if self.strong else text

    def start(self, state: tuple[int, ...]) -> list[str]:
        return [*super().start(state), "has__begun = 1"]

    def counted(self, step: Step) -> Iterator[str]:
        yield f"       NEXT__TURN({self.turns.get(step.instance.number, 255)});"

    def stutter(self) -> Iterator[str]:
        still = f"has__begun && fair__turn <= {len(self.enabled)}" if self.strong else "has__begun"
        yield f"  :: d_step {{ {still} -> NEXT__TURN(255) }} /* nothing happens */"
        for n in self.strong:
            yield f"  :: d_step {{ fair__turn == {n} && !rests__{n} && !ENABLED__{n} -> rests__{n} = 1 }}"

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
