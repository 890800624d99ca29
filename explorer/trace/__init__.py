"""A counterexample: its steps told, shortened, walked again. Knows no file format."""
