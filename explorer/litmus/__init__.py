"""Litmus tests in herd's format, judged on the storage of explorer/memory.

`read` parses a file, `paths` turns each thread into straight lines of events, `machine` runs them out of
order, `judge` collects final states, `report` prints them as herd does. Imports nothing of the explorer but
`memory`.
"""
