"""The actions of the IPI protocol, one module for each part of the machine; `spec/ipi_*.py` compose them."""
