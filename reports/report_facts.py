"""Everything that a report says, as it is dumped to JSON."""

from typing import Annotated

from pydantic import Field, PositiveInt

from reports.agreement_facts import AgreementFacts
from reports.closing_facts import ClosingFacts, JourneyFacts, LossesFacts
from reports.facts import (
    Audience,
    CalibrationPoint,
    Counts,
    Driver,
    Evaluation,
    Fact,
    Finding,
    GainsPoint,
    GradeRow,
    LeftOut,
    Metrics,
    Moment,
    Name,
    QuarantineRow,
    Segment,
    Sentence,
    Step,
    Suspect,
)
from reports.goals_facts import GoalsFacts
from reports.hand_off_facts import HandOffFacts
from reports.leaks_facts import LeaksFacts
from reports.quality_facts import QualityFacts


class ReportFacts(Fact):
    """Everything that the report says.

    ``tried`` are the steps that were held against the one below, ``why`` tells how one was chosen, ``following`` how the level of the probabilities moves with the
    outcomes. ``as_of`` and ``data_cutoff`` are UTC. ``closing_times`` is False for a flat export, where
    nobody knows when a lead closed and the page must not speak of a horizon.
    """

    title: Name
    as_of: Moment
    data_cutoff: Moment
    horizon_days: PositiveInt
    closing_times: bool = True
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    model_version: Name
    step: Step
    tried: list[Step] = []
    why: Sentence
    following: Sentence | None = None
    min_group: PositiveInt = 10
    counts: Counts
    evaluation: Evaluation
    calibration: list[CalibrationPoint] = []
    segments: list[Segment] = []
    gains: list[GainsPoint] = []
    drivers: list[Driver] = []
    tonight: list[GradeRow] = []
    quarantine: list[QuarantineRow] = []
    suspects: list[Suspect] = []
    left_out: list[LeftOut] = []
    warnings: list[Sentence] = []
    audience: Audience = "leadership"
    period: str | None = None
    findings: list[Finding] = []
    agreement_words: list[Sentence] = []
    agreement: AgreementFacts | None = None
    hand_off: HandOffFacts | None = None
    leaks: LeaksFacts | None = None
    quality: QualityFacts | None = None
    closing: ClosingFacts | None = None
    journey: JourneyFacts | None = None
    losses: LossesFacts | None = None
    goals: GoalsFacts | None = None

    @property
    def leadgauge(self) -> Metrics:
        """Metrics of what was chosen."""
        return self.evaluation.contenders["leadgauge"]

    @property
    def tells_leads_apart(self) -> bool:
        """Whether any step above the base rate was taken."""
        return self.step != "base_rate"
