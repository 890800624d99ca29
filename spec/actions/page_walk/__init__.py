"""Lockless page-table walks against whoever takes a table away; `spec/page_walk_*.py` compose them."""
