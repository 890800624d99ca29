"""What is particular to xive_shutdown: all ones, forwarding to a guest, a CPU that goes off-line."""
