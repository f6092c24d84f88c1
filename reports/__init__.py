"""From models and published scores to pages that people read."""
