"""TLC as a judge: breadth first, one worker. It ends at the first error, so it is asked again without the
property that fails. It judges temporal properties too.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from explorer.export import memory_tla
from explorer.export.flat import CannotSay, Flat, bits_of
from explorer.export.symmetry_tla import Identities
from explorer.export.tla import Module, configuration, module, tla
from explorer.ir.data import dataclass
from explorer.ir.expressions import Family
from explorer.ir.types import SetType
from explorer.judge.answers import Answer, NoAnswer, Story, length
from explorer.judge.tlc_values import items, read_value
from explorer.judge.tools import Workplace, need

BITS = 31
"""Bits of a number of TLC."""

JAVA = ("java", "-XX:+UseParallelGC", "-Xss64m")
OPTIONS = ("-tool", "-workers", "1", "-noGenerateSpecTE", "-metadir", "states")

FINISHED, STATISTICS, DEPTH = 2193, 2199, 2194
INVARIANT, INVARIANT_INITIALLY, NEVER, TEMPORAL = 2110, 2107, 2230, 2116
STATES = r"(\d+) distinct states found"
STATE, STUTTERS, BACK = 2217, 2218, 2122
"""Numbers of TLC's messages (tlc2.output.EC)."""


def jar_fault(jar: Path) -> str:
    """Why a file is no tla2tools.jar; "" where it is one."""
    if not jar.exists():
        return "no such file"
    try:
        with zipfile.ZipFile(jar) as archive:
            archive.getinfo("tlc2/TLC.class")
    except (OSError, zipfile.BadZipFile):
        return "it cannot be read as a jar"
    except KeyError:
        return "it has no tlc2.TLC"
    return ""


def installed() -> bool:
    """Whether there is a Java to run TLC."""
    return bool(shutil.which("java"))


def judge(flat: Flat, place: Workplace, jar: Path, proven: Identities) -> Answer:
    """TLC's answer, with the number of orbits where identities are `proven` to be interchangeable. Raises
    Missing, NoAnswer, and CannotSay for numbers that TLC does not have.
    """
    need("java")
    if not flat.initial:
        raise CannotSay(f"{flat.model.name}: no initial state, and TLC wants one")
    bits = bits_of(flat)
    if bits > BITS:
        raise CannotSay(f"{flat.model.name}: numbers of {bits} bits, and TLC has {BITS}")
    return _Asking(flat, place, jar, proven).answer()


@dataclass(frozen=True, slots=True)
class Said:
    """What a run of TLC reports: its messages, each with its number, in order."""

    messages: tuple[tuple[int, str], ...]
    seconds: float

    def of(self, number: int) -> str | None:
        """The first message of a number; None where there is none."""
        return next((text for n, text in self.messages if n == number), None)


class _Asking:
    """One model before TLC."""

    def __init__(self, flat: Flat, place: Workplace, jar: Path, proven: Identities):
        self.flat, self.place, self.jar = flat, place, jar
        self.module: Module = tla(flat, proven)
        self.name = module(flat.model.name)
        (place.directory / f"{self.name}.tla").write_text(self.module.text)
        self.seconds = 0.0

    def answer(self) -> Answer:
        stories: dict[str, Story] = {}
        left = dict(self.module.invariants)
        while (said := self.run(left)).of(FINISHED) is None:
            name, story = self.failure(said)
            stories[name] = min(story, stories.get(name, story), key=length)
            left = {n: asked for n, asked in left.items() if asked is None or asked.property != name}
        lasting = dict(self.lasting())
        orbits = None
        if self.module.symmetric:
            orbits = _number(STATES, self.run((), view=True).of(STATISTICS))
        return Answer(
            "TLC",
            _number(STATES, said.of(STATISTICS)),
            _number(r"(\d+) states generated", said.of(STATISTICS)) - len(self.flat.initial),
            depth=_number(r"search is (\d+)", said.of(DEPTH)) - 1,
            violated={**{name: length(story) for name, story in stories.items()}, **dict.fromkeys(lasting)},
            seconds=self.seconds,
            stories={**stories, **lasting},
            temporal=tuple(self.module.temporal.values()),
            orbits=orbits,
        )

    def lasting(self) -> Iterator[tuple[str, Story]]:
        """The temporal properties that fail, and their stories."""
        every = self.module.temporal
        if not every or self.run((), every).of(FINISHED) is not None:
            return
        for definition, name in every.items():
            said = self.run((), [definition])
            if said.of(TEMPORAL) is not None:
                yield name, self.story(said)
            elif said.of(FINISHED) is None:
                raise NoAnswer(_trouble(said))

    def run(self, invariants: Iterable[str], temporal: Iterable[str] = (), view: bool = False) -> Said:
        """One run that asks for these definitions, of one state of each orbit with a `view`."""
        (self.place.directory / "asked.cfg").write_text(configuration(invariants, temporal, view))
        shutil.rmtree(self.place.directory / "states", ignore_errors=True)
        command = [
            *JAVA,
            "-cp",
            str(self.jar),
            "tlc2.TLC",
            *OPTIONS,
            "-config",
            "asked.cfg",
            f"{self.name}.tla",
        ]
        text, seconds = self.place.timed(command, fails=True)
        self.seconds += seconds
        found = re.findall(r"@!@!@STARTMSG (\d+):\d+ @!@!@\n(.*?)@!@!@ENDMSG \1 @!@!@", text, re.DOTALL)
        if not found:
            raise NoAnswer(f"TLC does not run: {' | '.join(text.splitlines()[:3])}")
        return Said(tuple((int(number), message.strip()) for number, message in found), seconds)

    def failure(self, said: Said) -> tuple[str, Story]:
        """The property that fails, and its story."""
        text = said.of(INVARIANT) or said.of(INVARIANT_INITIALLY) or said.of(NEVER)
        named = re.match(r"(?:Invariant|The invariant of) (\w+) is (?:violated|equal to FALSE)", text or "")
        asked = self.module.invariants.get(named[1]) if named else None
        if asked is None:
            raise NoAnswer(_trouble(said))
        story = Story(0, ()) if said.of(NEVER) else self.story(said)
        more = () if asked.instance is None else (asked.instance,)
        return asked.property, Story(story.initial, (*story.steps, *more), asked.fails)

    def story(self, said: Said) -> Story:
        """The behaviour that TLC tells, translated back."""
        told = [text for number, text in said.messages if number == STATE]
        first = told[0] if told else said.of(INVARIANT_INITIALLY)
        if first is None:
            raise NoAnswer(f"TLC tells no story: {_trouble(said)}")
        steps = [self.instance(text) for text in told[1:]]
        back, loop = said.of(BACK), None
        if back is not None:
            steps.append(self.instance(back))
            loop = _number(r"^(\d+): ", back) - 1
        elif said.of(STUTTERS) is not None:
            loop = len(steps)
        return Story(self.initial(first), tuple(steps), loop=loop)

    def instance(self, text: str) -> int:
        """The step that leads to a state that TLC tells."""
        named = re.search(r"<(\w+) line ", text)
        if named is None or named[1] not in self.module.actions:
            raise NoAnswer(f"TLC tells of a step that is not the model's: {text.splitlines()[0]}")
        return self.module.actions[named[1]]

    def initial(self, text: str) -> int:
        """The number of the initial state that TLC tells."""
        joined = re.sub(r"\n(?!/\\ )", " ", text.partition("\n")[2])
        told = dict(re.findall(r"^(?:/\\ )?(\w+) = (.*)$", joined, re.MULTILINE))
        try:
            wanted = [self.told(family, read_value(told[name])) for family, name in self.module.variables]
            return [self.shown(state) for state in self.flat.initial].index(wanted)
        except (KeyError, ValueError):
            raise NoAnswer(f"TLC begins in a state that is not the model's: {text}") from None

    def shown(self, state: tuple[int, ...]) -> list[object]:
        """An initial state as `told` reads it."""
        result: list[object] = []
        for family in self.flat.families:
            codes = state[family.first : family.first + family.size]
            values = [_members(c) if isinstance(family.type, SetType) else c for c in codes]
            if family in self.flat.memories:
                result.append(memory_tla.shown(family, codes[0]))
            else:
                result += [tuple(values)] if family in self.flat.arrays else values
        return result

    def told(self, family: Family, value: Any) -> object:
        """What TLC tells of a variable."""
        if family in self.flat.memories:
            return memory_tla.seen(value)
        return items(value) if family in self.flat.arrays else value


def _members(code: int) -> frozenset[int]:
    return frozenset(i for i in range(code.bit_length()) if code >> i & 1)


def _trouble(said: Said) -> str:
    """What TLC says where it neither finishes nor finds what was asked for."""
    known = [
        text for number, text in said.messages if number < 2000 or 2100 <= number < 2180 or number > 3000
    ]
    return f"TLC gives up: {' | '.join(' '.join(known or ['it says nothing']).splitlines()[:4])}"


def _number(pattern: str, text: str | None) -> int:
    match = re.search(pattern, text or "")
    if match is None:
        raise NoAnswer(f"TLC prints no {pattern!r}")
    return int(match[1])
