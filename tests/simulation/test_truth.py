"""The true probabilities are true."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from simulation.company import Company, simulate
from simulation.intent import Leads, law_of, level_for, momentum_of, win_within
from simulation.journeys import live
from simulation.profiles import draw_profiles
from simulation.scenario import DAY, Scenario
from simulation.truth import fixed_leads

MOMENTS = ["created", "age_14", "age_30", "age_60", "end"]


def _at(company: Company, moment: str) -> pd.DataFrame:
    return company.truth[company.truth["Moment"] == moment]


def _z_by_decile(probability: pd.Series, won: pd.Series) -> pd.Series:
    """Return by how many standard deviations each decile's wins differ from the expected ones."""
    decile = pd.qcut(probability, 10, labels=False)
    variance = (probability * (1 - probability)).groupby(decile).sum()
    return (won.groupby(decile).sum() - probability.groupby(decile).sum()) / np.sqrt(variance)


@pytest.mark.parametrize("moment", MOMENTS)
def test_leads_are_won_as_often_as_their_true_probability_says(
    many_leads: Company, moment: str
) -> None:
    truth = _at(many_leads, moment)

    z = _z_by_decile(truth["True Probability"], truth["Won"])

    assert z.abs().max() < 4
    assert abs(z.mean()) < 4 / np.sqrt(10)


def test_leads_are_won_as_often_as_what_is_known_at_creation_says(many_leads: Company) -> None:
    truth = _at(many_leads, "created")

    z = _z_by_decile(truth["Observable Probability"], truth["Won"])

    assert z.abs().max() < 4
    assert abs(z.mean()) < 4 / np.sqrt(10)


def test_the_recursion_agrees_with_living_the_same_lead_many_times() -> None:
    law = replace(law_of(Scenario()), level=0.8)
    times = 40_000
    same = Leads(
        fit=np.full(times, 0.7),
        momentum=np.full(times, 0.5),
        warmth=np.zeros(times),
        first_day=np.full(times, Scenario().first_day + 200),
    )
    state = np.repeat(np.arange(4), times // 4)
    created, offset = same.first_day * DAY, np.full(times, 3600)

    journeys = live(law, same, state, created, offset, np.random.default_rng(3))

    won = journeys.won & (journeys.closed < created + 90 * DAY)
    lived = np.array([won[state == number].mean() for number in range(4)])
    exact = win_within(law, same.take(np.array([0])), np.array([0]))[0]
    error = np.sqrt(exact * (1 - exact) / (times / 4))
    assert (np.abs(lived - exact) < 4 * error).all()


def test_nothing_is_won_within_no_days() -> None:
    law = law_of(Scenario())
    lead = Leads(np.zeros(1), np.full(1, 0.5), np.zeros(1), np.full(1, law.first_day))

    assert win_within(law, lead, np.array([0]), days=0).tolist() == [[0, 0, 0, 0]]


def test_more_intent_means_a_higher_probability() -> None:
    law = law_of(Scenario())
    lead = Leads(np.zeros(1), np.full(1, 0.5), np.zeros(1), np.full(1, law.first_day))

    assert (np.diff(win_within(law, lead, np.array([5]))[0]) > 0).all()


@pytest.mark.parametrize("base_rate", [0.02, 0.095, 0.3])
def test_the_mean_true_probability_is_the_base_rate(base_rate: float) -> None:
    scenario = Scenario(2000, base_rate=base_rate)
    profiles = draw_profiles(scenario)
    fixed = fixed_leads(profiles, np.full(2000, 3600), profiles.hidden_fit)

    law = level_for(scenario, fixed, sample=2000)

    low, high = (
        replace(law, level=law.level - 0.01),
        replace(law, level=law.level + 0.01),
    )
    means = [_mean_at_creation(changed, fixed) for changed in (low, high)]
    assert means[0] < base_rate < means[1]


def _mean_at_creation(law: object, fixed: Leads) -> float:
    from simulation.intent import Law, first_state_shares

    assert isinstance(law, Law)
    value = win_within(law, fixed, np.zeros(len(fixed.fit), dtype=np.int64))
    return float((value * first_state_shares(fixed.warmth)).sum(axis=1).mean())


def test_without_signal_all_leads_have_nearly_the_same_probability() -> None:
    company = simulate(3000, signal=0, drift=0)
    truth = _at(company, "created")

    assert truth["True Probability"].std() < 0.002
    assert roc_auc_score(truth["Won"], truth["True Probability"]) == pytest.approx(0.5, abs=0.06)


def test_with_signal_the_truth_tells_winners_better_than_what_is_known_at_creation(
    company: Company,
) -> None:
    truth = _at(company, "created")

    known = roc_auc_score(truth["Won"], truth["Observable Probability"])
    true = roc_auc_score(truth["Won"], truth["True Probability"])
    assert 0.75 < known < 0.88
    assert known + 0.04 < true < 0.95


def test_truth_is_told_of_open_leads_only(company: Company) -> None:
    closed = company.opportunities.set_index("Lead ID")["Close Date"]
    told = company.truth.assign(closed=company.truth["Lead ID"].map(closed))

    assert (told["closed"].isna() | (told["closed"] >= told["As Of"])).all()
    at_end = set(_at(company, "end")["Lead ID"])
    assert at_end == set(company.leads["Lead ID"]) - set(company.opportunities["Lead ID"])


def test_momentum_grows_with_fit_and_stays_between_none_and_all() -> None:
    momentum = momentum_of(np.array([-50.0, -1.0, 0.0, 1.0, 50.0]))

    assert (np.diff(momentum) > 0).all()
    assert ((momentum >= 0) & (momentum <= 1)).all()
