"""Pages as the ultravisor (`uv`) and the hypervisor's tables (`hv`) have them, and what is in them."""

import enum

from explorer import *

from . import kernel


class Page(enum.Enum):
    """Guest pages: a buffer, and one with dispatch logs. All others are like the first before it is shared.

    The buffer is SWIOTLB's or of dma_direct, which set_memory_decrypted and set_memory_encrypted share and
    unshare. The lppacas' page is such a one that is shared for good (alloc_shared_lppaca).
    """

    BUFFER, DTL = range(2)


class Vm(enum.Enum):
    """What the ultravisor takes the guest for."""

    NORMAL, TRANSIENT, SECURE = range(3)


class Gfn(enum.Enum):
    """SECURE pages are in secure memory, NORMAL and SHARED ones not; an OUT page is an encrypted copy."""

    NORMAL, SECURE, OUT, SHARED = range(4)


class Content(enum.Enum):
    """What whoever may look sees: zeroes, the guest's private data, its data for all, or the hypervisor's."""

    ZERO, PRIVATE, PUBLIC, HYPERVISOR = range(4)


class Machine(State):
    """`waits`: the guest has touched a page that is out. `evicts`: the hypervisor is paging it out."""

    vm: Var[Vm] = initially(Vm.NORMAL)
    uv: Map[Page, Gfn] = initially(Gfn.NORMAL)
    hv: Map[Page, Gfn] = initially(Gfn.NORMAL)
    content: Map[Page, Content] = initially(Content.ZERO)
    waits: Map[Page, bool] = initially(False)
    evicts: Var[Page | None] = initially(None, quiet=True)

    def open_to_hypervisor(self, page: Page) -> Value[bool]:
        """Whether the hypervisor can read and write the page."""
        secure = (self.uv[page] == Gfn.SECURE) & kernel.HV_SETS_S
        return (self.uv[page] == Gfn.NORMAL) | (self.uv[page] == Gfn.SHARED) | secure

    def open_to_guest(self, page: Page) -> Value[bool]:
        return self.uv[page] != Gfn.OUT

    def moves(self, page: Page, to: Gfn) -> None:
        """The ultravisor shares or unshares a page: it is zeroed, even where it was so before."""
        self.uv[page].next = to
        self.hv[page].next = to
        self.content[page].next = Content.ZERO
        self.waits[page].next = False

    def unshares_all(self) -> None:
        """UV_UNSHARE_ALL: what was shared is secure and zero, the rest stays."""
        for page in domain(Page):
            shared = self.uv[page] == Gfn.SHARED
            self.uv[page].next = ite(shared, Gfn.SECURE, self.uv[page])
            self.hv[page].next = ite(shared, Gfn.SECURE, self.hv[page])
            self.content[page].next = ite(shared, Content.ZERO, self.content[page])

    def free_for_sharing(self) -> bool | Value[bool]:
        """Whether the hypervisor's mutex is free."""
        return self.evicts.is_none | (not kernel.HV_MUTEX)
