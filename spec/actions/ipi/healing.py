"""What a later call does for one that is lost: for kernels where calls can be lost."""

from explorer import Formula, Value, leads_to, some, temporal

from ..shared.cpus import Sender, Target
from .calls import Calls, Csd
from .memory import Memory
from .properties import hangs
from .receiver import Receivers
from .sender import Senders, Step


def calls_too(senders: Senders, cpu: Sender, target: Target) -> Value[bool]:
    """Another sender is about to queue a call to the target."""
    others = [other for other in Sender if other != cpu]
    return some((senders.at[other] == Step.LLIST_ADD) & (senders.target[other] == target) for other in others)


@temporal
def a_later_call_heals(
    senders: Senders, receivers: Receivers, calls: Calls, memory: Memory, cpu: Sender, target: Target
) -> Formula:
    """Where the sender's IPI is lost and another one calls the same target, the lost call is served too."""
    too_late = hangs(senders, receivers, calls, memory, cpu) & calls_too(senders, cpu, target)
    return leads_to(senders.waits_for(cpu, target) & too_late, calls.csd[cpu][target] == Csd.FREE)
