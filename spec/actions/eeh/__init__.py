"""EEH: frozen PEs, the event queue, the recovery thread and hotplug; `spec/eeh_*.py` compose them."""
