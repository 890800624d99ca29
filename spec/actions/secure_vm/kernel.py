"""Guest kernel, hypervisor and hardware. The defaults are Linux 5.4 with return codes heeded."""

from explorer import *

UNSHARE_ALL = constant("unshare_all", True)
"""A kexec tells the ultravisor to take back all shared pages first."""

SHARE_ONCE = constant("share_once", True)
"""The constructor of dispatch logs remembers the pages that it has shared."""

PAGE_ALIGNED = constant("page_aligned", True)
"""The lppacas have pages of their own; otherwise something private has the rest of their page."""

HEED_RETURN_CODE = constant("heed_return_code", True)
"""set_memory_encrypted and set_memory_decrypted return what the ultravisor says. Linux 5.4 returns 0 always.
"""

HV_MUTEX = constant("hv_mutex", True)
"""The hypervisor excludes page-out and sharing against each other (kvm->arch.uvmem_lock)."""

HV_SETS_S = constant("hv_sets_s", False)
"""The hardware lets the hypervisor enter secure mode: by writing MSR[S], or by hrfid into the guest."""

CRASH_REUSES = constant("crash_reuses", False)
"""A crash kernel uses the crashed kernel's pages as its own; Linux gives it memory that was reserved at boot.
"""
