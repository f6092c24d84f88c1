"""All facts of a report, from the gathered material, the canonical tables and the training run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from features.tables import TableSet
from models.bundle import Bundle
from reports.agreement import agreement_words
from reports.agreement_facts import AgreementFacts, agreement_facts
from reports.closing import closing_facts
from reports.closing_facts import ClosingFacts, JourneyFacts, LossesFacts
from reports.closing_words import closing_findings
from reports.drivers import drivers_table
from reports.facts import Audience, Driver, Finding, LeftOut, Suspect
from reports.goals import goals_findings
from reports.goals_facts import GoalsFacts, goals_facts
from reports.hand_off import hand_off_findings
from reports.hand_off_facts import HandOffFacts, hand_off_facts
from reports.journey import journey_facts, journey_findings
from reports.lead_counts import lead_counts
from reports.leaks import leaks_findings
from reports.leaks_facts import LeaksFacts, leaks_facts
from reports.losses import losses_facts
from reports.losses_words import losses_findings
from reports.material import Material
from reports.quality import quality_findings
from reports.quality_facts import QualityFacts, quality_facts
from reports.report_facts import ReportFacts
from reports.tonight import grades_table, quarantine_table
from reports.training import (
    calibration_points,
    evaluation_facts,
    following_sentence,
    gains_points,
    segment_facts,
    why_sentence,
)
from reports.voice import Voice


@dataclass(frozen=True)
class Evidence:
    """What a report knows of the model.

    ``trained`` is ``Trained.to_json()`` with ``segments``, as the training logged it; ``bundle`` the model that
    tonight's scores are by; ``aged`` labelled snapshots at one age with its features, None if there are none;
    ``left_out`` column and reason; ``suspects`` those of the hindsight audit, each with ``label`` (or ``column``),
    ``evidence``, ``verdict``.
    """

    trained: Mapping[str, Any]
    bundle: Bundle | None
    model_version: str
    aged: pd.DataFrame | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    suspects: Sequence[Mapping[str, str]] = ()


def report_facts(
    material: Material,
    tables: TableSet,
    evidence: Evidence,
    voice: Voice,
    *,
    audience: Audience = "leadership",
) -> ReportFacts:
    """Return the facts of one report."""
    project, trained, scored = material.project, evidence.trained, material.tonight
    curves = trained["curves"]["leadgauge"]
    suspects = _suspects(evidence.suspects)
    parts = Parts.of(material, evidence)
    return ReportFacts(
        findings=[*parts.findings(voice), *hindsight_findings(suspects, voice)],
        period=material.period.name,
        agreement_words=agreement_words(project.agreement, voice),
        **vars(parts),
        title=project.report.title or project.project,
        as_of=material.as_of,
        data_cutoff=tables.data_cutoff,
        horizon_days=project.label.horizon_days,
        closing_times=not tables.flat,
        currency=project.report.currency,
        model_version=evidence.model_version,
        audience=audience,
        step=trained["step"],
        tried=[one["step"] for one in trained["ladder"]["comparisons"] if "step" in one],
        why=why_sentence(trained["ladder"], voice),
        following=following_sentence(trained["ladder"], dated=not tables.flat, voice=voice),
        min_group=project.report.min_group,
        counts=lead_counts(material),
        evaluation=evaluation_facts(trained["evaluation"]),
        calibration=calibration_points(curves["calibration"]),
        segments=segment_facts(trained.get("segments", [])),
        gains=gains_points(curves["gains"]),
        drivers=_drivers(trained, project.report.min_group, voice),
        tonight=grades_table(scored),
        quarantine=quarantine_table(tables),
        suspects=suspects,
        left_out=[
            LeftOut(column=column, reason=reason) for column, reason in evidence.left_out.items()
        ],
        warnings=[
            *dict.fromkeys(tables.warnings),
            *_unmatched(parts.quality.unmatched_spend, voice),
        ],
    )


@dataclass(frozen=True)
class Parts:
    """The parts of the report that are computed from the material."""

    agreement: AgreementFacts
    hand_off: HandOffFacts
    leaks: LeaksFacts
    quality: QualityFacts
    closing: ClosingFacts
    journey: JourneyFacts
    losses: LossesFacts
    goals: GoalsFacts

    @classmethod
    def of(cls, material: Material, evidence: Evidence) -> Self:
        """Compute all of them."""
        return cls(
            agreement=agreement_facts(material),
            hand_off=hand_off_facts(material),
            leaks=leaks_facts(material),
            quality=quality_facts(material),
            closing=closing_facts(
                material,
                evidence.bundle,
                evidence.aged,
                explanation=evidence.trained["explanation"],
            ),
            journey=journey_facts(material),
            losses=losses_facts(material),
            goals=goals_facts(material),
        )

    def findings(self, voice: Voice) -> list[Finding]:
        """Return what stands out in them."""
        return [
            *leaks_findings(self.leaks, voice),
            *hand_off_findings(self.hand_off, voice),
            *quality_findings(self.quality, voice),
            *closing_findings(self.closing, voice),
            *goals_findings(self.goals, voice),
            *journey_findings(self.journey, voice),
            *losses_findings(self.losses, voice),
        ]


def hindsight_findings(suspects: Sequence[Suspect], voice: Voice) -> list[Finding]:
    """Return the columns that know the outcome and are left out: what would have made every figure a lie."""
    return [
        Finding(
            kind="hindsight",
            section="data",
            subject=one.column,
            sentence=voice.say(
                "The column “{column}” knows how leads end, so it is left out: {evidence}",
                column=one.column,
                evidence=one.evidence,
            ),
            weight=0.2,
            figures={"column": one.column, "verdict": one.verdict},
        )
        for one in suspects
        if one.verdict == "left out"
    ]


def _suspects(suspects: Sequence[Mapping[str, str]]) -> list[Suspect]:
    return [
        Suspect(
            column=one.get("label") or one["column"],
            evidence=_as_sentence(one["evidence"]),
            verdict=one["verdict"],
        )
        for one in suspects
    ]


def _as_sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."


def _drivers(trained: Mapping[str, Any], min_group: int, voice: Voice) -> list[Driver]:
    """Return what moves the score; where nothing tells leads apart there is nothing to name."""
    if trained["step"] == "base_rate":
        return []
    return drivers_table(trained["explanation"], min_group=min_group, voice=voice)


def _unmatched(names: Sequence[str], voice: Voice) -> list[str]:
    if not names:
        return []
    told = [voice.say("“{name}”", name=name) for name in names[:5]]
    if len(names) > 5:
        told.append(voice.say("{count} more", count=voice.count(len(names) - 5)))
    return [
        voice.say(
            "Money was spent on {names}, which no lead carries as its source: perhaps it is spelt differently there.",
            names=voice.listed(told),
        )
    ]
