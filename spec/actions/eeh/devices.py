"""eehd goes through the devices of a PE, and hotplug takes them out of its list meanwhile.

`eeh_pe_for_each_dev` is list_for_each_entry_safe: the device at hand may go, for the next one is known. That
one may not. eeh_pe_report_edev holds pci_lock_rescan_remove only while it reads edev->pdev; the driver's
callback runs with a reference to its own device. pci_hp_remove_devices removes the last function first.
"""

import enum

from explorer import *

DRIVER = "arch/powerpc/kernel/eeh_driver.c"

FUNCTIONS = constant("functions", 2)
WALK_LOCKED = constant("walk_locked", False)
"""The traversal holds pci_lock_rescan_remove from its beginning to its end."""


class Function(enum.Enum):
    """A function of the card: a device of the PE, in the order of the list."""

    F0, F1, F2 = range(3)


class Devices(State):
    """`listed`: in pe->edevs, with edev->pdev. `at_hand`, `following`: `edev`, `tmp`; None: the head."""

    gone: Var[bool] = initially(False)
    listed: Map[Function, bool] = initially(lambda function: function.value < FUNCTIONS)
    at_hand: Var[Function | None] = initially(None)
    following: Var[Function | None] = initially(None)

    def behind(self, function: Function | None) -> Value[Function | None]:
        """The next device in the list; the first one behind its head."""
        found: Function | Value[Function | None] | None = None
        for one in reversed(domain(Function)):
            if function is None or one.value > function.value:
                found = ite(self.listed[one], one, found)
        return found  # type: ignore[return-value]


def walks() -> Value[bool]:
    """Whether eehd is within the traversal."""
    return some(at(eehd, place) for place in ("report", "callback", "advance"))


@action(actor="user")
def unplug(devices: Devices) -> None:
    """pulls the card"""
    when(~devices.gone)
    devices.gone.next = True


@action(actor="hotplug", fair=WEAK, source="arch/powerpc/kernel/eeh_pe.c:eeh_rmv_from_parent_pe")
def remove(devices: Devices, function: Function) -> None:
    """edev->pe = NULL; list_del(&edev->entry)  // of {function}, the last one"""
    when(devices.gone & devices.listed[function])
    when(every(~devices.listed[one] for one in domain(Function) if one.value > function.value))
    when(~(at(eehd, "callback") & (devices.at_hand == function)))  # the reference
    when(~walks() | (not WALK_LOCKED))
    devices.listed[function].next = False


@process(actor="eehd", fair=WEAK, atomic=True, source=f"{DRIVER}:eeh_pe_report")
def eehd(devices: Devices) -> Steps:
    yield step("eeh_pe_for_each_dev()  // begins with {function}", name="begin")
    function = yield choose(Function)
    when(devices.behind(None) == function)
    while True:
        devices.at_hand.next = function
        devices.following.next = devices.behind(function)
        reads = "pdev = edev->pdev  // of {function}"
        yield step(reads, name="report", source=f"{DRIVER}:eeh_pe_report_edev")
        if (yield branch(devices.listed[function])):
            calls = "error_detected()  // the driver of {function}, with a reference to its device"
            yield step(calls, name="callback", source=f"{DRIVER}:eeh_report_error")
        yield step("edev = {following}; tmp = its entry's next", name="advance")
        following = yield choose(Function | None)
        when(devices.following == following)
        if following is None:
            outcome("the head of the list: the traversal ends", name="finish")
            devices.at_hand.next = None
            return
        function = following


@step_invariant
def no_poison_is_followed(devices: Devices, function: Function) -> Value[bool]:
    """The traversal goes on from entries that are in the list: list_del leaves LIST_POISON1 in others."""
    follows = at(eehd, "advance") & (devices.following == function)
    return implies(follows & after(at(eehd, "report")), devices.listed[function])


@temporal
def removed_in_the_end(devices: Devices) -> Formula:
    """A card that was pulled is taken out of the list."""
    return leads_to(devices.gone, every(~devices.listed[function] for function in domain(Function)))


@terminal
def at_rest(devices: Devices) -> Value[bool]:
    """Nobody goes through the list."""
    return ~walks()
