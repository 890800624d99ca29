"""Who may know what, who may change what, and what must happen."""

from explorer import *

from .guest import Guest, Log, LogState, linux
from .hypervisor import Hypervisor
from .machine import Content, Gfn, Machine, Page, Vm


@invariant
def confidentiality(hypervisor: Hypervisor) -> Value[bool]:
    """The hypervisor never reads what the guest has written as private."""
    return hypervisor.read != Content.PRIVATE


@invariant
def integrity(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """What the guest has written as private, the hypervisor has not replaced."""
    return implies(guest.expects[page], is_in(machine.content[page], {Content.PRIVATE, Content.ZERO}))


@invariant
def no_lost_data(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """No data that the guest still needs are zeroed: private ones, or entries of a dispatch log."""
    kept = implies(guest.expects[page], machine.content[page] != Content.ZERO)
    return kept & every(guest.logs[log] != LogState.LOST for log in domain(Log))


@invariant
def agreement(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """Between calls the guest believes a page shared exactly where the ultravisor has it shared."""
    return implies(at(linux, "kernel"), guest.shared[page] == (machine.uv[page] == Gfn.SHARED))


@invariant
def hypervisor_agrees(machine: Machine, page: Page) -> Value[bool]:
    """The hypervisor's tables say what the ultravisor says; a page that is paged out is secure until then."""
    secure = implies(machine.evicts == page, machine.uv[page] == Gfn.SECURE)
    return (machine.hv[page] == machine.uv[page]) & secure


@invariant
def logs_are_shared(machine: Machine, guest: Guest) -> Value[bool]:
    """Between calls the page of the dispatch logs is shared exactly if there is one."""
    some_log = some(is_in(guest.logs[log], {LogState.CONSTRUCTED, LogState.LIVE}) for log in domain(Log))
    return implies(at(linux, "kernel"), some_log == (machine.uv[Page.DTL] == Gfn.SHARED))


@step_invariant
def logs_in_order(guest: Guest, log: Log) -> Value[bool]:
    """A dispatch log has entries only after its construction, which is once in a kernel's life."""
    before, then = guest.logs[log], guest.logs[log].next
    alive = (before == LogState.LIVE) & ~at(linux, "new_kernel") & ~after(at(linux, None))
    live = implies((then == LogState.LIVE) & (before != LogState.LIVE), before == LogState.CONSTRUCTED)
    return live & implies(alive, (then == LogState.LIVE) | (then == LogState.LOST))


@step_invariant
def zeroed_on_the_way(machine: Machine, page: Page) -> Value[bool]:
    """A page that goes from secure to shared or back is zeroed, and nobody writes to one that is out."""
    to_shared = (machine.uv[page] != Gfn.SHARED) & (machine.uv[page].next == Gfn.SHARED)
    from_shared = (machine.uv[page] == Gfn.SHARED) & (machine.uv[page].next != Gfn.SHARED)
    out = (machine.uv[page] == Gfn.OUT) & (machine.uv[page].next == Gfn.OUT)
    content = machine.content[page]
    zeroed = implies(to_shared | from_shared, content.next == Content.ZERO)
    return zeroed & implies(out, content.next == content)


@invariant
def stages_fit(machine: Machine) -> Value[bool]:
    """The kernel runs in secure mode; a secure guest has no normal page, a normal one no other. Nothing is
    half secure before the guest asks, or when it is over.
    """
    runs = ~some(at(linux, place) for place in ("prom", "esm", None))
    normal = [machine.uv[page] == Gfn.NORMAL for page in domain(Page)]
    pages = implies(machine.vm == Vm.SECURE, ~some(normal)) & implies(machine.vm == Vm.NORMAL, every(normal))
    waiting = every(implies(machine.waits[page], machine.uv[page] == Gfn.OUT) for page in domain(Page))
    over = implies(at(linux, None), machine.vm != Vm.TRANSIENT)
    asks = implies(at(linux, "prom"), machine.vm == Vm.NORMAL)
    return implies(runs, machine.vm == Vm.SECURE) & pages & waiting & over & asks


@step_invariant
def only_the_call_changes_belief(guest: Guest, page: Page) -> Value[bool]:
    """What the guest believes of a page changes with the answer to a call about it, or with a new kernel."""
    changed = guest.shared[page] != guest.shared[page].next
    returns = at(linux, f"return {page.name}")
    return implies(changed, returns | at(linux, "new_kernel") | after(at(linux, None)))


@temporal
def every_call_returns() -> Formula:
    """An ultracall returns."""
    calls = some(at(linux, place) for place in ("call", *(f"return {page.name}" for page in Page)))
    return leads_to(calls, ~calls)


@temporal
def every_kernel_starts() -> Formula:
    """A guest that starts, and a kernel that is started by kexec, comes to run, or the guest gives up."""
    starts = some(at(linux, place) for place in ("prom", "esm", "new_kernel"))
    return leads_to(starts, at(linux, "kernel") | at(linux, None))


@temporal
def init_ends(machine: Machine) -> Formula:
    """A guest that asks to become secure becomes it, or is told that it is not."""
    return leads_to(machine.vm == Vm.TRANSIENT, machine.vm != Vm.TRANSIENT)


@temporal
def touched_page_comes_in(machine: Machine, page: Page) -> Formula:
    """A page that the guest waits for comes in, if the hypervisor cooperates."""
    return leads_to(machine.waits[page], ~machine.waits[page])
