"""The report, one file for a browser."""
