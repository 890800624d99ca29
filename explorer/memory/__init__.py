"""Shared memory as POWER, ARM, x86 and SPARC have it: one storage, five settings. Imports nothing of the
explorer.

`architecture` has the settings, `state` the state and its exact encoding, `operations` what a CPU does,
`normal_form` what keeps states few and finite, `kernel` what the Linux kernel's barriers are on each
architecture. docs/memory.md says what is modelled.
"""
