"""The simulated company: features at the moments whose truth is known, and errors against it."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality.sets import DatedRows, dated_rows
from benchmarks.quality.simulated import EXACT, TOLD, TOLD_STATE, _moment, truth_rows
from features.contract import read_tables
from features.project_file import load_project
from simulation.company import Company, simulate
from simulation.export import write_company

NOW = datetime.fromisoformat("2026-11-21")  # naive UTC, after the simulated data end


def drawn(moment: str = "created") -> pd.DataFrame:
    """Return two leads of one account and one of another."""
    return pd.DataFrame(
        {
            "moment": [moment, moment, moment, "elsewhere"],
            "true_probability": [0.1, 0.2, 0.4, 0.9],
            "group_id": ["a", "a", "b", "b"],
        }
    )


def test_errors_are_held_against_the_told_model_at_that_moment() -> None:
    said = {
        "leadgauge": np.array([0.2, 0.2, 0.2, 0.0]),
        TOLD: np.array([0.15, 0.2, 0.25, np.nan]),
        TOLD_STATE: np.array([0.1, 0.1, 0.1, 0.1]),
    }
    told = _moment(drawn(), said, "created", 7)
    assert (told["rows"], told["told"]) == (3, TOLD)
    ours = told["models"]["leadgauge"]
    assert ours["mean_absolute_error"] == pytest.approx(0.1)
    assert ours["ratio"] == pytest.approx(1.5)
    assert ours["low"] <= ours["ratio"] <= ours["high"]
    assert told["models"][TOLD]["ratio"] == 1.0


def test_where_nothing_exact_is_known_the_model_told_the_state_is_the_measure() -> None:
    unknown = np.full(4, np.nan)
    said = {
        "leadgauge": np.full(4, 0.2),
        EXACT: unknown,
        TOLD: unknown,
        TOLD_STATE: np.full(4, 0.3),
    }
    told = _moment(drawn("age_14"), said, "age_14", 7)
    assert told["told"] == TOLD_STATE
    assert set(told["models"]) == {"leadgauge", TOLD_STATE}


def test_a_moment_without_rows_has_no_errors() -> None:
    assert _moment(drawn(), {TOLD: np.zeros(4)}, "age_60", 7)["models"] == {}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, DatedRows, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("simulated")
    company = simulate(400, seed=7)
    project = load_project(write_company(company, folder / "company"))
    tables = Path(folder / "tables")
    tables.mkdir()
    read = read_tables(project, folder / "company", tables, now=NOW)
    rows = dated_rows(read, project, folder)
    told = truth_rows(company, read, project, rows.catalogue, folder / "truth.parquet")
    return company, rows, told


@pytest.mark.slow
def test_a_moment_of_truth_at_creation_has_the_features_of_the_ladders_first_rung(
    simulated: tuple[Company, DatedRows, pd.DataFrame],
) -> None:
    _, rows, told = simulated
    keys, names = ["lead_id", "as_of"], rows.catalogue.names
    newborn = rows.ladder[rows.ladder["age_days"] == 0].sort_values(keys)
    there = told[told["moment"] == "created"].merge(newborn[keys], on=keys).sort_values(keys)
    assert len(there) == len(newborn) > 200
    pd.testing.assert_frame_equal(
        there[names].reset_index(drop=True), newborn[names].reset_index(drop=True)
    )
    assert (there["label"].to_numpy() == newborn["label"].to_numpy()).all()


@pytest.mark.slow
def test_each_moment_of_truth_of_a_lead_that_may_be_scored_is_there_with_its_probability(
    simulated: tuple[Company, DatedRows, pd.DataFrame],
) -> None:
    company, _, told = simulated
    suppressed = set(company.suppression["Lead ID"])
    expected = company.truth[~company.truth["Lead ID"].isin(suppressed)]
    truth = expected.set_index(["Lead ID", "Moment"])["True Probability"]
    found = told.set_index(["lead_id", "moment"])["true_probability"]
    assert len(found) == len(truth)
    assert (truth.loc[list(found.index)].to_numpy() == found.to_numpy()).all()
