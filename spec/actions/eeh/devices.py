"""eehd goes through the devices of a PE, and hotplug takes them out of its list meanwhile.

`eeh_pe_for_each_dev` is list_for_each_entry_safe: the device at hand may go, for the next one is known. That
one may not. eeh_pe_report_edev holds pci_lock_rescan_remove only while it reads edev->pdev; the driver's
callback runs with a reference to its own device. pci_hp_remove_devices removes the last function first.
"""

import enum

from explorer import *

FUNCTIONS = constant("functions", 2)
WALK_LOCKED = constant("walk_locked", False)
"""The traversal holds pci_lock_rescan_remove from its beginning to its end."""


class Function(enum.Enum):
    """A function of the card: a device of the PE, in the order of the list."""

    F0 = 0
    F1 = 1
    F2 = 2


class Step(enum.Enum):
    """What eehd does next."""

    IDLE = 0
    REPORT = 1
    CALLBACK = 2
    ADVANCE = 3
    DONE = 4


class Devices(State):
    """`listed`: in pe->edevs, with edev->pdev. `at_hand` and `following` are `edev` and `tmp` of the loop;
    None is the head of the list.
    """

    gone: Var[bool] = initially(False)
    listed: Map[Function, bool] = initially(lambda function: function.value < FUNCTIONS)
    at: Var[Step] = initially(Step.IDLE, quiet=True)
    at_hand: Var[Function | None] = initially(None)
    following: Var[Function | None] = initially(None)

    def behind(self, function: Function | None) -> Value[Function | None]:
        """The next device in the list; the first one behind its head."""
        found: Function | Value[Function | None] | None = None
        for one in reversed(domain(Function)):
            if function is None or one.value > function.value:
                found = ite(self.listed[one], one, found)
        return found  # type: ignore[return-value]

    def walks(self) -> Value[bool]:
        """Whether eehd is within the traversal."""
        return (self.at != Step.IDLE) & (self.at != Step.DONE)


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
    when(~((devices.at == Step.CALLBACK) & (devices.at_hand == function)))  # the reference
    when(~devices.walks() | (not WALK_LOCKED))
    devices.listed[function].next = False


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_pe_report")
def begin(devices: Devices, function: Function) -> None:
    """eeh_pe_for_each_dev()  // begins with {function}"""
    when((devices.at == Step.IDLE) & (devices.behind(None) == function))
    devices.at_hand.next = function
    devices.following.next = devices.behind(function)
    devices.at.next = Step.REPORT


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_pe_report_edev")
def report(devices: Devices, function: Function) -> None:
    """pdev = edev->pdev  // of {function}"""
    when((devices.at == Step.REPORT) & (devices.at_hand == function))
    devices.at.next = ite(devices.listed[function], Step.CALLBACK, Step.ADVANCE)


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_report_error")
def callback(devices: Devices, function: Function) -> None:
    """error_detected()  // the driver of {function}, with a reference to its device"""
    when((devices.at == Step.CALLBACK) & (devices.at_hand == function))
    devices.at.next = Step.ADVANCE


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_pe_report")
def advance(devices: Devices, function: Function) -> None:
    """edev = {function}; tmp = its entry's next"""
    when((devices.at == Step.ADVANCE) & (devices.following == function))
    devices.at_hand.next = function
    devices.following.next = devices.behind(function)
    devices.at.next = Step.REPORT


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_pe_report")
def finish(devices: Devices) -> None:
    """the head of the list: the traversal ends"""
    when((devices.at == Step.ADVANCE) & devices.following.is_none)
    devices.at_hand.next = None
    devices.at.next = Step.DONE


@step_invariant
def no_poison_is_followed(devices: Devices, function: Function) -> Value[bool]:
    """The traversal goes on from entries that are in the list: list_del leaves LIST_POISON1 in others."""
    follows = (devices.at == Step.ADVANCE) & (devices.following == function)
    return implies(follows & (devices.at.next == Step.REPORT), devices.listed[function])


@temporal
def removed_in_the_end(devices: Devices) -> Formula:
    """A card that was pulled is taken out of the list."""
    return leads_to(devices.gone, every(~devices.listed[function] for function in domain(Function)))


@terminal
def at_rest(devices: Devices) -> Value[bool]:
    """Nobody goes through the list."""
    return ~devices.walks()
