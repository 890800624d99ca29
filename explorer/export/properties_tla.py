"""The properties of a ground model in TLA+: invariants, temporal formulas, and what each of them asks.

A step invariant is asked of the state before a step, for `[][...]_vars` asks nothing of a step that changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from explorer.export import comments
from explorer.export.expressions_tla import AND, OR, WORDS, comment
from explorer.export.flat import Claim, Flat
from explorer.export.memory_tla import Memories
from explorer.export.names import Names, word
from explorer.export.printer import Printer
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import FALSE, TRUE
from explorer.ir.formulas import Ltl, leads

_UNSAID = {"next": "the next state", "until": "until", "release": "release"}
"""Operators on behaviours that TLA+ does not have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invariant of the module asks: that this property does not fail in a state; or by the step of
    this instance, or (where it `fails`) since that step has no value.
    """

    property: str
    instance: int | None = None
    fails: bool = False


class Properties:
    """Writes them. `actions` has the names of the actions by the numbers of their instances; `invariants` and
    `temporal` say afterwards what each definition asks.
    """

    def __init__(
        self, flat: Flat, names: Names, *, printer: Printer, memories: Memories, actions: Mapping[int, str]
    ):
        self.flat, self.names, self.printer = flat, names, printer
        self.memories, self.actions = memories, actions
        self.invariants: dict[str, Asked | None] = {"TypeOK": None}
        self.temporal: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        """All definitions, with a comment on each."""
        within = "within_constraints => " if self.flat.inside is not TRUE else ""
        for claim in self.flat.claims:
            yield ""
            yield self.property(claim)
            name = self.invariant(word(claim.name), Asked(claim.name))
            yield f"{name} == {self.printer.truth(claim.condition)}"
        for step in self.flat.faults if self.flat.asked("evaluation") else ():
            asked = Asked("evaluation", step.instance.number, fails=True)
            name = self.invariant(f"{word(step.instance.name)}_has_a_value", asked)
            yield f"{name} =="
            yield from self.memories.shared(step.fault)
            yield f"  {within}{self.printer.truth(ex.negate(step.fault))}"
        self.memories.named = {}
        if self.flat.asked("deadlock") and self.flat.may_end is not TRUE:
            ways = [self.printer.truth(step.fault) for step in self.flat.faults]
            ways += [self.printer.truth(self.flat.may_end)] if self.flat.may_end is not FALSE else []
            yield ""
            name = self.invariant("no_deadlock", Asked("deadlock"))
            yield f"{name} == {within}({OR.join(['ENABLED Next', *ways])})"
        yield from self.step_claims()
        yield from self.formulas()

    def property(self, claim: Claim) -> str:
        text = f": {claim.text}" if claim.text else ""
        return comment(comments.property(self.flat, claim.name) + text)

    def invariant(self, name: str, asked: Asked) -> str:
        """A new name of an invariant."""
        name = self.names.new(name)
        self.invariants[name] = asked
        return name

    def step_claims(self) -> Iterator[str]:
        """For each step that could break a step invariant, an invariant of the state before it."""
        for name in dict.fromkeys(c.name for step in self.flat.steps for c in step.claims):
            yield ""
            yield comment(f"{comments.property(self.flat, name)}: asked before each step")
            for step in self.flat.steps:
                action = self.actions.get(step.instance.number)
                held = [self.printer.truth(c.condition) for c in step.claims if c.name == name]
                if held and action:
                    asked = Asked(name, step.instance.number, fails=name == "evaluation")
                    yield f"{self.invariant(f'{word(name)}_{action}', asked)} =="
                    yield f"  ENABLED {action} => {AND.join(held)}"

    def formulas(self) -> Iterator[str]:
        """The temporal properties that TLA+ has words for."""
        for name, parts in self.flat.formulas:
            yield ""
            unsaid = next((why for part in parts if (why := _unsaid(part))), "")
            if unsaid:
                yield comment(
                    f"{comments.property(self.flat, name)}: left out, TLA+ has no word for {unsaid}"
                )
                continue
            yield comment(comments.property(self.flat, name))
            definition = self.names.new(word(name))
            self.temporal[definition] = name
            yield f"{definition} =="
            yield from (f"  /\\ {self.formula(part)}" for part in parts)

    def formula(self, formula: Ltl) -> str:
        pair = leads(formula)
        if pair is not None:
            return f"({self.formula(pair[0])} ~> {self.formula(pair[1])})"
        if formula.op == "state":
            return self.printer.truth(formula.condition)
        inner = [self.formula(a) for a in formula.args]
        if formula.op in ("and", "or"):
            return "(" + WORDS[formula.op].join(inner) + ")"
        return {"not": "~", "always": "[]", "eventually": "<>"}[formula.op] + f"({inner[0]})"


def _unsaid(formula: Ltl) -> str:
    """The first operator of a formula that TLA+ does not have; "" where it has all."""
    return _UNSAID.get(formula.op) or next((why for a in formula.args if (why := _unsaid(a))), "")
