"""The report, alive: a page on this machine whose every step can be taken."""
