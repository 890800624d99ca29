"""The XIVE interrupt controller and Linux's irq code for it, which the families `xive_*` and `xmon` share."""
