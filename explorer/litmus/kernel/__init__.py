"""C litmus tests with the Linux kernel's macros: `read` parses functions, `macros` compiles the macros for an
architecture.
"""
