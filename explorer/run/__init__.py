"""One run: a spec read, explored and judged."""
