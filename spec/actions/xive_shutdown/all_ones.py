"""When an ESB page reads all ones: the virtual processor of its END is disabled, or its PHB in error."""

import enum

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.irq_desc import Descriptors


class AllOnes(enum.Enum):
    """NEVER; BEFORE_FREE: the VP is disabled, then its escalation interrupt freed; ANY_TIME: a PHB error."""

    NEVER = "never"
    BEFORE_FREE = "before_free"
    ANY_TIME = "any_time"


ALL_ONES = constant("all_ones", AllOnes.NEVER)


@action(actor="KVM", source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_cleanup_vcpu")
def disable_vp(descriptors: Descriptors, esb: Esb, source: Source) -> None:
    """xive_native_disable_vp()  // {source} escalates to it; free_irq is to come"""
    when(ALL_ONES == AllOnes.BEFORE_FREE)
    when(descriptors.requested(source) & ~esb.all_ones[source])
    esb.all_ones[source].next = True


@action(actor="PHB")
def phb_error(esb: Esb, source: Source) -> None:
    """PHB error: the ESB page of {source} reads all ones"""
    when(ALL_ONES == AllOnes.ANY_TIME)
    when(~esb.all_ones[source])
    esb.all_ones[source].next = True
