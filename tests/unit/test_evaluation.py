"""What properties see, and where an expression has no value, on specs small enough to count by hand."""
