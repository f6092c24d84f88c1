"""How many times as often leads with something closed as alike leads without it, on made-up leads whose ratio is known."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alike import Alike, Leads, Likeness, Question, Told, measure, tell
from models.conditions import Condition
from models.risk_ratio import risk_ratio, strata_of

Array = np.ndarray[Any, np.dtype[Any]]


def leads_of(label: Array, *, per_account: int = 1) -> Leads:
    accounts = [f"G{row // per_account}" for row in range(len(label))]
    return Leads.of(pd.DataFrame({"label": label, "group_id": accounts}))


def asked(met: Array, name: str = "visits", low: float = 1.0) -> Question:
    condition = Condition(name, name, "visits", "what they did", "count", low=low)
    return Question(condition, met, np.ones(len(met), dtype=bool))


def alike_in(rest: Array) -> Likeness:
    return Likeness(strata_of(rest), strata_of(rest))


def ratio_of(met: Array, label: Array, rest: Array) -> Alike:
    found = measure(leads_of(label), asked(met), alike_in(rest), min_group=10)
    assert found is not None
    return found


def test_the_ratio_joins_strata_as_mantel_and_haenszel_do() -> None:
    # with: 4 of 10 and 10 of 20 closed; without: 4 of 20 and 2 of 10
    met, label, strata = [], [], []
    for stratum, with_, rows, wins in [(0, 1, 10, 4), (0, 0, 20, 4), (1, 1, 20, 10), (1, 0, 10, 2)]:
        met += [bool(with_)] * rows
        label += [1.0] * wins + [0.0] * (rows - wins)
        strata += [stratum] * rows
    ratio = risk_ratio(
        np.array(met), np.array(label), np.array(strata), np.arange(60), min_group=10
    )
    assert ratio is not None
    assert ratio.value == pytest.approx((4 * 20 / 30 + 10 * 10 / 30) / (4 * 10 / 30 + 2 * 20 / 30))
    by_hand = ((8 * 200 - 4 * 4 * 30) / 900 + (12 * 200 - 10 * 2 * 30) / 900) / (6 * 8 / 3)
    assert ratio.error == pytest.approx(math.sqrt(by_hand))
    assert (ratio.leads, ratio.wins) == (30, 14)


def test_a_planted_ratio_lies_in_its_interval_about_95_times_in_100() -> None:
    random, covered, values = np.random.default_rng(1), 0, []
    for _ in range(100):
        rest = random.normal(size=3000)
        met = random.random(3000) < 1 / (1 + np.exp(1 - rest))
        chance = 0.3 / (1 + np.exp(1.5 - rest)) * np.where(met, 2.0, 1.0)
        found = ratio_of(met, (random.random(3000) < chance).astype(float), rest)
        low, high = found.ratio.interval
        covered += low <= 2 <= high
        values.append(found.ratio.value)
    assert np.exp(np.log(values).mean()) == pytest.approx(2.0, rel=0.05)
    assert 90 <= covered <= 99


def drawn_without_a_difference(random: np.random.Generator, leads: int, rate: float) -> Told:
    label = (random.random(leads) < rate).astype(float)
    questions, likeness = {}, {}
    for concept in range(6):
        visits = random.poisson(1.5, leads)
        questions[str(concept)] = [asked(visits >= low, str(concept), low) for low in (1, 2, 3, 4)]
        likeness[str(concept)] = alike_in(random.normal(size=leads))
    return tell(leads_of(label, per_account=2), questions, likeness, min_group=10)


@pytest.mark.parametrize(
    ("leads", "rate", "apart"), [(1000, 0.15, True), (400, 0.15, False)], ids=["apart", "same"]
)
def test_without_a_difference_nothing_is_found_in_nine_draws_of_ten(
    leads: int, rate: float, *, apart: bool
) -> None:
    random = np.random.default_rng(2)
    draws = [drawn_without_a_difference(random, leads, rate) for _ in range(100)]
    assert {draw.apart for draw in draws} == {apart}
    assert sum(any(one.found for one in draw.conditions) for draw in draws) <= 10


def test_without_a_difference_the_ratio_that_was_measured_apart_is_about_1() -> None:
    random = np.random.default_rng(3)
    draws = [drawn_without_a_difference(random, 1000, 0.15) for _ in range(40)]
    logs = [one.ratio.log_ratio for draw in draws for one in draw.conditions]
    assert np.mean(logs) == pytest.approx(0.0, abs=0.05)


def test_a_condition_that_only_comes_along_with_what_tells_has_a_ratio_of_1_among_alike_leads() -> (
    None
):
    random = np.random.default_rng(4)
    rest = random.normal(size=20_000)
    met = random.random(20_000) < 1 / (1 + np.exp(1 - 1.5 * rest))
    label = (random.random(20_000) < 1 / (1 + np.exp(3 - 1.3 * rest))).astype(float)
    found = ratio_of(met, label, rest)
    assert found.crude is not None
    assert found.crude.value == pytest.approx(3.0, abs=0.3)
    assert found.ratio.value == pytest.approx(1.0, abs=0.1)


def test_the_rate_of_alike_leads_is_the_rate_with_it_over_the_ratio() -> None:
    random = np.random.default_rng(5)
    met, rest = random.random(2000) < 0.4, random.normal(size=2000)
    found = ratio_of(met, (random.random(2000) < np.where(met, 0.3, 0.1)).astype(float), rest)
    assert found.rate == found.wins / found.leads
    assert found.alike_rate == pytest.approx(found.rate / found.ratio.value)
    assert found.alike_rate == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    ("with_", "wins_with", "without", "wins_without"),
    [(9, 9, 50, 10), (20, 4, 50, 10), (20, 10, 9, 5), (20, 10, 50, 0)],
    ids=["few leads with it", "few wins with it", "few leads without", "no win without"],
)
def test_too_few_leads_or_wins_tell_no_ratio(
    with_: int, wins_with: int, without: int, wins_without: int
) -> None:
    met = np.arange(with_ + without) < with_
    label = np.r_[np.arange(with_) < wins_with, np.arange(without) < wins_without].astype(float)
    strata, groups = np.zeros(len(met), dtype=np.intp), np.arange(len(met))
    assert risk_ratio(met, label, strata, groups, min_group=10) is None


def test_strata_that_hold_one_side_only_tell_nothing() -> None:
    met = np.arange(60) < 30
    label = (np.arange(60) % 2 == 0).astype(float)
    strata = met.astype(np.intp)
    assert risk_ratio(met, label, strata, np.arange(60), min_group=10) is None


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9), st.integers(1, 4))
def test_the_opposite_condition_has_the_opposite_ratio(
    seed: int, share: float, strata: int
) -> None:
    random = np.random.default_rng(seed)
    met, label = random.random(300) < share, (random.random(300) < 0.4).astype(float)
    places, groups = random.integers(0, strata, 300), random.integers(0, 200, 300)
    one = risk_ratio(met, label, places, groups, min_group=10)
    other = risk_ratio(~met, label, places, groups, min_group=10)
    if one is not None and other is not None:
        assert one.value * other.value == pytest.approx(1.0)
        assert one.error == pytest.approx(other.error)


def test_leads_of_one_account_that_close_together_count_as_one() -> None:
    random = np.random.default_rng(6)
    met, label = random.random(400) < 0.4, (random.random(400) < 0.3).astype(float)
    strata = np.zeros(1600, dtype=np.intp)
    four_times = (np.repeat(met, 4), np.repeat(label, 4), strata)
    apart = risk_ratio(*four_times, np.arange(1600), min_group=10)
    together = risk_ratio(*four_times, np.repeat(np.arange(400), 4), min_group=10)
    assert apart is not None
    assert together is not None
    assert together.error == pytest.approx(2 * apart.error, rel=0.02)


def test_strata_have_equal_mass_and_keep_equal_values_together() -> None:
    assert np.bincount(strata_of(np.random.default_rng(0).normal(size=5000))).tolist() == [100] * 50
    assert np.bincount(strata_of(np.random.default_rng(0).normal(size=200))).tolist() == [20] * 10
    assert len(np.unique(strata_of(np.repeat([1.0, 2.0, 3.0], 200)))) == 3
    assert np.unique(strata_of(np.arange(39.0))).tolist() == [0]


def test_an_account_is_on_the_same_half_whoever_else_there_is() -> None:
    names = [f"G{number}" for number in range(200)]
    some = Leads.of(pd.DataFrame({"label": 0.0, "group_id": names[50:100]}))
    all_ = Leads.of(pd.DataFrame({"label": 0.0, "group_id": names}))
    assert some.halves.tolist() == all_.halves.tolist()[50:100]
    assert 60 < all_.halves.sum() < 140


def test_what_is_chosen_apart_is_measured_on_the_other_half() -> None:
    random = np.random.default_rng(7)
    met = random.random(2000) < 0.4
    label = (random.random(2000) < np.where(met, 0.3, 0.1)).astype(float)
    leads, rest = leads_of(label), random.normal(size=2000)
    told = tell(leads, {"visits": [asked(met)]}, {"visits": alike_in(rest)}, min_group=10)
    assert told.apart
    assert told.conditions[0].leads == met[~leads.halves].sum()
    assert told.conditions[0].found


def test_questions_that_ask_the_same_count_once_and_the_plainest_is_told() -> None:
    random = np.random.default_rng(8)
    met = random.random(400) < 0.4
    label = (random.random(400) < np.where(met, 0.4, 0.1)).astype(float)
    told = tell(
        leads_of(label),
        {"visits": [asked(met, "plain"), asked(met.copy(), "windowed"), asked(~met, "none")]},
        {"visits": alike_in(random.normal(size=400))},
        min_group=10,
    )
    assert not told.apart
    assert told.looked_at == 2
    assert told.conditions[0].condition.feature == "plain"  # and not its opposite, as strong


def test_a_ratio_that_points_against_the_plain_comparison_is_no_finding() -> None:
    # leads with it close as often as the others, and are alike to leads that hardly ever close
    random = np.random.default_rng(9)
    rest = np.repeat([0.0, 1.0], 4000)
    met = random.random(8000) < np.where(rest == 0, 0.4, 0.03)
    label = (
        random.random(8000)
        < np.where(rest == 0, np.where(met, 0.09, 0.05), np.where(met, 0.36, 0.2))
    ).astype(float)
    told = tell(leads_of(label), {"visits": [asked(met)]}, {"visits": alike_in(rest)}, min_group=10)
    one = told.conditions[0]
    assert one.ratio.p_value < 1e-6
    assert one.crude is not None
    assert one.crude.value < 1 < one.ratio.interval[0]
    assert not one.found


def test_what_nearly_the_same_leads_meet_is_told_once_by_the_stronger_concept() -> None:
    random = np.random.default_rng(10)
    offer = random.random(1000) < 0.4
    sent, other = offer & (np.arange(1000) > 20), random.random(1000) < 0.4
    label = (random.random(1000) < np.where(offer, 0.4, 0.1)).astype(float)
    alike = alike_in(random.normal(size=1000))
    told = tell(
        leads_of(label),
        {"offer": [asked(offer, "offer")], "sent": [asked(sent, "sent"), asked(other, "other")]},
        {"offer": alike, "sent": alike},
        min_group=10,
    )
    assert [one.condition.feature for one in told.conditions] == ["offer", "other"]
