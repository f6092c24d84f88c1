"""Findings: what the report has to say, each with its figures, so that a program can read what a person does."""

from reports.facts import Finding, Section

__all__ = ["Finding", "Section"]
