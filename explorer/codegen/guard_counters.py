"""Python source that counts at which guard conjunct each action instance ends, over many states. Text only;
knows nothing of search.

Every distinct beginning of a guard is looked at once, as a list of the states that meet it.
"""

from __future__ import annotations

from explorer.codegen.python_expressions import Emitter
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show
from explorer.ir.expressions import FALSE, TRUE, Expr
from explorer.ir.model import Instance
from explorer.program.layout import Layout
from explorer.program.program import Program, Rule, Test
from explorer.program.simplify import fold, fold_checks, lift


@dataclass(slots=True)
class PlainCounter:
    """`guards(states)` of the text gives `size` pairs: the states that pass a conjunct, and those that come
    to it and fail there.

    `nodes[k]` are the positions of the pairs of chain k, in the order of its tests.
    """

    text: str
    size: int
    nodes: list[list[int]]


def chains(program: Program) -> list[Rule]:
    """The guard of each instance, of impossible ones too, as a rule without effect: each conjunct under what
    those before it imply, those that then hold for certain left out, and nothing after one that never holds.
    """
    return [_chain(instance, program) for instance in program.model.instances]


def _chain(instance: Instance, program: Program) -> Rule:
    facts, tests = program.facts, []
    for number, condition in enumerate(instance.guard):
        pure, raw = lift(condition.expr)
        checks = tuple(fold_checks(raw, facts))
        for check in checks:
            facts = facts.assume(check.ok)
        folded = fold(pure, facts)
        after = facts.assume(folded)
        if after.impossible:
            folded = FALSE
        if folded is not TRUE or checks:
            tests.append(Test(number, checks, folded))
        if folded is FALSE:
            break
        facts = after
    return Rule(instance, guard=tuple(tests), checks=(), updates=(), changes=False, facts=program.facts)


def plain_counter(program: Program, layout: Layout, rules: list[Rule]) -> PlainCounter:
    """Python text for the guards of some chains."""
    emitter, result = Emitter(layout), dict[tuple[int, tuple[Expr, ...]], int]()
    lines = [
        "def guards(states):",
        '    """For each beginning of a guard, the states that meet it, and those that fail at its end."""',
        f"    a0 = {_inside(program, emitter)}",
    ]

    def node(before: int, test: Test) -> int:
        key = (before, (test.condition, *(check.ok for check in test.checks)))
        if key not in result:
            number = result[key] = len(result) + 1
            valued = f"a{before}"
            if test.checks:
                valued = f"v{number}"
                ok = emitter.conjunction([check.ok for check in test.checks])
                lines.append(f"    {valued} = [s for s in a{before} if {ok}]")
            lines.append(
                f"    a{number} = [s for s in {valued} if {emitter.truth(test.condition)}]  #"
                f" {show(test.condition)[:80]!r}"
            )
            lines.append(f"    n{number} = len(a{number}), len({valued}) - len(a{number})")
        return result[key]

    nodes = []
    for rule in rules:
        at, mine = 0, []
        for test in rule.guard:
            at = node(at, test)
            mine.append(at - 1)
        nodes.append(mine)
    lines.append(f"    return [{', '.join(f'n{k + 1}' for k in range(len(result)))}]")
    return PlainCounter("\n".join(lines) + "\n", len(result), nodes)


def outside(program: Program) -> Expr:
    """Where a state is kept from being left: some constraint has the value false there."""
    return ex.either(
        *(ex.both(*(c.ok for c in j.checks), ex.negate(j.condition)) for j in program.constraints)
    )


def _inside(program: Program, emitter: Emitter) -> str:
    return (
        f"[s for s in states if not {emitter.truth(outside(program))}]" if program.constraints else "states"
    )
