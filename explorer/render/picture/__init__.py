"""Formats that are drawn."""
