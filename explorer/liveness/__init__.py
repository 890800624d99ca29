"""Temporal properties under fairness, on the graph of states."""
