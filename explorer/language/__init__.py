"""What a spec author writes: domains, state, actions, properties, `Spec`. Knows neither bits nor engines."""
