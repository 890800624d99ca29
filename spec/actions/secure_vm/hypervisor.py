"""The hypervisor pages, reads and writes whatever it can. It is trusted with progress, not with contents."""

from explorer import *

from .machine import Content, Gfn, Machine, Page, Vm

UVMEM = "Linux 5.10 arch/powerpc/kvm/book3s_hv_uvmem.c"


class Hypervisor(State):
    """What it has read last."""

    read: Var[Content] = initially(Content.ZERO)


@action(actor="hypervisor", source="any load")
def hv_reads(machine: Machine, hypervisor: Hypervisor, page: Page) -> None:
    """reads {page}: {machine.content[page]}"""
    when(machine.open_to_hypervisor(page))
    hypervisor.read.next = machine.content[page]


@action(actor="hypervisor", source="any store")
def hv_writes(machine: Machine, page: Page) -> None:
    """writes {page}"""
    when(machine.open_to_hypervisor(page))
    machine.content[page].next = Content.HYPERVISOR


@action(actor="hypervisor", source=f"{UVMEM}:kvmppc_svm_page_out")
def page_out_begins(machine: Machine, page: Page) -> None:
    """kvmppc_svm_page_out({page})"""
    when((machine.vm == Vm.SECURE) & machine.evicts.is_none)
    when(machine.hv[page] == Gfn.SECURE)
    machine.evicts.next = page


# Fair: paging goes on, and a page that the guest waits for is brought in: STRONG, because the mutex is free
# again and again, and its
# waiters get it in turn. The hypervisor is trusted with that alone.


@action(actor="hypervisor", fair=WEAK, source=f"{UVMEM}:kvmppc_svm_page_out")
def page_out_ends(machine: Machine, page: Page) -> None:
    """UV_PAGE_OUT({page})  // a shared page stays, with success"""
    when(machine.evicts == page)
    machine.uv[page].next = ite(machine.uv[page] == Gfn.SHARED, Gfn.SHARED, Gfn.OUT)
    machine.hv[page].next = Gfn.OUT
    machine.evicts.next = None


@action(actor="hypervisor", fair=STRONG, source=f"{UVMEM}:kvmppc_h_svm_page_in")
def page_in(machine: Machine, page: Page) -> None:
    """UV_PAGE_IN({page})"""
    when(machine.waits[page] & (machine.uv[page] == Gfn.OUT) & machine.evicts.is_none)
    machine.uv[page].next = Gfn.SECURE
    machine.hv[page].next = Gfn.SECURE
    machine.waits[page].next = False
