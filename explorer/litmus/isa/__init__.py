"""The instructions of POWER, x86 and Arm, each read into the few instructions of `program`."""
