"""Inter-processor interrupts on POWER9, a module for each part of the machine; `spec/ipi_*.py` compose it."""
