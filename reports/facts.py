"""What a report is told: every number on the page stands here first, and in the JSON next to it.

Names of sources, campaigns and columns come from public web forms and exports. They are
data: cleaned of control and direction characters here, escaped where they are written.
"""

import math
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

LONGEST_NAME = 80
LONGEST_SENTENCE = 600

Audience = Literal["leadership", "marketing", "sales", "joint"]
Step = Literal["base_rate", "logistic", "lightgbm"]
Contender = Literal["leadgauge", "base_rate", "odoo", "logistic", "lightgbm"]


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Drop what is not meant to be seen (control, direction and private characters) and cap the length."""
    text = text.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    text = "".join(sign for sign in text if not unicodedata.category(sign).startswith("C"))
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shortened(text: str, longest: int) -> str:
    """Cut a text where there is no room for all of it."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _missing_is_none(value: Any) -> Any:  # noqa: ANN401  what a frame holds is not known before it is checked
    return None if isinstance(value, float) and math.isnan(value) else value


def _naive_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


Moment = Annotated[datetime, AfterValidator(_naive_utc)]
Name = Annotated[str, AfterValidator(clean)]
Sentence = Annotated[str, AfterValidator(lambda text: clean(text, LONGEST_SENTENCE))]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Maybe = Annotated[Finite | None, BeforeValidator(_missing_is_none)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Fact(BaseModel):
    """One block of facts: frozen, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Fact):
    """A measured number and its 95 % interval."""

    value: NonNegativeFloat
    low: NonNegativeFloat
    high: NonNegativeFloat

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("an interval's low end lies above its high end")
        return self


class Counts(Fact):
    """Leads in the data, those won so far, those open, and the share that is won within the horizon."""

    leads: NonNegativeInt
    won: NonNegativeInt
    open: NonNegativeInt
    base_rate: Share


class Metrics(Fact):
    """How good one contender's probabilities were; a slope that cannot be fitted is None.

    ``ece`` and ``ece_noise_95`` are probabilities (0.012 is 1.2 percentage points);
    ``wins_in_top_20`` is a share of all wins.
    """

    log_loss: NonNegativeFloat
    brier: NonNegativeFloat
    auc: Maybe = None
    average_precision: Maybe = None
    ece: Maybe = None
    ece_noise_95: Maybe = None
    calibration_slope: Maybe = None
    calibration_intercept: Maybe = None
    lift_top_10: Maybe = None
    wins_in_top_20: Maybe = None


class Evaluation(Fact):
    """The forward-in-time trial: who took part, over how many rows and wins, from when to when."""

    contenders: dict[Contender, Metrics]
    rows: NonNegativeInt
    wins: NonNegativeInt
    first: date
    last: date
    note: Sentence | None = None

    @model_validator(mode="after")
    def _we_and_the_base_rate(self) -> Self:
        absent = {"leadgauge", "base_rate"} - set(self.contenders)
        if absent:
            raise ValueError(
                f"an evaluation needs leadgauge and base_rate; missing: {', '.join(sorted(absent))}"
            )
        return self


class CalibrationPoint(Fact):
    """Leads that were given about the same probability, and the share of them that closed."""

    predicted: Share
    observed: Share
    low: Share
    high: Share
    rows: NonNegativeInt


class Segment(Fact):
    """One group of the leads that were tried, each counted once: wins expected and wins that came.

    ``by`` names the grouping (``Age``, ``Grade``, a column), or says that these are all leads. Honest
    probabilities give between ``low`` and ``high`` wins, in all groups at once in 95 of 100 cases. ``off`` is
    said less happened, a share.
    """

    by: Name
    label: Name
    rows: NonNegativeInt
    leads: NonNegativeInt
    outcomes: PositiveInt
    expected: NonNegativeFloat
    won: NonNegativeInt
    low: NonNegativeInt
    high: NonNegativeInt
    off: Finite
    ece: Maybe = None
    ece_noise_95: Maybe = None
    slope: Maybe = None
    verdict: Literal["honest", "too high", "too low", "uneven", "too few"]


class GainsPoint(Fact):
    """Contact this share of leads, best first, and this share of the wins is among them."""

    leads: Share
    wins: Share


class Level(Fact):
    """One level or bin of a driver: its odds against the average lead, and what was observed."""

    label: Name
    leads: NonNegativeInt
    odds: PositiveFloat
    close_rate: Interval | None = None


class Driver(Fact):
    """What goes with closing: a concept of the catalogue, its mean absolute contribution in log-odds."""

    label: Name
    group: Name
    strength: NonNegativeFloat
    words: Sentence
    levels: list[Level] = []


class GradeRow(Fact):
    """Tonight's open leads of one grade; ``lowest`` and ``highest`` are their probabilities."""

    grade: Literal["A", "B", "C", "D"]
    leads: NonNegativeInt
    expected_wins: NonNegativeFloat
    expected_value: Maybe = None
    lowest: Share
    highest: Share


class QuarantineRow(Fact):
    """Rows of one table that were refused, and the reasons with their counts, most frequent first."""

    table: Name
    read: NonNegativeInt
    refused: NonNegativeInt
    reasons: list[tuple[Sentence, NonNegativeInt]] = []


class Suspect(Fact):
    """A column that seems to know the outcome, the evidence, and what became of it."""

    column: Name
    evidence: Sentence
    verdict: Sentence = "left out"


class LeftOut(Fact):
    """A column that is no feature, and why."""

    column: Name
    reason: Sentence


Section = Literal[
    "agreement", "hand_off", "leaks", "quality", "drivers", "losses", "goals", "honesty", "data"
]


class Finding(Fact):
    """One thing that the data say.

    ``kind`` names it for programs (``source_without_wins``, ``team_leaks``, ``mix_shift``, ``value_works``,
    ``hindsight`` and others); ``subject`` is what it is about. ``weight`` orders findings: about how much is at
    stake, 0 to 1. ``figures`` are the numbers and names of the sentence.
    """

    kind: str
    section: Section
    subject: Name
    sentence: Sentence
    weight: Finite = Field(ge=0, le=1)
    figures: dict[str, Finite | str] = Field(default={})
