"""A ground model as a module of TLA+, for TLC and Apalache: a variable for each cell with its type, an action
for each action instance, fairness, and the configuration. Expressions, properties, memories and orbits have
files of their own.

A guard with a disjunction is compared with TRUE, for TLC takes a step once for each disjunct of its action
that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from explorer.export import comments, memory_tla
from explorer.export.expressions_tla import AND, OR, WORDS, Sets, comment, literal, once
from explorer.export.flat import Assignment, CannotSay, Flat, Step
from explorer.export.names import Names, word
from explorer.export.printer import Dialect
from explorer.export.products import Product, products
from explorer.export.properties_tla import Asked, Properties
from explorer.export.symmetry_tla import ORBIT, Cells, Identities, orbit
from explorer.export.symmetry_tla import WORDS as ORBIT_WORDS
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import FALSE, TRUE, Expr, Family, is_const
from explorer.ir.steps import Fairness
from explorer.ir.types import SetType

RESERVED = """ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY Append
Cardinality DEF DEFINE DEFS DOMAIN ELSE ENABLED EXCEPT EXTENDS FALSE HAVE HIDE Head IF IN
INSTANCE Init Int IsFiniteSet LAMBDA LEMMA LET LOCAL Len MODULE NEW Nat Next OBVIOUS OMITTED
ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE STRING SUBSET SUFFICES
SelectSeq Seq Spec SubSeq TAKE TEMPORAL THEN THEOREM TRUE Tail TypeOK UNCHANGED UNION USE
VARIABLE VARIABLES WF_ WITH WITNESS i vars within_constraints""".split()

COMMANDS = ("java -cp tla2tools.jar tlc2.TLC -config {name}.cfg {name}.tla",)
"""How the files are run; `tla2tools.jar` is TLC's."""


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
    return Module(
        text=text,
        actions={name: number for number, name in writer.actions.items()},
        variables=tuple(writer.variables()),
        invariants=writer.properties.invariants,
        temporal=writer.properties.temporal,
        symmetric=bool(writer.orbit),
    )


def module(name: str) -> str:
    """The name of the module, and of its file."""
    return word(name)


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
        self.printer = Sets(
            Dialect(
                WORDS,
                self.read,
                lambda f: 0,
                self.names.value,
                self.memories.apply,
                literal=literal,
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
        self.properties = Properties(
            flat, self.names, printer=self.printer, memories=self.memories, actions=self.actions
        )

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
            yield comment(line)
        yield comment(f"symmetry: {f'VIEW {ORBIT}' if self.orbit else f'left out: {self.no_orbit}'}")
        yield f"EXTENDS Integers, FiniteSets, Sequences{', TLC' if self.orbit else ''}"
        yield ""
        yield from (f"{value} == {code}" for (_, code), value in self.names.values.items())
        yield from self.memories.declarations()
        every = list(self.variables())
        for family, variable in every:
            yield "VARIABLE"
            yield f"  {comment(comments.family(family))}"
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
        for product in products(self.flat.initial):
            yield f"  \\/ {AND.join(self.start(product))}"
        if not self.flat.initial:
            yield "  FALSE"
        if self.flat.inside is not TRUE:
            yield ""
            yield comment("nothing happens where a constraint fails")
            yield f"within_constraints == {self.printer.truth(self.flat.inside)}"
        for action, number in comments.grouped(self.flat):
            step = self.flat.steps[number]
            if action is not None:
                yield ""
                yield comment(self.labels.action(action))
            if step.instance.number in self.actions:
                yield from self.action(step)
        yield ""
        yield "Next =="
        yield from (f"  \\/ {name}" for name in self.actions.values() or ["FALSE"])
        yield ""
        fair = [*self.fairness()]
        yield from ("Spec ==", "  /\\ Init", "  /\\ [][Next]_vars")
        yield from (f"  /\\ {text}" for text in fair)
        yield from self.properties.lines()
        yield "===="

    def start(self, product: Product) -> Iterator[str]:
        """What holds in the initial states of a product."""
        for family in self.flat.families:
            codes = product.codes[family.first : family.first + family.size]
            every = [[self.initial(family, code) for code in some] for some in codes]
            if family in self.flat.arrays:
                yield self.array(family, every)
            else:
                yield from (
                    f"{self.cell(family, i)} = {some[0]}"
                    if len(some) == 1
                    else f"{self.cell(family, i)} \\in {_set(some)}"
                    for i, some in enumerate(every)
                )

    def array(self, family: Family, every: Sequence[Sequence[str]]) -> str:
        """An array whose cells have one of these values each."""
        free = {i: self.names.choice(family, i) for i, some in enumerate(every) if len(some) > 1}
        values = [free.get(i, some[0]) for i, some in enumerate(every)]
        by_index = "".join(f"IF i = {i} THEN {v} ELSE " for i, v in enumerate(values[:-1])) + values[-1]
        text = f"{self.names.families[family]} = [i \\in 0..{family.size - 1} |-> {by_index}]"
        bound = ", ".join(f"{name} \\in {_set(every[i])}" for i, name in free.items())
        return f"(\\E {bound}: {text})" if free else text

    def initial(self, family: Family, code: int) -> str:
        """An initial value of a family."""
        if family in self.flat.memories:
            return self.memories.start(family, code)
        return self.value(family, ex.const(code))

    def value(self, family: Family, expr: Expr) -> str:
        """A value of a family."""
        if family in self.flat.memories:
            return self.memories.made(expr)
        several = isinstance(family.type, SetType)
        return self.printer.set(expr) if several else self.printer.number(expr, family=family)

    def action(self, step: Step) -> Iterator[str]:
        label = self.labels.instance(step.instance)
        if label:
            yield comment(label)
        yield f"{self.actions[step.instance.number]} =="
        yield from self.memories.shared(step.guard, *(a.expr for a in step.assignments))
        if self.flat.inside is not TRUE:
            yield f"  /\\ {once('within_constraints', self.printer.truth(self.flat.inside))}"
        guard = self.printer.truth(step.guard)
        yield f"  /\\ {once(guard, guard)}"
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


def _set(texts: Sequence[str]) -> str:
    return f"{{{', '.join(texts)}}}"


def _simultaneous(step: Step) -> list[Assignment]:
    """The assignments of a step as they read the state before: temporaries are put back."""
    held = {a.temporary: a.expr for a in step.temporaries}
    real = [a for a in step.assignments if a.temporary is None]
    return [a if a.source is None else Assignment(a.family, a.index, held[a.source]) for a in real]
