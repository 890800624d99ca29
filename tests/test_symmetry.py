"""Symmetry: proved before it is used, canonical forms that are canonical, and the same answers with it as without."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from generators import spec_of
from symmetric import symmetric_text
from test_cli import Done, explorer  # noqa: F401  (the fixture)
from test_differential import MOST, SPECS, bounded, model_of, told

from explorer import reference
from explorer.check.verdict import judge
from explorer.compile import orbits
from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.compile.renaming import Renaming, scalarsets
from explorer.compile.symmetry import LARGEST, Symmetry, find
from explorer.engine import native, python, tiered
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.load import load

ROOT = Path(__file__).resolve().parent.parent

HEAD = """\
import enum
from dataclasses import dataclass
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = constant("CPUS", 3)
    names = ("A", "B", "C")

class Job(Scalarset):
    size = 2

class Step(enum.Enum):
    IDLE, WAIT, OWNER = range(3)

class Lock(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)
    owner: Var[Cpu | None] = initially(None)

@action(actor="cpu", fair=WEAK)
def take(lock: Lock, cpu: Cpu):
    when(lock.owner == None)
    lock.owner.next = cpu
    lock.at[cpu].next = Step.OWNER

@action(actor="cpu")
def give(lock: Lock, cpu: Cpu):
    when(lock.owner == cpu)
    lock.owner.next = None
    lock.at[cpu].next = Step.IDLE

@invariant
def owner_knows(lock: Lock, cpu: Cpu):
    return (lock.owner == cpu) == (lock.at[cpu] == Step.OWNER)
"""


def model(*blocks: str, **constants: int) -> Model:
    return ground(spec_of("\n".join([HEAD, *blocks, "spec = Spec()\n"])), constants)


def refusals(found: Symmetry) -> list[str]:
    return [refused.text for refused in found.refused]


def test_a_plain_lock_is_symmetric() -> None:
    """Identities as map indices and as stored values are exchanged, in any of several sizes."""
    for size in (2, 3, 4):
        found = find(model(CPUS=size))
        assert ([cls.__name__ for cls in found.proven], found.refused) == (["Cpu"], ())


BROKEN = {
    "an action": ("""
@action(actor="cpu")
def wait(lock: Lock, cpu: Cpu):
    when((lock.at[cpu] == Step.IDLE) & (cpu.index < 2))
    lock.at[cpu].next = Step.WAIT
""", "Cpu is not used as a symmetry: action wait tells B from C", "(cpu.index < 2)"),
    "an assignment": ("""
@action(actor="cpu")
def wait(lock: Lock, cpu: Cpu):
    when(lock.at[cpu] == Step.IDLE)
    lock.at[cpu].next = Step.WAIT if cpu.index else Step.IDLE
""", "Cpu is not used as a symmetry: action wait tells A from B", "lock.at[cpu].next = Step.WAIT"),
    "an invariant": ("""
@invariant
def first_waits(lock: Lock):
    return lock.at[domain(Cpu)[0]] != Step.OWNER
""", "Cpu is not used as a symmetry: property first_waits tells A from B", "@invariant"),
    "the initial state": ("""
class Boot(State):
    main: Map[Cpu, bool] = initially(lambda cpu: cpu.index == 0)

@action
def stop(boot: Boot, cpu: Cpu):
    boot.main[cpu].next = False
""", "Cpu is not used as a symmetry: the initial value of `main[A]` tells A from B", "main: Map"),
    "an initial condition": ("""
class Boot(State):
    main: Map[Cpu, bool] = initially(any_of(bool))

@initial
def one(boot: Boot):
    return boot.main[domain(Cpu)[1]]

@action
def stop(boot: Boot, cpu: Cpu):
    boot.main[cpu].next = False
""", "Cpu is not used as a symmetry: an @initial condition tells A from B", "@initial"),
    "fairness": ("""
@action(actor="cpu", fair=WEAK, per=("first",))
def wait(lock: Lock, cpu: Cpu, first: bool):
    when((lock.at[cpu] == Step.IDLE) & (first == (cpu.index == 0)))
    lock.at[cpu].next = Step.WAIT
""", "Cpu is not used as a symmetry: the fairness of action wait tells A from B", "@action(actor=\"cpu\", fair=WEAK, per="),
    "a constraint": ("""
@constraint
def bounded(lock: Lock):
    return lock.at[domain(Cpu)[2]] == Step.IDLE
""", "Cpu is not used as a symmetry: the constraints tells B from C", "@constraint"),
    "a terminal condition": ("""
@terminal
def ends(lock: Lock):
    return lock.owner == domain(Cpu)[0]
""", "Cpu is not used as a symmetry: the @terminal condition tells A from B", "@terminal"),
    "a premise": ("""
@invariant
def vacuous(lock: Lock):
    return implies(lock.at[domain(Cpu)[0]] == Step.WAIT, True)
""", "Cpu is not used as a symmetry: property vacuous tells A from B", "return implies("),
}


@pytest.mark.parametrize("block, text, line", BROKEN.values(), ids=BROKEN)
def test_what_tells_identities_apart_is_named(block: str, text: str, line: str) -> None:
    """The message names what is not symmetric, two identities and the place; the other scalarsets are still used."""
    found = find(model(block))
    assert (refusals(found), found.proven) == ([text], {})
    place = found.refused[0].place
    assert place is not None
    assert line in "\n".join([HEAD, block]).splitlines()[place.line - 1]


SAME_IN_OTHER_WORDS = {
    "an order of identities that does not matter": """
@invariant
def one_owner(lock: Lock):
    a, b, c = domain(Cpu)
    return ~((lock.at[a] == Step.OWNER) & (lock.at[b] == Step.OWNER)) & ~(
        (lock.at[c] == Step.OWNER) & ((lock.at[a] == Step.OWNER) | (lock.at[b] == Step.OWNER)))
""",
    "one action for identities by number": """
@action
def wait(lock: Lock, number: Annotated[int, Range(0, 2)]):
    when(lock.at[domain(Cpu)[number]] == Step.IDLE)
    lock.at[domain(Cpu)[number]].next = Step.WAIT
""",
    "initial states that only together are symmetric": """
class Boot(State):
    main: Var[Cpu] = initially(any_of(Cpu))
    seen: Map[Cpu, bool] = initially(any_of(bool))

@initial
def only_main(boot: Boot):
    return every(boot.seen[cpu] == (boot.main == cpu) for cpu in Cpu)

@action
def move(boot: Boot, cpu: Cpu):
    when(boot.seen[cpu])
    boot.main.next = cpu
""",
    "queues, sets, records and pairs of identities": """
@dataclass(frozen=True)
class Note:
    who: Cpu
    job: Job | None

class Rich(State):
    mail: Map[Cpu, Annotated[Queue[Note], Capacity(2)]] = initially([])
    known: Map[Job, Set[Cpu]] = initially(set())
    link: Map[Cpu, Map[Cpu, bool]] = initially(False)
    last: Var[Note | None] = initially(None)

@action(actor="cpu")
def send(rich: Rich, cpu: Cpu, other: Cpu, job: Job):
    when(~rich.mail[other].full & ~rich.link[cpu][other])
    rich.mail[other].next = rich.mail[other].push(Note(cpu, job))
    rich.link[cpu][other].next = True

@action(actor="cpu")
def receive(rich: Rich, cpu: Cpu, job: Job):
    when(~rich.mail[cpu].empty)
    when(rich.mail[cpu].head.job == job)
    rich.last.next = rich.mail[cpu].head
    rich.known[job].next = rich.known[job].add(rich.mail[cpu].head.who)
    rich.mail[cpu].next = rich.mail[cpu].pop()

@invariant
def noted(rich: Rich, cpu: Cpu):
    return implies(~rich.last.is_none, some(rich.known[job].contains(rich.last.value.who) for job in Job))
""",
}


@pytest.mark.parametrize("block", SAME_IN_OTHER_WORDS.values(), ids=SAME_IN_OTHER_WORDS)
def test_no_way_of_writing_loses_a_symmetry(block: str) -> None:
    """What is symmetric is proved so, however it is written, and the orbits add up to the whole space."""
    spec = model(block, CPUS=3) if "domain(Cpu)[" in block or "a, b, c" in block else model(block, CPUS=2)
    found = find(spec)
    assert (refusals(found), len(found.proven)) == ([], len(scalarsets(spec)))
    check(spec, found, bounded(spec, 3000))


def test_only_the_checked_properties_count() -> None:
    """A property that is not symmetric costs the symmetry only where it is checked."""
    spec = model(BROKEN["an invariant"][0])
    assert find(spec, ("owner_knows",)).proven and not find(spec, ("first_waits",)).proven


def test_an_unchecked_property_is_not_called_vacuous() -> None:
    """A premise that is met for another identity only is no finding where its property is not checked."""
    spec = model("""
@invariant
def seen(lock: Lock):
    return implies(lock.owner == domain(Cpu)[0], lock.at[domain(Cpu)[0]] == Step.OWNER)
""")
    for only in (("owner_knows",), ("deadlock",)):
        found = find(spec, only)
        assert found.unproved == {"seen"}
        reduced = python.explore(spec, symmetry=found)
        assert reduced.distinct < reduced.represented
        assert judge(reduced, only=only).findings == judge(python.explore(spec), only=only).findings


def test_a_large_scalarset_is_not_permuted() -> None:
    """Beyond the largest size there is a finding in place of a table of all orders."""
    found = find(model(CPUS=LARGEST + 1))
    assert str(found.refused[0].place) == f"<generated>:{HEAD[:HEAD.index('    at: Map')].count(chr(10)) + 1}"
    assert refusals(found) == [f"Cpu is not used as a symmetry: {LARGEST + 1} identities are more than the {LARGEST} that are permuted"]


# Canonical forms.

def renamings(spec: Model, found: Symmetry) -> list[Renaming]:
    """Every renaming of the proven scalarsets."""
    orders = [list(itertools.permutations(identities)) for identities in found.proven.values()]
    return [Renaming(found.structure, dict(zip(found.proven, picked))) for picked in itertools.product(*orders)]


def check_forms(spec: Model, found: Symmetry, states: list[tuple[int, ...]]) -> None:
    """On some states: all of an orbit have one representative, which is in the orbit, and the orbit's size is right."""
    compiled = python.Compiled(spec, found)
    quotient = compiled.quotient
    assert quotient is not None
    for state in states:
        orbit = {compiled.layout.pack(r.state(state)) for r in renamings(spec, found)}
        (form,) = {quotient.canonical(packed) for packed in orbit}
        assert form in orbit
        assert quotient.orbit(form) == len(orbit)


@pytest.mark.parametrize("direct", [orbits.DIRECT, 1], ids=["all tried", "sorted"])
def test_forms_are_canonical(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Brute force over all renamings agrees on random symmetric specs, narrow and wide, and on every way to a form."""
    monkeypatch.setattr(orbits, "DIRECT", direct)
    rng, checked, wide = random.Random(7), 0, 0
    rich = model(SAME_IN_OTHER_WORDS["queues, sets, records and pairs of identities"], CPUS=3)
    family = [ground(load(ROOT / "spec" / "ipi_fixed.py"), constants) for constants in ({"targets": 2}, {"senders": 3, "targets": 2})]
    for spec in (rich, *family, *(model_of(symmetric_text(random.Random(seed), 1 + seed % 4)) for seed in range(300, 330))):
        found = find(spec) if spec else None
        if not spec or not found or not found.proven or python.Compiled(spec, found).quotient is None:
            continue
        space = python.explore(spec, Limits(max_states=400))
        states = [space.decode(s) for level in space.levels for s in level]
        check_forms(spec, found, rng.sample(states, min(25, len(states))))
        checked += 1
        wide += python.Compiled(spec, found).layout.words > 1
    assert checked > 12 and wide


def test_plain_changes_visit_every_order_once() -> None:
    """Exchanging neighbours as told gives every order of n things once."""
    for n in range(1, 7):
        order, seen = list(range(n)), {tuple(range(n))}
        for i in orbits.plain_changes(n):
            order[i], order[i + 1] = order[i + 1], order[i]
            seen.add(tuple(order))
        assert len(seen) == math.factorial(n) == len(orbits.plain_changes(n)) + 1


def test_too_many_renamings_are_not_tried() -> None:
    """Of related scalarsets that would make too many renamings together one is left out, with a note; the orbits still add up."""
    spec = ground(spec_of("""
from explorer import *
class A(Scalarset):
    size = 6
class B(Scalarset):
    size = 4
class S(State):
    link: Map[A, B | None] = initially(None)
    rest: Map[A, bool] = initially(True)
@action
def act(s: S, a: A, b: B):
    when(count(s.rest[x] for x in A) > 4)
    when(s.rest[a])
    s.rest[a].next = False
    s.link[a].next = b
@terminal
def ends(s: S):
    return True
spec = Spec()
"""))
    found, text = find(spec), "A is not used as a symmetry: with the others there would be too many renamings"
    assert not check(spec, found).notes
    orbits.MOST, before = 100, orbits.MOST
    try:
        assert check(spec, found).notes == [text]
    finally:
        orbits.MOST = before


def test_random_specs_without_the_compiler() -> None:
    """The native engine's text, run by the interpreter, gives the python engine's representatives on random symmetric specs."""
    code = ("import random\nimport numpy as np\nnp.seterr(all='ignore')\nfrom test_symmetry import natively\n"
            "print(sum(natively(seed, 12 if seed % 2 else 1) for seed in range(2000, 2060)))\n")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                         env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path})
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert int(ran.stdout.split()[-1]) > 20


def natively(seed: int, direct: int) -> bool:
    """Compare the engines on a random spec, if it is symmetric; the number of renamings that are all tried is given.

    The native engine lists steps by its own text, however few there are.
    """
    orbits.DIRECT, native.SMALL = direct, 0
    spec = model_of(symmetric_text(random.Random(seed), 1 + seed % 4))
    found = find(spec) if spec else None
    if not spec or not found or python.Compiled(spec, found).quotient is None:
        return False
    limits = bounded(spec)
    same_facts(python.explore(spec, limits, symmetry=found), native.explore(spec, limits, options=native.Options(2), symmetry=found))
    return True


# The same answers.

def same_answers(plain: StateSpace, reduced: StateSpace) -> None:
    """Levels are the representatives of the levels, orbits add up, and every story is the same."""
    assert reduced.quotient is not None
    form = reduced.quotient.canonical
    assert [{form(s) for s in level} for level in plain.levels] == [set(level) for level in reduced.levels]
    assert reduced.represented == plain.distinct
    assert (plain.least, plain.most, plain.depth, plain.stopped) == (reduced.least, reduced.most, reduced.depth, reduced.stopped)
    assert {n: (v.kind, v.level) for n, v in plain.violations.items()} == {n: (v.kind, v.level) for n, v in reduced.violations.items()}
    full, small = told(plain), told(reduced)
    assert full["traces"] == small["traces"]
    for key in ("verdict", "exit_code", "findings", "traces", "expectation_met"):
        assert full["record"][key] == small["record"][key], key
    for a, b in zip(full["record"]["properties"], small["record"]["properties"]):
        a, b = ({**p, "reason": re.sub(r"\d+ states?", "n states", p["reason"])} for p in (a, b))
        assert a == b
    assert [(r["instance"], r["blocked_by"] == "") for r in full["record"]["coverage"]] == [
        (r["instance"], r["blocked_by"] == "") for r in small["record"]["coverage"]]


def check(spec: Model, found: Symmetry, limits: Limits | None = None) -> StateSpace:
    plain, reduced = python.explore(spec, limits), python.explore(spec, limits, symmetry=found)
    same_answers(plain, reduced)
    return reduced


def test_random_symmetric_specs_have_the_same_answers() -> None:
    """Verdict, stories, findings and counts are the same with and without symmetry on 90 random specs."""
    reduced = proved = 0
    for seed in range(1000, 1090):
        spec = model_of(symmetric_text(random.Random(seed), 1 + seed % 4))
        found = find(spec) if spec else None
        if not spec or not found or not found.proven or python.Compiled(spec, found).quotient is None:
            continue
        limits = bounded(spec, 2 * MOST)
        if found.ordered and {*found.ordered, "evaluation"} & reference.explore(spec, limits).violations.keys():
            continue
        proved += 1
        space = check(spec, found, limits)
        reduced += space.distinct < space.represented
    assert proved > 35 and reduced > 20


def test_machine_code_finds_the_same_representatives() -> None:
    """The native engine's forms are the python engine's, on states of one word and of two, sorted for and all tried."""
    for constants in ({"senders": 3}, {"targets": 2}):
        spec = ground(load(ROOT / "spec" / "ipi_buggy.py"), constants)
        found = find(replace(spec, temporal=()))
        limits = Limits(max_depth=16)
        compiled = python.Compiled(spec, found)
        made = native.machine(compiled)
        expected = python.explore(spec, limits, symmetry=found)
        for options in (native.Options(1), native.Options(3)):
            space = native.explore(spec, limits, options=options, prepared=(compiled, made))
            same_facts(expected, space)


def same_facts(a: StateSpace, b: StateSpace) -> None:
    assert [set(level) for level in a.levels] == [set(level) for level in b.levels]
    assert (a.represented, a.enabled, a.changed) == (b.represented, b.enabled, b.changed)
    assert (a.expanded, a.least, a.most) == (b.expanded, b.least, b.most)
    assert told(a)["traces"] == told(b)["traces"]


def test_machine_code_sorts_where_there_are_many_renamings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties among keys are broken alike in both engines."""
    monkeypatch.setattr(orbits, "DIRECT", 1)
    for block in ("", SAME_IN_OTHER_WORDS["queues, sets, records and pairs of identities"]):
        spec = model(block, CPUS=3)
        found, limits = find(spec), Limits(max_depth=5)
        assert not python.Compiled(spec, found).plan.direct or not block  # type: ignore[union-attr]
        same_facts(python.explore(spec, limits, symmetry=found), native.explore(spec, limits, symmetry=found))


def test_the_hand_over_keeps_the_symmetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that goes from the python engine to the native one in the middle stands for the same states."""
    monkeypatch.setattr(tiered, "COMPILE_FROM", 300)
    monkeypatch.setattr(tiered._Builder, "ready", lambda self, states: states >= 300)
    spec = ground(load(ROOT / "spec" / "ipi_buggy.py"), {"senders": 3})
    found, limits = find(spec), Limits(max_depth=16)
    space = tiered.explore(spec, limits, symmetry=found)
    assert space.engine == "native"
    same_facts(python.explore(spec, limits, symmetry=found), space)


@pytest.mark.parametrize("path", [*SPECS, *sorted((ROOT / "spec" / "examples").glob("*.py"))], ids=lambda path: path.stem)
def test_the_orbits_of_every_spec_add_up(path: Path) -> None:
    """On the specs of the house the orbits stand for exactly the states that a run without symmetry visits."""
    spec = replace(ground(load(path)), temporal=())
    found = find(spec)
    if not found.proven:
        return
    plain = python.explore(spec, Limits(max_states=30_000))
    limits = Limits(max_depth=max(0, len(plain.levels) - 2)) if plain.stopped else Limits()
    check(spec, found, limits)


# The command line.

def test_a_run_reports_orbits_and_what_they_stand_for(explorer: Callable[..., Done], tmp_path: Path) -> None:  # noqa: F811
    """`distinct` and `orbits` count what was visited, `represented` what it stands for; --no-symmetry visits all."""
    file = tmp_path / "lock.py"
    file.write_text(HEAD + "\nspec = Spec()\n")
    states = json.loads(explorer("lock.py", "--json").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (2, 2, 4)
    states = json.loads(explorer("lock.py", "--json", "--no-symmetry").out)["states"]
    assert (states["orbits"], states["distinct"], states["represented"]) == (4, 4, 4)
    assert "2 states (1 initial), standing for 4 by symmetry" in explorer("lock.py").out


def test_a_broken_symmetry_is_said_and_not_used(explorer: Callable[..., Done], tmp_path: Path) -> None:  # noqa: F811
    """The screen tells what told two identities apart; the verdict is that of all states."""
    file = tmp_path / "lock.py"
    file.write_text(HEAD + BROKEN["an invariant"][0] + "\nspec = Spec()\n")
    done = explorer("lock.py")
    assert done.code == 12
    assert "Cpu is not used as a symmetry: property first_waits tells A from B (lock.py:" in done.out
    assert "standing for" not in done.out
    shown = explorer("show", "lock.py").out
    assert "symmetry   Cpu is not used as a symmetry: property first_waits tells A from B" in shown
    assert "standing for 4 by symmetry" in explorer("lock.py", "--property", "owner_knows").out


def test_without_symmetry_nothing_is_proved() -> None:
    """A space that was explored without symmetry has no quotient and stands for itself."""
    space = python.explore(model())
    assert (space.quotient, space.represented, judge(space).states["orbits"]) == (None, 4, 4)
