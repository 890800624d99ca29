"""What is particular to the family xive_escalation: the vCPU, the handler of its escalation interrupt, and
its teardown.
"""
