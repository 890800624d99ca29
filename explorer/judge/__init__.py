"""Other model checkers as judges of this one: they get the exported model, and their answers are compared."""
