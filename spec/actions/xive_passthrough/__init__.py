"""What is particular to the family xive_passthrough: the host under the guest, and the guest's driver at its
probe.
"""
