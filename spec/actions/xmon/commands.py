"""xmon's commands: `dx CPU`, `dxa` (every possible CPU), `dxi IRQ`, `dxi` (every interrupt), step by step.

What a command still has to show stands in two sets; the order of CPUs and interrupts is left open. An
exception inside a command is caught by the command (catch_memory_errors), or by xmon itself, which gives the
command up and returns to its main loop. A call into firmware that is not there is caught by nobody.
"""

import enum

from explorer import *

from ..opal.firmware import Firmware
from ..xive.esb import PQ, Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from . import kernel
from .kernel import Config, Load, Walk
from .machine import Kind, Machine, Platform, Xc


class Step(enum.Enum):
    """What the debugger does next. RUNNING: it is not entered. OPAL_DUMP to LOAD_IPI are `dx`, CONFIG and
    LOAD_PQ are `dxi`.
    """

    RUNNING = 0
    PROMPT = 1
    OPAL_DUMP = 2
    DO_DUMP = 3
    LOAD_IPI = 4
    CONFIG = 5
    LOAD_PQ = 6
    EXCEPTION = 7
    CRASHED = 8


class Xmon(State):
    """`cpus` and `irqs` are still to be shown, `cpu` and `irq` are being shown. `by_number`: the command is
    `dxi IRQ`.

    `guard` is catch_memory_errors. `stale`: it showed the state of an IPI that is freed. `misread`: it took
    other data for a xive_irq_data.
    """

    at: Var[Step] = initially(Step.RUNNING, quiet=True)
    cpus: Set[Cpu] = initially(set(), quiet=True)
    cpu: Var[Cpu | None] = initially(None, quiet=True)
    irqs: Map[Source, bool] = initially(False, quiet=True)
    irq: Var[Source | None] = initially(None, quiet=True)
    by_number: Var[bool] = initially(False, quiet=True)
    guard: Var[bool] = initially(False)
    stale: Var[bool] = initially(False)
    misread: Var[bool] = initially(False)

    def shows_cpu(self, cpu: Cpu, step: Step) -> None:
        """The debugger is at this step of showing the CPU."""
        when(self.at == step)
        when(self.cpu == cpu)

    def next_cpu(self) -> None:
        """The CPU has been shown."""
        self.cpu.next = None
        self.guard.next = False
        self.at.next = ite(self.cpus.empty, Step.PROMPT, Step.OPAL_DUMP)

    def asks_for(self, source: Source) -> None:
        """The debugger takes up one of the interrupts that are left."""
        when(self.at == Step.CONFIG)
        when(self.irqs[source])
        self.irqs[source].next = False

    def after(self, source: Source) -> Value[Step]:
        """Where the debugger goes on once this interrupt is done with."""
        return ite(some(self.irqs[other] for other in Source if other != source), Step.CONFIG, Step.PROMPT)

    def shows_irq(self, source: Source) -> None:
        """The debugger is about to show P and Q."""
        when(self.at == Step.LOAD_PQ)
        when(self.irq == source)

    def next_irq(self, source: Source) -> None:
        """The interrupt has been shown."""
        self.irq.next = None
        self.guard.next = False
        self.at.next = self.after(source)

    def give_up(self, step: Step) -> None:
        """The command ends in the middle."""
        self.at.next = step
        self.cpus.next = set()
        self.cpu.next = None
        for source in Source:
            self.irqs[source].next = False
        self.irq.next = None
        self.by_number.next = False


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:xmon_core")
def enter(machine: Machine, xmon: Xmon) -> None:
    """entered; all CPUs are held"""
    when(xmon.at == Step.RUNNING)
    machine.held.next = True
    xmon.at.next = Step.PROMPT


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:xmon_core")
def leave(machine: Machine, xmon: Xmon) -> None:
    """x  // exit"""
    when(xmon.at == Step.PROMPT)
    machine.held.next = False
    xmon.at.next = Step.RUNNING


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:dump_xives")
def dx(xmon: Xmon, cpu: Cpu) -> None:
    """dx {cpu}"""
    when(xmon.at == Step.PROMPT)
    xmon.cpus.next = {cpu}
    xmon.at.next = Step.OPAL_DUMP


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:dump_all_xives")
def dxa(xmon: Xmon) -> None:
    """dxa"""
    when(xmon.at == Step.PROMPT)
    xmon.cpus.next = set(domain(Cpu))
    xmon.at.next = Step.OPAL_DUMP


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:dump_one_xive_irq")
def dxi_number(xmon: Xmon, source: Source) -> None:
    """dxi {source}"""
    when(xmon.at == Step.PROMPT)
    xmon.irqs[source].next = True
    xmon.by_number.next = True
    xmon.at.next = Step.CONFIG


@action(actor="xmon", source="arch/powerpc/xmon/xmon.c:dump_all_xive_irq")
def dxi(machine: Machine, xmon: Xmon) -> None:
    """dxi"""
    when(kernel.WALK != Walk.NONE)
    when(xmon.at == Step.PROMPT)
    walked = {
        s: machine.kind[s] == Kind.XIVE if kernel.WALK == Walk.DOMAIN else machine.kind[s] != Kind.NONE
        for s in Source
    }
    for source, walks in walked.items():
        xmon.irqs[source].next = walks
    xmon.at.next = ite(some(walked.values()), Step.CONFIG, Step.PROMPT)


# Fair: the debugger goes on with what it was told to do. Entering, leaving and the choice of a command are
# free.


@action(actor="xmon", fair=WEAK, source="arch/powerpc/xmon/xmon.c:dump_one_xive")
def opal_dump(machine: Machine, xmon: Xmon, cpu: Cpu) -> None:
    """{"opal_xive_dump()" if not kernel.DX_TESTS_HV else "if (hv) opal_xive_dump()"}; catch_memory_errors = 1
    // {cpu}
    """
    when(xmon.at == Step.OPAL_DUMP)
    when(xmon.cpus.contains(cpu))
    when((machine.platform == Platform.POWERNV) | kernel.DX_TESTS_HV)
    xmon.cpus.next = xmon.cpus.remove(cpu)
    xmon.cpu.next = cpu
    xmon.guard.next = True
    xmon.at.next = Step.DO_DUMP


@action(actor="xmon", fair=WEAK, defensive=True, source="arch/powerpc/xmon/xmon.c:dump_one_xive")
def opal_dump_crashes(machine: Machine, xmon: Xmon) -> None:
    """opal_xive_dump() through a null entry: crash"""
    when(not kernel.DX_TESTS_HV)
    when(xmon.at == Step.OPAL_DUMP)
    when(machine.platform == Platform.PSERIES)
    xmon.give_up(Step.CRASHED)


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xmon_xive_do_dump")
def do_dump(machine: Machine, xmon: Xmon, cpu: Cpu) -> None:
    """CPU {cpu}: pp, CPPR"""
    xmon.shows_cpu(cpu, Step.DO_DUMP)
    when(machine.xc[cpu] != Xc.NULL)
    xmon.at.next = Step.LOAD_IPI


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xmon_xive_do_dump")
def do_dump_nothing(machine: Machine, xmon: Xmon, cpu: Cpu) -> None:
    """CPU {cpu}:  // xive_cpu is NULL"""
    when(kernel.DX_TESTS_XC)
    xmon.shows_cpu(cpu, Step.DO_DUMP)
    when(machine.xc[cpu] == Xc.NULL)
    xmon.next_cpu()


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xmon_xive_do_dump")
def do_dump_faults(machine: Machine, xmon: Xmon, cpu: Cpu) -> None:
    """xc->pending_prio through NULL: *** Error dumping xive on cpu {cpu}  // caught"""
    when(not kernel.DX_TESTS_XC)
    xmon.shows_cpu(cpu, Step.DO_DUMP)
    when(machine.xc[cpu] == Xc.NULL)
    xmon.next_cpu()


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xmon_xive_do_dump")
def load_ipi(machine: Machine, xmon: Xmon, cpu: Cpu) -> None:
    """IPI PQ, EQ idx and entries; catch_memory_errors = 0"""
    xmon.shows_cpu(cpu, Step.LOAD_IPI)
    xmon.stale.next = xmon.stale | (machine.xc[cpu] == Xc.FREED)
    xmon.next_cpu()


def called(machine: Machine, platform: Platform) -> Value[bool]:
    """Whether get_irq_config reaches the firmware of this platform."""
    missing = {
        Config.BACKEND: None,
        Config.DIRECT: Platform.PSERIES,
        Config.NO_HCALL: Platform.PSERIES,
        Config.NO_OPAL: Platform.POWERNV,
    }[kernel.CONFIG]
    return (machine.platform == platform) & (missing != platform)


def tested(machine: Machine, xmon: Xmon, source: Source) -> Value[bool]:
    """Whether the interrupt passes the test of its irq_chip, where there is one."""
    return (machine.kind[source] == Kind.XIVE) & ~xmon.by_number | (kernel.WALK != Walk.CHIP)


def has_data(machine: Machine, xmon: Xmon, source: Source) -> Value[bool]:
    """Whether P and Q are shown: where the walk brings the irq_data, and since 2021 where the number is
    mapped.
    """
    return ~xmon.by_number | ((machine.kind[source] == Kind.XIVE) & (kernel.WALK == Walk.DOMAIN))


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:xive_native_get_irq_config")
def opal_get_irq_config(machine: Machine, xmon: Xmon, firmware: Firmware, source: Source) -> None:
    """opal_xive_get_irq_config({source}): {firmware.answer(0, machine.known(source))}"""
    xmon.asks_for(source)
    when(called(machine, Platform.POWERNV))
    when(tested(machine, xmon, source))
    answered(xmon, source, (firmware.answer(0, machine.known(source)) == 0) & has_data(machine, xmon, source))


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/spapr.c:plpar_int_get_source_config")
def hcall_get_source_config(machine: Machine, xmon: Xmon, firmware: Firmware, source: Source) -> None:
    """H_INT_GET_SOURCE_CONFIG({source}): {ite(machine.known(source), 0, -4)}  // repeated while busy"""
    xmon.asks_for(source)
    when(called(machine, Platform.PSERIES))
    when(tested(machine, xmon, source))
    when(firmware.ready)
    answered(xmon, source, machine.known(source) & has_data(machine, xmon, source))


def answered(xmon: Xmon, source: Source, load: Value[bool]) -> None:
    """The configuration, or its absence, is printed; P and Q follow where `load`."""
    xmon.irq.next = ite(load, source, None)
    xmon.by_number.next = False
    xmon.guard.next = load & kernel.DXI_GUARDED
    xmon.at.next = ite(load, Step.LOAD_PQ, xmon.after(source))


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xmon_xive_get_irq_config")
def skip_other_chip(machine: Machine, xmon: Xmon, source: Source) -> None:
    """is_xive_irq(): {source} is another chip's  // -EINVAL"""
    when(kernel.WALK == Walk.CHIP)
    xmon.asks_for(source)
    when(~xmon.by_number & ~tested(machine, xmon, source))
    xmon.at.next = xmon.after(source)


@action(
    actor="xmon",
    fair=WEAK,
    defensive=True,
    source="arch/powerpc/sysdev/xive/common.c:xmon_xive_get_irq_config",
)
def chip_of_null(xmon: Xmon) -> None:
    """irq_data_get_irq_chip(NULL): exception"""
    when(kernel.WALK == Walk.CHIP)
    when(xmon.at == Step.CONFIG)
    when(xmon.by_number)
    xmon.give_up(Step.EXCEPTION)


@action(actor="xmon", fair=WEAK, defensive=True, source="arch/powerpc/xmon/xmon.c:dump_one_xive_irq")
def config_crashes(machine: Machine, xmon: Xmon) -> None:
    """opal_xive_get_irq_config() through a null entry: crash"""
    when(kernel.CONFIG == Config.DIRECT)
    when(xmon.at == Step.CONFIG)
    when(machine.platform == Platform.PSERIES)
    xmon.give_up(Step.CRASHED)


@action(
    actor="xmon",
    fair=WEAK,
    defensive=True,
    source="arch/powerpc/sysdev/xive/common.c:xmon_xive_get_irq_config",
)
def config_missing(machine: Machine, xmon: Xmon) -> None:
    """xive_ops->get_irq_config is NULL: exception"""
    when(kernel.CONFIG in (Config.NO_HCALL, Config.NO_OPAL))
    when(xmon.at == Step.CONFIG)
    when(~called(machine, Platform.POWERNV) & ~called(machine, Platform.PSERIES))
    xmon.give_up(Step.EXCEPTION)


def load_text() -> str:
    return {
        Load.GET: "0x800  // XIVE_ESB_GET",
        Load.EOI: "0x000  // XIVE_ESB_LOAD_EOI",
        Load.SET_PQ_00: "0xc00  // XIVE_ESB_SET_PQ_00",
    }[kernel.LOAD]


@action(actor="xmon", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_esb_read")
def load_pq(machine: Machine, xmon: Xmon, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> None:
    """load from the ESB page of {source} + {load_text()}: PQ {esb.pq[source]}"""
    when(kernel.WALK != Walk.NONE)
    xmon.shows_irq(source)
    when(machine.kind[source] == Kind.XIVE)
    when(~machine.faulty[source])
    machine.mapped[source].next = True
    if kernel.LOAD == Load.EOI:
        queue.send(eas, source, esb.end(source))
    if kernel.LOAD == Load.SET_PQ_00:
        esb.swap(source, PQ.RESET)
    xmon.next_irq(source)


@action(actor="xmon", fair=WEAK, defensive=True, source="arch/powerpc/sysdev/xive/common.c:xive_esb_read")
def load_pq_faults(machine: Machine, xmon: Xmon, source: Source) -> None:
    """load from the ESB page of {source}: {"*** Error, caught" if kernel.DXI_GUARDED else "exception"}"""
    when(kernel.ESB_FAULTS)
    xmon.shows_irq(source)
    when(machine.faulty[source])
    if kernel.DXI_GUARDED:
        xmon.next_irq(source)
    else:
        xmon.give_up(Step.EXCEPTION)


@action(actor="xmon", fair=WEAK, defensive=True, source="arch/powerpc/sysdev/xive/common.c:xive_esb_read")
def load_misread(machine: Machine, xmon: Xmon, source: Source) -> None:
    """takes the handler data of {source} for a xive_irq_data, and loads through it"""
    when(kernel.COLLIDING)
    xmon.shows_irq(source)
    when(machine.kind[source] != Kind.XIVE)
    xmon.misread.next = True
    xmon.next_irq(source)


@action(actor="xmon", fair=WEAK, defensive=True, source="arch/powerpc/xmon/xmon.c:xmon_core")
def main_loop(xmon: Xmon) -> None:
    """Exception in xmon, returning to main loop"""
    when(xmon.at == Step.EXCEPTION)
    xmon.guard.next = False
    xmon.at.next = Step.PROMPT
