"""A secure guest, the ultravisor and a hypervisor without trust; `spec/secure_vm_*.py` compose these."""
