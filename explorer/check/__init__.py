"""Verdicts. As a function, `explorer.check(SPEC)` checks a spec (`api.py`)."""

from explorer.callable import also_function

also_function(__name__, "explorer.api")
