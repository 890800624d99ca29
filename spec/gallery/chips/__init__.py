"""Interrupt chips of specs of the gallery."""
