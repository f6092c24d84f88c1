"""A simulated B2B company whose true close probabilities are known."""
