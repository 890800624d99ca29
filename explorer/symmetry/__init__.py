"""Which permutations of identities leave a model as it is, and the least state of each orbit."""
