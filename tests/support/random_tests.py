"""Random small litmus tests: accesses with barriers, dependencies and atomic pairs, every register and
location observed.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from explorer.litmus.condition import Condition, Formula, Place
from explorer.litmus.expressions import Expression, Operation, Register
from explorer.litmus.program import (
    Assign,
    Branch,
    Exchange,
    Fence,
    Instruction,
    LitmusTest,
    Load,
    Select,
    Store,
    StoreConditional,
    Thread,
)
from explorer.memory.architecture import Barrier


class Style(NamedTuple):
    """What a model's random programs are made of."""

    fences: tuple[Barrier, ...]
    dependencies: tuple[str, ...]
    marks: bool
    """Acquire and release."""
    pairs: float
    """How often an access is an atomic pair."""
    rcsc: bool = True
    """Whether an acquire also waits for earlier releases."""


STYLES = {
    "power": Style(
        (Barrier.SYNC, Barrier.LWSYNC, Barrier.LWSYNC, Barrier.EIEIO),
        ("addr", "data", "ctrl", "isync"),
        False,
        0.1,
    ),
    "power in order": Style((Barrier.SYNC, Barrier.LWSYNC, Barrier.LWSYNC, Barrier.EIEIO), (), False, 0.0),
    "arm": Style(
        (Barrier.SYNC, Barrier.DMB_LD, Barrier.EIEIO), ("addr", "data", "ctrl", "isync", "pick"), True, 0.15
    ),
    "arm in order": Style((Barrier.SYNC, Barrier.DMB_LD, Barrier.EIEIO), (), True, 0.0, rcsc=False),
    "tso": Style((Barrier.SYNC,), (), False, 0.15),
    "sc": Style((), (), False, 0.1),
}


def random_test(seed: int, model: str, most: int = 9) -> LitmusTest:
    """The test of a seed: 2 to 4 threads, 1 to 3 locations, 4 to `most` accesses."""
    choose = random.Random(f"{model} {seed}")
    threads = choose.choice((2, 2, 2, 3, 3, 4))
    locations = "xyz"[: choose.choice((1, 2, 2, 2, 3))]
    counts = [1] * threads
    for _ in range(max(0, choose.randint(4, most) - threads)):
        counts[choose.randrange(threads)] += 1
    writer = _Writer(choose, locations, STYLES[model])
    made = [writer.thread(number, count) for number, count in enumerate(counts)]
    places = sorted(writer.places) + [Place(None, name) for name in locations]
    condition = Condition("exists", Formula("true", ()))
    return LitmusTest(
        f"{model}-{seed}", "PPC", f"{model}-{seed}", tuple(made), {}, condition, tuple(places), 1
    )


class _Writer:
    def __init__(self, choose: random.Random, locations: str, style: Style) -> None:
        self.choose, self.locations, self.style = choose, locations, style
        self.values = dict.fromkeys(locations, 0)
        self.places: set[Place] = set()

    def thread(self, number: int, accesses: int) -> Thread:
        self.made: list[Instruction] = []
        self.labels: dict[str, int] = {}
        self.loaded: list[str] = []
        for k in range(accesses):
            if k and self.style.fences and self.choose.random() < 0.3:
                self.made.append(Fence(line=1, kind=self.choose.choice(self.style.fences)))
            self.access(f"r{number}{k}")
        self.places |= {Place(number, name) for name in self.loaded}
        return Thread(tuple(self.made), self.labels)

    def access(self, register: str) -> None:
        choose, style = self.choose, self.style
        name = choose.choice(self.locations)
        kind = "pair" if choose.random() < style.pairs else choose.choice("RW")
        address: Expression = name
        dependency = choose.choice(style.dependencies) if self.loaded and style.dependencies else ""
        if choose.random() < 0.5:
            dependency = ""
        source = Register(choose.choice(self.loaded)) if self.loaded else Register(register)
        false = Operation("^", (source, source))
        if dependency in ("ctrl", "isync"):
            label = f"L{len(self.made)}"
            self.made.append(Branch(line=1, condition=Operation("==", (source, source)), target=label))
            self.labels[label] = len(self.made)
            if dependency == "isync":
                self.made.append(Fence(line=1, kind=Barrier.ISYNC))
        if dependency == "addr":
            address = Operation("+", (name, false))
        elif dependency == "pick" and kind == "R":
            address = self.select(register, source, name)
        acquire = style.marks and choose.random() < 0.2
        release = style.marks and choose.random() < 0.2
        if kind == "R":
            weakly = acquire and (not style.rcsc or choose.random() < 0.3)
            self.made.append(
                Load(line=1, register=register, address=address, size=4, acquire=acquire, weakly=weakly)
            )
            self.loaded.append(register)
            return
        self.values[name] += 1
        value: Expression = self.values[name]
        if dependency == "data":
            value = Operation("+", (value, false))
        elif dependency == "pick":
            value = self.select(register, source, value)
        if kind == "W":
            self.made.append(Store(line=1, value=value, address=address, size=4, release=release))
        else:
            self.pair(register, address, value, acquire, release)
            self.loaded.append(register)

    def select(self, register: str, source: Register, value: Expression) -> Register:
        """A register with the value, which the source has picked."""
        test = Operation("==", (source, 0))
        self.made.append(
            Select(line=1, register=f"{register}p", condition=test, value=value, otherwise=value)
        )
        return Register(f"{register}p")

    def compare_and_swap(
        self, register: str, address: Expression, value: Expression, order: dict[str, bool]
    ) -> None:
        """With the old value in no register, or with a compared one that is picked from it or kept."""
        if self.loaded and self.choose.random() < 0.5:
            loaded = Register(self.choose.choice(self.loaded))
            self.made.append(Assign(line=1, register=register, value=Operation("^", (loaded, loaded))))
        self.made.append(
            Exchange(
                line=1,
                register=register,
                value=value,
                address=address,
                size=4,
                expected=Register(register),
                **order,
            )
        )

    def pair(
        self, register: str, address: Expression, value: Expression, acquire: bool, release: bool
    ) -> None:
        if (self.style.dependencies and self.choose.random() < 0.7) or not self.style.dependencies:
            if "pick" in self.style.dependencies and self.choose.random() < 0.4:
                self.compare_and_swap(register, address, value, {"acquire": acquire, "release": release})
                return
            silent = "pick" in self.style.dependencies and self.choose.random() < 0.3
            barrier = [] if self.style.dependencies else [Fence(line=1, kind=Barrier.SYNC)]
            one = Exchange(
                line=1,
                register=register,
                value=value,
                address=address,
                size=4,
                acquire=acquire and not silent,
                release=release,
                silent=silent,
            )
            self.made += [*barrier, one, *barrier]
            return
        self.made.append(
            Load(line=1, register=register, address=address, size=4, acquire=acquire, exclusive=True)
        )
        self.made.append(
            StoreConditional(
                line=1, status="s", value=value, address=address, size=4, release=release, may_fail=False
            )
        )
