"""From rows to probabilities, reasons and verdicts."""
