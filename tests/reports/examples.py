"""A made-up company's facts, for the tests of the report."""

from datetime import date, datetime
from functools import cache
from typing import Any

from reports.facts import (
    CalibrationPoint,
    Counts,
    Driver,
    Evaluation,
    GainsPoint,
    GradeRow,
    Interval,
    LeftOut,
    Level,
    Metrics,
    QuarantineRow,
    Segment,
    Suspect,
)
from reports.intervals import cost_interval, share_interval
from reports.quality_facts import QualityFacts, quality_facts
from reports.quality_rows import DimensionRows, QualityRow
from reports.report_facts import ReportFacts
from reports.voice import TIMES
from tests.reports.materials import drawn_arrivals, drawn_loop, material


def metrics(**changed: Any) -> Metrics:
    values: dict[str, Any] = {
        "log_loss": 0.2412,
        "brier": 0.0713,
        "auc": 0.812,
        "average_precision": 0.347,
        "ece": 0.0081,
        "ece_noise_95": 0.0117,
        "calibration_slope": 0.97,
        "calibration_intercept": -0.03,
        "lift_top_10": 3.84,
        "wins_in_top_20": 0.587,
    }
    return Metrics(**{**values, **changed})


def source(
    name: str, leads: int, mature: int, closed: int, spend: float | None = None, **changed: Any
) -> QualityRow:
    rate = share_interval(closed, mature) if mature >= 10 else None
    values: dict[str, Any] = {
        "name": name,
        "few": leads < 50,
        "leads": leads,
        "mature": mature,
        "wins": closed,
        "open": leads - mature,
        "close_rate": rate,
        "shrunk": rate,
        "open_expected": wins_interval((leads - mature) * 0.07),
        "spend": spend,
        "cost_per_win": cost_interval(spend, closed + 2.5) if spend else None,
    }
    return QualityRow(**{**values, **changed})


def wins_interval(expected: float) -> Interval:
    spread = 2 * expected**0.5
    return Interval(value=expected, low=max(0.0, expected - spread), high=expected + spread)


def example_quality(rows: list[QualityRow]) -> QualityFacts:
    """Return quality against volume as a small drawn company has it, with these sources."""
    drawn = _drawn_quality()
    others = [one for one in drawn.dimensions if one.dimension != "source"]
    sources = DimensionRows(dimension="source", rows=rows, groups=len(rows))
    return drawn.model_copy(update={"dimensions": [*([sources] if rows else []), *others]})


@cache
def _drawn_quality() -> QualityFacts:
    loop = drawn_loop(200)
    return quality_facts(material(loop, arrivals=drawn_arrivals(loop)))


def level(label: str, leads: int, odds: float, wins: int) -> Level:
    return Level(label=label, leads=leads, odds=odds, close_rate=share_interval(wins, leads))


SOURCES = [
    source("Organic search", 3120, 2710, 268),
    source("Paid social", 2480, 2104, 61, 148_000.0),
    source("Webinar", 1310, 1120, 146, 96_500.0),
    source("Trade fair", 860, 790, 71, 171_200.0),
    source("Referral", 690, 612, 129),
    source("Content syndication", 540, 488, 14, 61_900.0),
    source("Partner", 214, 180, 19),
    source("Other, small groups", 31, 7, 0, pooled=True),
]
DRIVERS = [
    Driver(
        label="Visits to the pricing page",
        group="what they did",
        strength=0.62,
        words=f"Leads with “6 to 31” close more often (odds {TIMES}3.4), with “0” less often (odds {TIMES}0.6).",
        levels=[
            level("0", 4810, 0.58, 214),
            level("1 to 2", 1740, 1.2, 197),
            level("3 to 5", 720, 2.1, 141),
            level("6 to 31", 310, 3.4, 96),
        ],
    ),
    Driver(
        label="Lead source",
        group="where they came from",
        strength=0.48,
        words=f"Leads with “Referral” close more often (odds {TIMES}2.2), with “Paid social” less often (odds {TIMES}0.4).",
        levels=[
            level("Referral", 612, 2.2, 129),
            level("Webinar", 1120, 1.4, 146),
            level("Organic search", 2710, 1.02, 268),
            level("Trade fair", 790, 0.9, 71),
            level("Paid social", 2104, 0.36, 61),
        ],
    ),
    Driver(
        label="Days since the last answered call",
        group="what sales did",
        strength=0.31,
        words=f"Leads with “up to 4 days” close more often (odds {TIMES}1.6), with “over 30 to 212 days” less often (odds {TIMES}0.7).",
    ),
    Driver(
        label="Company size",
        group="who they are",
        strength=0.22,
        words=f"Leads with “201 to 1,000” close more often (odds {TIMES}1.3), with “1 to 10” less often (odds {TIMES}0.8).",
    ),
    Driver(
        label="Active people in the account",
        group="their company",
        strength=0.17,
        words=f"Leads with “3 to 9” close more often (odds {TIMES}1.5), with “1” less often (odds {TIMES}0.9).",
    ),
    Driver(
        label="Earlier leads of the campaign",
        group="track record",
        strength=0.12,
        words="Matters only together with other things.",
    ),
    Driver(
        label="Lead age",
        group="timing",
        strength=0.09,
        words="Matters only together with other things.",
    ),
]
CALIBRATION = [
    (0.011, 0.013, 1800),
    (0.024, 0.022, 1800),
    (0.041, 0.044, 1800),
    (0.07, 0.066, 1800),
    (0.118, 0.125, 1800),
    (0.19, 0.182, 900),
    (0.312, 0.287, 900),
]


def segment(by: str, label: str, leads: int, expected: float, won: int, **changed: Any) -> Segment:
    spread = 3 * expected**0.5
    low, high = max(0, round(expected - spread)), round(expected + spread)
    values: dict[str, Any] = {
        "by": by,
        "label": label,
        "rows": 4 * leads,
        "leads": leads,
        "outcomes": leads,
        "expected": expected,
        "won": won,
        "low": low,
        "high": high,
        "off": (expected - won) / leads,
        "ece": 0.012,
        "ece_noise_95": 0.02,
        "slope": 0.96,
        "verdict": "honest" if low <= won <= high else "too high" if won < low else "too low",
    }
    return Segment(**{**values, **changed})


SEGMENTS = [
    segment("all leads", "all leads", 5400, 466.2, 452),
    segment("Age", "day 0", 1900, 190.0, 201),
    segment("Age", "1 to 6 days", 1800, 160.4, 148),
    segment("Grade", "A", 540, 205.1, 151),
    segment("Grade", "D", 2700, 41.3, 45, slope=None),
    segment("Lead Source", "Referral", 410, 88.2, 95),
    segment("Lead Source", "Partner", 38, 3.1, 2, verdict="too few", slope=None),
]
GAINS = [
    (0.05, 0.22),
    (0.1, 0.384),
    (0.2, 0.587),
    (0.3, 0.71),
    (0.4, 0.8),
    (0.6, 0.91),
    (0.8, 0.97),
]


def point(predicted: float, observed: float, rows: int) -> CalibrationPoint:
    interval = share_interval(round(observed * rows), rows) or Interval(value=0, low=0, high=1)
    return CalibrationPoint(
        predicted=predicted, observed=observed, low=interval.low, high=interval.high, rows=rows
    )


def example_facts(**changed: Any) -> ReportFacts:
    """Return the company's facts; ``sources`` are the rows of its quality against volume."""
    values: dict[str, Any] = {
        "title": "Harbour Software",
        "as_of": datetime(2026, 11, 20, 4, 30),  # noqa: DTZ001  canonical times are naive UTC
        "data_cutoff": datetime(2026, 11, 20),  # noqa: DTZ001
        "horizon_days": 90,
        "model_version": "harbour-7",
        "step": "lightgbm",
        "tried": ["logistic", "lightgbm"],
        "why": "Its log loss forward in time was 4.1% below that of logistic regression, in 5 of 5 folds.",
        "counts": Counts(leads=9245, won=812, open=1290, base_rate=0.0884),
        "evaluation": Evaluation(
            contenders={
                "leadgauge": metrics(),
                "base_rate": metrics(
                    log_loss=0.2957,
                    brier=0.0806,
                    auc=0.5,
                    average_precision=0.088,
                    ece=0.0049,
                    calibration_slope=None,
                    calibration_intercept=None,
                    lift_top_10=1.0,
                    wins_in_top_20=0.2,
                ),
                "odoo": metrics(log_loss=0.2611, brier=0.0751, auc=0.77),
                "logistic": metrics(
                    log_loss=0.2515,
                    brier=0.0739,
                    auc=0.784,
                    average_precision=0.301,
                    lift_top_10=3.31,
                    wins_in_top_20=0.541,
                ),
                "lightgbm": metrics(),
            },
            rows=10800,
            wins=955,
            first=date(2026, 2, 2),
            last=date(2026, 8, 17),
        ),
        "calibration": [point(*row) for row in CALIBRATION],
        "segments": SEGMENTS,
        "gains": [GainsPoint(leads=leads, wins=wins) for leads, wins in GAINS],
        "drivers": DRIVERS,
        "tonight": [
            GradeRow(
                grade="A",
                leads=129,
                expected_wins=41.7,
                expected_value=512_300.0,
                lowest=0.21,
                highest=0.64,
            ),
            GradeRow(
                grade="B",
                leads=258,
                expected_wins=31.2,
                expected_value=371_800.0,
                lowest=0.081,
                highest=0.21,
            ),
            GradeRow(
                grade="C",
                leads=387,
                expected_wins=18.9,
                expected_value=208_100.0,
                lowest=0.031,
                highest=0.081,
            ),
            GradeRow(
                grade="D",
                leads=516,
                expected_wins=7.4,
                expected_value=69_500.0,
                lowest=0.0042,
                highest=0.031,
            ),
        ],
        "quarantine": [
            QuarantineRow(
                table="leads",
                read=9251,
                refused=6,
                reasons=[("created_at lies after the data cut-off", 4), ("lead_id is missing", 2)],
            ),
            QuarantineRow(table="events", read=148_200, refused=0),
        ],
        "suspects": [
            Suspect(
                column="Contract Value",
                evidence="Filled for 98% of won and 0% of open leads; alone it tells the outcome with an AUC of 0.99.",
            )
        ],
        "left_out": [
            LeftOut(
                column="Owner", reason="named in the project file: assignment follows the score"
            ),
            LeftOut(column="Fax", reason="the same value in every row"),
        ],
        "warnings": ["Money was spent on “Paid Social EMEA”, which no lead carries."],
    }
    sources = changed.pop("sources", SOURCES)
    return ReportFacts(**{**values, "quality": example_quality(sources), **changed})
