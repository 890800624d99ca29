"""Fairness of groups of actions, of a part of an action, from constants, and for a whole file."""

from pathlib import Path
from typing import Any

from explorer import (
    STRONG,
    UNFAIR,
    WEAK,
    Fairness,
    Formula,
    Map,
    Spec,
    State,
    Var,
    action,
    constant,
    eventually,
    fair_when,
    initially,
    temporal,
    when,
)
from explorer.engine.limits import Limits
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.liveness.check import check
from explorer.run.load import load
from tests.support.tiny import Cpu

FAIR = constant("FAIR", WEAK)


class Link(State):
    waiting: Map[Cpu, bool] = initially(True)
    up: Var[bool] = initially(True)


@action(fair=FAIR, group="delivery", per=("cpu",))
def deliver(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu])
    fair_when(link.up)
    link.waiting[cpu].next = False


@action(fair=FAIR, group="delivery", per=("cpu",))
def give_up(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu] & ~link.up)
    link.waiting[cpu].next = False


@action
def flap(link: Link) -> None:
    link.up.next = ~link.up


@temporal
def handled(link: Link, cpu: Cpu) -> Formula:
    return eventually(~link.waiting[cpu])


def holds(*parts: Any, **constants: Any) -> bool:
    space = explore(ground(Spec(*parts, **constants)))
    return all(answer.trace is None for answer in check(space, Limits()).values())


def groups(model: Model) -> list[tuple[str, Fairness, list[str]]]:
    return [(g.name, g.fair, [model.instances[i].name for i in g.instances]) for g in model.fair_groups]


def test_actions_of_a_group_are_fair_together() -> None:
    """One of the two is always possible, and neither of them stays so: only the group keeps its promise."""
    assert holds(Link, deliver, give_up, flap, handled)

    @action(fair=WEAK)
    def alone(link: Link, cpu: Cpu) -> None:
        when(link.waiting[cpu] & link.up)
        link.waiting[cpu].next = False

    @action(fair=WEAK)
    def give_up_alone(link: Link, cpu: Cpu) -> None:
        when(link.waiting[cpu] & ~link.up)
        link.waiting[cpu].next = False

    assert not holds(Link, alone, give_up_alone, flap, handled)


def test_a_group_has_a_member_for_each_step_that_is_promised() -> None:
    """Steps beyond fair_when are instances of their own, and no group has them."""
    model = ground(Spec(Link, deliver, give_up, flap, CPUS=1))
    assert [i.name for i in model.instances] == [
        "deliver(cpu=Cpu0)",
        "deliver(cpu=Cpu0, where=beyond fair_when)",
        "give_up(cpu=Cpu0)",
        "flap",
    ]
    assert groups(model) == [("delivery(cpu=Cpu0)", WEAK, ["deliver(cpu=Cpu0)", "give_up(cpu=Cpu0)"])]


def test_fairness_beyond_its_condition_is_not_promised() -> None:
    """Where the link is down for ever, nothing needs to be delivered; where it is up, everything does."""

    @action(fair=WEAK)
    def when_up(link: Link, cpu: Cpu) -> None:
        when(link.waiting[cpu])
        fair_when(link.up)
        link.waiting[cpu].next = False

    @action
    def fail(link: Link) -> None:
        when(link.up)
        link.up.next = False

    assert holds(Link, when_up, handled)
    assert not holds(Link, when_up, fail, handled)


def test_a_constant_switches_fairness_and_its_group_off() -> None:
    """The same actions under another binding promise nothing, or more."""
    assert ground(Spec(Link, deliver, give_up, flap, FAIR=UNFAIR)).fair_groups == []
    assert {g.fair for g in ground(Spec(Link, deliver, give_up, flap, FAIR=STRONG)).fair_groups} == {STRONG}


DEFAULTS = """
from explorer import *
defaults(actor="cpu", fair=WEAK)

class Cpu(Scalarset):
    size = 1

class Line(State):
    raised: Var[bool] = initially(False)

@action
def lower(line: Line, cpu: Cpu) -> None:
    line.raised.next = False

@action(actor="device", fair=UNFAIR)
def raise_line(line: Line) -> None:
    line.raised.next = True

@action(group="noise")
def flip(line: Line) -> None:
    line.raised.next = ~line.raised

spec = Spec()
"""


def test_a_file_says_once_what_all_its_actions_are(tmp_path: Path) -> None:
    """An actor is taken where there is such a parameter, fairness where nothing else is said."""
    (tmp_path / "line.py").write_text(DEFAULTS)
    model = ground(load(tmp_path / "line.py"))
    assert [(i.action.name, i.actor, i.action.fair.name) for i in model.instances] == [
        ("lower", "Cpu0", "WEAK"),
        ("raise_line", "device", "NONE"),
        ("flip", "", "WEAK"),
    ]
    assert [g.name for g in model.fair_groups] == ["lower(cpu=Cpu0)", "noise"]


def test_a_step_without_effect_is_one_where_it_is_meant() -> None:
    """It has a transition, no finding, and keeps the state from being a deadlock."""

    class Lamp(State):
        on: Var[bool] = initially(True)

    @action(stutters=True)
    def glow(lamp: Lamp) -> None:
        when(lamp.on)

    space = explore(ground(Spec(Lamp, glow)))
    assert (space.distinct, space.transitions, set(space.violations)) == (1, 1, set())


def test_a_spec_may_come_to_an_end_anywhere() -> None:
    """deadlock=False makes every state without steps an end."""

    class Lamp(State):
        on: Var[bool] = initially(True)

    @action
    def burn_out(lamp: Lamp) -> None:
        when(lamp.on)
        lamp.on.next = False

    assert set(explore(ground(Spec(Lamp, burn_out))).violations) == {"deadlock"}
    assert not explore(ground(Spec(Lamp, burn_out, deadlock=False))).violations
