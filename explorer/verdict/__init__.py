"""What was shown of each property, and what stands beside it."""
