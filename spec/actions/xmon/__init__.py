"""The debugger's view of XIVE: a machine, the commands, and what must hold; `spec/xmon_*.py` compose them."""
