"""Formats for people who read text."""
