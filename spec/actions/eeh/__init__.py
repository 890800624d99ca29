"""EEH: frozen partitionable endpoints, the event queue, the recovery thread and hotplug; `spec/eeh_*.py`
compose these modules.
"""
