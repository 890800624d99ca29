"""What the specs of deliberate mistakes share."""

import enum
from dataclasses import dataclass
from typing import Annotated

from explorer import *  # noqa: F403
from explorer import Capacity, Map, Queue, Range, Scalarset, Set, State, Var, constant, initially


class Cpu(Scalarset):
    size = constant("CPUS", 2)


class Device(Scalarset):
    size = 1


class Step(enum.Enum):
    IDLE, BUSY = range(2)


class Message(enum.Enum):
    CALL, STOP = range(2)


Slot = Annotated[int, Range(0, 3)]


@dataclass(frozen=True)
class Store:
    slot: Slot
    value: bool


class Sender(State):
    at: Map[Cpu, Step] = initially(Step.IDLE)
    ready: Map[Cpu, Map[Message, bool]] = initially(False)
    slot: Var[Slot] = initially(0)
    stopped: Var[bool] = initially(False)
    owner: Var[Cpu | None] = initially(None)
    waiting: Set[Cpu] = initially(set())
    pending: Annotated[Queue[Cpu], Capacity(2)] = initially([])
    store: Var[Store] = initially(Store(0, False))
    last: Var[Store | None] = initially(None)
