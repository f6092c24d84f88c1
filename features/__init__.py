"""From the company's tables to model-ready rows."""
