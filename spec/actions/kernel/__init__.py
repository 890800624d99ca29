"""What any kernel on POWER has, for specs anywhere: docs/library.md."""
