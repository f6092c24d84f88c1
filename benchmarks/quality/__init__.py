"""How good leadgauge's probabilities are beside those of its peers, forward in time."""
