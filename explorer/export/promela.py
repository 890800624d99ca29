"""A ground model as Promela, for SPIN: one process, one loop, one `d_step` for each action instance, so that
SPIN stores our states exactly.

Cells are bit fields that hold the code minus the least code. Where the model has a memory (`memory_c.py`), an
array that is indexed by itself, which SPIN refuses, or a number beyond 31 bits, be it on the way to another,
its steps are C. Properties are asserted after every step, inside it, by one function in C; as a macro they
would be most of what SPIN's verifier is compiled of. Temporaries are part of SPIN's state (breadth-first
search knows no hidden variables), so they are 0 again when a step ends. SPIN stores more states than we do:
those `on_the_way` to an initial state, and each initial state twice, before it is checked and behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import accumulate
from operator import mul

from explorer.export import comments, memory_c
from explorer.export.flat import Assignment, CannotSay, Flat, Step, bits_of, expressions
from explorer.export.names import Names, words_of
from explorer.export.printer import ARITHMETIC, MASKS, Dialect, Printer
from explorer.export.products import Product, products
from explorer.ir import expressions as ex
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, is_const, negate

WORDS = {
    **ARITHMETIC,
    **MASKS,
    "and": " && ",
    "or": " || ",
    "not": "!({0})",
    "if": "({0} -> {1} : {2})",
    "eq": "({0} == {1})",
    "ne": "({0} != {1})",
    "floordiv": "({0} / {1})",
}

RESERVED = """active assert atomic bit bool break byte chan c_code c_decl c_expr c_state c_track d_proctype
d_step do else empty enabled end eval explorer false fi for full get_priority goto hidden if in
init inline inside int len local ltl mtype nempty never nfull notrace np_ od of pc_value pid
printf priority proctype provided run return select set_priority short show skip timeout trace
true typedef unless unsigned xr xs now main ASSERTED CHECK CLAIM WITHIN_CONSTRAINTS again auto
case char check const continue default double enum errno extern fails float long readtrail
register restrict signed sizeof static stderr stdin stdout struct switch uerror union void
volatile while""".split()

COMMANDS = (
    "spin -a {file}",
    "gcc -O2 -DBFS -DSAFETY -DNOREDUCE -DNOCLAIM -DNOFAIR -w -o pan pan.c",
    "./pan -c0",
)
"""How the file is run: breadth first, without reduction, and on behind an error."""


BITS, LONG_BITS = 31, 62
"""Bits of a number that Promela keeps in an int, and C in a long."""


def promela(flat: Flat, packed: bool = True, told: bool = True) -> str:
    """The text of a Promela file. Without `packed` every cell is a byte: a longer state vector, read and
    written without shifts. Without `told` steps do not print their names, which SPIN does only where it takes
    a counterexample again.
    """
    return "\n".join(Writer(flat, packed, told).lines()) + "\n"


def number_of(flat: Flat, name: str, of_step: bool = False) -> int:
    """The number that an assertion prints: that of the property, or the one behind all of them where a step
    has no value, which fails in the state before the step.
    """
    return len(flat.properties) if of_step and name == "evaluation" else flat.properties.index(name)


def on_the_way(flat: Flat) -> tuple[int, int]:
    """How many states SPIN has where no initial state is chosen yet, and after how many steps one is."""
    every = products(flat.initial)
    choices = [[len(product.codes[cell]) for cell in product.free] for product in every]
    steps = max(map(len, choices), default=0)
    states = (accumulate([1] * (steps - len(some)) + some, mul, initial=1) for some in choices)
    return 1 + sum(sum([*found][:-1]) for found in states), 1 + steps


class Writer:
    """A model without temporal properties; `promela_ltl.py` adds one."""

    def __init__(self, flat: Flat, packed: bool, told: bool):
        self.flat, self.packed, self.told = flat, packed, told
        self.wide = {f for f in flat.families if _bits(f) > BITS and f not in flat.memories}
        bits = bits_of(flat)
        if bits > LONG_BITS:
            raise CannotSay(f"{flat.model.name}: numbers of {bits} bits, and a long of C has {LONG_BITS}")
        self.long = bits > BITS
        self.in_c = bool(flat.memories or self.wide or self.long or _indexed_by_itself(flat))
        self.suffixes = {f.type: f"_{n}" if n > 1 else "" for n, f in enumerate(flat.memories, 1)}
        taken = words_of(memory_c.C) if self.in_c else set()
        taken |= {name + suffix for name in taken for suffix in self.suffixes.values()}
        self.names = Names(flat, [*RESERVED, *taken])
        self.labels = comments.Labels(flat.model)
        words = {**WORDS, "if": "({0} ? {1} : {2})", "bit": "(1L << {0})"} if self.in_c else WORDS
        true, false = ("1", "0") if self.in_c else ("true", "false")
        dialect = Dialect(
            words,
            self.read,
            lambda family: family.low,
            self.names.value,
            self.apply,
            literal=(lambda number: f"{number}L") if self.long else str,
            true=true,
            false=false,
        )
        self.printer = Printer(dialect)
        in_c = replace(
            dialect,
            words={**words, "if": "({0} ? {1} : {2})"},
            cell=lambda family, index: self.read(family, index, c=True),
            true="1",
            false="0",
        )
        self.checker = self.printer if self.in_c else Printer(in_c)

    def apply(self, expr: Expr, number: Callable[[Expr], str]) -> str:
        """A question to a memory, or whether an operation on it has a result."""
        text = memory_c.call(expr, self.memory, number, self.suffix(expr))
        whole = expr.value.operands[-1] == expr.value.operands[0]
        return f"result{self.suffix(expr)}({text})" if whole else text

    def suffix(self, expr: Expr) -> str:
        """What the names of a function's memory end with in C."""
        return self.suffixes[expr.value.operands[0]]

    def memory(self, expr: Expr) -> str:
        """An expression whose value is a memory, as C."""
        if expr.op == "load":
            return f"now.{self.cell(*expr.value)}"
        if expr.op == "ite":
            condition, *branches = expr.args
            texts = map(self.memory, branches)
            return WORDS["if"].replace("->", "?").format(self.printer.truth(condition), *texts)
        if expr.op != "apply":
            raise CannotSay(f"`{expr}`: an operator on a memory")
        return memory_c.call(expr, self.memory, self.printer.number, self.suffix(expr))

    def cell(self, family: Family, index: str | int) -> str:
        if family in self.flat.arrays:
            return f"{self.names.families[family]}[{index}]"
        return self.names.cell(family, int(index))

    def read(self, family: Family, index: str | int, c: bool = False) -> str:
        if family in self.flat.memories:
            raise CannotSay(f"the memory {family!r} compared as a whole")
        cell = ("now." if self.in_c or c else "") + self.cell(family, index)
        return f"(long) {cell}" if self.long else cell

    def c(self, text: str) -> str:
        """Statements as they stand in a step."""
        return f"c_code {{ {text}; }}" if self.in_c else text

    def lines(self) -> Iterator[str]:
        yield from map(_comment, self.head())
        yield from self.values()
        if self.flat.memories:
            yield "c_decl {"
            yield from memory_c.declarations(self.flat.memories, [*self.suffixes.values()])
            yield "}"
        for family in self.flat.families:
            yield ""
            yield _comment(comments.family(family))
            yield from self.declaration(family)
        for number in range(self.flat.temporaries):
            yield f"int temporary_{number};"
        yield from self.counter()
        yield ""
        yield from self.checks()
        yield ""
        yield "active proctype explorer() {"
        yield "  if"
        every = products(self.flat.initial)
        for number, product in enumerate(every):
            yield from self.start(product, number, max(len(some.free) for some in every))
        if not self.flat.initial:
            yield "  :: false /* there is no initial state */"
        yield "  fi;"
        yield f"  d_step {{ {self.begin()}CHECK }};"
        yield "end: do"
        for action, number in comments.grouped(self.flat):
            if action is not None:
                yield ""
                yield f"  {_comment(self.labels.action(action))}"
            yield from self.option(self.flat.steps[number])
        for step in self.flat.faults:
            yield from self.fault(step)
        if self.flat.asked("deadlock"):
            yield from self.deadlock()
        yield from self.stutter()
        if all(step.guard is FALSE for step in self.flat.steps):
            yield "  :: false /* nothing ever happens */"
        yield "  od"
        yield "}"

    def head(self) -> list[str]:
        """What the file is, and how it is run."""
        run = " && ".join(COMMANDS).format(file=f"{self.flat.model.name}.pml")
        return [*comments.head(self.flat, "Promela"), f"run: {run}"]

    def counter(self) -> Iterator[str]:
        """What a temporal property needs beside the model."""
        yield from ()

    def counted(self, step: Step) -> Iterator[str]:
        """What a temporal property needs to know of a step."""
        yield from ()

    def stutter(self) -> Iterator[str]:
        """The step that changes nothing, where a temporal property is asked."""
        yield from ()

    def values(self) -> Iterator[str]:
        """Names for the content of a cell: the code minus the least code."""
        for (kind, code), name in self.names.values.items():
            yield f"#define {name} {code - kind.low}"

    def declaration(self, family: Family) -> Iterator[str]:
        if family in self.flat.memories:
            yield f'c_state "Memory{self.suffixes[family.type]} {self.cell(family, 0)}" "Global"'
            return
        bits = _bits(family)
        if bits > LONG_BITS:
            raise CannotSay(f"{family!r}: {bits} bits, and a long of C has {LONG_BITS}")
        if family in self.wide:
            array = f"[{family.size}]" if family in self.flat.arrays else ""
            names = (
                [self.names.families[family]]
                if array
                else map(partial(self.cell, family), range(family.size))
            )
            yield from (f'c_state "long {name}{array}" "Global"' for name in names)
            return
        wide = "byte" if bits <= 8 else "int"
        if family in self.flat.arrays:
            yield f"{wide} {self.names.families[family]}[{family.size}];"
            return
        for i in range(family.size):
            if not self.packed:
                yield f"{wide} {self.cell(family, i)};"
            elif bits == 1:
                yield f"bit {self.cell(family, i)};"
            else:
                yield f"unsigned {self.cell(family, i)} : {bits};"

    def start(self, product: Product, number: int, steps: int) -> Iterator[str]:
        """The choice of a state of a product, in so many steps behind the first one: one for each free cell,
        and those that SPIN needs to be as far as in the other products.
        """
        cells = self.flat.cells
        fixed = [
            self.initially(*cells[cell], product.first[cell]) for cell in cells if cell not in product.free
        ]
        name = f"initial state{'s' if product.free else ''} {number}"
        yield f"  :: d_step {{ {'; '.join([*filter(None, fixed), *self.tell(name)]) or 'skip'} }}"
        yield from ["     assert(true);"] * (steps - len(product.free))  # SPIN leaves some skips out
        for cell in product.free:
            yield "     if"
            for parameter, code in enumerate(product.codes[cell], product.first[cell]):
                assigned = self.initially(*cells[cell], code) or "skip"
                yield f"     :: d_step {{ {'; '.join([assigned, *self.tell(f'chosen {parameter}')])} }}"
            yield "     fi;"

    def initially(self, family: Family, index: int, code: int) -> str:
        """The assignment of an initial code; "" where it is what is declared."""
        if family in self.flat.memories:
            made = memory_c.start(family, code, self.suffixes[family.type])
            return self.c(f"now.{self.cell(family, index)} = {made}")
        value = self.names.value(family, code) or code - family.low
        if code == family.low:  # what is declared is 0
            return ""
        if family in self.wide:
            return self.c(f"now.{self.cell(family, index)} = {value}")
        return f"{self.cell(family, index)} = {value}"

    def begin(self) -> str:
        """What happens when an initial state is chosen, before it is checked."""
        return ""

    def checks(self) -> Iterator[str]:
        """The properties of a state, and the assertion of all of them."""
        test = '!(again) && !(condition)) fails("assertion violated ((" #number ">=0)")'
        yield f"#define ASSERTED(number, condition, again, fails) if ({test};"
        yield "#define CLAIM(number, condition) c_code { ASSERTED(number, condition, readtrail, uerror) }"
        if self.flat.claims:
            yield "c_code {"
            yield "  void check(int again, void (*fails)(char *)) {"
            for claim in self.flat.claims:
                text = f": {claim.text}" if claim.text else ""
                yield f"    {_comment(comments.property(self.flat, claim.name) + text)}"
                number = number_of(self.flat, claim.name)
                yield f"    ASSERTED({number}, {self.checker.truth(claim.condition)}, again, fails)"
            yield "  }"
            yield "}"
        yield f"#define CHECK {'c_code { check(readtrail, uerror); };' if self.flat.claims else 'skip;'}"
        if self.flat.inside is not TRUE:
            yield _comment("nothing happens where a constraint fails")
            yield f"#define WITHIN_CONSTRAINTS ({self.printer.truth(self.flat.inside)})"

    def failed(self, name: str) -> str:
        return f"assert({number_of(self.flat, name, of_step=True)} >= 0 && false);"

    def tell(self, text: str) -> list[str]:
        shown = text.replace("\\", "/").replace('"', "'").replace("%", "%%")
        return [f'printf("{shown}\\n")'] if self.told else []

    def guard(self, condition: Expr) -> str:
        inside = "WITHIN_CONSTRAINTS && " if self.flat.inside is not TRUE else ""
        text = inside + self.printer.truth(condition)
        return f"c_expr {{ {text} }}" if self.in_c else text

    def option(self, step: Step) -> Iterator[str]:
        if step.guard is FALSE:
            return
        yield f"  :: d_step {{ {_comment(self.labels.instance(step.instance) or step.instance.name)}"
        yield f"       {self.guard(step.guard)} ->"
        for line in self.tell(f"step {step.instance.number}: {step.instance.name}"):
            yield f"       {line};"
        yield from self.counted(step)
        for claim in step.claims:
            text = _comment(
                comments.property(self.flat, claim.name) + (f": {claim.text}" if claim.text else "")
            )
            number = number_of(self.flat, claim.name, of_step=True)
            yield f"       CLAIM({number}, {self.checker.truth(claim.condition)}); {text}"
        for assignment in step.assignments:
            yield f"       {self.assignment(assignment)};"
        for assignment in step.temporaries:
            yield f"       {self.c(f'{self.held(assignment.temporary)} = 0')};"
        yield "       CHECK"
        yield "     }"

    def fault(self, step: Step) -> Iterator[str]:
        """A step that has no value: it is not taken, and nothing else follows from it."""
        yield f"  :: d_step {{ {_comment(f'{step.instance.name} has no value')}"
        yield f"       {self.guard(step.fault)} ->"
        for line in self.tell(f"fault {step.instance.number}: {step.instance.name}"):
            yield f"       {line};"
        yield f"       {self.failed('evaluation') if self.flat.asked('evaluation') else 'skip;'}"
        yield "     }"

    def deadlock(self) -> Iterator[str]:
        if self.flat.may_end is not TRUE:
            ended = TRUE if self.flat.may_end is FALSE else negate(self.flat.may_end)
            yield f"  :: d_step {{ {_comment('nothing can happen, and not everything may end')}"
            here = "" if ended is TRUE and self.flat.inside is TRUE else f" && {self.guard(ended)}"
            yield f"       timeout{here} -> {self.failed('deadlock')}"
            yield "     }"

    def assignment(self, a: Assignment) -> str:
        low, prefix = a.family.low, "now." if self.in_c else ""
        if a.family in self.flat.memories:
            if a.temporary is not None or a.source is not None:
                raise CannotSay(
                    f"{a.family!r}: a memory and what it is made of change each other in one step"
                )
            return self.c(f"now.{self.cell(a.family, 0)} = {self.memory(a.expr)}")
        value = self.held(a.source) if a.source is not None else self.printer.number(a.expr, low, a.family)
        if a.temporary is not None:
            return self.c(f"{self.held(a.temporary)} = {value}")
        index = a.index.value if is_const(a.index) else self.printer.number(a.index)
        return self.c(f"{prefix}{self.cell(a.family, index)} = {value}")

    def held(self, temporary: int | None) -> str:
        """A temporary."""
        return f"{'now.' if self.in_c else ''}temporary_{temporary}"


def _indexed_by_itself(flat: Flat) -> bool:
    """Whether the index of a cell is computed from cells of the same array."""
    indices = [
        (at.value, at.args[0]) for root in expressions(flat) for at in ex.walk(root) if at.op == "loadat"
    ]
    indices += [(a.family, a.index) for step in flat.steps for a in step.assignments]
    return any(ex.family_of(at) is family for family, index in indices for at in ex.walk(index))


def _bits(family: Family) -> int:
    return max(1, (family.high - family.low).bit_length())


def _comment(text: str) -> str:
    return f"/* {text.replace('*/', '').replace('/*', '')} */"
