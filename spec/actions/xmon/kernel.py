"""Which xmon is checked: the switches that make the variants. The defaults are Linux 5.4."""

import enum

from explorer import *


class Config(enum.Enum):
    """How `dxi` asks for a configuration: OPAL directly (5.3), or a backend's operation, which may lack."""

    DIRECT = "direct"
    BACKEND = "backend"
    NO_HCALL = "no_hcall"
    NO_OPAL = "no_opal"


class Walk(enum.Enum):
    """What `dxi` without a number does: nothing (5.3), all descriptors (5.4), all that pass a test of their
    irq_chip (5.6 and stable trees, 97ef27507793), all of the XIVE domain (5.13, 6bf66eb8)."""

    NONE = "none"
    ALL = "all"
    CHIP = "chip"
    DOMAIN = "domain"


class Load(enum.Enum):
    """The load that shows P and Q: 0x800 changes nothing, 0x000 ends the interrupt, 0xc00 sets 00."""

    GET = "get"
    EOI = "eoi"
    SET_PQ_00 = "set_pq_00"


DX_TESTS_HV = constant("dx_tests_hv", True)
"""`dx` calls OPAL only in HV mode (c3e0dbd7f780)."""

DX_TESTS_XC = constant("dx_tests_xc", True)
"""`dx` prints a CPU's XIVE state only where there is one (855d9140a394)."""

CONFIG = constant("config", Config.BACKEND)
WALK = constant("walk", Walk.ALL)
LOAD = constant("load", Load.GET)

DXI_GUARDED = constant("dxi_guarded", False)
"""`dxi` sets catch_memory_errors, as `dx` does. No kernel of the period does so."""

STRICT = constant("strict", False)
"""An observer must not even make the host map an ESB page."""

COLLIDING = constant("colliding", False)
"""Another irq_chip may have hardware numbers that firmware knows as XIVE interrupts."""

TEARDOWN = constant("teardown", False)
"""CPUs may have been torn down by kexec: their IPI is freed, xive_cpu and its mapping stay."""

ESB_FAULTS = constant("esb_faults", False)
"""A load from an ESB page may fault."""
