"""A ground model as TLA+, for TLC and Apalache: a variable for each cell with its type, an action for each
action instance, fairness, temporal properties, and the configuration.

Sets are sets, a memory is a record (`memory_tla.py`), everything else is an integer. A guard with a
disjunction is compared with TRUE, for TLC takes a step once for each disjunct of its action that holds.
Step invariants are asked of the state before a step, for `[][...]_vars` asks nothing of a step that changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from explorer.export import comments, memory_tla
from explorer.export.flat import Assignment, CannotSay, Claim, Flat, Step
from explorer.export.names import Names, word
from explorer.export.printer import ARITHMETIC, Dialect, Printer
from explorer.export.symmetry_tla import ORBIT, Cells, Identities, orbit
from explorer.export.symmetry_tla import WORDS as ORBIT_WORDS
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, is_const
from explorer.ir.formulas import Ltl, leads
from explorer.ir.steps import Fairness
from explorer.ir.types import SetType

AND, OR = " /\\ ", " \\/ "
WORDS = {
    **ARITHMETIC,
    "and": AND,
    "or": OR,
    "not": "~({0})",
    "if": "(IF {0} THEN {1} ELSE {2})",
    "eq": "({0} = {1})",
    "ne": "({0} # {1})",
    "floordiv": "({0} \\div {1})",
}
SETS = {"bor": "({0} \\union {1})", "band": "({0} \\intersect {1})", "bandnot": "({0} \\ {1})"}

RESERVED = """ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY Append
Cardinality DEF DEFINE DEFS DOMAIN ELSE ENABLED EXCEPT EXTENDS FALSE HAVE HIDE Head IF IN
INSTANCE Init Int IsFiniteSet LAMBDA LEMMA LET LOCAL Len MODULE NEW Nat Next OBVIOUS OMITTED
ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE STRING SUBSET SUFFICES
SelectSeq Seq Spec SubSeq TAKE TEMPORAL THEN THEOREM TRUE Tail TypeOK UNCHANGED UNION USE
VARIABLE VARIABLES WF_ WITH WITNESS i vars within_constraints""".split()

COMMANDS = ("java -cp tla2tools.jar tlc2.TLC -config {name}.cfg {name}.tla",)
"""How the files are run; `tla2tools.jar` is TLC's."""

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


@dataclass(frozen=True, slots=True)
class Module:
    """A module's text, and what its definitions are: actions by the numbers of their instances, what each
    invariant asks, the temporal properties.
    """

    text: str
    actions: Mapping[str, int]
    variables: tuple[tuple[Family, str], ...]
    invariants: Mapping[str, Asked | None]
    temporal: Mapping[str, str]
    symmetric: bool = False
    """Whether it defines the orbit of a state."""

    def configuration(self) -> str:
        """The configuration that asks for everything."""
        text = configuration(self.invariants, self.temporal)
        less = "one state of each orbit, where no temporal property is asked"
        return text + (f"\\* {less}:\n\\* VIEW {ORBIT}\n" if self.symmetric else "")


def configuration(invariants: Iterable[str], temporal: Iterable[str], view: bool = False) -> str:
    """A configuration that asks for these definitions, of one state of each orbit with a `view`."""
    lines = ["SPECIFICATION Spec", "CHECK_DEADLOCK FALSE"]
    lines += [*(f"INVARIANT {name}" for name in invariants), *(f"PROPERTY {name}" for name in temporal)]
    lines += [f"VIEW {ORBIT}"] if view else []
    return "\n".join(lines) + "\n"


NOBODY: Identities = {}
"""No identities that are interchangeable."""


def tla(flat: Flat, proven: Identities = NOBODY) -> Module:
    """The module; with a view of orbits where identities of scalarsets are `proven` to be interchangeable.
    CannotSay for what has no words.
    """
    writer = _Writer(flat, proven)
    text = "\n".join(writer.lines()) + "\n"
    actions = {name: number for number, name in writer.actions.items()}
    variables = tuple(writer.variables())
    return Module(
        text, actions, variables, writer.invariants, writer.properties, symmetric=bool(writer.orbit)
    )


def module(name: str) -> str:
    """The name of the module, and of its file."""
    return word(name)


class _Sets(Printer):
    """Expressions whose sets are sets."""

    def is_set(self, expr: Expr) -> bool:
        """Whether the value is a set; a constant alone does not tell."""
        if expr.op == "ite":
            return any(map(self.is_set, expr.args[1:]))
        family = ex.family_of(expr)
        return expr.op in (*SETS, "bit") or (family is not None and isinstance(family.type, SetType))

    def set(self, expr: Expr) -> str:
        """An expression as a set of the numbers of its members."""
        if expr.op == "const":
            return (
                "{" + ", ".join(str(i) for i in range(expr.value.bit_length()) if expr.value >> i & 1) + "}"
            )
        if expr.op == "ite":
            return WORDS["if"].format(self.truth(expr.args[0]), *map(self.set, expr.args[1:]))
        if expr.op == "bit":
            return f"{{{self.number(expr.args[0])}}}"
        if expr.op in SETS:
            return SETS[expr.op].format(*map(self.set, expr.args))
        if self.is_set(expr):
            return super().number(expr)
        raise CannotSay(f"`{ex.show(expr)}`: a number as a set")

    def truth(self, expr: Expr) -> str:
        op, args = expr.op, expr.args
        if op == "has":
            return f"({self.number(args[1])} \\in {self.set(args[0])})"
        if op == "eq" and any(map(self.is_set, args)):
            return f"({self.set(args[0])} = {self.set(args[1])})"
        if op == "not" and args[0].op == "eq" and any(map(self.is_set, args[0].args)):
            return f"({self.set(args[0].args[0])} # {self.set(args[0].args[1])})"
        if op == "not" and self.is_set(args[0]):
            return f"({self.set(args[0])} = {{}})"
        if self.is_set(expr):
            return f"({self.set(expr)} # {{}})"
        return super().truth(expr)

    def number(self, expr: Expr, base: int = 0, family: Family | None = None) -> str:
        if expr.op == "popcount":
            return f"Cardinality({self.set(expr.args[0])})"
        if expr.op == "has":
            return WORDS["if"].format(self.truth(expr), "1", "0")
        if self.is_set(expr):
            raise CannotSay(f"`{ex.show(expr)}`: a set as a number")
        return super().number(expr, base, family)


class _Writer:
    def __init__(self, flat: Flat, proven: Identities):
        if not flat.families:
            raise CannotSay(f"{flat.model.name}: nothing varies, and TLA+ has no state without a variable")
        self.flat, self.names = (
            flat,
            Names(flat, [*RESERVED, *ORBIT_WORDS, *memory_tla.reserved(flat.memories)]),
        )
        self.labels = comments.Labels(flat.model)
        self.memories = memory_tla.Memories(flat.memories, self.cell, lambda: self.printer)
        self.printer = _Sets(
            Dialect(
                WORDS,
                self.read,
                lambda f: 0,
                self.names.value,
                self.memories.apply,
                literal=_literal,
                true="TRUE",
                false="FALSE",
            )
        )
        self.actions = {
            s.instance.number: self.names.new(word(s.instance.name))
            for s in flat.steps
            if s.guard is not FALSE
        }
        self.orbit: list[str] = []
        self.no_orbit = "no identities are proved to be interchangeable"
        if proven:
            try:
                self.orbit = [*orbit(flat, proven, self.cells)]
            except CannotSay as why:
                self.no_orbit = str(why)
        self.invariants: dict[str, Asked | None] = {"TypeOK": None}
        self.properties: dict[str, str] = {}

    def read(self, family: Family, index: str | int) -> str:
        if family in self.flat.memories:
            raise CannotSay(f"the memory {family!r} compared as a whole")
        return self.cell(family, index)

    def cell(self, family: Family, index: str | int) -> str:
        if family in self.flat.arrays:
            return f"{self.names.families[family]}[{index}]"
        return self.names.cell(family, int(index))

    def cells(self, family: Family) -> Cells:
        if family in self.flat.arrays:
            return Cells((self.names.families[family],), array=True)
        return Cells(tuple(self.names.cell(family, i) for i in range(family.size)), array=False)

    def variables(self) -> Iterator[tuple[Family, str]]:
        """The variables: arrays as they are, the cells of the others."""
        for family in self.flat.families:
            if family in self.flat.arrays:
                yield family, self.names.families[family]
            else:
                yield from ((family, self.names.cell(family, i)) for i in range(family.size))

    def annotation(self, family: Family) -> Iterator[str]:
        """The type for Apalache, which has no recursive operators, and so no memories."""
        if family not in self.flat.memories:
            kind = "Set(Int)" if isinstance(family.type, SetType) else "Int"
            yield f"  \\* @type: {'Int -> ' if family in self.flat.arrays else ''}{kind};"

    def well_typed(self, family: Family, variable: str) -> str:
        if family in self.flat.memories:
            return f"{variable}.result = 0"
        return f"{variable} \\in {self.domain(family)}"

    def domain(self, family: Family) -> str:
        one = f"{family.low}..{family.high}"
        if isinstance(family.type, SetType):
            one = f"SUBSET (0..{max(0, family.high.bit_length() - 1)})"
        return f"[0..{family.size - 1} -> {one}]" if family in self.flat.arrays else one

    def lines(self) -> Iterator[str]:
        name = module(self.flat.model.name)
        yield f"---- MODULE {name} ----"
        for line in [
            *comments.head(self.flat, "TLA+", temporal=False),
            f"run: {COMMANDS[0].format(name=name)}",
        ]:
            yield _comment(line)
        yield _comment(f"symmetry: {f'VIEW {ORBIT}' if self.orbit else f'left out: {self.no_orbit}'}")
        yield f"EXTENDS Integers, FiniteSets, Sequences{', TLC' if self.orbit else ''}"
        yield ""
        yield from (f"{value} == {code}" for (_, code), value in self.names.values.items())
        yield from self.memories.declarations()
        every = list(self.variables())
        for family, variable in every:
            yield "VARIABLE"
            yield f"  {_comment(comments.family(family))}"
            yield from self.annotation(family)
            yield f"  {variable}"
        yield ""
        yield f"vars == <<{', '.join(variable for _, variable in every)}>>"
        yield ""
        yield from self.orbit
        yield "TypeOK =="
        yield from (f"  /\\ {self.well_typed(family, variable)}" for family, variable in every)
        yield ""
        yield "Init =="
        for state in self.flat.initial:
            yield f"  \\/ {AND.join(self.start(state))}"
        if not self.flat.initial:
            yield "  FALSE"
        if self.flat.inside is not TRUE:
            yield ""
            yield _comment("nothing happens where a constraint fails")
            yield f"within_constraints == {self.printer.truth(self.flat.inside)}"
        for action, number in comments.grouped(self.flat):
            step = self.flat.steps[number]
            if action is not None:
                yield ""
                yield _comment(self.labels.action(action))
            if step.instance.number in self.actions:
                yield from self.action(step)
        yield ""
        yield "Next =="
        yield from (f"  \\/ {name}" for name in self.actions.values() or ["FALSE"])
        yield ""
        fair = [*self.fairness()]
        yield from ("Spec ==", "  /\\ Init", "  /\\ [][Next]_vars")
        yield from (f"  /\\ {text}" for text in fair)
        yield from self.claims()
        yield "===="

    def start(self, state: tuple[int, ...]) -> Iterator[str]:
        for family in self.flat.families:
            if family in self.flat.memories:
                made = self.memories.start(family, state[family.first])
                yield f"{self.cell(family, 0)} = {made}"
                continue
            values = [self.value(family, ex.const(state[family.first + i])) for i in range(family.size)]
            if family in self.flat.arrays:
                by_index = (
                    "".join(f"IF i = {i} THEN {v} ELSE " for i, v in enumerate(values[:-1])) + values[-1]
                )
                index = f"[i \\in 0..{family.size - 1} |-> {by_index}]"
                yield f"{self.names.families[family]} = {index}"
            else:
                yield from (f"{self.cell(family, i)} = {value}" for i, value in enumerate(values))

    def value(self, family: Family, expr: Expr) -> str:
        """A value of a family."""
        if family in self.flat.memories:
            return self.memories.made(expr)
        several = isinstance(family.type, SetType)
        return self.printer.set(expr) if several else self.printer.number(expr, family=family)

    def action(self, step: Step) -> Iterator[str]:
        label = self.labels.instance(step.instance)
        if label:
            yield _comment(label)
        yield f"{self.actions[step.instance.number]} =="
        yield from self.memories.shared(step.guard, *(a.expr for a in step.assignments))
        if self.flat.inside is not TRUE:
            yield f"  /\\ {_once('within_constraints', self.printer.truth(self.flat.inside))}"
        guard = self.printer.truth(step.guard)
        yield f"  /\\ {_once(guard, guard)}"
        changed: dict[str, list[str]] = {}
        for update in _simultaneous(step):
            text = self.value(update.family, update.expr)
            if update.family in self.flat.arrays:
                index = self.printer.number(update.index)
                changed.setdefault(self.names.families[update.family], []).append(f"![{index}] = {text}")
            else:
                assert is_const(update.index)
                changed[self.cell(update.family, update.index.value)] = [text]
        for family, name in self.variables():
            if name in changed and family in self.flat.arrays:
                yield f"  /\\ {name}' = [{name} EXCEPT {', '.join(changed[name])}]"
            elif name in changed:
                yield f"  /\\ {name}' = {changed[name][0]}"
        same = [name for _, name in self.variables() if name not in changed]
        if same:
            yield f"  /\\ UNCHANGED <<{', '.join(same)}>>"

    def fairness(self) -> Iterator[str]:
        """What is fair together, as conjuncts of the specification."""
        for group in self.flat.model.fair_groups:
            those = [self.actions[number] for number in group.instances if number in self.actions]
            if those:
                kind = "SF" if group.fair is Fairness.STRONG else "WF"
                yield f"{kind}_vars({OR.join(those)})"

    def claims(self) -> Iterator[str]:
        """The properties: invariants, step invariants on the steps that could break them, temporal ones."""
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
        yield from self.temporal()

    def property(self, claim: Claim) -> str:
        text = f": {claim.text}" if claim.text else ""
        return _comment(comments.property(self.flat, claim.name) + text)

    def invariant(self, name: str, asked: Asked) -> str:
        """A new name of an invariant."""
        name = self.names.new(name)
        self.invariants[name] = asked
        return name

    def step_claims(self) -> Iterator[str]:
        """For each step that could break a step invariant, an invariant of the state before it."""
        for name in dict.fromkeys(c.name for step in self.flat.steps for c in step.claims):
            yield ""
            yield _comment(f"{comments.property(self.flat, name)}: asked before each step")
            for step in self.flat.steps:
                action = self.actions.get(step.instance.number)
                held = [self.printer.truth(c.condition) for c in step.claims if c.name == name]
                if held and action:
                    asked = Asked(name, step.instance.number, fails=name == "evaluation")
                    yield f"{self.invariant(f'{word(name)}_{action}', asked)} =="
                    yield f"  ENABLED {action} => {AND.join(held)}"

    def temporal(self) -> Iterator[str]:
        for name, parts in self.flat.formulas:
            yield ""
            unsaid = next((why for part in parts if (why := _unsaid(part))), "")
            if unsaid:
                yield _comment(
                    f"{comments.property(self.flat, name)}: left out, TLA+ has no word for {unsaid}"
                )
                continue
            yield _comment(comments.property(self.flat, name))
            definition = self.names.new(word(name))
            self.properties[definition] = name
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


def _literal(number: int) -> str:
    """A number; TLA+ has no `2 * -1`."""
    return f"({number})" if number < 0 else str(number)


def _once(written: str, meaning: str) -> str:
    """A condition as one that TLC does not take apart into its disjuncts."""
    return f"TRUE = {written}" if OR in meaning else written


def _simultaneous(step: Step) -> list[Assignment]:
    """The assignments of a step as they read the state before: temporaries are put back."""
    held = {a.temporary: a.expr for a in step.temporaries}
    real = [a for a in step.assignments if a.temporary is None]
    return [a if a.source is None else Assignment(a.family, a.index, held[a.source]) for a in real]


def _unsaid(formula: Ltl) -> str:
    """The first operator of a formula that TLA+ does not have; "" where it has all."""
    return _UNSAID.get(formula.op) or next((why for a in formula.args if (why := _unsaid(a))), "")


def _comment(text: str) -> str:
    return f"\\* {' '.join(text.split())}"
