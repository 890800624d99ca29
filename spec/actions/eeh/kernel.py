"""The defaults are Linux 5.4 with five repairs that the model asks for; `docs/models/eeh.md` argues them."""

import enum

from explorer import *


class Mark(enum.Enum):
    """Who sets EEH_PE_RECOVERING, and when: the sender of the event or the thread that takes it."""

    BEFORE_PUSH = "before_push"
    AFTER_PUSH = "after_push"
    THREAD = "thread"


class Prune(enum.Enum):
    """Where eeh_pe_cleanup finds EEH_PE_INVALID: pe->type, or pe->state, where the bit means ISOLATED."""

    TYPE = "type"
    STATE = "state"
    NEVER = "never"


MARK = constant("mark", Mark.BEFORE_PUSH)
MARK_CHILDREN = constant("mark_children", True)
"""EEH_PE_RECOVERING is set on the children of the PE, too."""

REMOVAL_RESPECTS_RECOVERING = constant("removal_respects_recovering", True)
"""eeh_rmv_from_parent_pe marks a recovering PE invalid. 5.3 respects EEH_PE_KEEP alone, and frees it."""

PRESENCE_CHECK = constant("presence_check", True)
"""The thread gives up where no device is present in its slot."""

PRUNE = constant("prune", Prune.TYPE)

PRUNE_UPWARDS = constant("prune_upwards", True)
"""eeh_pe_cleanup frees the parent of a PE that it freed too, if that is empty now. 5.4 goes down only."""

ONE_STEP_END = constant("one_step_end", True)
"""Pruning and clearing EEH_PE_RECOVERING exclude hotplug. 5.4 prunes first, then uses the PE."""

END_ON_RETURN = constant("end_on_return", True)
"""The early returns (no bus, permanent failure) prune and clear too."""

CLEAR_IF_LAST = constant("clear_if_last", True)
"""EEH_PE_RECOVERING stays set, and the PE linked, while another event for the PE is on its way."""

DRIVER_STOPS_FIRST = constant("driver_stops_first", True)
"""The driver's `remove` waits for its own accesses: none is in eeh_dev_check_failure at an unlink."""
