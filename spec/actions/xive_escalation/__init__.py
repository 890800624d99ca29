"""The vCPU, the handler of its escalation interrupt, and its teardown."""
