"""The debugger's view of XIVE: the machine it looks at, its commands, and what must hold; `spec/xmon_*.py`
compose them.
"""
