"""The words of memory that give a doorbell its meaning, and who stores to them. Knows nothing of store buffers."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from explorer import Scalarset, constant

from .cpus import Sender, Target


class Plain(Scalarset):
    """Kinds of message that nobody waits for. They differ in name only, so they are interchangeable."""

    size = constant("message_types", 2) - 1
    names = ("RESCHEDULE", "TICK_BROADCAST", "NMI_IPI", "RM_HOST_ACTION")


class Call(enum.Enum):
    """The kind that its sender waits for."""

    CALL_FUNCTION = 0


class Flag(enum.Enum):
    """The byte in the target's PACA: this doorbell is for the host."""

    HOST_IPI = 0


Message = Plain | Call
Word = Plain | Call | Flag


@dataclass(frozen=True)
class Address:
    """One byte: `ipi_message[word]` or `paca_ptrs[target]->kvm_hstate.host_ipi`."""

    target: Target
    word: Word


def message(target: Target, kind: Message) -> Address:
    return Address(target, kind)


def host_ipi(target: Target) -> Address:
    return Address(target, Flag.HOST_IPI)


def stores_to(cpu: Sender | Target, address: Address) -> bool:
    """Whether the CPU ever stores there: senders everywhere, a target only to its own flag."""
    return isinstance(cpu, Sender) or (cpu == address.target and address.word == Flag.HOST_IPI)


def wording(address: Address) -> str:
    """An address as the kernel writes it, with the target where there are several."""
    if address.word == Flag.HOST_IPI:
        return f"host_ipi[{address.target}]"
    return f"message[{_name(address.word)}]" + (f" of {address.target}" if len(Target) > 1 else "")


def _name(word: Word) -> str:
    return word.name if isinstance(word, enum.Enum) else repr(word)
