"""What several tests share: specs, generators, judges and comparisons. Nothing here is a test."""
