"""Interrupt numbers from firmware: skiboot's allocator, Linux's callers, and what must hold;
`spec/opal_alloc_*.py` compose them.
"""
