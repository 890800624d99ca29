"""The compiler: fields as small as they can be, nothing dropped that could happen, few tests for each state,
readable source.
"""

from __future__ import annotations

import random
import re
import sys
import time
from typing import Any

import pytest

from explorer.codegen.python_conditions import judgements
from explorer.codegen.python_functions import successors
from explorer.engine import python, reference
from explorer.engine.limits import Limits, ignore
from explorer.engine.python import Compiled
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.program.dispatch import Branch, Leaf, Tree, dispatch
from explorer.program.layout import lay_out
from explorer.program.program import Program, reduce
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_of, spec_text

# Layout.


def small_models(first: int, count: int) -> list[Model]:
    found = (model_of(spec_text(random.Random(seed), 1 + seed % 4)) for seed in range(first, first + count))
    return [model for model in found if model is not None]


def test_packing_loses_nothing() -> None:
    """Unpacking a packed state gives it back, and different states are packed differently, on random
    specs.
    """
    for model in small_models(50_000, 60):
        layout = lay_out(reduce(model))
        states = [s for level in reference.explore(model, bounded(model)).levels for s in level]
        packed = [layout.pack(s) for s in states]
        assert [layout.unpack(p) for p in packed] == states
        assert len(set(packed)) == len(states)
        assert all(0 <= p < 1 << layout.bits for p in packed)


def test_a_cell_takes_the_fewest_bits_and_what_never_varies_takes_none() -> None:
    """Every field is the binary logarithm of its domain, rounded up; fields lie side by side without a
    gap.
    """
    for model in small_models(51_000, 60):
        program = reduce(model)
        layout = lay_out(program)
        for found, field in layout.fields.items():
            values = found.high - found.low + 1
            assert 1 << field.width >= values > (1 << field.width) // 2
        assert sum(f.width * family.size for family, f in layout.fields.items()) == layout.bits
        taken = [
            field.shift(i) + b
            for family, field in layout.fields.items()
            for i in range(family.size)
            for b in range(field.width)
        ]
        assert sorted(taken) == list(range(layout.bits))
        assert set(layout.fields) | program.fixed == set(model.families)


# Program.

HEAD = "from typing import Annotated\nfrom explorer import *\nDigit = Annotated[int, Range(0, 5)]\n"

COUNTER = (
    HEAD
    + """
class Barrier(Scalarset):
    size = 2

class S(State):
    n: Var[Digit] = initially(0)
    mode: Var[bool] = initially(any_of(bool))
    off: Var[bool] = initially(False)
    who: Map[Barrier, bool] = initially(True)

@action
def up(s: S):
    when(s.n < 5)
    s.n.next = s.n + 1

@action
def switch(s: S):
    when(s.n == 5)
    when(s.off)
    s.n.next = 1

@action
def reset(s: S, b: Barrier):
    when((s.n == 5) & s.mode & s.who[b])
    s.n.next = 0

spec = Spec()
"""
)


def program_of(text: str) -> Program:
    return reduce(ground(spec_of(text)))


def named(families: Any) -> set[str]:
    return {repr(family) for family in families}


def test_impossible_instances_are_dropped_with_the_conjunct_that_is_false() -> None:
    """An action behind a flag that nobody ever sets is dropped; the flag turns out constant and takes no
    bit.
    """
    program = program_of(COUNTER)
    assert {program.model.instances[n].name: conjunct for n, conjunct in program.dropped.items()} == {
        "switch": 1
    }
    assert named(program.fixed) == {"off", "who[]"}
    assert lay_out(program).bits == 3 + 1


def test_a_variable_that_no_action_assigns_is_rigid() -> None:
    """A free initial choice that nothing changes is found rigid, and both its values are explored in one
    run.
    """
    program = program_of(COUNTER)
    assert named(program.rigid) == {"mode"}
    assert reference.explore(program.model).initial == 2


@pytest.mark.parametrize(
    "guard, new, needed",
    [
        ("when(s.n < 5)", "s.n + 1", False),
        ("when(s.n > 0)", "s.n - 1", False),
        ("when(s.n != 5)", "s.n + 1", False),
        ("when(s.n <= 3)", "s.n + 2", False),
        ("when(True)", "ite(s.n < 5, s.n + 1, 0)", False),
        ("when(True)", "(s.n + 1) % 6", False),
        ("when(True)", "s.n // 2", False),
        ("when(s.n < 3)", "s.n + s.m", True),
        ("when(s.n + s.m <= 5)", "s.n + s.m", False),
        ("when(True)", "s.n + 1", True),
        ("when(s.n < 5)", "s.n + 2", True),
        ("when(s.m < 5)", "s.n + 1", True),
        ("when(s.m > 0)", "s.n // s.m", False),
        ("when(True)", "s.n // s.m", True),
        ("when(~(s.m == 0))", "s.n % s.m", False),
    ],
)
def test_checks_are_emitted_only_where_interval_analysis_fails(guard: str, new: str, needed: bool) -> None:
    """An assignment whose guard keeps it inside its domain has no check; one that could leave it has."""
    text = (
        HEAD
        + f"""
class S(State):
    n: Var[Digit] = initially(any_of(Digit))
    m: Var[Digit] = initially(any_of(Digit))

@action
def act(s: S):
    {guard}
    s.n.next = {new}

@action
def other(s: S):
    s.m.next = ite(s.m == 5, 0, 5)

spec = Spec()
"""
    )
    rule = program_of(text).rules[0]
    assert bool(rule.checks or any(test.checks for test in rule.guard)) is needed


# Dispatch.

MACHINE = """
import enum
from explorer import *
Step = enum.Enum("Step", [f"AT{{i}}" for i in range({steps})])

class Proc(Scalarset):
    size = {procs}

class S(State):
    at: Map[Proc, Step] = initially(Step.AT0)

{actions}

spec = Spec()
"""


def machine(procs: int, steps: int) -> Model:
    actions = "\n\n".join(
        f"@action\ndef step{i}(s: S, p: Proc):\n    when(s.at[p] == Step.AT{i})\n"
        f"    s.at[p].next = Step.AT{(i + 1) % steps}"
        for i in range(steps)
    )
    return ground(spec_of(MACHINE.format(steps=steps, procs=procs, actions=actions)))


def comparisons(trees: tuple[Tree, ...]) -> int:
    """The most comparisons on the way to any leaf of one tree, summed over the trees beside each other."""
    return sum(_comparisons(tree) for tree in trees)


def _comparisons(tree: Tree) -> int:
    if isinstance(tree, Leaf):
        return len(tree.guard)
    return max(1, (len(tree.cases) - 1).bit_length() + 1) + max(
        comparisons(below) for _, _, below in tree.cases
    )


@pytest.mark.parametrize("procs, steps", [(1, 8), (3, 16), (4, 32)])
def test_a_program_counter_is_tested_by_halves(procs: int, steps: int) -> None:
    """With K places of a program counter a state costs about log K tests for each process, not K."""
    trees = dispatch(reduce(machine(procs, steps)).rules)
    assert len(trees) == procs and all(isinstance(tree, Branch) for tree in trees)
    assert comparisons(trees) <= procs * (steps.bit_length() + 1) < procs * steps


@pytest.mark.parametrize("procs, steps", [(2, 16), (3, 32)])
def test_generated_code_executes_few_lines_for_each_state(procs: int, steps: int) -> None:
    """Run line by line, the generated expansion of one state visits far fewer lines than there are guards."""
    compiled = Compiled(machine(procs, steps))
    edges = compiled.code("edges")[1]["edges"]
    start = compiled.layout.pack(next(compiled.model.initial_states()))
    lines = 0

    def count(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count if frame.f_code is edges.__code__ else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        found = edges([start], None)
    finally:
        sys.settrace(before)
    assert len(found) == procs
    assert lines < procs * (steps.bit_length() + 8)


def test_every_rule_stands_in_the_dispatch_trees() -> None:
    """No rule is lost below branches, and none is reached twice for one value of the cells, on random
    specs.
    """
    for model in small_models(52_000, 60):
        program = reduce(model)
        found = [rule for tree in dispatch(program.rules) for rule in _leaves(tree)]
        possible = {r.instance.number for r in program.rules}
        assert set(found) <= possible
        silent = possible - set(found)
        enabled = reference.explore(model, bounded(model)).enabled
        assert not any(enabled[n] for n in silent)


def _leaves(tree: Tree) -> list[int]:
    if isinstance(tree, Leaf):
        return [tree.rule.instance.number]
    return [n for _, _, below in tree.cases for t in below for n in _leaves(t)]


# Generated source.

GOLDEN = '''\
def expand(frontier, visited, fresh, enabled, changed, dead, failed, broken, least, most):
    """Leave every state of the frontier; new successors go to `visited` and `fresh`."""
    add = visited.add
    push = fresh.append
    e0 = c0 = e2 = c2 = e3 = c3 = 0
    for s in frontier:
        d = 0
        # up
        if ((s & 7) < 5):
            t = (s & 0x8) + ((s & 7) + 1)
            e0 += 1
            d += 1
            c0 += t != s
            if t not in visited:
                add(t)
                push(t)
        # reset(b=Barrier0)
        if s & 0xf == 0xd:
            t = s - 0x5
            e2 += 1
            d += 1
            if t not in visited:
                add(t)
                push(t)
        # reset(b=Barrier1)
        if s & 0xf == 0xd:
            t = s - 0x5
            e3 += 1
            d += 1
            if t not in visited:
                add(t)
                push(t)
        if d > most:
            most = d
        if d < least:
            least = d
        if not d:
            dead.append(s)
    enabled[0] += e0
    changed[0] += c0
    enabled[2] += e2
    changed[2] += e2
    enabled[3] += e3
    changed[3] += e3
    return least, most
'''


def test_generated_source_is_readable_and_pinned() -> None:
    """The source for a tiny spec: named cells and instances, one mask for two tests, no check that is not
    needed.
    """
    program = program_of(COUNTER)
    text = successors(program, lay_out(program), "expand").text
    assert text == GOLDEN


def test_generated_source_compiles_without_warnings_and_reads_no_unknown_name() -> None:
    """Every generated function of random specs is valid Python that uses its own names only."""
    known = {"popcount", "any", "True", "False"}
    for model in small_models(53_000, 40):
        program = reduce(model)
        layout = lay_out(program)
        for made in (
            successors(program, layout, "expand"),
            successors(program, layout, "edges"),
            judgements(program, layout),
        ):
            code = compile(made.text, "<generated>", "exec")
            for function in (c for c in code.co_consts if hasattr(c, "co_names")):
                globals_read = set(function.co_names) - {"add", "append"}
                assert globals_read <= known, globals_read
        assert not re.search(r"\brequire\b", made.text)


def test_an_action_may_be_called_as_generated_names_are() -> None:
    """Names of an author stand in comments of generated source, where they are no functions."""
    text = HEAD + "class S(State):\n    n: Var[Digit] = initially(0)\n"
    text += "@action\ndef apply99(s: S):\n    when(s.n < 3)\n    s.n.next = s.n + 1\nspec = Spec()\n"
    model = ground(spec_of(text))
    assert python.explore(model).distinct == reference.explore(model).distinct == 4


def test_code_is_made_before_the_search_and_counted_as_compilation() -> None:
    """What a first state needs is not among the seconds of its successors."""
    compiled = Compiled(small_models(50_000, 1)[0], None)
    search = python.Search(compiled, Limits(), ignore, time.monotonic())
    assert set(compiled._made) == {"expand", "judgements"} and search.space.phases["compile"] > 0
