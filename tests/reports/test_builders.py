"""From canonical tables, scores and a training run's documents to facts."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.loop import LoopColumns
from features.tables import TableCount, TableSet
from models.metrics import all_metrics, calibration_curve, gains_curve
from models.segments import Grouping, judge_segments
from reports.build import Evidence, report_facts
from reports.drivers import drivers_table
from reports.facts import GradeRow, Metrics
from reports.material import Material
from reports.page import render
from reports.periods import Period
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
from tests.reports.materials import drawn_project, loop_table, material

CUTOFF = datetime(2026, 6, 30)  # noqa: DTZ001  canonical times are naive UTC


def measured(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 8, 600)
    return (rng.random(600) < probability).astype(float), probability, np.arange(600)


def trained_document() -> dict[str, Any]:
    label, probability, clusters = measured()
    metrics = all_metrics(label, probability, clusters, seed=1, draws=20)
    flat = all_metrics(label, np.full(600, label.mean()), clusters, seed=1, draws=20)
    return {
        "step": "logistic",
        "ladder": {
            "step": "logistic",
            "comparisons": [{"words": "logistic regression saves 0.01: taken"}],
        },
        "evaluation": {
            "leadgauge": metrics,
            "base_rate": flat,
            "rows": 600,
            "wins": int(label.sum()),
            "leads": 500,
            "won_leads": 40,
            "first": "2026-01-05T04:30:00",
            "last": "2026-03-30T04:30:00",
            "note": None,
        },
        "curves": {
            "leadgauge": {
                "calibration": calibration_curve(label, probability, clusters),
                "gains": gains_curve(label, probability),
            }
        },
        "explanation": explanation(),
    }


def feature(name: str, concept: str, strength: float, **changed: Any) -> dict[str, Any]:
    row = {"leads": 40, "rows": 40, "observed_rate": 0.1, "low": 0.05, "high": 0.2}
    return {
        "name": name,
        "label": name.replace("_", " "),
        "concept": concept,
        "group": "what they did",
        "type": "number",
        "mean_contribution": strength,
        "table": [
            {**row, "value": "below 2", "odds_multiplier": 0.5},
            {**row, "value": "2 and more", "odds_multiplier": 1.6},
            {**row, "value": "(missing)", "odds_multiplier": 9.0, "leads": 3},
        ],
        **changed,
    }


def explanation() -> dict[str, Any]:
    levels = [("Mail", 0.7), ("(missing)", 0.9), ("Referral", 2.1)]
    row = {"leads": 40, "rows": 40, "observed_rate": 0.1, "low": 0.05, "high": 0.2}
    table = [{**row, "value": value, "odds_multiplier": odds} for value, odds in levels]
    return {
        "concepts": [
            {"name": "visits", "mean_contribution": 0.5, "share": 0.6},
            {"name": "source", "mean_contribution": 0.2, "share": 0.3},
            {"name": "source record", "mean_contribution": 0.1, "share": 0.1},
            {"name": "weekday", "mean_contribution": 0.0, "share": 0.0},
        ],
        "features": [
            feature("visits_7d", "visits", 0.1),
            feature("visits_30d", "visits", 0.4),
            feature("source", "source", 0.2, type="category", table=table, label="Lead Source"),
            feature(
                "source_record", "source record", 0.1, group="track record", label="Lead Source"
            ),
            feature("weekday", "weekday", 0.0),
        ],
    }


def test_drivers_are_concepts_named_after_their_strongest_feature() -> None:
    drivers = drivers_table(explanation(), detailed=2)
    assert [(driver.label, driver.strength) for driver in drivers] == [
        ("Visits 30d", 0.5),
        ("Lead Source", 0.2),
        ("Lead Source: how earlier leads closed", 0.1),
    ]


def test_levels_of_numbers_keep_their_order_and_small_ones_are_not_shown() -> None:
    first = drivers_table(explanation())[0]
    assert [level.label for level in first.levels] == ["below 2", "2 and more"]
    assert first.words == (
        "“2 and more”: these leads close more often (odds \N{MULTIPLICATION SIGN}1.6). "
        "“below 2”: less often (odds \N{MULTIPLICATION SIGN}0.5)."
    )


def test_levels_of_categories_are_sorted_by_odds_and_missing_is_told_in_words() -> None:
    source = drivers_table(explanation())[1]
    assert [level.label for level in source.levels] == ["Referral", "not recorded", "Mail"]


def test_only_the_first_drivers_show_their_levels() -> None:
    assert [bool(driver.levels) for driver in drivers_table(explanation(), detailed=1)] == [
        True,
        False,
        False,
    ]


def test_the_metrics_of_a_training_run_are_the_metrics_of_the_report() -> None:
    label, probability, clusters = measured()
    assert set(all_metrics(label, probability, clusters, seed=1, draws=5)) == set(
        Metrics.model_fields
    )


def test_a_training_runs_evaluation_becomes_the_trial() -> None:
    document = trained_document()["evaluation"]
    trial = evaluation_facts({**document, "note": "Few wins."})
    assert (trial.rows, trial.wins, trial.note) == (600, document["wins"], "Few wins.")
    assert (trial.first, trial.last) == (date(2026, 1, 5), date(2026, 3, 30))
    assert trial.contenders["leadgauge"].log_loss == document["leadgauge"]["log_loss"]
    assert set(trial.contenders) == {"leadgauge", "base_rate"}


def test_curves_of_a_training_run_become_points() -> None:
    curves = trained_document()["curves"]["leadgauge"]
    points = calibration_points(curves["calibration"])
    assert sum(point.rows for point in points) == 600
    assert [point.predicted for point in points] == [
        point["predicted"] for point in curves["calibration"]
    ]
    assert gains_points(curves["gains"])[-1].wins == pytest.approx(1.0)


def test_why_is_told_in_the_ladders_own_words() -> None:
    taken = {
        "comparisons": [
            {"words": "the first saves 0.01: taken"},
            {"words": "the second costs 0.02: not taken"},
        ]
    }
    assert why_sentence(taken) == "The first saves 0.01: taken; the second costs 0.02: not taken."
    assert why_sentence({"comparisons": []}) == "It is the only step of the ladder."


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        ({}, None),
        (
            {"speed": None},
            "The level of the probabilities stays where the training put it: following newer outcomes did not make the "
            "past's probabilities better.",
        ),
        (
            {"speed": 0.0},
            "All probabilities are moved together so that they agree with every outcome known so far, old and new ones "
            "counting the same; they do not chase the latest.",
        ),
        (
            {"speed": 3e-4},
            "When more or fewer leads close than was said, all probabilities move with it as outcomes become known. In "
            "the past it paid to let the odds drift by about 10% in a typical month.",
        ),
    ],
)
def test_how_the_intercept_followed_is_told_in_words(
    decision: dict[str, Any], says: str | None
) -> None:
    assert following_sentence(decision) == says


def test_a_month_is_not_told_where_the_days_are_not_real_ones() -> None:
    assert following_sentence({"speed": 3e-4}, dated=False) == (
        "When more or fewer leads close than was said, all probabilities move with it as outcomes become known."
    )


def judged_segments() -> list[dict[str, Any]]:
    label, probability, clusters = measured()
    rows = pd.DataFrame(
        {"lead_id": clusters.astype(str), "as_of": CUTOFF, "label": label, "cluster": clusters, "leadgauge": probability}
    )  # fmt: skip
    grades = Grouping.by_grade(["A" if p > 0.1 else "B" for p in probability])
    judged = judge_segments(rows, [grades], min_group=10, seed=1)
    return [one.to_json() for one in judged]


def test_segments_of_a_training_run_become_facts() -> None:
    told = segment_facts(judged_segments())
    assert [(one.by, one.label) for one in told] == [
        ("all leads", "all leads"),
        ("Grade", "A"),
        ("Grade", "B"),
    ]
    assert sum(one.won for one in told[1:]) == told[0].won


def test_grades_are_summed_and_an_unknown_value_stays_unknown() -> None:
    scored = pd.DataFrame(
        {
            "lead_id": ["a", "b", "c"],
            "grade": ["D", "A", "A"],
            "close_probability": [0.01, 0.4, 0.6],
            "expected_value": [np.nan, 100.0, np.nan],
        }
    )
    assert grades_table(scored) == [
        GradeRow(
            grade="A", leads=2, expected_wins=1.0, expected_value=100.0, lowest=0.4, highest=0.6
        ),
        GradeRow(
            grade="D", leads=1, expected_wins=0.01, expected_value=None, lowest=0.01, highest=0.01
        ),
    ]


def test_no_open_leads_are_no_grades() -> None:
    assert grades_table(pd.DataFrame({"lead_id": [], "grade": [], "close_probability": []})) == []


def table_set(folder: Path) -> TableSet:
    number = range(60)
    leads = pd.DataFrame(
        {
            "lead_id": [f"l{n}" for n in number],
            "created_at": pd.to_datetime("2026-01-01")
            + pd.to_timedelta([n % 30 for n in number], unit="D"),
            "source": ["Referral" if n % 3 else "Stall" for n in number],
        }
    )
    ended = leads.iloc[:50]
    outcomes = pd.DataFrame({"lead_id": ended["lead_id"], "won": [n % 4 == 0 for n in range(50)]})
    outcomes["closed_at"] = ended["created_at"] + pd.Timedelta(days=5)
    spend = pd.DataFrame(
        {
            "spent_on": pd.to_datetime(["2026-01-01", "2026-02-01"]),
            "source": ["Stall", "Stal"],
            "campaign": None,
            "amount": 90.0,
        }
    )
    for name, frame in {"leads": leads, "outcomes": outcomes, "spend": spend}.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return TableSet(
        folder=folder,
        project="harbour",
        data_cutoff=CUTOFF,
        tables={
            "leads": TableCount(
                read=63, kept=60, quarantined=3, reasons={"no id": 1, "a time in the future": 2}
            ),
            "outcomes": TableCount(read=50, kept=50),
            "events": TableCount(),
        },
        warnings=["Two files have no rows."],
    )


def test_the_quarantine_names_tables_that_were_read_with_their_commonest_reason_first(
    tmp_path: Path,
) -> None:
    rows = quarantine_table(table_set(tmp_path))
    assert [(row.table, row.read, row.refused) for row in rows] == [
        ("leads", 63, 3),
        ("outcomes", 50, 0),
    ]
    assert rows[0].reasons == [("a time in the future", 2), ("no id", 1)]


def material_of(tables: TableSet, **blocks: Any) -> Material:
    """Return what a report of the tables is made from: ten leads are open."""
    leads = pd.read_parquet(tables.path("leads"))
    ended = pd.read_parquet(tables.path("outcomes"))
    rows = leads.merge(ended, on="lead_id", how="left")
    rows["won"] = rows["won"].astype("boolean")
    tonight = pd.DataFrame(
        {
            "lead_id": [f"l{n}" for n in range(50, 60)],
            "close_probability": 0.2,
            "grade": "A",
            "expected_value": np.nan,
        }
    )
    return material(
        loop_table(rows),
        project=drawn_project(**blocks),
        as_of=CUTOFF,
        data_cutoff=CUTOFF,
        columns=LoopColumns(dimensions={"source": "source"}),
        tonight=tonight,
        spend=pd.read_parquet(tables.path("spend")),
        mean_amount=None,
        period=Period.numbered("quarter", 2026, 1, "UTC"),
    )


def test_all_facts_come_together_and_make_a_page(tmp_path: Path) -> None:
    tables = table_set(tmp_path)
    suspect = {
        "column": "c",
        "label": "Contract",
        "evidence": "filled after the win",
        "verdict": "left out",
    }
    told = material_of(tables, report={"title": "Harbour Software", "currency": "CHF"})
    evidence = Evidence(
        trained=trained_document(),
        bundle=None,
        model_version="3",
        left_out={"fax": "the same value in every row"},
        suspects=[suspect],
    )
    voice = Voice.of(currency="CHF")
    facts = report_facts(told, tables, evidence, voice)
    assert facts.counts.model_dump() == {
        "leads": 60,
        "won": 13,
        "open": 10,
        "base_rate": pytest.approx(13 / 60),
    }
    assert facts.quality is not None
    sources = next(one for one in facts.quality.dimensions if one.dimension == "source")
    assert [(row.name, row.leads, row.open) for row in sources.rows][:2] == [
        ("Referral", 40, 7),
        ("Stall", 20, 3),
    ]
    assert facts.suspects[0].evidence == "Filled after the win."
    assert [one.sentence for one in facts.findings if one.kind == "hindsight"] == [
        "The column “Contract” knows how leads end, so it is left out: Filled after the win."
    ]
    assert facts.warnings == [
        "Two files have no rows.",
        "Money was spent on “Stal”, which no lead carries as its source: perhaps it is spelt differently there.",
    ]
    page = render(facts, voice)
    assert "Logistic regression saves 0.01: taken." in page
    assert "money in CHF" in page
    assert facts.segments == []


def test_a_base_rate_names_no_drivers(tmp_path: Path) -> None:
    trained = {
        **trained_document(),
        "step": "base_rate",
        "ladder": {
            "step": "base_rate",
            "speed": 0.0,
            "comparisons": [
                {"step": "logistic", "words": "logistic regression costs 0.01: not taken"}
            ],
        },
        "segments": judged_segments(),
    }
    tables = table_set(tmp_path)
    evidence = Evidence(trained=trained, bundle=None, model_version="3")
    facts = report_facts(material_of(tables), tables, evidence, Voice.of())
    assert facts.drivers == []
    assert facts.tried == ["logistic"]
    page = render(facts)
    assert "There is no signal in these data" in page
    assert "As measured: Logistic regression costs 0.01: not taken." in page
    assert "What leads that close have in common" not in page
