"""A ground model as Murphi, for Rumur: range variables, one rule for each action instance, one start state
for each product of initial ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from explorer.export import comments
from explorer.export.flat import Assignment, CannotSay, Flat, Step
from explorer.export.names import Names, unique
from explorer.export.printer import ARITHMETIC, MASKS, Dialect, Printer
from explorer.export.products import Product, chosen, products
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, is_const

WORDS = {
    **ARITHMETIC,
    **MASKS,
    "and": " & ",
    "or": " | ",
    "not": "!({0})",
    "if": "({0} ? {1} : {2})",
    "eq": "({0} = {1})",
    "ne": "({0} != {1})",
    "floordiv": "({0} / {1})",
}

RESERVED = """alias array assert assume assumption begin boolean by case clear const cover do else elsif end
endalias endexists endfor endforall endfunction endif endprocedure endrecord endrule endruleset endstartstate
endswitch endwhile enum error exists false for forall function if in interleaved invariant isundefined
ismember liveness multiset multisetadd multisetcount multisetremove multisetremovepred of procedure process
program property put record return rule ruleset scalarset startstate switch then to traceuntil true type
undefine union var while within_constraints""".split()

NO_MEMORY = "Rumur takes a second for each call of its functions, and a model has a thousand"
"""Why a memory is refused: measured with the storage in Murphi."""

COMMANDS = (
    "rumur --deadlock-detection {deadlock} --symmetry-reduction off --threads 1 --output model.c {file}",
    "gcc -std=c11 -O2 -w -o model model.c -lpthread -latomic",
    "./model",
)
"""How the file is run. More threads need an option of gcc (-mcx16) that not every machine has."""


def murphi(flat: Flat) -> str:
    """The text of a Murphi file."""
    return "\n".join(_Writer(flat).lines()) + "\n"


def deadlocks(flat: Flat) -> str:
    """Which deadlocks Rumur must look for."""
    return "stuck" if flat.asked("deadlock") and flat.may_end is not TRUE else "off"


def rule_names(flat: Flat) -> list[str]:
    """The names of the rules, one for each step, in order: what a counterexample of Rumur tells."""
    return unique(_text(step.instance.name) for step in flat.steps)


def initial_number(flat: Flat, told: str) -> int:
    """The number of the initial state in a counterexample of Rumur: `told` is the name of its start state,
    with the parameters' values. ValueError where the model has none such.
    """
    named = re.fullmatch(r'"initial states? (\d+)"((?:, \w+: -?\d+)*)', told)
    if named is None:
        raise ValueError(f"{told!r} is no start state")
    parameters = [int(value) for value in re.findall(r": (-?\d+)", named[2])]
    return chosen(flat.initial, int(named[1]), parameters)


def says_end(flat: Flat) -> bool:
    """Whether the model has the step that is no step of the spec: where a behaviour may end."""
    return deadlocks(flat) == "stuck" and (flat.may_end is not FALSE or flat.inside is not TRUE)


def claim_names(flat: Flat) -> list[str]:
    """The names of the invariants, one for each claim on states."""
    return unique(claim.name for claim in flat.claims)


class _Writer:
    def __init__(self, flat: Flat):
        if not flat.initial:
            raise CannotSay(f"{flat.model.name}: no initial state, and a model in Murphi has one")
        if flat.memories:
            raise CannotSay(f"the memory {flat.memories[0]!r}: {NO_MEMORY}")
        self.flat, self.names = (
            flat,
            Names(flat, [form for name in RESERVED for form in (name, name.upper(), name.title())]),
        )
        self.labels = comments.Labels(flat.model)
        self.printer = Printer(Dialect(WORDS, self.cell, lambda family: 0, self.names.value, _no_memory))

    def cell(self, family: Family, index: str | int) -> str:
        if family in self.flat.arrays:
            return f"{self.names.families[family]}[{index}]"
        return self.names.cell(family, int(index))

    def lines(self) -> Iterator[str]:
        run = " && ".join(COMMANDS).format(file=f"{self.flat.model.name}.m", deadlock=deadlocks(self.flat))
        for line in [*comments.head(self.flat, "Murphi"), f"run: {run}"]:
            yield _comment(line)
        if self.names.values:
            yield "const"
            yield from (f"  {name}: {code};" for (_, code), name in self.names.values.items())
        yield "var"
        for family in self.flat.families:
            yield from self.declaration(family)
        if self.flat.inside is not TRUE:
            yield ""
            yield _comment("nothing happens where a constraint fails")
            yield "function within_constraints(): boolean;"
            yield f"begin return {self.printer.truth(self.flat.inside)}; end;"
        for number, product in enumerate(products(self.flat.initial)):
            yield ""
            yield from self.start(product, number)
        names = rule_names(self.flat)
        for action, number in comments.grouped(self.flat):
            if action is not None:
                yield ""
                yield _comment(self.labels.action(action))
            yield from self.rule(self.flat.steps[number], names[number])
        for number, step in enumerate(self.flat.steps):
            if any(step is fault for fault in self.flat.faults):
                yield from self.fault(step, names[number])
        if says_end(self.flat):
            yield from self.ends()
        for claim, name in zip(self.flat.claims, claim_names(self.flat)):
            yield ""
            yield _comment(
                comments.property(self.flat, claim.name) + (f": {claim.text}" if claim.text else "")
            )
            yield f'invariant "{name}" {self.printer.truth(claim.condition)};'

    def declaration(self, family: Family) -> Iterator[str]:
        domain, name = f"{family.low}..{family.high}", self.names.families[family]
        yield f"  {_comment(comments.family(family))}"
        if family in self.flat.arrays:
            yield f"  {name}: array[0..{family.size - 1}] of {domain};"
        else:
            yield from (f"  {self.cell(family, i)}: {domain};" for i in range(family.size))

    def start(self, product: Product, number: int) -> Iterator[str]:
        """A start state for each state of a product; a free cell has a parameter."""
        cells = self.flat.cells
        names = {cell: self.names.choice(*cells[cell]) for cell in product.free}
        if names:
            ranges = (f"{name}: {'..'.join(map(str, product.bounds(cell)))}" for cell, name in names.items())
            yield f"ruleset {'; '.join(ranges)} do"
        yield f'startstate "initial state{"s" if names else ""} {number}"'
        yield "begin"
        for cell, (family, i) in cells.items():
            code = product.first[cell]
            value = (
                _counted(names[cell], product.codes[cell])
                if cell in names
                else self.names.value(family, code)
            )
            yield f"  {self.cell(family, i)} := {value or code};"
        yield "end;"
        if names:
            yield "end;"

    def guard(self, condition: Expr) -> str:
        inside = "within_constraints() & " if self.flat.inside is not TRUE else ""
        return inside + self.printer.truth(condition)

    def rule(self, step: Step, name: str) -> Iterator[str]:
        if step.guard is FALSE:
            return
        label = self.labels.instance(step.instance)
        if label:
            yield _comment(label)
        yield f'rule "{name}"'
        yield f"  {self.guard(step.guard)}"
        yield "==>"
        if step.temporaries:
            yield "var"
            yield from (
                f"  temporary_{a.temporary}: {a.family.low}..{a.family.high};" for a in step.temporaries
            )
        yield "begin"
        for claim in step.claims:
            yield f'  assert {self.printer.truth(claim.condition)} "{claim.name}";'
        for assignment in step.assignments:
            yield f"  {self.assignment(assignment)};"
        yield "end;"

    def fault(self, step: Step, name: str) -> Iterator[str]:
        """A step that has no value: it is not taken, and nothing else follows from it."""
        yield ""
        yield f'rule "{name} has no value"'
        yield f"  {self.guard(step.fault)}"
        yield "==>"
        yield 'begin error "evaluation"; end;' if self.flat.asked("evaluation") else "begin end;"

    def ends(self) -> Iterator[str]:
        """A step that changes nothing where nothing needs to happen."""
        conditions = [self.printer.truth(self.flat.may_end)] if self.flat.may_end is not FALSE else []
        conditions += ["!within_constraints()"] if self.flat.inside is not TRUE else []
        yield ""
        yield _comment("here a behaviour may end")
        yield f'rule "end" {" | ".join(conditions)} ==> begin end;'

    def assignment(self, a: Assignment) -> str:
        value = (
            f"temporary_{a.source}" if a.source is not None else self.printer.number(a.expr, family=a.family)
        )
        if a.temporary is not None:
            return f"temporary_{a.temporary} := {value}"
        index = a.index.value if is_const(a.index) else self.printer.number(a.index)
        return f"{self.cell(a.family, index)} := {value}"


def _counted(parameter: str, codes: Sequence[int]) -> str:
    """The code for which a parameter of a `Product` stands: a choice for each run of codes without a gap."""
    end = codes[0] + len(codes)
    gaps = (code - codes[0] - place for place, code in enumerate(codes))
    text = ""
    for gap, length in reversed([(gap, len([*run])) for gap, run in groupby(gaps)]):
        here = f"{parameter} + {gap}" if gap else parameter
        text = f"({parameter} < {end} ? {here} : {text})" if text else here
        end -= length
    return text


def _comment(text: str) -> str:
    return f"-- {' '.join(text.split())}"


def _text(name: str) -> str:
    return name.replace('"', "'").replace("\\", "/")


def _no_memory(expr: Expr, number: Callable[[Expr], str]) -> str:
    raise CannotSay(f"`{expr}`: a function of a memory")
