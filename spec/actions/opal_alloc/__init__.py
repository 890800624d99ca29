"""Interrupt numbers from firmware: the allocator and its callers; `spec/opal_alloc_*.py` compose them."""
