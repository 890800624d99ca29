"""The bytes that give a doorbell its meaning, the doorbell, and how they are written. Knows no barriers."""

import enum
from dataclasses import dataclass

from explorer import *

from ..shared.cpus import Target
from .kernel import REAL_MODE, split

IPIS = constant("ipis", 1)
"""How many IPIs each sender sends."""

RECURRING = constant("recurring", False)
"""Idle senders send RESCHEDULE again and again, whatever is queued, as resched_curr() does."""


class Plain(Scalarset):
    """Kinds of message that nobody waits for: interchangeable but for their names (and `real_mode`)."""

    size = constant("message_types", 2) - 1
    names = ("RESCHEDULE", "RM_HOST_ACTION", "TICK_BROADCAST", "NMI_IPI")


class Call(enum.Enum):
    """The kind that its sender waits for."""

    CALL_FUNCTION = 0


class Flag(enum.Enum):
    """HOST_IPI: the byte in the target's PACA, this interrupt is for the host. DOORBELL: the target's pending
    exception; on XICS, the external interrupt of the IPI."""

    HOST_IPI, DOORBELL = range(2)


Message = Plain | Call
Word = Plain | Call | Flag


@dataclass(frozen=True)
class Address:
    """A target's `ipi_message[word]`, its `paca_ptrs[target]->kvm_hstate.host_ipi`, or its doorbell."""

    target: Target
    word: Word


def is_host_action(kind: Message) -> bool:
    """Whether this kind is the one that real-mode code sends."""
    return bool(REAL_MODE) and isinstance(kind, Plain) and kind.index == 1


def message(target: Target, kind: Message) -> Address:
    return Address(target, kind)


def host_ipi(target: Target) -> Address:
    return Address(target, Flag.HOST_IPI)


def doorbell(target: Target) -> Address:
    return Address(target, Flag.DOORBELL)


def wording(address: Address, value: int) -> str:
    """A store as the kernel writes it, with its target if there are several."""
    if address.word == Flag.DOORBELL:
        return f"ppc_msgsnd() -> {address.target}"
    if address.word == Flag.HOST_IPI and split():
        return f"kvmppc_{'set' if value else 'clear'}_host_ipi({address.target})"
    if address.word == Flag.HOST_IPI:
        return f"kvmppc_set_host_ipi({address.target}, {value})"
    kind = address.word.name if isinstance(address.word, enum.Enum) else repr(address.word)
    return f"message[{kind}]" + (f" of {address.target}" if len(Target) > 1 else "") + f" = {value}"
