"""The XIVE-native KVM device and migration: hosts, guest, migration, and what must hold;
`spec/kvm_capability_*.py` compose them.
"""
