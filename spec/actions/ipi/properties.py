"""What must hold. The predicates have arguments, so that liveness properties can use them too."""

from explorer import Value, every, invariant, some, step_invariant, terminal

from ..shared.cpus import Sender, Spinner, Target
from .calls import Calls, Csd
from .doorbell import rung
from .guest import ignored
from .layout import doorbell
from .locks import Locks
from .memory import Memory
from .receiver import Receivers, message_waits
from .sender import Senders, Step


def unannounced(senders: Senders, memory: Memory, target: Target) -> Value[bool]:
    """A message is there, and its doorbell neither pending nor still to be sent. The flag does not matter."""
    coming = some(senders.between_message_and_msgsnd(cpu, target) for cpu in Sender)
    return message_waits(memory, target) & ~rung(memory, target) & ~coming


def lost(senders: Senders, receivers: Receivers, memory: Memory, target: Target) -> Value[bool]:
    """Nothing makes the target look at its messages any more: it is at rest."""
    return unannounced(senders, memory, target) & receivers.rests(target)


def hangs(senders: Senders, receivers: Receivers, calls: Calls, memory: Memory, cpu: Sender) -> Value[bool]:
    """The sender waits for a call whose IPI is lost."""
    queued = {t: senders.waits_for(cpu, t) & (calls.csd[cpu][t] == Csd.QUEUED) for t in Target}
    return some(queued[t] & lost(senders, receivers, memory, t) for t in Target)


@invariant
def no_lost_ipi(senders: Senders, receivers: Receivers, memory: Memory) -> Value[bool]:
    """No target rests while a message waits for it that no doorbell announces."""
    return every(~lost(senders, receivers, memory, target) for target in Target)


@step_invariant
def no_ignored_message(senders: Senders, receivers: Receivers, memory: Memory, target: Target) -> Value[bool]:
    """A doorbell that the guest's side drops leaves no message behind whose doorbell has come and gone."""
    return ~(ignored(receivers, target) & unannounced(senders, memory, target))


@invariant
def no_soft_lockup(senders: Senders, receivers: Receivers, calls: Calls, memory: Memory) -> Value[bool]:
    """No sender waits in csd_lock_wait for a call whose IPI is lost."""
    return every(~hangs(senders, receivers, calls, memory, cpu) for cpu in Sender)


@invariant
def no_stuck_spinner(
    senders: Senders, receivers: Receivers, calls: Calls, memory: Memory, locks: Locks
) -> Value[bool]:
    """No CPU spins on a lock whose holder waits for a lost IPI."""
    stuck = {holder: hangs(senders, receivers, calls, memory, holder) for holder in Sender}
    return every(~((locks.spins_on[cpu] == holder) & stuck[holder]) for cpu in Spinner for holder in Sender)


@terminal
def all_served(senders: Senders, receivers: Receivers, memory: Memory) -> Value[bool]:
    """Every sender is done, and no target has a doorbell or a message left."""
    done = every(senders.at[cpu] == Step.IDLE for cpu in Sender)
    return done & every(receivers.rests(t) & ~rung(memory, t) & ~message_waits(memory, t) for t in Target)
