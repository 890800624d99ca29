"""Small specs that are put before other model checkers: many initial states, large numbers, formulas,
and memories."""

from __future__ import annotations

from pathlib import Path

from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load

STARTS = """
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 3

Small = Annotated[int, Range(-2, 9)]

class S(State):
    a: Var[Small] = initially(any_of(-2, -1, 0, 3, 4, 9))
    b: Var[Small] = initially(any_of(*range(-2, 7)))
    c: Map[Cpu, bool] = initially(any_of(bool))
    turn: Var[Cpu] = initially(any_of(Cpu))

@initial
def depends(s: S) -> Value[bool]:
    return (s.b >= s.a) & ((s.a < 3) | (s.b != 5))

@action
def go(s: S) -> None:
    when(s.c[s.turn])
    s.a.next = s.b
    s.c[s.turn].next = False

@invariant
def rare(s: S) -> Value[bool]:
    return ~((s.a == 6) & every(~s.c[cpu] for cpu in Cpu))

@invariant
def at_once(s: S) -> Value[bool]:
    return (s.a != 4) | (s.b != 6) | s.c[s.turn]

@step_invariant
def slowly(s: S) -> Value[bool]:
    return s.a.next - s.a < 8

spec = Spec()
"""
"""Many initial states, some of which depend on each other, with gaps."""

LARGE = """
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S) -> None:
    s.n.next = (s.n + 1) % 4

@invariant
def grows(s: S) -> Value[bool]:
    return (s.n + 1) * 1_000_000 * 1_000 > s.n * 1_000_000_000

spec = Spec()
"""
"""Products of more than 31 bits."""


PASSING = """
import enum
from typing import Annotated
from explorer import *

class Cpu(enum.Enum):
    P, C = range(2)

P, C = Cpu

class Ram(Memory, cpus=Cpu):
    data: Var[bool] = initially(False)
    index: Var[bool] = initially(False)

class At(State):
    producer: Var[Annotated[int, Range(0, 4)]] = initially(0)
    consumer: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def fill(at: At, ram: Ram) -> None:
    when(at.producer == 0)
    ram.store(P, ram.data, True)
    at.producer.next = 1

@action
def publish(at: At, ram: Ram) -> None:
    when(at.producer == 1)
    ram.smp_wmb(P)
    ram.compare_exchange(P, ram.index, False, True)
    at.producer.next = 2

@action
def again(at: At, ram: Ram) -> None:
    when((at.producer >= 2) & (at.producer < 4))
    ram.reserve(P, ram.data)
    at.producer.next = ite(ram.conditional(P, ram.data, False), 4, 3)

@action
def look(at: At, ram: Ram) -> None:
    when(at.consumer == 0)
    when(ram.load(C, ram.index))
    at.consumer.next = 1

@action
def use(at: At, ram: Ram) -> None:
    when(at.consumer == 1)
    at.consumer.next = ite(ram.load(C, ram.data), 2, 3)

@terminal
def end(at: At) -> Value[bool]:
    return (at.producer == 4) & (at.consumer >= 2)

@invariant
def no_stale_data(at: At) -> Value[bool]:
    return (at.consumer != 3) | (at.producer > 2)

spec = Spec()
"""
"""A message that is passed through a memory, and read stale."""


def in_two_memories() -> str:
    """The same, with the index in a memory of its own."""
    second = "class Flags(Memory, cpus=Cpu):\n    index: Var[bool] = initially(False)\n\nclass At(State)"
    text = PASSING.replace("    index: Var[bool] = initially(False)\n", "", 1).replace(
        "class At(State)", second
    )
    for name in ("publish", "look"):
        text = text.replace(f"def {name}(at: At, ram: Ram)", f"def {name}(at: At, ram: Ram, flags: Flags)")
    text = text.replace("ram.compare_exchange(P, ram.index", "flags.compare_exchange(P, flags.index")
    text = text.replace("ram.load(C, ram.index)", "flags.load(C, flags.index)")
    return text


LASTING = """
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 2

class Tasks(State):
    turn: Var[Cpu] = initially(any_of(Cpu))
    awake: Map[Cpu, bool] = initially(False)
    rounds: Var[Annotated[int, Range(0, 2)]] = initially(0)

@action(fair=WEAK)
def wake(s: Tasks) -> None:
    when(s.rounds == 1)
    s.awake[s.turn].next = True

@action(fair=WEAK)
def sleep(s: Tasks, cpu: Cpu) -> None:
    when(s.awake[cpu])
    s.awake[cpu].next = False

@action(fair=WEAK, per=())
def pass_on(s: Tasks, cpu: Cpu) -> None:
    when((cpu != s.turn) & (s.rounds == 0))
    s.turn.next = cpu

@action
def go_on(s: Tasks) -> None:
    when(s.rounds < 2)
    s.rounds.next = s.rounds + 1

@temporal
def all_sleep(s: Tasks, cpu: Cpu) -> Formula:
    return always_eventually(~s.awake[cpu])

@temporal
def nobody_wakes(s: Tasks) -> Formula:
    return always(every(~s.awake[cpu] for cpu in Cpu))

@temporal
def it_ends(s: Tasks) -> Formula:
    return eventually(s.rounds == 2)

@temporal
def one_wakes_first(s: Tasks, cpu: Cpu) -> Formula:
    return until(s.rounds < 2, s.awake[cpu]) | eventually_always(~s.awake[cpu])

@temporal
def turns(s: Tasks, cpu: Cpu) -> Formula:
    return always_eventually((s.turn == cpu) | (s.rounds > 0))

@temporal
def twice(s: Tasks) -> Formula:
    return always(implies(s.rounds == 2, next_step(s.rounds == 2)))

@terminal
def may_end(s: Tasks) -> Value[bool]:
    return s.rounds == 2

spec = Spec()
"""


def model_of(tmp_path: Path, text: str) -> Model:
    """The model of a spec's text, in a file there."""
    (tmp_path / "mixed.py").write_text(text)
    return ground(load(tmp_path / "mixed.py"), file=str(tmp_path / "mixed.py"))
