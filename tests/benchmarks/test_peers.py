"""Every peer learns from the training rows alone and speaks of each test row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality.peers import PEERS, Task
from benchmarks.quality.sets import DatedRows
from models.metrics import auc
from tests.benchmarks.rows import task


@pytest.fixture(scope="module")
def given(rows: DatedRows) -> Task:
    return task(rows)


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_gives_each_test_row_a_probability(given: Task, name: str) -> None:
    told = PEERS[name](given)
    assert told.shape == (len(given.test),)
    assert ((told > 0) & (told < 1)).all()


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_cannot_know_the_outcomes_that_it_is_tested_on(given: Task, name: str) -> None:
    turned = replace(given, test=given.test.assign(label=1 - given.test["label"]))
    assert np.array_equal(PEERS[name](turned), PEERS[name](given))


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_lives_with_new_levels_empty_columns_and_missing_values(
    given: Task, name: str
) -> None:
    train = given.train.assign(visit_30d=np.nan)
    test = given.test.assign(source="never seen", size=np.nan, visit_30d=3.0)
    told = PEERS[name](replace(given, train=train, test=test))
    assert np.isfinite(told).all()


@pytest.mark.parametrize("name", ["odoo", "logistic", "lightgbm", "lightgbm_early"])
def test_a_peer_finds_what_there_is_to_find(given: Task, name: str) -> None:
    found = auc(given.test["label"].to_numpy(dtype=np.float64), PEERS[name](given))
    assert found is not None
    assert found > 0.6


def test_the_base_rate_is_that_of_the_leads_age(given: Task) -> None:
    told = pd.Series(PEERS["base_rate"](given)).groupby(given.test["age_days"].to_numpy()).nunique()
    assert (told == 1).all()


def test_early_stopping_with_one_class_in_the_latest_rows_falls_back_to_lightgbm_as_it_comes(
    given: Task,
) -> None:
    late = given.train["as_of"] > given.train["as_of"].quantile(0.7)
    train = given.train.assign(label=given.train["label"].where(~late, 0))
    turned = replace(given, train=train)
    assert np.array_equal(PEERS["lightgbm_early"](turned), PEERS["lightgbm"](turned))
