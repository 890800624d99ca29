"""The kernels after one another: the first, petitboot's, and the capture kernel, which then lives on."""

import enum

from explorer import *

from . import kernel
from .machine import Areas, Firmware, Metadata
from .state import OPAL_CORE, OPAL_FADUMP, Client, Dump, Stage
from .writer import writer


class Cause(enum.Enum):
    """Who starts the memory-preserving reboot: the kernel that crashes, or firmware, at any moment."""

    KERNEL, FIRMWARE = range(2)


CAUSE = {Cause.KERNEL: "crash_fadump(), MPIPL", Cause.FIRMWARE: "MPIPL by itself"}


class Boot(State):
    """`promised` is no variable of a kernel: the crashed one had said that a crash would be dumped."""

    reserved: Var[bool] = initially(False)
    promised: Var[bool] = initially(False)


def found(firmware: Firmware, metadata: Metadata) -> Value[bool]:
    """What a booting kernel takes for a dump: the tags can be queried, and regions were registered."""
    return firmware.tags & (metadata.registered_regions != 0)


@action(actor="firmware", source="skiboot core/opal-dump.c:opal_mpipl_init")
def crash(dump: Dump, boot: Boot, firmware: Firmware, memory: Areas, cause: Cause) -> None:
    """{CAUSE[cause]}  // firmware copies {firmware.ranges} of the regions"""
    when(dump.stage == Stage.RUNNING)
    if cause == Cause.KERNEL:
        when(dump.registered)
    firmware.copies.next = firmware.ranges
    firmware.ranges.next = 0
    firmware.tags.next = firmware.registered_tags
    firmware.registered_tags.next = False
    memory.high_intact.next = True
    memory.firmware_intact.next = True
    memory.released.next = 0
    boot.promised.next = dump.registered
    dump.stage.next = Stage.PETITBOOT_SCAN
    dump.registered.next = False
    dump.metadata_ready.next = False
    dump.opalcore.next = False
    dump.mutex.next = None
    for client in Client:
        kill(writer, client)


# Fair: kernels boot. A kernel that reserves nothing above boot_mem_top may write there, and need not.


@action(actor="petitboot", fair=WEAK, source=f"{OPAL_FADUMP}:opal_fadump_dt_scan")
def petitboot_scan(dump: Dump, boot: Boot, firmware: Firmware, metadata: Metadata) -> None:
    """opal_mpipl_query_tag(KERNEL), registered_regions == {metadata.registered_regions}"""
    when(dump.stage == Stage.PETITBOOT_SCAN)
    boot.reserved.next = found(firmware, metadata) & kernel.PRESERVE
    dump.stage.next = Stage.PETITBOOT


@action(actor="petitboot", source="mm/page_alloc.c:__alloc_pages_nodemask")
def petitboot_allocates(dump: Dump, boot: Boot, memory: Areas) -> None:
    """writes above boot_mem_top"""
    when((dump.stage == Stage.PETITBOOT) & ~boot.reserved)
    memory.high_intact.next = False


@action(actor="petitboot", fair=WEAK, source="arch/powerpc/kernel/machine_kexec_64.c:default_machine_kexec")
def petitboot_kexec(dump: Dump) -> None:
    """kexec  // the capture kernel"""
    when(dump.stage == Stage.PETITBOOT)
    dump.stage.next = Stage.CAPTURE_SCAN


@action(actor="capture", fair=WEAK, source=f"{OPAL_FADUMP}:opal_fadump_dt_scan")
def capture_scan(dump: Dump, firmware: Firmware, metadata: Metadata) -> None:
    """opal_mpipl_query_tag(KERNEL), registered_regions == {metadata.registered_regions}

    Where there is a dump everything above boot_mem_top is reserved; otherwise this kernel is a first kernel.
    """
    when(dump.stage == Stage.CAPTURE_SCAN)
    there = found(firmware, metadata)
    dump.active.next = there
    dump.stage.next = ite(there, Stage.CAPTURE, Stage.SETUP)


@action(actor="capture", fair=WEAK, source=f"{OPAL_FADUMP}:opal_fadump_process")
def process_dump(dump: Dump, boot: Boot) -> None:
    """opal_fadump_process()  // exports /proc/vmcore"""
    when((dump.stage == Stage.CAPTURE) & dump.active & ~dump.processed)
    dump.processed.next = True
    dump.vmcore.next = True
    boot.promised.next = False


@action(actor="capture", fair=WEAK, source=f"{OPAL_CORE}:opalcore_init")
def opalcore(dump: Dump, firmware: Firmware) -> None:
    """opalcore_init()  // exports /sys/firmware/opal/core"""
    when((dump.stage == Stage.CAPTURE) & dump.processed & ~dump.opalcore_done)
    dump.opalcore_done.next = True
    dump.opalcore.next = firmware.tags


@action(actor="capture", fair=WEAK, source=f"{OPAL_FADUMP}:opal_fadump_setup_metadata")
def setup_without_dump(dump: Dump, boot: Boot, firmware: Firmware, metadata: Metadata) -> None:
    """opal_fadump_setup_metadata(); opal_fadump_init_mem_struct()  // no dump: a first kernel, with all
    memory its own
    """
    when(dump.stage == Stage.SETUP)
    boot.promised.next = False
    dump.set_up(firmware, metadata)
