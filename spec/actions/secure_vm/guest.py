"""The guest kernel: how it becomes secure, which pages it shares, what it writes where, and kexec."""

import enum

from explorer import *

from . import kernel
from .machine import Content, Gfn, Machine, Page, Vm

LOGS = constant("logs", 2)
Log = Annotated[int, Range(0, LOGS - 1)]


class Call(enum.Enum):
    """An ultracall about a page."""

    SHARE, UNSHARE = range(2)


class LogState(enum.Enum):
    """A dispatch log: LIVE has entries that somebody will read; LOST had them when its page was zeroed."""

    NONE, CONSTRUCTED, LIVE, LOST = range(4)


class Guest(State):
    """`shared` is what the guest believes. `expects`: it has private data in a page, not given up."""

    shared: Map[Page, bool] = initially(False)
    expects: Map[Page, bool] = initially(False)
    logs: Map[Log, LogState] = initially(LogState.NONE)

    def thinks_private(self, page: Page) -> Value[bool]:
        """Whether the guest keeps something private in the page."""
        return ~self.shared[page] | (page == Page.BUFFER and not kernel.PAGE_ALIGNED)

    def forgets(self) -> None:
        """A kernel that starts believes every page its own, and expects nothing in it."""
        for page in domain(Page):
            self.shared[page].next = False
            self.expects[page].next = False
        for log in domain(Log):
            self.logs[log].next = LogState.NONE

    def turns(self, before: LogState, after: LogState) -> None:
        """All logs in one state go to another."""
        for log in domain(Log):
            self.logs[log].next = ite(self.logs[log] == before, after, self.logs[log])


SVM, KEXEC = "arch/powerpc/platforms/pseries/svm.c", "arch/powerpc/kernel/machine_kexec_64.c"

# Fair: the guest's start, its calls and its kexec go on once begun; a call is answered. What it shares and
# writes and when it reboots are free choices. So is that a call fails: the hypervisor may refuse the page.


@process(actor="guest", fair=WEAK, atomic=True, source="arch/powerpc/kernel/prom_init.c:setup_secure_guest")
def linux(machine: Machine, guest: Guest) -> Steps:
    """It becomes secure, or os-term ends it; then one kernel after the other, to the crash kernel."""
    yield step("UV_ESM; H_SVM_INIT_START", name="prom")
    machine.vm.next = Vm.TRANSIENT
    yield step("the kernel starts in secure mode", name="esm")
    when(machine.vm == Vm.SECURE)
    while True:
        yield step("what the kernel does", name="kernel", fair=UNFAIR)
        way = yield choose("share", "unshare", "construct a log", "kexec", "crash")
        if way == "share":
            outcome("uv_share_page(BUFFER)", name="share", source=f"{SVM}:set_memory_decrypted")
            when(~guest.shared[Page.BUFFER])
            if kernel.PAGE_ALIGNED:  # its owner gives up what is in it
                guest.expects[Page.BUFFER].next = False
            yield from ultracall(machine, guest, Call.SHARE, Page.BUFFER)
        elif way == "unshare":
            outcome("uv_unshare_page(BUFFER)", name="unshare", source=f"{SVM}:set_memory_encrypted")
            when(guest.shared[Page.BUFFER])
            yield from ultracall(machine, guest, Call.UNSHARE, Page.BUFFER)
        elif way == "construct a log":
            yield from construct_log(machine, guest)
        elif way == "kexec":
            yield from kexec(machine, guest)
        else:
            text = "crash kexec: pages stay shared, the crash kernel has memory of its own"
            outcome(text, name="crash_kexec", source=f"{KEXEC}:default_machine_kexec")
            if kernel.CRASH_REUSES:
                guest.forgets()
            return


def construct_log(machine: Machine, guest: Guest) -> Steps:
    log = yield choose(Log)
    when(guest.logs[log] == LogState.NONE)
    guest.logs[log].next = LogState.CONSTRUCTED
    constructor = f"{SVM}:dtl_cache_ctor"
    if kernel.SHARE_ONCE and (yield branch(guest.shared[Page.DTL])):
        text = "dtl_cache_ctor()  // log {log}: its page is shared already"
        outcome(text, name="construct_log_again", source=constructor)
    else:
        text = "dtl_cache_ctor()  // log {log}: uv_share_page(DTL)"
        outcome(text, name="construct_log", source=constructor)
        guest.expects[Page.DTL].next = False
        yield from ultracall(machine, guest, Call.SHARE, Page.DTL)


def ultracall(machine: Machine, guest: Guest, call: Call, page: Page) -> Steps:
    """The ultravisor's part, and the return from it."""
    if call == Call.SHARE:
        text = "UV_SHARE_PAGE({page}): zeroed, H_SVM_PAGE_IN(H_PAGE_IN_SHARED)"
        source = "Documentation/powerpc/ultravisor.rst:UV_SHARE_PAGE"
    else:
        text = "UV_UNSHARE_PAGE({page}): zeroed, H_SVM_PAGE_IN(0)"
        source = "Documentation/powerpc/ultravisor.rst:UV_UNSHARE_PAGE"
    yield step(text, name="call", actor="ultravisor", source=source)
    answer = yield choose("SUCCESS", "FAILED")
    if answer == "FAILED":
        outcome("the ultracall fails", name="refuses", actor="ultravisor", fair=UNFAIR)
    else:
        outcome(text, name="shares" if call == Call.SHARE else "unshares")
        when(machine.free_for_sharing())
        machine.moves(page, Gfn.SHARED if call == Call.SHARE else Gfn.SECURE)
        if page == Page.DTL:
            guest.turns(LogState.LIVE, LogState.LOST)
    returns = "arch/powerpc/include/asm/ultravisor.h:uv_share_page"
    yield step("{call} of {page} returns {answer}", name=f"return {page.name}", source=returns)
    if answer == "SUCCESS" or not kernel.HEED_RETURN_CODE:
        guest.shared[page].next = call == Call.SHARE
    elif page == Page.DTL and (yield branch(~guest.shared[page])):
        guest.turns(LogState.CONSTRUCTED, LogState.NONE)


def kexec(machine: Machine, guest: Guest) -> Steps:
    source = f"{KEXEC}:default_machine_kexec"
    text = "kexec: uv_unshare_all_pages()" if kernel.UNSHARE_ALL else "kexec, pages stay shared"
    outcome(text, name="kexec", source=source)
    if kernel.UNSHARE_ALL:
        when(machine.free_for_sharing())
        machine.unshares_all()
    yield step("the new kernel starts: it has shared nothing yet", name="new_kernel", source=source)
    guest.forgets()


def crashed(machine: Machine) -> Value[bool]:
    """Whether the crash kernel runs."""
    return at(linux, None) & (machine.vm == Vm.SECURE)


@action(actor="guest", source="arch/powerpc/platforms/pseries/lpar.c:process_dtl_buffer")
def log_entry(guest: Guest, log: Log) -> None:
    """log {log} has entries"""
    when(at(linux, "kernel") & guest.shared[Page.DTL])
    when(guest.logs[log] == LogState.CONSTRUCTED)
    guest.logs[log].next = LogState.LIVE


@action(actor="guest", source="guest code")
def write(machine: Machine, guest: Guest, page: Page) -> None:
    """writes private data to {page}"""
    when(at(linux, "kernel") | (crashed(machine) & kernel.CRASH_REUSES))
    when(guest.thinks_private(page) & machine.open_to_guest(page))
    machine.content[page].next = Content.PRIVATE
    guest.expects[page].next = True


@action(actor="guest", source="guest code")
def write_shared(machine: Machine, guest: Guest, page: Page) -> None:
    """writes to {page}, for the hypervisor"""
    when(at(linux, "kernel"))
    when(guest.shared[page] & machine.open_to_guest(page))
    machine.content[page].next = Content.PUBLIC


@action(actor="guest", source="guest code")
def touch(machine: Machine, page: Page) -> None:
    """touches {page}, which is out: waits"""
    when(at(linux, "kernel"))
    when(machine.uv[page] == Gfn.OUT)
    machine.waits[page].next = True
