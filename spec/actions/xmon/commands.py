"""xmon's commands: `dx CPU`, `dxa` (every possible CPU), `dxi IRQ`, `dxi` (every interrupt), step by step.

What a command still has to show stands in two sets; the order of CPUs and interrupts is left open. An
exception inside a command is caught by the command (catch_memory_errors), or by xmon itself, which gives the
command up and returns to its main loop. A call into firmware that is not there is caught by nobody.
"""

from explorer import *

from ..opal.firmware import Firmware
from ..xive.esb import PQ, Esb, Source
from ..xive.event_queue import Cpu, Eas, EventQueue
from . import kernel
from .kernel import Config, Load, Walk
from .machine import Kind, Machine, Platform, Xc


class Xmon(State):
    """`cpus` and `irqs` are still to be shown, `cpu` and `irq` are being shown. `by_number`: by `dxi IRQ`.

    `guard` is catch_memory_errors. `stale`: a freed IPI was shown; `misread`: what is no xive_irq_data.
    """

    cpus: Set[Cpu] = initially(set(), quiet=True)
    cpu: Var[Cpu | None] = initially(None, quiet=True)
    irqs: Map[Source, bool] = initially(False, quiet=True)
    irq: Var[Source | None] = initially(None, quiet=True)
    by_number: Var[bool] = initially(False, quiet=True)
    guard: Var[bool] = initially(False)
    stale: Var[bool] = initially(False)
    misread: Var[bool] = initially(False)

    def give_up(self) -> None:
        """The command ends in the middle."""
        self.cpus.next = set()
        self.cpu.next = None
        for source in Source:
            self.irqs[source].next = False
        self.irq.next = None
        self.by_number.next = False


XMON, COMMON = "arch/powerpc/xmon/xmon.c", "arch/powerpc/sysdev/xive/common.c"


# Fair: the debugger goes on with what it was told to do. Entering, leaving and the choice of a command are
# free.


@process(actor="xmon", fair=WEAK, atomic=True, source=f"{XMON}:xmon_core")
def debugger(
    machine: Machine, xmon: Xmon, firmware: Firmware, esb: Esb, queue: EventQueue, eas: Eas
) -> Steps:
    """A crash ends it."""
    while True:
        yield step("entered; all CPUs are held", name="running", fair=UNFAIR)
        machine.held.next = True
        while (command := (yield from prompt(machine, xmon))) != "x":
            if command == "dx":
                end = yield from dump_xives(machine, xmon)
            elif command == "dxi":
                end = yield from dump_irqs(machine, xmon, firmware, esb, queue, eas)
            else:
                continue
            if end != "prompt":
                xmon.give_up()
            if end == "crash":
                return
            if end == "exception":
                text = "Exception in xmon, returning to main loop"
                yield step(text, name="exception", defensive=True)
                xmon.guard.next = False
        machine.held.next = False


def prompt(machine: Machine, xmon: Xmon) -> Steps:
    """A command: returns x, dx, dxi, or nothing where nothing is to be shown."""
    yield step("a command", name="prompt", fair=UNFAIR)
    commands = ["x", "dx CPU", "dxa", "dxi IRQ", "dxi"]
    command = yield choose(*commands[: 4 if kernel.WALK == Walk.NONE else 5])
    if command == "x":
        outcome("x  // exit", name="leave")
        return "x"
    if command == "dx CPU":
        cpu = yield choose(Cpu)
        outcome("dx {cpu}", name="dx", source=f"{XMON}:dump_xives")
        xmon.cpus.next = {cpu}
        return "dx"
    if command == "dxa":
        outcome("dxa", source=f"{XMON}:dump_all_xives")
        xmon.cpus.next = set(domain(Cpu))
        return "dx"
    if command == "dxi IRQ":
        source = yield choose(Source)
        outcome("dxi {source}", name="dxi_number", source=f"{XMON}:dump_one_xive_irq")
        xmon.irqs[source].next = True
        xmon.by_number.next = True
        return "dxi"
    outcome("dxi", source=f"{XMON}:dump_all_xive_irq")
    walks = {each: walked(machine.kind[each]) for each in Source}
    for each, walk in walks.items():
        xmon.irqs[each].next = walk
    return "dxi" if (yield branch(some(walks.values()))) else ""


def walked(kind: Value[Kind]) -> Value[bool]:
    """Whether the walk of `dxi` comes to a number of this kind."""
    return kind == Kind.XIVE if kernel.WALK == Walk.DOMAIN else kind != Kind.NONE


@procedure(source=f"{COMMON}:xmon_xive_do_dump")
def dump_xives(machine: Machine, xmon: Xmon) -> Steps:
    """Shows each CPU, in any order. Returns how it ends."""
    calls = "opal_xive_dump()" if not kernel.DX_TESTS_HV else "if (hv) opal_xive_dump()"
    while True:
        yield step(calls, name="opal_dump", source=f"{XMON}:dump_one_xive")
        if not kernel.DX_TESTS_HV and (yield branch(machine.platform == Platform.PSERIES)):
            outcome("opal_xive_dump() through a null entry: crash", defensive=True)
            return "crash"
        cpu = yield choose(Cpu)
        outcome(f"{calls}; catch_memory_errors = 1  // {{cpu}}", name="opal_dump")
        when(xmon.cpus.contains(cpu))
        xmon.cpus.next = xmon.cpus.remove(cpu)
        xmon.cpu.next = cpu
        xmon.guard.next = True
        yield step("CPU {cpu}: pp, CPPR", name="do_dump")
        if (yield branch(machine.xc[cpu] != Xc.NULL)):
            yield step("IPI PQ, EQ idx and entries; catch_memory_errors = 0", name="load_ipi")
            xmon.stale.next = xmon.stale | (machine.xc[cpu] == Xc.FREED)
        elif kernel.DX_TESTS_XC:
            outcome("CPU {cpu}:  // xive_cpu is NULL", name="do_dump_nothing")
        else:
            fault = "xc->pending_prio through NULL: *** Error dumping xive on cpu {cpu}  // caught"
            outcome(fault, name="do_dump_faults")
        xmon.cpu.next = None
        xmon.guard.next = False
        if (yield branch(xmon.cpus.empty)):
            return "prompt"


def called(machine: Machine, platform: Platform) -> Value[bool]:
    """Whether get_irq_config reaches the firmware of this platform."""
    missing = {Config.BACKEND: None, Config.NO_OPAL: Platform.POWERNV}.get(kernel.CONFIG, Platform.PSERIES)
    return (machine.platform == platform) & (missing != platform)


def tested(machine: Machine, xmon: Xmon, source: Source) -> Value[bool]:
    """Whether the interrupt passes the test of its irq_chip, where there is one."""
    return (machine.kind[source] == Kind.XIVE) & ~xmon.by_number | (kernel.WALK != Walk.CHIP)


def has_data(machine: Machine, xmon: Xmon, source: Source) -> Value[bool]:
    """Whether P and Q are shown: the walk brings the irq_data, since 2021 the number is mapped."""
    return ~xmon.by_number | ((machine.kind[source] == Kind.XIVE) & (kernel.WALK == Walk.DOMAIN))


def configuration_ways() -> list[str]:
    """What can come of asking for a configuration, in this kernel."""
    ways = ["opal", "hcall"]
    ways += ["other chip", "chip of NULL"] if kernel.WALK == Walk.CHIP else []
    ways += ["crash"] if kernel.CONFIG == Config.DIRECT else []
    return ways + (["missing"] if kernel.CONFIG in (Config.NO_HCALL, Config.NO_OPAL) else [])


@procedure(source=f"{COMMON}:xmon_xive_get_irq_config")
def dump_irqs(
    machine: Machine, xmon: Xmon, firmware: Firmware, esb: Esb, queue: EventQueue, eas: Eas
) -> Steps:
    """Shows each interrupt, in any order. Returns how it ends."""
    while True:
        yield step("get_irq_config()", name="config")
        way = yield choose(*configuration_ways())
        if way == "chip of NULL":
            outcome("irq_data_get_irq_chip(NULL): exception", name="chip_of_null", defensive=True)
            when(xmon.by_number)
            return "exception"
        if way == "crash":
            text = "opal_xive_get_irq_config() through a null entry: crash"
            outcome(text, name="config_crashes", defensive=True, source=f"{XMON}:dump_one_xive_irq")
            when(machine.platform == Platform.PSERIES)
            return "crash"
        if way == "missing":
            text = "xive_ops->get_irq_config is NULL: exception"
            outcome(text, name="config_missing", defensive=True)
            when(~called(machine, Platform.POWERNV) & ~called(machine, Platform.PSERIES))
            return "exception"
        source = yield choose(Source)
        when(xmon.irqs[source])
        xmon.irqs[source].next = False
        if way == "other chip":
            outcome("is_xive_irq(): {source} is another chip's  // -EINVAL", name="skip_other_chip")
            when(~xmon.by_number & ~tested(machine, xmon, source))
        else:
            known = configuration(machine, xmon, firmware, source, way)
            xmon.by_number.next = False
            load = known & has_data(machine, xmon, source)
            if kernel.WALK != Walk.NONE and (yield branch(load)):
                xmon.irq.next = source
                xmon.guard.next = kernel.DXI_GUARDED
                if not (yield from load_pq(machine, xmon, esb, queue, eas, source)):
                    return "exception"
                xmon.irq.next = None
            xmon.guard.next = False
        if not (yield branch(some(xmon.irqs[other] for other in Source if other != source))):
            return "prompt"


def configuration(machine: Machine, xmon: Xmon, firmware: Firmware, source: Source, way: str) -> Value[bool]:
    """Asks firmware. Returns whether the answer is a configuration."""
    if way == "opal":
        asks = "opal_xive_get_irq_config({source}): {firmware.answer(0, machine.known(source))}"
        function = "arch/powerpc/sysdev/xive/native.c:xive_native_get_irq_config"
        outcome(asks, name="opal_get_irq_config", source=function)
        when(called(machine, Platform.POWERNV))
        when(tested(machine, xmon, source))
        return firmware.answer(0, machine.known(source)) == 0
    asks = "H_INT_GET_SOURCE_CONFIG({source}): {ite(machine.known(source), 0, -4)}  // repeated while busy"
    function = "arch/powerpc/sysdev/xive/spapr.c:plpar_int_get_source_config"
    outcome(asks, name="hcall_get_source_config", source=function)
    when(called(machine, Platform.PSERIES))
    when(tested(machine, xmon, source))
    when(firmware.ready)
    return machine.known(source)


def load_text() -> str:
    return {
        Load.GET: "0x800  // XIVE_ESB_GET",
        Load.EOI: "0x000  // XIVE_ESB_LOAD_EOI",
        Load.SET_PQ_00: "0xc00  // XIVE_ESB_SET_PQ_00",
    }[kernel.LOAD]


@procedure(source=f"{COMMON}:xive_esb_read")
def load_pq(machine: Machine, xmon: Xmon, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> Steps:
    """Shows P and Q. Returns whether the command goes on."""
    loads = "load from the ESB page of {source}"
    yield step(loads, name="load_pq")
    way = yield choose("load", *["fault"] * kernel.ESB_FAULTS, *["misread"] * kernel.COLLIDING)
    if way == "fault":
        caught = "*** Error, caught" if kernel.DXI_GUARDED else "exception"
        outcome(f"{loads}: {caught}", name="load_pq_faults", defensive=True)
        when(machine.faulty[source])
        return kernel.DXI_GUARDED
    if way == "misread":
        text = "takes the handler data of {source} for a xive_irq_data, and loads through it"
        outcome(text, name="load_misread", defensive=True)
        when(machine.kind[source] != Kind.XIVE)
        xmon.misread.next = True
        return True
    outcome(f"{loads} + {load_text()}: PQ {{esb.pq[source]}}", name="load_pq")
    when((machine.kind[source] == Kind.XIVE) & ~machine.faulty[source])
    machine.mapped[source].next = True
    if kernel.LOAD == Load.EOI:
        queue.send(eas, source, esb.end(source))
    if kernel.LOAD == Load.SET_PQ_00:
        esb.swap(source, PQ.RESET)
    return True
