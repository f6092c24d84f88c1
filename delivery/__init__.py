"""From scored leads to what a CRM takes."""
