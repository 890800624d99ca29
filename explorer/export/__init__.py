"""A ground model in the language of another model checker: Promela, Murphi, TLA+."""
