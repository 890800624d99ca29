"""What holds whether or not IPIs get lost: who takes what, and when. Mutations of the model show here.

`no_stale_flag` is the exception: without `ppc_msgsnd_sync`, and on XICS, the flag can stay set behind its
IPI. That costs a guest exit for nothing.
"""

from explorer import Value, every, implies, invariant, is_in, some, step_invariant

from ..shared.cpus import Sender, Spinner, Target
from . import kernel
from .calls import Calls, Csd
from .doorbell import rung
from .kernel import Controller
from .layout import Call, doorbell, host_ipi
from .locks import Locks, holds
from .memory import Memory, is_device
from .receiver import Mode, Receivers, program
from .sender import Senders, Step


@invariant
def an_idle_sender_has_nothing_under_way(senders: Senders, calls: Calls, cpu: Sender) -> Value[bool]:
    """A call returns when the function has run."""
    free = every(calls.csd[cpu][target] == Csd.FREE for target in Target)
    nothing = senders.target[cpu].is_none & senders.kind[cpu].is_none & free
    return implies(senders.at[cpu] == Step.IDLE, nothing)


@invariant
def a_waiting_sender_waits_for_a_call(senders: Senders, cpu: Sender) -> Value[bool]:
    """Who is in csd_lock_wait has called somebody."""
    called = ~senders.target[cpu].is_none & (senders.kind[cpu] == Call.CALL_FUNCTION)
    return implies(senders.at[cpu] == Step.CSD_LOCK_WAIT, called)


@invariant
def a_call_is_locked_before_it_is_queued(
    senders: Senders, calls: Calls, cpu: Sender, target: Target
) -> Value[bool]:
    """Nobody else can use the descriptor meanwhile."""
    queues = (senders.at[cpu] == Step.LLIST_ADD) & (senders.target[cpu] == target)
    return implies(queues, calls.csd[cpu][target] == Csd.LOCKED)


@step_invariant
def only_detached_calls_are_run(calls: Calls, cpu: Sender, target: Target) -> Value[bool]:
    """A descriptor is unlocked by the handler that has taken it off the list."""
    unlocked = (calls.csd[cpu][target] != Csd.FREE) & (calls.csd[cpu][target].next == Csd.FREE)
    return implies(unlocked, calls.csd[cpu][target] == Csd.RUNNING)


@step_invariant
def an_interrupt_is_taken_once(receivers: Receivers, memory: Memory, target: Target) -> Value[bool]:
    """Only an interrupt that is there is handled, which uses it up (on XICS the reset of the MFRR does)."""
    before, after = receivers.at[target], receivers.at[target].next
    latches = ~receivers.latched[target] & receivers.latched[target].next & (before == after)
    handles = (before == Mode.HOST) & (after == program()[0])
    asks = (before == Mode.GUEST) & (after == Mode.GUEST_TEST)
    asks |= (before == Mode.NAP) & (after == Mode.NAP_TEST)
    used_up = memory.after_step(doorbell(target)) == 0 if is_device(doorbell(target)) else True
    level = asks & (kernel.CONTROLLER != Controller.DOORBELL)
    return implies(latches | handles | asks, rung(memory, target) & (used_up | level))


@step_invariant
def a_latched_doorbell_is_replayed_once(receivers: Receivers, target: Target) -> Value[bool]:
    """PACA_IRQ_DBELL is there, and then it is not."""
    replays = (receivers.at[target] == Mode.SOFT_MASKED) & (receivers.at[target].next == program()[0])
    return ~replays | (receivers.latched[target] & ~receivers.latched[target].next)


@step_invariant
def a_guest_exits_for_the_host_only(receivers: Receivers, memory: Memory, target: Target) -> Value[bool]:
    """KVM leaves the guest for a doorbell only where the flag says so."""
    tests = is_in(receivers.at[target], {Mode.GUEST_TEST, Mode.NAP_TEST})
    exits = tests & is_in(receivers.at[target].next, {Mode.SOFT_MASKED, Mode.HOST})
    return implies(exits, memory.latest(host_ipi(target)) == 1)


@step_invariant
def a_spinner_waits_for_the_holder(
    locks: Locks, senders: Senders, cpu: Spinner, holder: Sender
) -> Value[bool]:
    """A CPU spins on a lock that is held, and goes on when it is not."""
    starts = (locks.spins_on[cpu] != holder) & (locks.spins_on[cpu].next == holder)
    stops = (locks.spins_on[cpu] == holder) & (locks.spins_on[cpu].next != holder)
    held = holds(senders, holder)
    return implies(starts, held & locks.spins_on[cpu].is_none) & implies(stops, ~held)


@invariant
def no_stale_flag(senders: Senders, receivers: Receivers, memory: Memory, target: Target) -> Value[bool]:
    """Where nothing is under way and the target is at rest, its flag is clear."""
    sending = [(senders.target[cpu] == target) & (senders.at[cpu] != Step.CSD_LOCK_WAIT) for cpu in Sender]
    quiet = receivers.rests(target) & ~rung(memory, target) & ~some(sending)
    return implies(quiet, memory.latest(host_ipi(target)) == 0)
