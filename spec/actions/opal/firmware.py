"""What a call into firmware may return. On powernv firmware is OPAL (skiboot); on pseries it is the
hypervisor (PAPR).

Every call answers with one signed 64-bit number: 0 or more is success, often with a value; less is an error.
Firmware that is busy does nothing and answers BUSY: OPAL only while it is quiesced
(`opal_quiesce(QUIESCE_REJECT)`), the hypervisor whenever it likes. An entry that the branch table lacks
answers PARAMETER. What a call does to firmware's own tables stands where it is modelled: a module calls
`firmware.answer(...)` with what the call returns when it is carried out, and carries it out where
`firmware.ready`.

Source: skiboot include/opal-api.h, core/opal.c:opal_entry_check, opal_quiesce, opal_bad_token; Linux
asm/opal-api.h.
"""

import enum

from explorer import *

SUCCESS, PARAMETER, BUSY, RESOURCE = 0, -1, -2, -10
"""Return codes of opal-api.h."""

WORD = constant("word", 32)
"""Bits of C's `int`; `int64_t` has twice as many. Less than 7 has no room for the codes."""

Int64 = Annotated[int, Range(-64, 2**WORD - 1)]
"""What calls return: codes and unsigned words. Anything else would be an error, never a wrong number."""

U32 = Annotated[int, Range(0, 2**WORD - 1)]

SPELLS = constant("busy_spells", 0)
"""How often firmware becomes busy."""

SPELLS_END = constant("busy_ends", True)
"""Whether it becomes ready again."""


class Token(enum.Enum):
    """The XIVE calls that firmware may lack, with their numbers in the branch table."""

    GET_QUEUE_STATE = 143
    SET_QUEUE_STATE = 144
    GET_VP_STATE = 170


class Firmware(State):
    """Whether firmware rejects calls at the moment, and how often it has begun to."""

    busy: Var[bool] = initially(False)
    spells: Var[Annotated[int, Range(0, SPELLS)]] = initially(0, quiet=True)

    @property
    def ready(self) -> Value[bool]:
        """Whether a call is carried out now."""
        return ~self.busy

    def answer(self, result: int | Value[int], present: bool | Value[bool] = True) -> Value[int]:
        """What a call returns: `result` where it is carried out and `present` in the branch table."""
        return ite(self.busy, BUSY, ite(present, result, PARAMETER))


@action(actor="firmware", source="skiboot core/opal.c:opal_quiesce")
def becomes_busy(firmware: Firmware) -> None:
    """firmware rejects calls  // OPAL_BUSY, H_BUSY"""
    when(SPELLS > 0)
    when(firmware.ready)
    when(firmware.spells < SPELLS)
    firmware.busy.next = True
    firmware.spells.next = firmware.spells + 1


# Fair where it can happen: a spell of BUSY that may last for ever is what `busy_ends = false` stands for.


@action(actor="firmware", fair=WEAK, source="skiboot core/opal.c:opal_quiesce")
def becomes_ready(firmware: Firmware) -> None:
    """firmware accepts calls again"""
    when(SPELLS > 0 and SPELLS_END)
    when(firmware.busy)
    firmware.busy.next = False


# Widths. A C conversion keeps the value where the new type has it; else it takes it modulo 2 to the width.


def words() -> int:
    """How many values an unsigned word has."""
    return int(2**WORD)


def all_ones() -> int:
    """The largest unsigned word: 0xffffffff, where a word has 32 bits."""
    return words() - 1


def sign_extended(word: int) -> int:
    """A signed word with these bits as a signed double word: the highest bit counts as a sign."""
    return word - words() if word >= words() // 2 else word


def truncated(number: Value[int]) -> Value[int]:
    """The low half of a double word, as an unsigned word."""
    return number % words()


def as_signed_word(number: Value[int]) -> Value[int]:
    """The low half of a double word, as a signed word."""
    low = truncated(number)
    return ite(low >= words() // 2, low - words(), low)
