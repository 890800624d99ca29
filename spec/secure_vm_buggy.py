"""Hypothetical, no kernel that ever was: a secure guest whose kexec does not call UV_UNSHARE_ALL_PAGES. The
new kernel writes its secrets into pages that are still shared.
"""

from secure_vm_fixed import spec as fixed

spec = fixed.variant("V0")
