"""Source that counts at which guard conjunct each action instance ends, over many states. Text only; knows
nothing of search.

Plain: every distinct beginning of a guard is looked at once, as a list of the states that meet it. Native:
instances whose guards differ only in offsets and constants share one loop, as in `native_shapes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.codegen.native_expressions import Constants, Scribe, Sharing
from explorer.codegen.native_module import load, lowered_function, module_of, state_arguments, truth_function
from explorer.codegen.native_shapes import Block, Shape, group
from explorer.codegen.python_expressions import Emitter
from explorer.codegen.template import fill
from explorer.ir import expressions as ex
from explorer.ir.expressions import FALSE, TRUE, Expr
from explorer.ir.model import Instance
from explorer.program.layout import Layout
from explorer.program.program import Program, Rule, Test
from explorer.program.simplify import fold, fold_checks, lift

LOOPS = """
SHAPES = np.array({shapes}, np.int64)


@njit(
    'void(uint64[:,::1], int64[:,::1], uint64[:,::1], int64[:,::1])',
    nogil=True, cache=True,
)
def guards(states, signed, unsigned, counts):
    for rule in range(SHAPES.shape[0]):
        for b in range(states.shape[0]):
            row = U(b)
            {load}
            count({state}, U(rule), SHAPES[rule], signed, unsigned, counts)


@njit('void(uint64[:,::1], uint8[::1])', nogil=True, cache=True)
def keep(states, kept):
    for b in range(states.shape[0]):
        row = U(b)
        {load}
        kept[b] = 0 if outside({state}) else 1

"""


@dataclass(slots=True)
class PlainCounter:
    """`guards(states)` of the text gives `size` pairs: the states that pass a conjunct, and those that come
    to it and fail there.

    `nodes[k]` are the positions of the pairs of chain k, in the order of its tests.
    """

    text: str
    size: int
    nodes: list[list[int]]


@dataclass(slots=True)
class NativeCounter:
    """`guards(states, signed, unsigned, counts)` of the text adds to counts[r, 2k] the states that passed
    test k of chain `order[r]`, and to counts[r, 2k + 1] those where it has no value. `keep(states, kept)`
    says of each state whether it may be expanded; "" where no constraint forbids it.
    """

    text: str
    order: list[int]
    signed: list[list[int]] = field(default_factory=list)
    unsigned: list[list[int]] = field(default_factory=list)


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
    return Rule(instance, guard=tuple(tests), checks=(), updates=(), changes=False, facts=facts)


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
                f" {ex.show(test.condition)[:80]!r}"
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


def _outside(program: Program) -> Expr:
    """Where a state is kept from being left: some constraint has the value false there."""
    return ex.either(
        *(ex.both(*(c.ok for c in j.checks), ex.negate(j.condition)) for j in program.constraints)
    )


def _inside(program: Program, emitter: Emitter) -> str:
    return (
        f"[s for s in states if not {emitter.truth(_outside(program))}]" if program.constraints else "states"
    )


def native_counter(program: Program, layout: Layout, rules: list[Rule]) -> NativeCounter:
    """Text for Numba for the guards of some chains, and its tables."""
    constants, blocks = Constants(), [_block(rule, program, layout) for rule in rules]
    kinds = list(dict.fromkeys(block.text for block in blocks))
    order = sorted(range(len(rules)), key=lambda k: kinds.index(blocks[k].text))
    shapes, shape_of, signed, unsigned = group(
        [rules[k] for k in order], [blocks[k] for k in order], constants
    )
    one = layout.words == 1
    scribe = Scribe(layout, program.facts)
    outside = truth_function("outside", scribe, constants, _outside(program), program.facts)
    loops = fill(LOOPS, shapes=str(shape_of), load=load(one), state=state_arguments(one))
    text = module_of(constants, _count(shapes, one), outside, loops)
    return NativeCounter(text, order, signed, unsigned)


def _count(shapes: list[Shape], one: bool) -> str:
    """The text of `count`: follow a chain in a state, and add to the counters of its tests."""
    body, word = list[str](), "if"
    for shape in shapes:
        body.append(f"{word} shape == {shape.number}:  # {shape.rules[0].instance.action.name}")
        body += [f"    {text}" for text in shape.text.split("\n")]
        word = "elif"
    parameters = [("rule", "uint64"), ("shape", "int64"), ("signed", "int64[:,::1]")]
    parameters += [("unsigned", "uint64[:,::1]"), ("counts", "int64[:,::1]")]
    return lowered_function("count", one, parameters, body, {"True": "boolean"})


def _block(rule: Rule, program: Program, layout: Layout) -> Block:
    scribe, lines = Scribe(layout, program.facts), list[str]()
    sharing = Sharing(scribe, [e for t in rule.guard for e in (*(c.ok for c in t.checks), t.condition)])
    for depth, test in enumerate(rule.guard):
        scribe.where = rule.instance.guard[test.number].place
        pad, word = "    " * depth, "if"
        oks = [c.ok for c in test.checks]
        lines += [pad + text for text in sharing.names(oks or [test.condition], program.facts)]
        if test.checks:
            lines += [
                f"{pad}if not {scribe.truth(ex.both(*oks))}:",
                f"{pad}    counts[rule, {2 * depth + 1}] += 1",
            ]
            word = "elif"
        lines += [f"{pad}{word} {scribe.truth(test.condition)}:", f"{pad}    counts[rule, {2 * depth}] += 1"]
    return Block("\n".join(lines) or "pass", tuple(scribe.slots))
