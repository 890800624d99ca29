"""Visiting every state: the reference, the python and the native engine, limits, and what they return."""
