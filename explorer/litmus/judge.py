"""Runs a litmus test: its final states, in how many executions each is reached, and what its condition says
of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from explorer.memory.architecture import ARCHITECTURES, Architecture, Barrier
from explorer.memory.state import Entry, Memory

from .condition import Place, holds
from .expressions import Value, constant, is_constant
from .machine import Machine
from .paths import UNROLL, Path, paths
from .program import Fence, LitmusError, LitmusTest
from .row import Run, Setting

MODELS = {"PPC": "power", "X86": "tso", "X86_64": "tso", "AArch64": "arm"}
"""The memory model that each architecture of herd's format has."""

FinalState = tuple[Value, ...]
"""The value of each observed place, in the order of `LitmusTest.observed`."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out of a test."""

    test: LitmusTest
    model: str
    executions: dict[FinalState, int]
    """For each final state the number of executions (paths, reads-from and coherence) that end in it."""
    states: int
    """States of the machine."""
    cut: bool
    """Whether executions were left out because a loop may turn more often than `unroll`."""

    def satisfies(self, final: FinalState) -> bool:
        """Whether the proposition of the condition holds in a final state."""
        values = dict(zip(self.test.observed, final, strict=True))
        return holds(self.test.condition.proposition, values.__getitem__)

    @property
    def satisfying(self) -> int:
        """Executions in which the proposition holds."""
        return sum(count for final, count in self.executions.items() if self.satisfies(final))

    @property
    def others(self) -> int:
        """Executions in which it does not."""
        return sum(self.executions.values()) - self.satisfying

    @property
    def allowed(self) -> bool:
        """herd's verdict: whether some execution satisfies the proposition."""
        return self.satisfying > 0

    @property
    def validated(self) -> bool:
        """Whether the condition with its quantifier holds."""
        if self.test.condition.quantifier == "forall":
            return self.others == 0
        return self.allowed == (self.test.condition.quantifier == "exists")


def judge(test: LitmusTest, model: str, unroll: int = UNROLL) -> Judgement:
    """Run a test under a memory model: sc, tso, pso, arm or power."""
    architecture = ARCHITECTURES[model]
    each = [paths(test.file, number, thread, unroll) for number, thread in enumerate(test.threads)]
    setting = _setting(test, architecture, [path for several in each for path in several.paths])
    executions: dict[FinalState, int] = {}
    states = 0
    for combination in itertools.product(*(several.paths for several in each)):
        machine = Machine(setting, combination)
        for run in machine.ends():
            final = _final(test, setting, machine, combination, run)
            executions[final] = executions.get(final, 0) + 1
        states += machine.states
    return Judgement(test, model, executions, states, any(several.cut for several in each))


def _setting(test: LitmusTest, architecture: Architecture, every: list[Path]) -> Setting:
    names = sorted(_locations(test, every))
    if len(test.threads) * len(names) == 0:
        raise LitmusError(test.file, test.line, "the test accesses no location")
    fences = {each.kind for thread in test.threads for each in thread.instructions if isinstance(each, Fence)}
    memory = Memory(
        # Out of order, a load that is satisfied early is a step taken early: the storage needs no window.
        replace(architecture, early_loads=False),
        len(test.threads),
        len(names),
        eieio=Barrier.EIEIO in fences,
    )
    return Setting(
        test.file,
        memory,
        names,
        [test.memory.get(name, 0) for name in names],
        in_order=not architecture.early_loads,
        commits_reads=not architecture.multi_copy_atomic,
        sizes={},
    )


def _locations(test: LitmusTest, every: list[Path]) -> set[str]:
    """Every location that the test names, and every address that it could compute."""
    named = {place.name for place in test.observed if place.thread is None} | set(test.memory)
    values = [value for thread in test.threads for value in thread.registers.values()] + list(
        test.memory.values()
    )
    named |= {value for value in values if isinstance(value, str)}
    plain = (e.address for path in every for e in path.events if is_constant(e.address))
    return named | {address for address in map(constant, plain) if isinstance(address, str)}


def newest(entries: tuple[Entry, ...]) -> Value:
    """The last value of a location."""
    value: Value = entries[0].value[1]  # type: ignore[index]
    return value


def _final(
    test: LitmusTest, setting: Setting, machine: Machine, combination: tuple[Path, ...], run: Run
) -> FinalState:
    memory = {name: newest(entries) for name, entries in zip(setting.names, run.memory.entries, strict=True)}

    def value(place: Place) -> Value:
        if place.thread is None:
            return memory[place.name]
        return machine.value(run, combination[place.thread].registers.get(place.name, 0))

    return tuple(value(place) for place in test.observed)
