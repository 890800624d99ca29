"""SPIN as a judge: breadth first, every state stored as it is, no reduction, and on behind each error."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace

from explorer.export.flat import CannotSay, Flat
from explorer.export.products import chosen
from explorer.export.promela import on_the_way, promela
from explorer.export.promela_ltl import promela_ltl
from explorer.ir.data import dataclass
from explorer.judge.answers import Answer, NoAnswer, Story, length
from explorer.judge.tools import Workplace, need

FLAGS = ("-DBFS", "-DSAFETY", "-DNOREDUCE", "-DNOCLAIM", "-DNOFAIR", "-w")
"""Breadth first, exact storage (neither -DBITSTATE nor -DHC nor -DCOLLAPSE), no partial-order reduction."""

DEPTH = 10_000_000
"""Steps of SPIN's depth-first search for cycles."""

PARTS = 12
"""Formulas of one temporal property, one for each of its instances."""

DIGITS = 10**8
"""SPIN tells eight digits of larger counts."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run of SPIN's verifier reports, without the choice of the initial state."""

    states: int
    transitions: int
    depth: int
    seconds: float
    errors: dict[int, tuple[int, int]]
    """For each property that fails, by the number that its assertions print, the first error's number and its
    depth."""


def judge(flat: Flat, place: Workplace, states: int, temporal: bool = True) -> Answer:
    """SPIN's answer, on `temporal` properties too; its hash table has room for about so many `states`. Raises
    Missing and NoAnswer.
    """
    prepare(flat, place)
    found = count(flat, place, states)
    stories: dict[str, Story] = {}
    for property_number, (error, _) in found.errors.items():
        name = _property(flat, property_number)
        story = _story(flat, place, error, name)
        story = replace(story, fails=story.fails or property_number == len(flat.properties))
        stories[name] = min(story, stories.get(name, story), key=length)
    states_found, transitions = found.states, found.transitions
    if {"deadlock", "evaluation"} & stories.keys():
        # What reports a deadlock or a step without a value is a step of its own: count without it.
        bare = Workplace(place.directory / "counts", place.until)
        bare.directory.mkdir()
        only = bare_of(flat)
        prepare(only, bare)
        plain = count(only, bare, states)
        states_found, transitions = plain.states, plain.transitions
    lasting = Lasting({}, {}, 0.0)
    if temporal:
        lasting = judge_lasting(flat, place, states)
    return Answer(
        "SPIN",
        states_found,
        transitions,
        depth=found.depth,
        violated={
            **{name: length(stories[name]) for name in stories},
            **{name: None for name, story in lasting.stories.items() if story},
        },
        seconds=found.seconds + lasting.seconds,
        stories={**stories, **{name: story for name, story in lasting.stories.items() if story}},
        temporal=tuple(lasting.stories),
        left=lasting.left,
        reasons=["SPIN tells eight digits"] if max(states_found, transitions) >= DIGITS else [],
    )


@dataclass(frozen=True, slots=True)
class Lasting:
    """What SPIN says of temporal properties: the story of each that fails, None where it holds; why others
    were `left` out.
    """

    stories: dict[str, Story | None]
    left: dict[str, str]
    seconds: float


def judge_lasting(flat: Flat, place: Workplace, states: int) -> Lasting:
    """Each temporal property by itself, depth first, for cycles."""
    stories: dict[str, Story | None] = {}
    left: dict[str, str] = {}
    spent = 0.0
    for name, part in ((name, n) for name, parts in flat.formulas for n in range(len(parts))):
        if name in left or stories.get(name):
            continue
        if len(dict(flat.formulas)[name]) > PARTS:
            left[name] = f"{name}: more than {PARTS} formulas, each a run of its own"
            continue
        own = Workplace(place.directory / f"{name}_{part}", place.until)
        own.directory.mkdir()
        try:
            text, formula = promela_ltl(flat, name, part)
        except CannotSay as reason:
            left[name] = str(reason)
            continue
        (own.directory / "model.pml").write_text(text)
        told = own.run(["spin", "-a", "-o1", "-o2", "-o3", "-f", formula, "model.pml"], fails=True)
        if "too long" in told:
            left[name] = f"{name}: SPIN says of the conditions of fair actions: inline text too long"
            continue
        if "Error" in told or "error:" in told:
            raise NoAnswer(f"spin fails: {' | '.join(told.splitlines()[:3])}")
        own.run(
            ["gcc", "-O0", "-DNOREDUCE", "-DNOFAIR", "-w", f"-DMEMLIM={_megabytes()}", "-o", "pan", "pan.c"]
        )
        depth, bits = min(DEPTH, 10_000 + 400 * states), max(16, states.bit_length() + 2)
        text, seconds = own.timed(["./pan", "-a", "-E", f"-m{depth}", f"-w{bits}"], fails=True)
        spent += seconds
        if "acceptance cycle" in text:
            stories[name] = _cycle(flat, own, name)
        elif "errors: 0" in text and "too small" not in text and "not completed" not in text:
            stories[name] = None
        else:
            raise NoAnswer(f"SPIN gives up on {name}: {' | '.join(text.splitlines()[:3])}")
    return Lasting(stories, left, spent)


def _cycle(flat: Flat, place: Workplace, name: str) -> Story:
    """The behaviour without end that SPIN tells; its steps that change nothing are left out."""
    text = place.run(["./pan", "-r"], fails=True)
    before, _, _ = text.partition("<<<<<START OF CYCLE")
    steps = [number for kind, number in _told(text) if kind == "step"]
    loop = sum(kind == "step" for kind, _ in _told(before))
    return Story(_initial(flat, _told(text), name), tuple(steps), loop=loop)


def _told(text: str) -> list[tuple[str, int]]:
    """What the model's steps print, in order."""
    found = re.findall(r"^\s*(initial state|chosen|step|fault)s? (-?\d+)", text, re.MULTILINE)
    return [(kind, int(number)) for kind, number in found]


def _initial(flat: Flat, told: Sequence[tuple[str, int]], name: str) -> int:
    """The number of the initial state in which a story begins."""
    try:
        (product,) = (number for kind, number in told if kind == "initial state")
        return chosen(flat.initial, product, [number for kind, number in told if kind == "chosen"])
    except ValueError as why:
        raise NoAnswer(f"SPIN tells no initial state of {name}: {why}") from None


def _megabytes() -> int:
    """The memory that SPIN may take: four fifths of all."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 8 // 10 >> 20


def bare_of(flat: Flat) -> Flat:
    """The model without its properties: every step of it is a step of the spec."""
    steps = tuple(replace(step, claims=()) for step in flat.steps)
    return replace(flat, properties=(), claims=(), steps=steps)


def prepare(flat: Flat, place: Workplace, flags: Sequence[str] = ("-O0",), told: bool = True) -> None:
    """Write the model and compile SPIN's verifier `pan` for it; `told` as for `promela`."""
    need("spin", "gcc")
    (place.directory / "model.pml").write_text(promela(flat, told=told))
    place.run(["spin", "-a", "-o1", "-o2", "-o3", "model.pml"])
    place.run(["gcc", *flags, *FLAGS, f"-DMEMLIM={_megabytes()}", "-o", "pan", "pan.c"])


def count(flat: Flat, place: Workplace, states: int) -> Counts:
    """One run of the verifier, on behind every error."""
    text, seconds = place.timed(["./pan", "-E", "-c0", f"-w{max(16, states.bit_length())}"], fails=True)
    if "search was not completed" in text.lower() or "states, stored" not in text:
        raise NoAnswer(f"SPIN gives up: {' | '.join(text.splitlines()[:3])}")
    initial = len(flat.initial)  # SPIN counts the choice and the check of an initial state as steps
    before, steps = on_the_way(flat)
    errors: dict[int, tuple[int, int]] = {}
    for number, what, depth in re.findall(r"^pan:(\d+): (.*?) \(at depth (\d+)\)", text, re.MULTILINE):
        known = re.match(r"assertion violated \(*(\d+)\s*>=\s*0", what)
        if known is None:
            raise NoAnswer(f"SPIN reports what is no property: {what}")
        errors.setdefault(int(known[1]), (int(number), int(depth)))
    return Counts(
        states=_number(r"(\S+) states, stored", text) - before - initial,
        transitions=_number(r"(\S+) transitions", text) - before - 2 * initial,
        depth=max(0, _number(r"depth reached (\d+)", text) - steps - 1),
        seconds=seconds,
        errors=errors,
    )


def _property(flat: Flat, number: int) -> str:
    """The property of an assertion's number (`promela.number_of`)."""
    return flat.properties[number] if number < len(flat.properties) else "evaluation"


def _story(flat: Flat, place: Workplace, number: int, name: str) -> Story:
    """The counterexample of an error: SPIN stops at it, writes it, and takes it again, telling every step."""
    place.run(["./pan", "-E", f"-c{number}"], fails=True)
    told = _told(place.run(["./pan", "-r"], fails=True))
    steps = tuple(number for kind, number in told if kind in ("step", "fault"))
    return Story(_initial(flat, told, name), steps, fails=told[-1][0] == "fault")


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    if match is None:
        raise NoAnswer(f"SPIN prints no {pattern!r}")
    return round(float(match[1]))


def installed() -> bool:
    """Whether SPIN and a compiler are there."""
    return bool(shutil.which("spin") and shutil.which("gcc"))
