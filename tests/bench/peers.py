"""SPIN and Rumur on the same model: exported (`explorer.export`), compiled, run, and their counts read."""

from __future__ import annotations

import math
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from explorer.export.flat import CannotSay, Flat, flatten
from explorer.ir.model import Model
from explorer.judge import rumur as rumur_judge
from explorer.judge import spin as spin_judge
from explorer.judge.tools import Missing, Workplace

__all__ = ["CannotSay", "Counted", "Missing", "rumur", "spin"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a peer reports. `seconds` is from the start of its verifier to its end, `cpu` its processor
    time.
    """

    states: int
    transitions: int
    seconds: float
    cpu: float


def spin(model: Model, directory: Path, states: int, repeat: int = 1) -> list[Counted]:
    """SPIN's counts; its hash table has room for `states`."""
    flat, place = _flat(model), Workplace(directory, math.inf)
    spin_judge.prepare(flat, place, ("-O3",), told=False)
    result = []
    for _ in range(repeat):
        found, cpu = _timed(lambda: spin_judge.count(flat, place, states))
        if found.errors:
            raise RuntimeError(f"SPIN found {found.errors}")
        result.append(Counted(found.states, found.transitions, found.seconds, cpu))
    return result


def rumur(model: Model, directory: Path, repeat: int = 1, packed: bool = False) -> list[Counted]:
    """Rumur's counts. Packed states are its default; without, it is faster and needs more memory."""
    flat, place = _flat(model), Workplace(directory, math.inf)
    pack = ("--pack-state", "on" if packed else "off")
    rumur_judge.compile_verifier(flat, place, pack, ("-O3", "-march=native"))
    result = []
    for _ in range(repeat):
        found, cpu = _timed(lambda: rumur_judge.count(place))
        result.append(Counted(found.states, found.transitions, found.seconds, cpu))
    return result


def _flat(model: Model) -> Flat:
    """The model with its invariants and step invariants, as the engines check them in the benchmark."""
    return flatten(model, [p.name for p in model.properties])


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and the processor time of the programs that it ran."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
