"""The part of the native engine's source that depends on the spec: expanding states, and judging them.

Text only: it is compiled by Numba elsewhere. The numbers of the instances stand in tables
(`native_shapes.py`), so that the text grows with the shapes of the rules alone. Knows nothing of storage and
search.
"""

from __future__ import annotations

from explorer.codegen.native_canonical import native_canonical
from explorer.codegen.native_dense import packed_source
from explorer.codegen.native_expand import edges_source, expand_source
from explorer.codegen.native_expressions import Constants, Scribe, Sharing
from explorer.codegen.native_gather import announce_source, gather_source
from explorer.codegen.native_module import (
    certainly,
    load,
    lowered_function,
    module_of,
    state_arguments,
    truth_function,
)
from explorer.codegen.native_shapes import Tables, tabulate
from explorer.codegen.template import fill
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import TRUE, Expr
from explorer.program.layout import Layout
from explorer.program.program import Program
from explorer.symmetry.plan import Plan

GENERATOR = 14
"""Raise when the generated text changes its meaning: part of every cache key."""

JUDGED = 1 << 10
"""States that are judged one after the other without a branch, or several at a time."""

JUDGE = '''
@njit(
    "UniTuple(int64, 2)(uint64[:,::1], int64, int64, int64[::1], int64[::1])",
    nogil=True, error_model="numpy", cache=True,
)
def judge(states, start, stop, watched, failed):
    """Rows of states[start:stop] where a watched invariant fails or has no value, into `failed`. Returns how
    many, and the next row."""
    number = 0
    b = start
    block = min({judged}, failed.shape[0])
    outcomes = np.empty(block, np.uint8)
    while b < stop and number + block <= failed.shape[0]:
        n = min(block, stop - b)
        for k in range(n):
            row = U(b + k)
            {load}
            outcomes[U(k)] = bad({state}, watched)
        found = 0
        for k in range(n):
            found += outcomes[U(k)]
        if found:
            for k in range(n):
                if outcomes[U(k)]:
                    failed[number] = b + k
                    number += 1
        b += n
    return number, b

'''

WITNESS = """
@njit('boolean(uint64[:,::1])', nogil=True)
def witness(states):
    for b in range(states.shape[0]):
        row = U(b)
        {load}
        if holds({state}):
            return True
    return False

"""


@dataclass(frozen=True, slots=True)
class NativeSource:
    """The texts of `expand` and `judge` (and `weigh`, under a symmetry), and of `edges` (compiled only when
    asked for), and the tables that they take."""

    search: str
    edges: str
    tables: Tables


def native_source(program: Program, layout: Layout, plan: Plan | None = None) -> NativeSource:
    """The native source of a program; with a plan, successors are replaced by their representatives."""
    tables = tabulate(program, layout)
    constants = tables.constants
    one = layout.words == 1
    for_expand = gather_source(tables, one, bool(tables.settled)) + announce_source(tables, one)
    for_edges = gather_source(tables, one, settled=False)
    expand = expand_source(tables, layout, bool(program.constraints), plan is not None)
    edges = edges_source(tables, layout.words)
    judge = _judge(program, Scribe(layout, program.facts, columns=tables.columns), constants)
    canonical = [native_canonical(plan, layout.words, constants)] if plan is not None else []
    outside = _outside(program, Scribe(layout, program.facts, columns=tables.columns), constants)
    step = step_source(tables, one)
    packed = [packed_source(layout.dense, layout.words)] if layout.dense is not None else []
    return NativeSource(
        module_of(constants, *canonical, step, *outside, *packed, *for_expand, expand, *judge),
        module_of(constants, step, *for_edges, edges),
        tables,
    )


def witness_source(program: Program, layout: Layout, condition: Expr) -> str:
    """The text of `witness(states)`: whether a condition has the value true in any of the states."""
    scribe, constants = Scribe(layout, program.facts), Constants()
    holds = truth_function("holds", scribe, constants, certainly(condition, program), program.facts)
    witness = fill(WITNESS, load=load(scribe.one), state=state_arguments(scribe.one))
    return module_of(constants, holds, witness)


def _outside(program: Program, scribe: Scribe, constants: Constants) -> list[str]:
    """The text of `outside(state)`: the number of the first constraint that keeps a state from being
    expanded, or -1; and whether one before has no value. None without constraints.
    """
    if not program.constraints:
        return []
    sharing = Sharing(
        scribe, [e for j in program.constraints for e in (*(c.ok for c in j.checks), j.condition)]
    )
    body = ["cut = -1", "flag = False"]
    for k, judgement in enumerate(program.constraints):
        word, scribe.where = "if", judgement.place
        lines = sharing.names([c.ok for c in judgement.checks], program.facts)
        for check in judgement.checks:
            lines += [f"{word} not {scribe.truth(check.ok)}:", "    flag = True"]
            word = "elif"
        if not judgement.checks:
            lines += sharing.names([judgement.condition], program.facts)
        lines += [f"{word} not {scribe.truth(judgement.condition)}:", f"    cut = {k}"]
        body += ["if cut < 0:", *(f"    {constants.fill(scribe, text)}" for text in lines)]
        scribe.names = {}
    return [lowered_function("outside", scribe.one, [], body, {"cut": "int64", "flag": "boolean"})]


def step_source(tables: Tables, one: bool) -> str:
    """The text of `step`: what is left of a rule once its masked guard holds and its constant effect is made;
    whether the step is possible, and whether it has no value or breaks a property. Where rules have limits,
    also the first rule behind this one that is not ruled out with it, or 0.
    """
    body = ["ok = False", "flag = False", *["until = U(0)"] * tables.limited]
    word = "if"
    for shape in tables.shapes:
        names = ", ".join(dict.fromkeys(rule.instance.action.name for rule in shape.rules))
        body.append(f"{word} shape == {shape.number}:  # {names}, {len(shape.rules)} instances")
        body += [f"    {text}" for text in shape.text.split("\n")]
        word = "elif"
    parameters = [("t", "uint64" if one else "uint64[::1]"), ("rule", "uint64"), ("shape", "int64")]
    parameters += [("signed", "int64[:,::1]"), ("unsigned", "uint64[:,::1]")]
    results = {"ok": "boolean", "flag": "boolean"} | ({"until": "uint64"} if tables.limited else {})
    return lowered_function("step", one, parameters, body, {"t": "uint64", **results} if one else results)


def _judge(program: Program, scribe: Scribe, constants: Constants) -> list[str]:
    """States on which an invariant that is still watched fails or has no value."""
    judge = fill(JUDGE, judged=JUDGED, load=load(scribe.one), state=state_arguments(scribe.one))
    return [_bad(program, scribe, constants), judge]


def _bad(program: Program, scribe: Scribe, constants: Constants) -> str:
    """The text of `bad(state, watched)`: whether an invariant that is watched fails or has no value. What
    several invariants share is computed once.
    """
    wholes = [ex.both(*(c.ok for c in j.checks), j.condition) for j in program.invariants]
    sharing = Sharing(scribe, wholes, everything=True)
    body = ["bad = False"]
    for k, (judgement, whole) in enumerate(zip(program.invariants, wholes)):
        if whole is TRUE:
            continue
        scribe.where = judgement.place
        body += [constants.fill(scribe, text) for text in sharing.names([whole], program.facts)]
        text = constants.fill(scribe, scribe.truth(whole))
        body.append(f"bad = bad or (not {text} and watched[{k}] != 0)  # {judgement.name}")
    return lowered_function(
        "bad", scribe.one, [("watched", "int64[::1]")], body, {"bad": "boolean"}, together=True
    )
