"""The ultravisor's side of the hypervisor's calls (Documentation/powerpc/ultravisor.rst)."""

from explorer import *

from .guest import linux
from .machine import Gfn, Machine, Page, Vm

# Fair: the guest's start ends. That it fails is a free choice.


@action(actor="ultravisor", fair=WEAK, source="Documentation/powerpc/ultravisor.rst:H_SVM_PAGE_IN")
def page_in_at_start(machine: Machine, page: Page) -> None:
    """H_SVM_PAGE_IN({page})"""
    when((machine.vm == Vm.TRANSIENT) & (machine.uv[page] == Gfn.NORMAL))
    machine.uv[page].next = Gfn.SECURE
    machine.hv[page].next = Gfn.SECURE


@action(actor="ultravisor", fair=WEAK, source="Documentation/powerpc/ultravisor.rst:H_SVM_INIT_DONE")
def init_done(machine: Machine) -> None:
    """H_SVM_INIT_DONE"""
    when(machine.vm == Vm.TRANSIENT)
    machine.vm.next = Vm.SECURE
    for page in domain(Page):
        normal = machine.uv[page] == Gfn.NORMAL
        machine.uv[page].next = ite(normal, Gfn.SECURE, machine.uv[page])
        machine.hv[page].next = ite(normal, Gfn.SECURE, machine.hv[page])


@action(actor="ultravisor", source="Linux 5.10 Documentation/powerpc/ultravisor.rst:H_SVM_INIT_ABORT")
def init_abort(machine: Machine) -> None:
    """H_SVM_INIT_ABORT; the guest tells os-term"""
    when((machine.vm == Vm.TRANSIENT) & machine.evicts.is_none)
    machine.vm.next = Vm.NORMAL
    kill(linux)
    for page in domain(Page):
        machine.uv[page].next = Gfn.NORMAL
        machine.hv[page].next = Gfn.NORMAL
