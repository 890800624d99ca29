"""Source for Numba that counts at which guard conjunct each action instance ends, over many states. Text
only; knows nothing of search.

Instances whose guards differ only in offsets and constants share one loop, as in `native_shapes.py`.
"""

from __future__ import annotations

from dataclasses import field

from explorer.codegen.guard_counters import outside
from explorer.codegen.native_expressions import Constants, Scribe, Sharing
from explorer.codegen.native_module import load, lowered_function, module_of, state_arguments, truth_function
from explorer.codegen.native_shapes import Block, Shape, group
from explorer.codegen.template import fill
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.program.layout import Layout
from explorer.program.program import Program, Rule

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
class NativeCounter:
    """`guards(states, signed, unsigned, counts)` of the text adds to counts[r, 2k] the states that passed
    test k of chain `order[r]`, and to counts[r, 2k + 1] those where it has no value. `keep(states, kept)`
    says of each state whether it may be expanded; "" where no constraint forbids it.
    """

    text: str
    order: list[int]
    signed: list[list[int]] = field(default_factory=list)
    unsigned: list[list[int]] = field(default_factory=list)


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
    kept = truth_function("outside", scribe, constants, outside(program), program.facts)
    loops = fill(LOOPS, shapes=str(shape_of), load=load(one), state=state_arguments(one))
    text = module_of(constants, _count(shapes, one), kept, loops)
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
