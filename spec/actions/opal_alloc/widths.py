"""One word on its way from skiboot's allocator to Linux's idea of an interrupt number, for every word there
is.

A private 32-bit value becomes an int64_t, is converted and tested, and becomes an unsigned word again. All
words below `limit` are numbers; the highest `private` words are skiboot's own codes (NO_SPACE, NO_IND,
NO_MEM), which mean that there is none.
"""

import enum

from explorer import *

from ..opal import firmware as opal
from ..opal.firmware import U32, WORD
from . import kernel
from .chips import Caller
from .kernel import Skiboot
from .linux import fixed_up, is_error

LIMIT = constant("limit", 64)
"""Words below are interrupt numbers. 0 is one only where `zero` says so: xive_native_alloc_irq has it for an
error.
"""

PRIVATE = constant("private", 1)
ZERO = constant("zero", False)


Wide = Annotated[int, Range(-(2 ** (WORD - 1)), 2**WORD - 1)]
"""The int64_t values that a word becomes, sign- or zero-extended, and the codes of the interface."""


class Stage(enum.Enum):
    WORD = 0
    RETURNED = 1
    NUMBER = 2
    ERROR = 3


class Conversion(State):
    """`word` and `caller` are free choices: one exploration covers them all."""

    word: Var[U32] = initially(any_of(U32))
    caller: Var[Caller] = initially(any_of(Caller.CPU_IPI, Caller.VCPU))
    stage: Var[Stage] = initially(Stage.WORD, quiet=True)
    ret: Var[Wide] = initially(0)
    irq: Var[U32] = initially(0)

    @property
    def private(self) -> Value[bool]:
        return self.word > opal.all_ones() - PRIVATE


@initial
def number_or_code(conversion: Conversion) -> Value[bool]:
    """The allocator returns a number or a private code."""
    return ((conversion.word < LIMIT) & ((conversion.word > 0) | ZERO)) | conversion.private


@action(actor="skiboot", source="skiboot hw/xive.c:xive_try_allocate_irq")
def returns(conversion: Conversion) -> None:
    """return {conversion.word}  // as int64_t"""
    when(conversion.stage == Stage.WORD)
    wide = opal.as_signed_word(conversion.word) if kernel.SKIBOOT == Skiboot.SIGNED else conversion.word
    fixed = kernel.SKIBOOT == Skiboot.FIXED
    conversion.ret.next = ite(conversion.private & fixed, opal.RESOURCE, wide)
    conversion.stage.next = Stage.RETURNED


@action(actor="Linux", source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def takes_for_number(conversion: Conversion, caller: Caller) -> None:
    """{conversion.ret} is an interrupt number"""
    when(conversion.stage == Stage.RETURNED)
    when(conversion.caller == caller)
    when(~is_error(caller, conversion.ret))
    conversion.irq.next = opal.truncated(fixed_up(caller, conversion.ret))
    conversion.stage.next = Stage.NUMBER


@action(actor="Linux", source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def takes_for_error(conversion: Conversion, caller: Caller) -> None:
    """{conversion.ret} is an error"""
    when(conversion.stage == Stage.RETURNED)
    when(conversion.caller == caller)
    when(is_error(caller, conversion.ret))
    conversion.stage.next = Stage.ERROR


@invariant
def codes_are_errors(conversion: Conversion) -> Value[bool]:
    """No private code is taken for an interrupt number."""
    return implies(conversion.private, conversion.stage != Stage.NUMBER)


@invariant
def numbers_survive(conversion: Conversion) -> Value[bool]:
    """Every number that is given out arrives, and arrives unchanged."""
    arrived = (conversion.stage == Stage.NUMBER) & (conversion.irq == conversion.word)
    under_way = (conversion.stage == Stage.WORD) | (conversion.stage == Stage.RETURNED)
    return implies(~conversion.private, under_way | arrived)


@terminal
def decided(conversion: Conversion) -> Value[bool]:
    return (conversion.stage == Stage.NUMBER) | (conversion.stage == Stage.ERROR)
