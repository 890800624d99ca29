"""From a model to its program: simplified rules and the packing of states into bits."""
