"""Python source and machine code from a program."""
