"""A secure guest of Linux 5.4 with one mend, that it heeds return codes: the hypervisor sees and changes only
what the guest has shared. Its hypervisor is that of Linux 5.10; 5.4 has none of those handlers.

Rows V0, V5 and V6 are no kernel that ever was; V4 is a hypervisor without the lock that 5.10 has.
"""

from actions.secure_vm import guest, hypervisor, machine, properties, ultravisor

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    machine,
    guest,
    ultravisor,
    hypervisor,
    properties,
    expect=HOLDS,
    variants=[
        variant("repaired", HOLDS, "5.4, with return codes heeded"),
        variant(
            "V0",
            violates("confidentiality", steps=10, also=("agreement", "integrity", "logs_are_shared")),
            "no kernel: kexec without UNSHARE_ALL",
            unshare_all=False,
        ),
        variant(
            "V1",
            violates("no_lost_data", steps=9),
            "no kernel: the constructor shares for each log",
            share_once=False,
        ),
        variant(
            "V2",
            violates("confidentiality", steps=8, also=("integrity", "no_lost_data")),
            "no kernel: the buffer (of lppacas) shares a page with others",
            page_aligned=False,
        ),
        variant(
            "V3, 5.4",
            violates(
                "agreement", steps=6, also=("confidentiality", "integrity", "no_lost_data", "logs_are_shared")
            ),
            "return codes ignored, as released",
            heed_return_code=False,
        ),
        variant(
            "V4",
            violates("hypervisor_agrees", steps=6),
            "no kernel: 5.10 whose page-out races with sharing",
            hv_mutex=False,
        ),
        variant(
            "V5",
            violates("confidentiality", steps=5, also=("integrity",)),
            "no hardware: the hypervisor enters secure mode",
            hv_sets_s=True,
        ),
        variant(
            "V6",
            violates("confidentiality", steps=9, also=("integrity",)),
            "no kernel: a crash kernel in the old kernel's pages",
            crash_reuses=True,
        ),
    ],
    survivors={
        "linux.share: guest.shared": "sharing again zeroes public data, which nobody is said to need",
        "linux.construct_log_again: yield": "another virtual CPU may do so during the call",
        "log_entry: kernel": "another virtual CPU may do so during the call",
        "write_shared: kernel": "another virtual CPU may do so during the call",
        "linux.kexec: machine.free_for_sharing()": (
            "only secure pages are paged out, and only shared ones are taken back"
        ),
        "linux.new_kernel: self.expects[page].next": (
            "where every page was private the new kernel loses nothing by expecting its data"
        ),
        "page_in_at_start: machine.uv[page] == Gfn.NORMAL": "a page that is in is in",
        "linux.unshares: machine.free": "only secure pages are paged out, and this one is shared",
        "page_out_begins: machine.vm == Vm.SECURE": "a page of a guest that starts may be paged out, too",
        "page_in: machine.evicts.is_none": "only secure pages are paged out, and this one is out",
    },
)
