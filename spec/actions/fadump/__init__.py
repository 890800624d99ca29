"""Firmware-assisted dump on powernv: registration, crash, preserve, capture, release; `spec/fadump_*.py`
compose these modules.
"""
