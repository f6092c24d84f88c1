"""Quality against volume, in words: what stands out, and every sentence by subsection."""

from reports.budget_words import budget_findings, budget_sentences
from reports.facts import Finding
from reports.mix_words import mix_findings, mix_sentences
from reports.quality_facts import QualityFacts
from reports.rows_words import rows_findings, rows_sentences
from reports.values_words import (
    sides_sentences,
    values_findings,
    values_sentences,
)
from reports.voice import Voice


def quality_findings(facts: QualityFacts, voice: Voice) -> list[Finding]:
    """Return what the data say about quality against volume, the weightiest first."""
    findings = [
        *rows_findings(facts, voice),
        *mix_findings(facts.mix, voice),
        *budget_findings(facts.budget, voice),
        *values_findings(facts.compared_values, voice),
    ]
    return sorted(findings, key=lambda finding: -finding.weight)


def quality_sentences(facts: QualityFacts, voice: Voice) -> dict[str, list[str]]:
    """Return the sentences of each subsection: rows, mix, budget, sides, values."""
    return {
        "rows": rows_sentences(facts, voice),
        "mix": mix_sentences(facts.mix, voice),
        "budget": budget_sentences(facts.budget, voice),
        "sides": sides_sentences(facts, voice),
        "values": values_sentences(facts.compared_values, voice),
    }
