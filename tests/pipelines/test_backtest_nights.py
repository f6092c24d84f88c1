"""Which rows a backtest stands on: nights of a flat export, and nights between capped mornings."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import features.snapshots
from features.project import Project
from features.project_file import load_project
from features.tables import TableSet
from pipelines.backtest_nights import has_history
from pipelines.backtest_plan import asked_for, make_plan, old_score_column
from pipelines.backtest_retrain import read_then
from pipelines.backtest_snapshots import _first_moments, past_snapshots
from pipelines.home import Home
from pipelines.settings import Request, make_request
from tests.pipelines.company import write_tiny


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Request, TableSet]:
    """Return a request and the tables that it read."""
    folder = tmp_path_factory.mktemp("company")
    file = write_tiny(
        folder, label={"horizon_days": 30}, model={"evaluate_every_days": 7, "min_wins": 30}
    )
    request = make_request(file, None, Home(folder / "home"))
    return request, read_then(request, request.project, None, request.work / "tables")


def project(zone: str, tmp_path: Path) -> Project:
    return load_project(write_tiny(tmp_path)).model_copy(update={"timezone": zone})


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1, ["2026-03-28T23:00", "2026-03-28T23:00", "2026-03-29T22:00", "2026-03-31T22:00"]),
        (2, ["2026-03-28T23:00", "2026-03-28T23:00", "2026-03-28T23:00", "2026-03-30T22:00"]),
    ],
)
def test_leads_of_a_flat_export_belong_to_the_days_they_came_in(
    every: int, expected: list[str], tmp_path: Path
) -> None:
    # In Berlin: 29 March (the clock changes), twice, 30 March and 1 April.
    created = ["2026-03-28T23:30", "2026-03-29T21:59", "2026-03-29T22:01", "2026-04-01T10:00"]
    nights = _first_moments(
        pd.to_datetime(pd.Series(created)), project("Europe/Berlin", tmp_path), every
    )
    assert nights.tolist() == [pd.Timestamp(moment) for moment in expected]
    assert (nights <= pd.to_datetime(pd.Series(created))).all()


def test_nights_stand_as_close_as_asked_for_where_an_evaluation_moves_them_apart(
    company: tuple[Request, TableSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    request, tables = company
    whole = past_snapshots(request, tables, 7, None).nights
    monkeypatch.setattr(features.snapshots, "MAX_MORNING_ROWS", len(whole) // 3)
    capped = past_snapshots(request, tables, 7, None)
    assert capped.mornings["as_of"].nunique() < whole["as_of"].nunique() / 2
    key = ["as_of", "lead_id"]
    again = capped.nights.sort_values(key).reset_index(drop=True)
    pd.testing.assert_frame_equal(again, whole.sort_values(key).reset_index(drop=True))


def test_the_plan_starts_as_soon_as_there_was_enough_and_says_what_was_missing_before(
    company: tuple[Request, TableSet],
) -> None:
    request, tables = company
    plan = make_plan(request, tables, asked_for(request))
    assert plan.early is not None
    assert "not enough" in plan.early.why or "are needed" in plan.early.why
    assert plan.early.since < plan.nights[0] == plan.retrain_at[0]
    apart = [late - early for early, late in pairwise(plan.nights)]
    weeks = {round(gap / timedelta(days=1)) % 7 for gap in apart}
    assert weeks == {0}  # a night on which nobody was open is none
    assert plan.spacing_days == 7
    assert len(plan.retrain_at) <= 13
    assert plan.nights[-1] <= datetime.fromisoformat("2026-03-02")  # a horizon before the end
    assert plan.choices[0] == (
        f"{len(plan.nights)} nights from {plan.nights[0]:%Y-%m-%d} to {plan.nights[-1]:%Y-%m-%d}, 7 days apart"
    )


def test_no_score_in_use_is_no_problem(company: tuple[Request, TableSet]) -> None:
    assert old_score_column(*company) is None


def test_columns_whose_changes_are_recorded_have_a_history(
    company: tuple[Request, TableSet],
) -> None:
    _, tables = company
    fields = set(pd.read_parquet(tables.path("history"))["field"])
    told = {column.column: has_history(tables, column) for column in tables.columns()}
    assert {column for column, known in told.items() if known} == fields & set(told)
