"""Firmware-assisted dump on powernv, from registration to release; `spec/fadump_*.py` compose them."""
