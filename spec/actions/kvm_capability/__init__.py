"""The XIVE-native KVM device and migration; `spec/kvm_capability_*.py` compose these modules."""
