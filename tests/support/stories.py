"""What the tests of reports and formats share: specs whose counterexamples have everything, and texts that
try to break out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from explorer.engine.guards import count
from explorer.engine.limits import Limits
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.trace.trace import Fair, Trace
from explorer.verdict.report_context import context
from explorer.verdict.verdict import Verdict, judge

Record = dict[str, Any]

DEKKER = '''\
"""Two processors and a lock that store buffers break.

This paragraph is no part of the report.
"""
import enum
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class At(enum.Enum):
    START, SET, INSIDE = range(3)

class Lock(State):
    at: Map[Cpu, At] = initially(At.START)
    flag: Map[Cpu, bool] = initially(False)
    buffered: Map[Cpu, Map[Cpu, bool]] = initially(False)
    turns: Var[Annotated[int, Range(0, LIMIT)]] = initially(0)
    last: Var[Cpu | None] = initially(None)
    seen: Set[Cpu] = initially(set())
    waiting: Annotated[Queue[Cpu], Capacity(2)] = initially([])

@action(actor="cpu", fair=WEAK, source="kernel/dekker.c:lock")
def store(lock: Lock, cpu: Cpu) -> None:
    """flag[{cpu}] = 1"""
    when(lock.at[cpu] == At.START)
    lock.at[cpu].next = At.SET
    lock.buffered[cpu][cpu].next = True
    lock.waiting.next = lock.waiting.push(cpu)
    opens(cpu)

@action(actor="cpu", fair=WEAK)
def complete(lock: Lock, cpu: Cpu) -> None:
    """flag[{cpu}] = 1"""
    when(lock.buffered[cpu][cpu])
    lock.buffered[cpu][cpu].next = False
    lock.flag[cpu].next = True
    closes(cpu)

@action(actor="cpu")
def enter(lock: Lock, cpu: Cpu, other: Cpu) -> None:
    """{cpu} looks at the other flag and enters"""
    when(cpu != other)
    when(lock.at[cpu] == At.SET)
    when(~lock.flag[other])
    lock.at[cpu].next = At.INSIDE
    lock.turns.next = lock.turns + 1
    lock.seen.next = lock.seen.add(cpu)
    lock.last.next = cpu
    sends(other, "entered")

@action(actor="nobody")
def impossible(lock: Lock) -> None:
    when(lock.turns == LIMIT)
    when(lock.at[next(iter(Cpu))] == At.START)
    lock.turns.next = 0

@invariant
def exclusion(lock: Lock) -> Value[bool]:
    """Not both are inside when both flags are up."""
    return ~every((lock.at[cpu] == At.INSIDE) & lock.flag[cpu] for cpu in Cpu)

@step_invariant
def inside_stays(lock: Lock, cpu: Cpu) -> Value[bool]:
    return implies(lock.at[cpu] == At.INSIDE, lock.at[cpu].next == At.INSIDE)

@terminal
def everybody_waits(lock: Lock) -> Value[bool]:
    return some(lock.at[cpu] != At.START for cpu in Cpu)

@observe
def inside(lock: Lock) -> Value[int]:
    return count(lock.at[cpu] == At.INSIDE for cpu in Cpu)
'''.replace("LIMIT", "2")

WICKED = "</script><script>alert(1)</script>"
NASTY = [
    WICKED,
    "<img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "'&amp;<!--",
    "a|b `c` *d* _e_ [f](g) #h; %i",
    "\\N{x} ]]>",
    "::error::",
    "A: 1, 2",
]

NASTY_SPEC = f'''\
"""About </title><script>alert(2)</script> & co."""
from typing import Annotated
from explorer import *

class Actor(Scalarset):
    size = {len(NASTY)}
    names = {tuple(NASTY)!r}

class Board(State):
    by: Map[Actor, bool] = initially(False)
    n: Var[Annotated[int, Range(0, {len(NASTY)})]] = initially(0)

@action(actor="who", source="<b>file</b>.c:f<i>")
def act(board: Board, who: Actor) -> None:
    """{{who}} </script><script>alert(3)</script> "says" 'it' & # ; % | `x`"""
    when(~board.by[who])
    when((who.index == 0) | some(board.by[other] for other in Actor if other.index == who.index - 1))
    board.by[who].next = True
    board.n.next = board.n + 1
    opens(who)
    sends(who, "<script>alert(4)</script>")

@invariant
def unfilled(board: Board) -> Value[bool]:
    """Nobody writes </script><script>alert(5)</script> | here."""
    return board.n < {len(NASTY)}

spec = Spec()
'''

HOLDS_SPEC = '''\
"""A light that goes on and off."""
from explorer import *

class Light(State):
    on: Var[bool] = initially(any_of(bool))
    broken: Var[bool] = initially(False)

@action
def flip(light: Light) -> None:
    """the switch is pressed"""
    light.on.next = ~light.on
    light.broken.next = light.broken

@invariant
def lit_or_not(light: Light) -> Value[bool]:
    return light.on | ~light.broken

spec = Spec(expect=HOLDS)
'''


EXPECTED = '\nspec = Spec(expect=violates("exclusion", steps=6))\n'
"""What `dekker` violates, declared."""

MALFORMED = {
    "spec": "wrong",
    "file": "spec/wrong.py",
    "verdict": "undetermined",
    "exit_code": 150,
    "error": "spec/wrong.py:7: E0202: `and` on a symbolic value\n    expected: x",
    "mistakes": [
        {
            "code": "E0202",
            "file": "spec/wrong.py",
            "line": 7,
            "found": "`and` on a symbolic value",
            "expected": "x",
            "write": "",
        }
    ],
}
"""The record of a file that is no spec."""


def write(directory: Path, name: str, text: str, ending: str = "") -> Path:
    path = directory / f"{name}.py"
    path.write_text(text + ending, encoding="utf-8")
    return path


def dekker(directory: Path, ending: str = "\nspec = Spec()\n") -> Path:
    return write(directory, "dekker", DEKKER, ending)


def checked(
    path: Path, *, limits: Limits | None = None, strict: bool = False, **constants: Any
) -> tuple[Model, StateSpace, Verdict]:
    model = ground(load(path), constants, str(path))
    space = explore(model, limits)
    return model, space, judge(space, strict=strict, counts=count(space))


def record_of(path: Path, sampled: bool = False, **options: Any) -> Record:
    """The whole verdict record of a spec, as verdict.json holds it."""
    model, _, verdict = checked(path, **options)
    return {**verdict.record(), **context(model, verdict.traces, sampled=sampled)}


def with_lasso(record: Record, name: str, loop: int) -> Record:
    """The same record with the story of a property bent into a lasso, as a temporal property has it."""
    trace = lasso(record["traces"][name], loop)
    properties = [{**p, "kind": "temporal"} if p["name"] == name else p for p in record["properties"]]
    return {**record, "properties": properties, "traces": {name: trace}}


def lasso(trace: Trace, loop: int) -> Trace:
    return replace(trace, kind="temporal", loop=loop, fairness=(Fair("store(cpu=A)", "weak", "taken", loop),))


def made(format_: Callable[[Record, Trace], str], record: Record, name: str) -> str:
    """A format of one of a record's counterexamples."""
    return format_(record, record["traces"][name])


def schema(path: Path) -> Any:
    """A validator of a file, which is a schema itself."""
    found = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found, format_checker=jsonschema.FormatChecker())
