"""The probability of an account: shared fate is learned, independence is left alone, bounds hold."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.accounts import AccountScale, account_rows, learn_accounts
from models.calibration import IDENTITY, Platt
from models.scorer import Floats, expit

HORIZON = 30
START = pd.Timestamp("2025-01-01")


def company(shared: float, seed: int, accounts: int = 1500, *, blocks: int = 4) -> pd.DataFrame:
    """Draw out-of-fold rows of accounts with one to four open leads, honest for each lead.

    ``shared``: the share of accounts whose leads close by one and the same draw.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(accounts):
        leads, day = rng.integers(1, 5), int(rng.integers(0, 90 * blocks))
        chance = expit(rng.normal(-1.8, 0.8, leads))
        fate = np.full(leads, rng.random()) if rng.random() < shared else rng.random(leads)
        for lead in range(leads):
            rows += [
                {
                    "fold": day // 90 + 1,
                    "lead_id": f"{account}-{lead}",
                    "as_of": START + pd.Timedelta(days=day + morning),
                    "group_id": f"account:{account}",
                    "label": float(fate[lead] < chance[lead]),
                    "age_days": 10.0 + morning,
                    "leadgauge": chance[lead],
                }
                for morning in (0, 7)
            ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(3))
def test_where_accounts_share_their_fate_the_scaled_probability_is_honest_and_the_naive_is_not(
    seed: int,
) -> None:
    scale = learn_accounts(company(1.0, seed), HORIZON)
    assert scale.scaled
    assert scale.tried is not None
    assert scale.tried.honest
    assert scale.tried.unscaled > scale.tried.high
    assert scale.tried.gain > 2 * scale.tried.error
    # Of other accounts of the same kind, too.
    later = account_rows(company(1.0, seed + 100), HORIZON).drop_duplicates("cluster")
    naive = expit(later["margin"].to_numpy()).sum()
    scaled = expit(scale.platt(later["margin"].to_numpy())).sum()
    won = later["label"].sum()
    assert abs(scaled - won) < 0.12 * won
    assert naive > 1.3 * won


def test_where_the_leads_of_an_account_close_independently_hardly_anything_is_scaled() -> None:
    scales = [learn_accounts(company(0.0, seed), HORIZON) for seed in range(5)]
    # One standard error is no proof: by luck one scaling in six is taken, and then it moves little.
    assert sum(scale.platt == IDENTITY for scale in scales) >= 4
    for scale in scales:
        assert scale.tried is not None
        assert scale.tried.expected == pytest.approx(scale.tried.unscaled, rel=0.03)
        assert scale.tried.honest


def test_an_account_counts_once_per_horizon_and_only_with_several_open_leads() -> None:
    rows = pd.DataFrame(
        [
            (1, "a1", 0, "account:a", 0.0, 0.2),
            (1, "a2", 0, "account:a", 0.0, 0.5),
            (1, "a1", 7, "account:a", 1.0, 0.2),
            (1, "a2", 7, "account:a", 0.0, 0.5),
            (1, "b1", 0, "account:b", 1.0, 0.9),  # alone in its account
            (1, "c1", 0, "lead:c1", 1.0, 0.9),  # of no account
            (1, "d1", 0, "lead:d1", 1.0, 0.9),
        ],
        columns=["fold", "lead_id", "day", "group_id", "label", "leadgauge"],
    )
    rows["as_of"], rows["age_days"] = START + pd.to_timedelta(rows.pop("day"), unit="D"), 3.0
    found = account_rows(rows, HORIZON)
    assert list(found["account"]) == ["account:a", "account:a"]
    assert list(found["open"]) == [2, 2]
    np.testing.assert_allclose(expit(found["margin"].to_numpy()), 0.6)
    assert list(found["label"]) == [0.0, 1.0]
    assert len(set(found["cluster"])) == 1
    assert learn_accounts(rows, HORIZON).outcomes == 1


def test_leads_of_a_flat_export_stand_together_by_horizon() -> None:
    rows = company(0.0, 1, accounts=30)
    rows = rows[rows["age_days"] == 10].assign(age_days=0.0)
    days = pd.to_timedelta(rows.groupby("group_id").cumcount(), unit="D")
    rows = rows.assign(as_of=START + days, fold=1)  # one after the other, no two together
    found = account_rows(rows, HORIZON)
    assert len(found) == (rows.groupby("group_id").size() > 1).sum()


def test_without_accounts_there_is_nothing_to_learn_and_independence_is_told() -> None:
    rows = company(0.0, 1, accounts=20)
    alone = learn_accounts(rows.assign(group_id="lead:" + rows["lead_id"]), HORIZON)
    assert alone == AccountScale()
    assert alone.probability(np.array([0.5, 0.5])) == pytest.approx(0.75)


def test_what_was_learned_is_read_back_from_json() -> None:
    for scale in (AccountScale(), learn_accounts(company(1.0, 0, accounts=600), HORIZON)):
        document = json.loads(json.dumps(scale.to_json(), allow_nan=False))
        assert AccountScale.from_json(document) == scale


@given(
    leads=st.lists(st.floats(0, 1), min_size=2, max_size=8).map(np.array),
    slope=st.floats(0.2, 3),
    intercept=st.floats(-3, 3),
)
def test_an_account_is_never_below_its_best_lead_nor_above_all_of_them(
    leads: Floats, slope: float, intercept: float
) -> None:
    said = AccountScale(Platt(slope, intercept)).probability(leads)
    assert leads.max() - 1e-9 <= said <= min(1.0, leads.sum() + 1e-9)


def test_one_open_lead_keeps_its_own_probability() -> None:
    assert AccountScale(Platt(0.5, -1.0)).probability(np.array([0.3])) == 0.3
