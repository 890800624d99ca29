"""An edge interrupt is dropped when it moves to another CPU while its handler runs (Linux, 2023; GICv3 LPIs).

Descriptor and flow are the library's, the chip is `chips/gic_lpi.py`. The second CPU finds the interrupt in
progress and refuses it; the first one has looked at the device already. Fixed in 6.5: what is refused is
noted, and resent by the CPU that ends the handler.
"""

import enum

from chips import gic_lpi
from chips.gic_lpi import Lpi

from explorer import *
from explorer.library.kernel import irq_desc
from explorer.library.kernel.irq_desc import IrqDescriptors
from explorer.library.kernel.irqs import Cpu, Source


class Refuse(enum.Enum):
    """What a CPU does that finds the interrupt in progress elsewhere: EOI and no more; resend it at once; let
    the other CPU run the handler once more; note it, and the other CPU resends it.
    """

    FORGET = "forget"
    RESEND = "resend"
    LOOP = "loop"
    NOTE = "note"


REFUSE = constant("refuse", Refuse.NOTE)
EVENTS = constant("events", 3)
MOVES = constant("moves", 1)


class Step(enum.Enum):
    """What a CPU does next for the interrupt."""

    IDLE = 0
    TAKEN = 1
    BODY = 2
    END = 3


class Descriptors(IrqDescriptors):
    """`replay` is IRQS_REPLAY: a resent interrupt has not been handled yet."""

    replay: Map[Source, bool] = initially(False)

    def check_resend(self, chip: Lpi, source: Source, wanted: bool | Value[bool]) -> None:
        """check_irq_resend, where `wanted`: nothing where it was resent, else it is pending again."""
        chip.trigger(source, wanted & ~self.replay[source])
        self.replay[source].next = self.replay[source] | wanted


class Cpus(State):
    """What each CPU does for the one interrupt there is."""

    at: Map[Cpu, Step] = initially(Step.IDLE)


class Device(State):
    """`work` waits for a handler. It comes `events` times, and the affinity is written `moves` times."""

    work: Map[Source, bool] = initially(False)
    events: Map[Source, Annotated[int, Range(0, EVENTS)]] = initially(0, quiet=True)
    moves: Var[Annotated[int, Range(0, MOVES)]] = initially(0, quiet=True)


@action(actor="device")
def raises(device: Device, chip: Lpi, source: Source) -> None:
    """work, and an MSI of {source}"""
    when(device.events[source] < EVENTS)
    device.events[source].next = device.events[source] + 1
    device.work[source].next = True
    chip.trigger(source, True)


@action(actor="user", source="kernel/irq/manage.c:irq_set_affinity_locked")
def write_affinity(device: Device, chip: Lpi, source: Source, cpu: Cpu) -> None:
    """smp_affinity of {source} = {cpu}"""
    when((device.moves < MOVES) & (chip.route[source] != cpu))
    device.moves.next = device.moves + 1
    chip.route[source].next = cpu


@action(actor="cpu", fair=WEAK, source="drivers/irqchip/irq-gic-v3.c:gic_handle_irq")
def take(cpus: Cpus, chip: Lpi, cpu: Cpu, source: Source) -> None:
    """ICC_IAR1 == {source}"""
    when(cpus.at[cpu] == Step.IDLE)
    chip.acknowledge(source, cpu)
    cpus.at[cpu].next = Step.TAKEN


@action(actor="cpu", fair=WEAK, source="kernel/irq/chip.c:handle_fasteoi_irq")
def handle(cpus: Cpus, descriptors: Descriptors, cpu: Cpu, source: Source) -> None:
    """handle_irq_event()  // IRQD_IRQ_INPROGRESS"""
    when(cpus.at[cpu] == Step.TAKEN)
    descriptors.begins(source)
    descriptors.replay[source].next = False
    cpus.at[cpu].next = Step.BODY


@action(actor="cpu", fair=WEAK, defensive=True, source="kernel/irq/chip.c:handle_fasteoi_irq")
def refuse(cpus: Cpus, descriptors: Descriptors, chip: Lpi, cpu: Cpu, source: Source) -> None:
    """in progress on another CPU  // EOI"""
    when(cpus.at[cpu] == Step.TAKEN)
    descriptors.refuses(source)
    if REFUSE in (Refuse.LOOP, Refuse.NOTE):
        descriptors.resend[source].next = True
    if REFUSE == Refuse.RESEND:
        descriptors.check_resend(chip, source, True)
    chip.eoi(source)
    cpus.at[cpu].next = Step.IDLE


@action(actor="cpu", fair=WEAK, source="kernel/irq/handle.c:__handle_irq_event_percpu")
def body(cpus: Cpus, device: Device, cpu: Cpu, source: Source) -> None:
    """the handler takes the work"""
    when(cpus.at[cpu] == Step.BODY)
    device.work[source].next = False
    cpus.at[cpu].next = Step.END


@action(actor="cpu", fair=WEAK, source="kernel/irq/chip.c:handle_fasteoi_irq")
def once_more(cpus: Cpus, descriptors: Descriptors, cpu: Cpu, source: Source) -> None:
    """handle_irq_event() once more  // IRQS_PENDING"""
    when(REFUSE == Refuse.LOOP)
    when((cpus.at[cpu] == Step.END) & descriptors.resend[source])
    descriptors.resend[source].next = False
    cpus.at[cpu].next = Step.BODY


@action(actor="cpu", fair=WEAK, source="kernel/irq/chip.c:handle_fasteoi_irq")
def end(cpus: Cpus, descriptors: Descriptors, chip: Lpi, cpu: Cpu, source: Source) -> None:
    """IRQD_IRQ_INPROGRESS cleared; EOI{"; check_irq_resend()" if REFUSE == Refuse.NOTE else ""}"""
    when(cpus.at[cpu] == Step.END)
    when((REFUSE != Refuse.LOOP) | ~descriptors.resend[source])
    descriptors.ends(source)
    if REFUSE == Refuse.NOTE:
        descriptors.check_resend(chip, source, descriptors.resend[source])
        descriptors.resend[source].next = False
    chip.eoi(source)
    cpus.at[cpu].next = Step.IDLE


@invariant
def no_lost_work(cpus: Cpus, device: Device, chip: Lpi, source: Source) -> Value[bool]:
    """Work has an interrupt that is pending somewhere, or a CPU that handles one."""
    announced = some(chip.pending[source][cpu] | (cpus.at[cpu] != Step.IDLE) for cpu in Cpu)
    return implies(device.work[source], announced)


@step_invariant
def no_handler_where_none_was_sent(cpus: Cpus, chip: Lpi, cpu: Cpu, source: Source) -> Value[bool]:
    """A handler begins on a CPU that has taken the interrupt, or to which it is routed now."""
    begins = (cpus.at[cpu] != Step.BODY) & (cpus.at[cpu].next == Step.BODY)
    return implies(begins, (cpus.at[cpu] == Step.TAKEN) | (chip.route[source] == cpu))


@temporal
def work_is_done(device: Device, source: Source) -> Formula:
    """Work does not wait for ever."""
    return leads_to(device.work[source], ~device.work[source])


@terminal
def at_rest(cpus: Cpus) -> Value[bool]:
    """No CPU has an interrupt."""
    return every(cpus.at[cpu] == Step.IDLE for cpu in Cpu)


LOST = ("work_is_done",)

spec = Spec(
    irq_desc,
    gic_lpi,
    cpus=2,
    expect=HOLDS,
    variants=[
        variant(
            "before",
            violates("no_lost_work", steps=9, also=LOST),
            "the second CPU ends the interrupt and forgets it",
            refuse="forget",
        ),
        variant(
            "at once",
            violates("no_lost_work", steps=11, also=LOST),
            "it resends at once: refused again, IRQS_REPLAY is set",
            refuse="resend",
        ),
        variant(
            "loop",
            violates("no_handler_where_none_was_sent", steps=9),
            "the first CPU runs the handler once more",
            refuse="loop",
        ),
        variant("6.5", HOLDS, "noted, and resent at the end of the handler"),
        variant("active", HOLDS, "before, with an active state", refuse="forget", active_state=True),
    ],
)
