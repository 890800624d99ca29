"""A secure guest, the ultravisor and a hypervisor that is not trusted; `spec/secure_vm_*.py` compose these
modules.
"""
