"""A posted interrupt is recorded and never announced (Linux c112b5f50232, 2019; KVM on VMX).

While its vCPU is preempted a descriptor suppresses notifications (SN): the device sets a bit in PIR and no
more. Clearing SN without a look at PIR leaves a guest that runs beside an interrupt that nobody announces.
"""

import enum

from explorer import *


class Clear(enum.Enum):
    """What happens where the vCPU is loaded again: SN is cleared; then PIR is looked at, and ON set where it
    is not empty; PIR is looked at before SN is cleared; ON is set without a look.
    """

    BLINDLY = "blindly"
    THEN_LOOK = "then_look"
    LOOK_FIRST = "look_first"
    ALWAYS_ON = "always_on"


CLEAR = constant("clear", Clear.THEN_LOOK)


class Vector(Scalarset):
    """Interrupt vectors of the device."""

    size = constant("vectors", 1)


class Place(enum.Enum):
    """Where the vCPU is. LOADED and LOOKED are within vmx_vcpu_pi_load, ENTRY has interrupts off."""

    HOST = 0
    ENTRY = 1
    GUEST = 2
    PREEMPTED = 3
    LOADED = 4
    LOOKED = 5


class Posted(State):
    """The posted-interrupt descriptor; `notified` is a notification in flight, `found` what a look at PIR
    saw, `irr` the guest's own register.
    """

    pir: Map[Vector, bool] = initially(False)
    on: Var[bool] = initially(False)
    sn: Var[bool] = initially(False)
    notified: Var[bool] = initially(False)
    irr: Map[Vector, bool] = initially(False)
    at: Var[Place] = initially(Place.HOST)
    found: Var[bool] = initially(False, quiet=True)

    def something(self) -> Value[bool]:
        """Whether PIR is not empty."""
        return some(self.pir[vector] for vector in Vector)

    def sync(self, announced: bool | Value[bool]) -> None:
        """What is in PIR goes to IRR, where it is announced."""
        for vector in domain(Vector):
            moves = self.pir[vector] & announced
            self.irr[vector].next = self.irr[vector] | moves
            self.pir[vector].next = self.pir[vector] & ~moves
        self.on.next = self.on & ~(announced | some(()))


@action(actor="device")
def post(posted: Posted, vector: Vector) -> None:
    """PIR[{vector}] = 1; notifies where ON and SN are 0"""
    when(~posted.pir[vector])
    notifies = ~posted.sn & ~posted.on
    posted.pir[vector].next = True
    posted.on.next = posted.on | notifies
    posted.notified.next = posted.notified | notifies


@action(actor="vCPU", source="arch/x86/kvm/vmx/vmx.c:vmx_vcpu_pi_put")
def preempt(posted: Posted) -> None:
    """SN = 1  // preempted"""
    when(posted.at == Place.HOST)
    posted.sn.next = True
    posted.at.next = Place.PREEMPTED


@action(actor="vCPU", fair=WEAK, source="arch/x86/kvm/vmx/vmx.c:vmx_vcpu_pi_load")
def look_first(posted: Posted) -> None:
    """PIR is looked at"""
    when(CLEAR == Clear.LOOK_FIRST)
    when(posted.at == Place.PREEMPTED)
    posted.found.next = posted.something()
    posted.at.next = Place.LOOKED


@action(actor="vCPU", fair=WEAK, source="arch/x86/kvm/vmx/vmx.c:vmx_vcpu_pi_load")
def clear(posted: Posted) -> None:
    """SN = 0"""
    when(posted.at == (Place.LOOKED if CLEAR == Clear.LOOK_FIRST else Place.PREEMPTED))
    posted.sn.next = False
    if CLEAR == Clear.LOOK_FIRST:
        posted.on.next = posted.on | posted.found
        posted.found.next = False
    posted.at.next = Place.LOADED if CLEAR in (Clear.THEN_LOOK, Clear.ALWAYS_ON) else Place.HOST


@action(actor="vCPU", fair=WEAK, source="arch/x86/kvm/vmx/vmx.c:vmx_vcpu_pi_load")
def announce(posted: Posted) -> None:
    """{"ON = 1" if CLEAR == Clear.ALWAYS_ON else "ON = 1 where PIR is not empty  // behind a barrier"}"""
    when(CLEAR in (Clear.THEN_LOOK, Clear.ALWAYS_ON))
    when(posted.at == Place.LOADED)
    posted.on.next = posted.on | posted.something() | (CLEAR == Clear.ALWAYS_ON)
    posted.at.next = Place.HOST


# Fair: a vCPU that is in the host again and again enters its guest some time.


@action(actor="vCPU", fair=STRONG, source="arch/x86/kvm/x86.c:vcpu_enter_guest")
def enter(posted: Posted) -> None:
    """local_irq_disable(); vcpu->mode = IN_GUEST_MODE"""
    when(posted.at == Place.HOST)
    posted.at.next = Place.ENTRY


@action(actor="vCPU", fair=WEAK, source="arch/x86/kvm/vmx/vmx.c:vmx_sync_pir_to_irr")
def sync_and_run(posted: Posted) -> None:
    """runs the guest  // ON == {posted.on}"""
    when(posted.at == Place.ENTRY)
    posted.sync(posted.on)
    posted.at.next = Place.GUEST


@action(actor="vCPU")
def leave(posted: Posted) -> None:
    """VM exit"""
    when(posted.at == Place.GUEST)
    posted.at.next = Place.HOST


@action(actor="vCPU", fair=WEAK)
def notified_in_guest(posted: Posted) -> None:
    """the notification: PIR goes to IRR"""
    when(posted.notified & (posted.at == Place.GUEST))
    posted.notified.next = False
    posted.sync(True)


@action(actor="vCPU", fair=WEAK)
def notified_in_host(posted: Posted) -> None:
    """the notification comes while the guest does not run"""
    when(posted.notified & (posted.at != Place.GUEST) & (posted.at != Place.ENTRY))
    posted.notified.next = False


@action(actor="guest", fair=WEAK)
def serve(posted: Posted, vector: Vector) -> None:
    """serves {vector}"""
    when(posted.irr[vector] & (posted.at == Place.GUEST))
    posted.irr[vector].next = False


@invariant
def running_guest_is_told(posted: Posted) -> Value[bool]:
    """In a guest that runs, what is in PIR is announced by ON or a notification on its way."""
    return implies((posted.at == Place.GUEST) & posted.something(), posted.on | posted.notified)


@temporal
def posted_is_served(posted: Posted, vector: Vector) -> Formula:
    """What is posted reaches the guest's register."""
    return leads_to(posted.pir[vector], posted.irr[vector])


LOST = ("posted_is_served",)

spec = Spec(
    expect=HOLDS,
    variants=[
        variant(
            "before", violates("running_guest_is_told", steps=5, also=LOST), "SN is cleared", clear="blindly"
        ),
        variant("fixed", HOLDS, "then PIR is looked at"),
        variant(
            "look first",
            violates("running_guest_is_told", steps=6, also=LOST),
            "PIR is looked at before SN is cleared",
            clear="look_first",
        ),
        variant("always on", HOLDS, "ON is set without a look: more syncs", clear="always_on"),
    ],
)
