"""Every word on its way from skiboot's allocator to Linux's idea of an interrupt number.

A private 32-bit value becomes an int64_t, is converted and tested, and becomes an unsigned word again. All
words below `limit` are numbers; the highest `private` words are skiboot's own codes (NO_SPACE, NO_IND,
NO_MEM), which mean that there is none.
"""

from explorer import *

from ..opal import firmware as opal
from ..opal.firmware import U32, WORD
from . import kernel
from .chips import Caller
from .kernel import Skiboot
from .linux import fixed_up, is_error

LIMIT = constant("limit", 64)
"""Words below are interrupt numbers; 0 only if `zero`: xive_native_alloc_irq has it for an error."""

PRIVATE = constant("private", 1)
ZERO = constant("zero", False)


Wide = Annotated[int, Range(-(2 ** (WORD - 1)), 2**WORD - 1)]
"""The int64_t values that a word becomes, sign- or zero-extended, and the codes of the interface."""


class Conversion(State):
    """`word` and `caller` are free choices, all in one exploration. `irq` was taken for a number."""

    word: Var[U32] = initially(any_of(U32))
    caller: Var[Caller] = initially(any_of(Caller.CPU_IPI, Caller.VCPU))
    ret: Var[Wide] = initially(0)
    irq: Var[U32 | None] = initially(None)

    @property
    def private(self) -> Value[bool]:
        return self.word > opal.all_ones() - PRIVATE


@initial
def number_or_code(conversion: Conversion) -> Value[bool]:
    """The allocator returns a number or a private code."""
    return ((conversion.word < LIMIT) & ((conversion.word > 0) | ZERO)) | conversion.private


@process(source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def converts(conversion: Conversion) -> Steps:
    returns = "return {conversion.word}  // as int64_t"
    yield step(returns, actor="skiboot", source="skiboot hw/xive.c:xive_try_allocate_irq")
    wide = opal.as_signed_word(conversion.word) if kernel.SKIBOOT == Skiboot.SIGNED else conversion.word
    fixed = kernel.SKIBOOT == Skiboot.FIXED
    conversion.ret.next = ite(conversion.private & fixed, opal.RESOURCE, wide)
    yield step("{conversion.ret} is an interrupt number", name="takes_for_number", actor="Linux")
    caller = yield choose(Caller.CPU_IPI, Caller.VCPU)
    when(conversion.caller == caller)
    if (yield branch(is_error(caller, conversion.ret))):
        outcome("{conversion.ret} is an error", name="takes_for_error")
    else:
        conversion.irq.next = opal.truncated(fixed_up(caller, conversion.ret))


@invariant
def codes_are_errors(conversion: Conversion) -> Value[bool]:
    """No private code is taken for an interrupt number."""
    return implies(conversion.private, conversion.irq.is_none)


@invariant
def numbers_survive(conversion: Conversion) -> Value[bool]:
    """Every number that is given out arrives, and arrives unchanged."""
    return implies(~conversion.private & at(converts, None), conversion.irq == conversion.word)
