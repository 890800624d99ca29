"""What a variable may hold: unions, None, records, and the type that `ite` gives, on specs small enough to
count by hand.
"""
