"""The DMA window of a PCI device on powernv (Linux commit 201ed7f327a1): size, bitmap, allocator, levels."""
