"""A secure guest: `spec/secure_vm_*.py`, who may see which page."""

from __future__ import annotations

from tests.support import families
from tests.support.families import claims, steps

GOLDEN = {
    "secure_vm_fixed": (13463, 52566, 22),
    "secure_vm_buggy": (27154, 124103, 28),
    "secure_vm_pate": (50, 76, 18),
}  # states, transitions, depth
test_counts, test_expectations, test_variants, test_reference = claims(
    GOLDEN, judged=("secure_vm_fixed", "secure_vm_pate")
)


def test_a_new_kernel_writes_secrets_into_a_shared_page() -> None:
    """The story of V0."""
    assert steps(families.verdict("secure_vm_buggy").traces["confidentiality"])[3:] == [
        "guest: uv_share_page(BUFFER)",
        "ultravisor: UV_SHARE_PAGE(BUFFER): zeroed, H_SVM_PAGE_IN(H_PAGE_IN_SHARED)",
        "guest: SHARE of BUFFER returns SUCCESS",
        "guest: kexec, pages stay shared",
        "guest: the new kernel starts: it has shared nothing yet",
        "guest: writes private data to BUFFER",
        "hypervisor: reads BUFFER: PRIVATE",
    ]


def test_sharing_again_zeroes_the_first_log() -> None:
    """The story of V1: the second log's constructor shares the page that the first log has entries in."""
    told = steps(families.verdict("secure_vm_fixed", "V1").traces["no_lost_data"])
    assert told.count("ultravisor: UV_SHARE_PAGE(DTL): zeroed, H_SVM_PAGE_IN(H_PAGE_IN_SHARED)") == 2
    assert told.index("guest: log 0 has entries") < len(told) - 1


def test_a_crash_kernel_may_keep_pages_shared() -> None:
    """V6: without unsharing nothing leaks, as long as the crash kernel has memory of its own."""
    taken = {row.action for row in families.check("secure_vm_fixed").coverage if row.taken}
    assert "linux.crash_kexec" in taken


def test_two_refusals_let_a_vm_run_on_the_page_table_of_another() -> None:
    """The story of the row: the entry of a VM that is gone is never cleared, and never replaced."""
    told = steps(families.verdict("secure_vm_pate", "refused twice").traces["own_table_is_walked"])
    assert told.count("ultravisor: UV_WRITE_PATE fails") == 2
    assert told[-1] == "CORE: translates through FIRST" and "KVM: kvmppc_free_radix()" in told
