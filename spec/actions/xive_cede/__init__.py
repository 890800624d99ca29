"""A vCPU that sleeps with H_CEDE, and the escalation interrupt that wakes it."""
