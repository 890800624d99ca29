"""Search in machine code: the visited set, levels, workers."""
