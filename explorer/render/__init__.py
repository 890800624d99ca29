"""One module for each format, each a pure function of the verdict record."""
