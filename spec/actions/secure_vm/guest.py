"""The guest kernel: how it becomes secure, which pages it shares, what it writes where, and kexec."""

import enum

from explorer import *

from . import kernel
from .machine import Content, Gfn, Machine, Page, Vm

LOGS = constant("logs", 2)
Log = Annotated[int, Range(0, LOGS - 1)]


class Stage(enum.Enum):
    """PROM asks to become secure; KERNEL runs; KEXEC has taken back its pages; CRASHED is the crash kernel;
    DEAD has told os-term.
    """

    PROM = 0
    KERNEL = 1
    KEXEC = 2
    CRASHED = 3
    DEAD = 4


class Call(enum.Enum):
    """The ultracall at hand."""

    SHARE = 0
    UNSHARE = 1


class Answer(enum.Enum):
    """What the ultravisor says."""

    PENDING = 0
    SUCCESS = 1
    FAILED = 2


class LogState(enum.Enum):
    """A dispatch log: LIVE has entries that somebody will read; LOST had them when its page was zeroed."""

    NONE = 0
    CONSTRUCTED = 1
    LIVE = 2
    LOST = 3


class Guest(State):
    """`shared` is what the guest believes. `expects`: it has written data into a page, as private, and not
    given them up.
    """

    stage: Var[Stage] = initially(Stage.PROM)
    shared: Map[Page, bool] = initially(False)
    expects: Map[Page, bool] = initially(False)
    logs: Map[Log, LogState] = initially(LogState.NONE)
    call: Var[Call | None] = initially(None, quiet=True)
    page: Var[Page | None] = initially(None, quiet=True)
    answer: Var[Answer] = initially(Answer.PENDING, quiet=True)

    def calls(self, call: Call, page: Page) -> None:
        self.call.next = call
        self.page.next = page

    def free(self) -> Value[bool]:
        return (self.stage == Stage.KERNEL) & self.call.is_none

    def thinks_private(self, page: Page) -> Value[bool]:
        """Whether the guest keeps something private in the page."""
        return ~self.shared[page] | (page == Page.BUFFER and not kernel.PAGE_ALIGNED)


# Fair: the guest's start, its calls and its kexec go on once begun. What it shares, writes and when it
# reboots are free choices.


@action(actor="guest", fair=WEAK, source="arch/powerpc/kernel/prom_init.c:setup_secure_guest")
def esm(machine: Machine, guest: Guest) -> None:
    """UV_ESM; H_SVM_INIT_START"""
    when((guest.stage == Stage.PROM) & (machine.vm == Vm.NORMAL))
    machine.vm.next = Vm.TRANSIENT


@action(actor="guest", fair=WEAK, source="arch/powerpc/kernel/prom_init.c:setup_secure_guest")
def starts(machine: Machine, guest: Guest) -> None:
    """the kernel starts in secure mode"""
    when((guest.stage == Stage.PROM) & (machine.vm == Vm.SECURE))
    guest.stage.next = Stage.KERNEL


@action(actor="guest", source="arch/powerpc/platforms/pseries/svm.c:set_memory_decrypted")
def share(guest: Guest, page: Page) -> None:
    """uv_share_page({page})

    The page's owner gives up what is in it.
    """
    when(guest.free() & ~guest.shared[page])
    when(page == Page.BUFFER)
    guest.calls(Call.SHARE, page)
    if kernel.PAGE_ALIGNED:
        guest.expects[page].next = False


@action(actor="guest", source="arch/powerpc/platforms/pseries/svm.c:set_memory_encrypted")
def unshare(guest: Guest, page: Page) -> None:
    """uv_unshare_page({page})"""
    when(guest.free() & guest.shared[page])
    when(page == Page.BUFFER)
    guest.calls(Call.UNSHARE, page)


@action(actor="guest", source="arch/powerpc/platforms/pseries/svm.c:dtl_cache_ctor")
def construct_log(guest: Guest, log: Log) -> None:
    """dtl_cache_ctor()  // log {log}: uv_share_page(DTL)"""
    when(guest.free() & (guest.logs[log] == LogState.NONE))
    when(~guest.shared[Page.DTL] | (not kernel.SHARE_ONCE))
    guest.calls(Call.SHARE, Page.DTL)
    guest.expects[Page.DTL].next = False
    guest.logs[log].next = LogState.CONSTRUCTED


@action(actor="guest", source="arch/powerpc/platforms/pseries/svm.c:dtl_cache_ctor")
def construct_log_again(guest: Guest, log: Log) -> None:
    """dtl_cache_ctor()  // log {log}: its page is shared already"""
    when(kernel.SHARE_ONCE)
    when(guest.free() & (guest.logs[log] == LogState.NONE) & guest.shared[Page.DTL])
    guest.logs[log].next = LogState.CONSTRUCTED


@action(actor="guest", source="arch/powerpc/platforms/pseries/lpar.c:process_dtl_buffer")
def log_entry(guest: Guest, log: Log) -> None:
    """log {log} has entries"""
    when(guest.free() & guest.shared[Page.DTL])
    when(guest.logs[log] == LogState.CONSTRUCTED)
    guest.logs[log].next = LogState.LIVE


@action(actor="guest", fair=WEAK, source="arch/powerpc/include/asm/ultravisor.h:uv_share_page")
def call_returns(guest: Guest, call: Call, page: Page) -> None:
    """{call} of {page} returns {guest.answer}"""
    when((guest.call == call) & (guest.page == page))
    when(guest.answer != Answer.PENDING)
    done = (guest.answer == Answer.SUCCESS) | (not kernel.HEED_RETURN_CODE)
    guest.shared[page].next = ite(done, call == Call.SHARE, guest.shared[page])
    if page == Page.DTL:
        for log in domain(Log):
            gone = (guest.logs[log] == LogState.CONSTRUCTED) & ~done & ~guest.shared[page]
            guest.logs[log].next = ite(gone, LogState.NONE, guest.logs[log])
    guest.call.next = None
    guest.page.next = None
    guest.answer.next = Answer.PENDING


@action(actor="guest", source="guest code")
def write(machine: Machine, guest: Guest, page: Page) -> None:
    """writes private data to {page}"""
    when(guest.free() | ((guest.stage == Stage.CRASHED) & kernel.CRASH_REUSES))
    when(guest.thinks_private(page) & machine.open_to_guest(page))
    machine.content[page].next = Content.PRIVATE
    guest.expects[page].next = True


@action(actor="guest", source="guest code")
def write_shared(machine: Machine, guest: Guest, page: Page) -> None:
    """writes to {page}, for the hypervisor"""
    when(guest.free())
    when(guest.shared[page] & machine.open_to_guest(page))
    machine.content[page].next = Content.PUBLIC


@action(actor="guest", source="guest code")
def touch(machine: Machine, guest: Guest, page: Page) -> None:
    """touches {page}, which is out: waits"""
    when(guest.free())
    when(machine.uv[page] == Gfn.OUT)
    machine.waits[page].next = True


@action(actor="guest", source="arch/powerpc/kernel/machine_kexec_64.c:default_machine_kexec")
def kexec(machine: Machine, guest: Guest) -> None:
    """kexec{text_of_kexec()}"""
    when(guest.free())
    if kernel.UNSHARE_ALL:
        when(machine.free_for_sharing())
        machine.unshares_all()
    guest.stage.next = Stage.KEXEC


def text_of_kexec() -> str:
    return ": uv_unshare_all_pages()" if kernel.UNSHARE_ALL else ", pages stay shared"


@action(actor="guest", fair=WEAK, source="arch/powerpc/kernel/machine_kexec_64.c:default_machine_kexec")
def new_kernel(guest: Guest) -> None:
    """the new kernel starts: it has shared nothing yet"""
    when(guest.stage == Stage.KEXEC)
    guest.stage.next = Stage.KERNEL
    forgets(guest)


@action(actor="guest", source="arch/powerpc/kernel/machine_kexec_64.c:default_machine_kexec")
def crash_kexec(guest: Guest) -> None:
    """crash kexec: pages stay shared, the crash kernel has memory of its own"""
    when(guest.free())
    guest.stage.next = Stage.CRASHED
    if kernel.CRASH_REUSES:
        forgets(guest)


def forgets(guest: Guest) -> None:
    """A kernel that starts believes every page its own, and expects nothing in it."""
    for page in domain(Page):
        guest.shared[page].next = False
        guest.expects[page].next = False
    for log in domain(Log):
        guest.logs[log].next = LogState.NONE


def zeroes_logs(guest: Guest) -> None:
    """The page with the dispatch logs is zeroed: those that are live are lost."""
    for log in domain(Log):
        guest.logs[log].next = ite(guest.logs[log] == LogState.LIVE, LogState.LOST, guest.logs[log])
