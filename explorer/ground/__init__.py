"""From a spec to its model: constants bound, actions traced for each combination of their parameters."""
