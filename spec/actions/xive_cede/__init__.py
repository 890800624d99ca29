"""What is particular to the family xive_cede: a vCPU that sleeps with H_CEDE, and the escalation interrupt
that wakes it.
"""
