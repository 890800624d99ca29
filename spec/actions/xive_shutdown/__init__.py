"""What is particular to the family xive_shutdown: all ones, forwarding to a guest, a CPU that goes
off-line.
"""
