"""Who may know what, who may change what, and what must happen."""

from explorer import *

from .guest import Answer, Guest, Log, LogState, Stage
from .hypervisor import Hypervisor
from .machine import Content, Gfn, Machine, Page, Vm


@invariant
def confidentiality(hypervisor: Hypervisor) -> Value[bool]:
    """The hypervisor never reads what the guest has written as private."""
    return hypervisor.read != Content.PRIVATE


@invariant
def integrity(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """What the guest has written as private, the hypervisor has not replaced."""
    return implies(
        guest.expects[page],
        (machine.content[page] == Content.PRIVATE) | (machine.content[page] == Content.ZERO),
    )


@invariant
def no_lost_data(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """No data that the guest still needs are zeroed: private ones, or entries of a dispatch log."""
    kept = implies(guest.expects[page], machine.content[page] != Content.ZERO)
    return kept & every(guest.logs[log] != LogState.LOST for log in domain(Log))


@invariant
def agreement(machine: Machine, guest: Guest, page: Page) -> Value[bool]:
    """Between calls the guest believes a page shared exactly where the ultravisor has it shared."""
    return implies(guest.free(), guest.shared[page] == (machine.uv[page] == Gfn.SHARED))


@invariant
def hypervisor_agrees(machine: Machine, page: Page) -> Value[bool]:
    """The hypervisor's tables say of each page what the ultravisor says; one that it pages out is secure
    until then.
    """
    return (machine.hv[page] == machine.uv[page]) & implies(
        machine.evicts == page, machine.uv[page] == Gfn.SECURE
    )


@invariant
def logs_are_shared(machine: Machine, guest: Guest) -> Value[bool]:
    """Between calls the page of the dispatch logs is shared exactly if there is one."""
    some_log = some(
        (guest.logs[log] == LogState.CONSTRUCTED) | (guest.logs[log] == LogState.LIVE) for log in domain(Log)
    )
    return implies(guest.free(), some_log == (machine.uv[Page.DTL] == Gfn.SHARED))


@step_invariant
def logs_in_order(guest: Guest, log: Log) -> Value[bool]:
    """A dispatch log has entries only after it was constructed, and is constructed once in a kernel's
    life.
    """
    before, after = guest.logs[log], guest.logs[log].next
    alive = (before == LogState.LIVE) & (guest.stage.next == Stage.KERNEL) & (guest.stage == Stage.KERNEL)
    live = implies((after == LogState.LIVE) & (before != LogState.LIVE), before == LogState.CONSTRUCTED)
    return live & implies(alive, (after == LogState.LIVE) | (after == LogState.LOST))


@step_invariant
def one_answer(guest: Guest) -> Value[bool]:
    """An ultracall returns only with an answer, and that answer is not replaced."""
    returns = implies(~guest.call.is_none & guest.call.next.is_none, guest.answer != Answer.PENDING)
    kept = (guest.answer.next == guest.answer) | (guest.answer.next == Answer.PENDING)
    return returns & implies(guest.answer != Answer.PENDING, kept)


@step_invariant
def zeroed_on_the_way(machine: Machine, page: Page) -> Value[bool]:
    """A page that goes from secure to shared or back is zeroed, and nobody writes to one that is out."""
    to_shared = (machine.uv[page] != Gfn.SHARED) & (machine.uv[page].next == Gfn.SHARED)
    from_shared = (machine.uv[page] == Gfn.SHARED) & (machine.uv[page].next != Gfn.SHARED)
    out = (machine.uv[page] == Gfn.OUT) & (machine.uv[page].next == Gfn.OUT)
    return implies(to_shared | from_shared, machine.content[page].next == Content.ZERO) & implies(
        out, machine.content[page].next == machine.content[page]
    )


@invariant
def stages_fit(machine: Machine, guest: Guest) -> Value[bool]:
    """The kernel runs in secure mode; a secure guest has no normal page, a normal one no other; a call is
    made by a kernel.
    """
    runs = some(guest.stage == stage for stage in (Stage.KERNEL, Stage.KEXEC, Stage.CRASHED))
    normal = [machine.uv[page] == Gfn.NORMAL for page in domain(Page)]
    pages = implies(machine.vm == Vm.SECURE, ~some(normal)) & implies(machine.vm == Vm.NORMAL, every(normal))
    dead = implies(guest.stage == Stage.DEAD, machine.vm == Vm.NORMAL)
    waiting = every(implies(machine.waits[page], machine.uv[page] == Gfn.OUT) for page in domain(Page))
    return implies(runs, machine.vm == Vm.SECURE) & pages & dead & waiting


@invariant
def calls_fit(guest: Guest) -> Value[bool]:
    """An ultracall is made by a running kernel, is about a page, and only it can have an answer."""
    one = implies(~guest.call.is_none, (guest.stage == Stage.KERNEL) & ~guest.page.is_none)
    return one & implies(guest.call.is_none, guest.page.is_none & (guest.answer == Answer.PENDING))


@step_invariant
def only_the_call_changes_belief(guest: Guest, page: Page) -> Value[bool]:
    """What the guest believes of a page changes with the answer to a call about it, or with a new kernel."""
    changed = guest.shared[page] != guest.shared[page].next
    answered = (guest.page == page) & (guest.answer != Answer.PENDING)
    return implies(changed & (guest.stage == Stage.KERNEL) & (guest.stage.next == Stage.KERNEL), answered)


@temporal
def every_call_returns(guest: Guest) -> Formula:
    """An ultracall returns."""
    return leads_to(~guest.call.is_none, guest.call.is_none)


@temporal
def every_kernel_starts(guest: Guest) -> Formula:
    """A guest that starts, and a kernel that is started by kexec, comes to run, or the guest gives up."""
    starts = (guest.stage == Stage.PROM) | (guest.stage == Stage.KEXEC)
    return leads_to(starts, (guest.stage == Stage.KERNEL) | (guest.stage == Stage.DEAD))


@temporal
def init_ends(machine: Machine) -> Formula:
    """A guest that asks to become secure becomes it, or is told that it is not."""
    return leads_to(machine.vm == Vm.TRANSIENT, machine.vm != Vm.TRANSIENT)


@temporal
def touched_page_comes_in(machine: Machine, page: Page) -> Formula:
    """A page that the guest waits for comes in, if the hypervisor cooperates."""
    return leads_to(machine.waits[page], ~machine.waits[page])


@terminal
def dead(guest: Guest) -> Value[bool]:
    return (guest.stage == Stage.DEAD) | (guest.stage == Stage.CRASHED)
