"""The ultravisor's side of ultracalls and of the hypervisor's calls
(Documentation/powerpc/ultravisor.rst).
"""

from explorer import *

from .guest import Answer, Call, Guest, Stage, zeroes_logs
from .machine import Gfn, Machine, Page, Vm

# Fair: a call is answered. That one fails is a free choice: the hypervisor may refuse the page.


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
def init_abort(machine: Machine, guest: Guest) -> None:
    """H_SVM_INIT_ABORT; the guest tells os-term"""
    when((machine.vm == Vm.TRANSIENT) & machine.evicts.is_none)
    machine.vm.next = Vm.NORMAL
    guest.stage.next = Stage.DEAD
    for page in domain(Page):
        machine.uv[page].next = Gfn.NORMAL
        machine.hv[page].next = Gfn.NORMAL


@action(actor="ultravisor", fair=WEAK, source="Documentation/powerpc/ultravisor.rst:UV_SHARE_PAGE")
def shares(machine: Machine, guest: Guest, page: Page) -> None:
    """UV_SHARE_PAGE({page}): zeroed, H_SVM_PAGE_IN(H_PAGE_IN_SHARED)"""
    when((guest.call == Call.SHARE) & (guest.page == page) & (guest.answer == Answer.PENDING))
    when(machine.free_for_sharing())
    machine.moves(page, Gfn.SHARED)
    guest.answer.next = Answer.SUCCESS
    if page == Page.DTL:
        zeroes_logs(guest)


@action(actor="ultravisor", fair=WEAK, source="Documentation/powerpc/ultravisor.rst:UV_UNSHARE_PAGE")
def unshares(machine: Machine, guest: Guest, page: Page) -> None:
    """UV_UNSHARE_PAGE({page}): zeroed, H_SVM_PAGE_IN(0)"""
    when((guest.call == Call.UNSHARE) & (guest.page == page) & (guest.answer == Answer.PENDING))
    when(machine.free_for_sharing())
    machine.moves(page, Gfn.SECURE)
    guest.answer.next = Answer.SUCCESS


@action(actor="ultravisor", source="Documentation/powerpc/ultravisor.rst:UV_SHARE_PAGE")
def refuses(guest: Guest) -> None:
    """the ultracall fails"""
    when(~guest.call.is_none & (guest.answer == Answer.PENDING))
    guest.answer.next = Answer.FAILED
