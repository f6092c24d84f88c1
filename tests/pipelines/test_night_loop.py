"""A night follows the loop: steps of the CRM, feedback of sales, earlier nights; and lists what leaks."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from delivery.receipt import Receipt
from pipelines.feedback import feedback
from pipelines.nightly import LeaksFile, Published, follow_loop, leaks_of, publish_night
from pipelines.reading import read
from pipelines.scoring import ScoredNight
from pipelines.steps import DirectSteps
from tests.delivery.drawn import scored
from tests.features.company import Company
from tests.pipelines import drawn_runs
from tests.pipelines.drawn_runs import NOW, request, written

NIGHT = datetime.fromisoformat("2026-03-01T04:00")
STEPS = """
    lead | kind        | at
    1    | handed_over | 2026-02-20 10:00
    2    | handed_over | 2026-02-01 10:00
    2    | accepted    | 2026-02-02 10:00
    3    | call        | 2026-02-27 10:00
"""
OPEN = """
    1 0.5 50 A 500
    2 0.4 40 A 400
    3 0.3 30 B 300
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = drawn_runs.company(tmp_path, deals="lead | result | closed")
    made.draw("steps.csv", STEPS)
    made.sources["events"] = {
        "path": "steps.csv",
        "columns": {"lead_id": "lead", "kind": "kind", "occurred_at": "at"},
    }
    made.settings["agreement"] = {"team": "team", "contact_within_hours": 24}
    return made


def night(company: Company, at: datetime = NIGHT) -> tuple[Published, LeaksFile, pd.DataFrame]:
    """Publish a night of the open leads, and return it with its leaks and its neutral rows."""
    run = request(company, now=at + timedelta(hours=1), as_of=at)
    tables = read(run)
    path = run.work / "scored.parquet"
    scored(OPEN).to_parquet(path)
    rows = ScoredNight(path=path, leads=3, grades={}, expected_wins=1.2)
    loop = follow_loop(run, tables, at)
    leaks = leaks_of(run, rows, loop, at)
    receipt = Receipt(
        project=run.project.project,
        model_version="1",
        run_id="run",
        data_as_of=at,
        scored_at=at,
        expires_at=at + timedelta(days=7),
    )
    published = publish_night(run, rows, receipt, at, loop, leaks)
    neutral = pq.read_table(published.folder / "scores.parquet").to_pandas()
    return published, leaks, neutral.set_index("lead_id")


def reasons(neutral: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {str(lead): (row["route"], row["route_reason"]) for lead, row in neutral.iterrows()}


def test_the_crms_steps_decide_who_is_with_sales_and_who_has_gone_silent(company: Company) -> None:
    published, _, neutral = night(company)
    assert reasons(neutral) == {
        "1": ("sales_ready", "with sales since 2026-02-20: handed over"),
        "2": ("recycle", "gone silent: no word from sales since 2026-02-02"),
        "3": ("sales_ready", "with sales since 2026-02-27: contacted"),
    }
    assert published.routes == {"recycle": 1, "sales_ready": 2}


def test_what_sales_fed_back_decides_too(company: Company) -> None:
    company.settings["agreement"]["may_overrule"] = ["Kim"]
    told = """
        lead | step      | when             | who | reason      | route
        1    | rejected  | 2026-02-25 10:00 | Lee | no budget   | -
        2    | overruled | 2026-02-26 10:00 | Kim | asked again | nurture
    """
    file = written(company.root / "told.csv", told)
    feedback(request(company, now=NOW, file=str(file)), DirectSteps())
    _, _, neutral = night(company, NOW + timedelta(days=1))
    assert reasons(neutral)["1"] == (
        "recycle",
        "rejected by sales on 2026-02-25 (no budget); rests until 2026-03-27",
    )
    assert reasons(neutral)["2"] == ("nurture", "sent to nurture by Kim on 2026-02-26: asked again")


def test_the_publication_lists_the_leaks_of_the_night(company: Company) -> None:
    published, leaks, _ = night(company)
    with (published.folder / "leaks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    assert [(row["Leak"], row["Lead"], row["Team"]) for row in rows] == [
        ("Handed over, not touched in time", "1", "north"),
        ("Handed over, not touched in time", "2", "south"),
        ("Accepted, gone silent", "2", "south"),
    ]
    assert leaks.counts == {
        "not_touched": 2,
        "gone_silent": 1,
        "high_not_handed": None,
        "lost_not_recycled": None,
        "recycled_not_mailed": None,
    }
    assert ("leaks.csv", 3) in published.files


def test_leads_that_earlier_nights_gave_to_sales_in_vain_leak(company: Company) -> None:
    company.draw(
        "steps.csv",
        STEPS.replace("3    | call        | 2026-02-27", "2    | handed_over | 2026-01-05"),
    )
    assert (
        night(company, NIGHT - timedelta(days=2))[1].unknown["high_not_handed"] == "no_publication"
    )
    night(company, NIGHT - timedelta(days=1))
    _, leaks, neutral = night(company)
    assert reasons(neutral)["3"] == ("sales_ready", "grade A or B")
    rows = pd.read_parquet(leaks.path)
    high = rows[rows["leak"] == "high_not_handed"]
    assert [*high["lead_id"]] == ["3"]
    assert [*high["since"]] == [pd.Timestamp(NIGHT - timedelta(days=2))]


def test_a_night_that_is_run_again_writes_the_same_bytes(company: Company) -> None:
    night(company, NIGHT - timedelta(days=1))
    first, again = night(company)[0], night(company)[0]
    assert first.folder == again.folder
