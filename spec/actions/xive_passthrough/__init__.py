"""The host under a guest with a passed-through interrupt, and the guest's driver at its probe."""
