"""Actors and deferred effects of a story are told apart by value, not by their text."""

from __future__ import annotations

from pathlib import Path

from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.render.text.brackets import brackets
from explorer.run.load import load
from explorer.trace.step_builder import StepBuilder
from explorer.trace.tell import tell

SPEC = """\
from explorer import *

class Cpu(Scalarset):
    size = 2
    names = ("A", "B")

class Device(Scalarset):
    size = 1
    names = ("A",)

class S(State):
    stored: Map[Cpu, bool] = initially(False)
    rung: Map[Device, bool] = initially(False)
    seen: Var[bool] = initially(False)

@action(actor="cpu")
def store(s: S, cpu: Cpu):
    when(~s.stored[cpu])
    s.stored[cpu].next = True
    opens(cpu)

@action(actor="device")
def ring(s: S, device: Device):
    when(every(s.stored[cpu] for cpu in Cpu) & ~s.rung[device])
    s.rung[device].next = True
    closes(device)
    sends(device, "bell")

@action(actor="cpu")
def see(s: S, cpu: Cpu):
    when(some(s.rung[device] for device in Device) & ~s.seen)
    s.seen.next = True
    closes(cpu)

@invariant
def unseen(s: S):
    return ~s.seen

spec = Spec()
"""


def test_members_of_two_types_that_print_alike_are_two_actors(tmp_path: Path) -> None:
    """`A` of one type and `A` of another have lanes of their own, messages go to the right one, and an effect
    that the one issued is not made visible by the other.
    """
    (tmp_path / "twins.py").write_text(SPEC)
    space = explore(ground(load(tmp_path / "twins.py")))
    trace = tell(space, space.violations["unseen"])
    assert trace.lanes == ("Cpu.A", "Cpu.B", "Device.A")
    (ring,) = (step for step in trace.steps if step.action == "ring")
    assert (ring.actor, ring.closes, ring.sends) == ("Device.A", ("Device.A",), (("Device.A", "bell"),))
    (see,) = (step for step in trace.steps if step.action == "see")
    assert see.closes == (see.actor,) != ring.closes
    ended = {trace.steps[b.last].action for b in brackets(trace) if b.last is not None}
    assert ended == {"see"}


def test_names_that_are_clear_stay_short(tmp_path: Path) -> None:
    """Where no other type has a member of that name the type is not told."""
    (tmp_path / "clear.py").write_text(SPEC.replace('names = ("A",)', 'names = ("D",)'))
    space = explore(ground(load(tmp_path / "clear.py")))
    assert tell(space, space.violations["unseen"]).lanes == ("A", "B", "D")


BRANCHES = """\
from explorer import *

class Bell(State):
    rung: Var[bool] = initially(any_of(bool))
    heard: Var[bool] = initially(False)

@process(actor="somebody")
def listens(bell: Bell) -> Steps:
    yield "looks at the bell"
    if (yield branch(bell.rung)):
        yield "hears it"
        bell.heard.next = True
    yield "looks once more"
    if (yield branch(bell.heard)):
        outcome("goes to the door")
    else:
        outcome("stays")

spec = Spec()
"""


def test_a_branch_without_outcomes_says_which_way_it_went(tmp_path: Path) -> None:
    """Two ways with one text are told apart by what holds; those with texts of their own need no more."""
    (tmp_path / "bell.py").write_text(BRANCHES)
    model = ground(load(tmp_path / "bell.py"))
    builder = StepBuilder(model)
    state = next(model.initial_states())
    said = {i.name: builder.next(i, 1, state, state).remarks for i in model.instances}
    assert {name: text for name, text in said.items() if text} == {
        "listens.looks_at_the_bell(line10=True)": ("as rung",),
        "listens.looks_at_the_bell(line10=False)": ("as ~rung",),
    }


LOADED = BRANCHES.replace("bell: Bell)", "bell: Bell, ram: Ram)").replace(
    "branch(bell.rung)", "branch(ram.READ_ONCE(Cpu.A, ram.flag))"
)
RAM = """\
import enum
from explorer import *

class Cpu(enum.Enum):
    A, B = range(2)

class Ram(Memory, cpus=Cpu):
    flag: Var[bool] = initially(False)
"""


def test_a_branch_on_a_load_says_what_was_read(tmp_path: Path) -> None:
    """Each possibility of the load has one remark: what it read, not that it could read that."""
    (tmp_path / "bell.py").write_text(RAM + LOADED)
    model = ground(load(tmp_path / "bell.py"))
    builder = StepBuilder(model)
    state = next(model.initial_states())
    said = [builder.next(i, 1, state, state).remarks for i in model.instances if "looks_at" in i.name]
    assert len(said) >= 4 and all(len(remarks) == 1 for remarks in said)
    assert {"as newest(flag)", "as ~flag 1 store ago", "as flag 2 stores ago"} <= {r for (r,) in said}
