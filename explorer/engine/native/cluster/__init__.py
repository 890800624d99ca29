"""The native engine on many machines: partitions owned by the actors of a Ray cluster."""
