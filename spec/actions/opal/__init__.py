"""Firmware: what a call returns, and when it is busy."""
