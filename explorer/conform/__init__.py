"""Whether a recorded run fits a spec: logs, the mapping of their events, and the search."""
