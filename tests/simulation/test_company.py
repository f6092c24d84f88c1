"""The company looks like one."""

from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.company import Company, simulate
from simulation.market import BROADENED, CAMPAIGNS, SOURCES
from simulation.money import COMPETITORS
from simulation.scenario import END, START, Scenario

FRAMES = [field.name for field in fields(Company) if field.name != "scenario"]


def _with_outcome(company: Company) -> pd.DataFrame:
    leads = company.leads.merge(company.opportunities, on="Lead ID", how="left")
    leads["won"] = leads["Stage"] == "Closed Won"
    lived = leads["Close Date"] - leads["Created Date"]
    leads["days"] = lived.dt.total_seconds() / 86_400
    return leads


def test_the_same_scenario_gives_the_same_company() -> None:
    first, again = simulate(300, seed=5), simulate(300, seed=5)

    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))


def test_another_seed_gives_another_company() -> None:
    first, other = simulate(300, seed=5), simulate(300, seed=6)

    assert not first.leads["Created Date"].equals(other.leads["Created Date"])


def test_more_events_leave_leads_and_outcomes_as_they_were() -> None:
    few, many = simulate(300, events_per_lead=5), simulate(300, events_per_lead=40)

    pd.testing.assert_frame_equal(few.leads, many.leads)
    pd.testing.assert_frame_equal(few.opportunities, many.opportunities)


def test_win_rate_and_times_are_those_of_a_business(company: Company) -> None:
    leads = _with_outcome(company)

    assert 0.08 < leads["won"].mean() < 0.12
    assert 24 < leads.loc[leads["won"], "days"].median() < 36
    assert 29 < leads.loc[leads["won"], "days"].mean() < 50
    recent = leads["Created Date"] >= leads["Created Date"].max() - pd.Timedelta(days=90)
    assert 0.14 < leads.loc[recent, "Stage"].isna().mean() < 0.26


def test_leads_lie_in_the_period_in_order_of_creation(company: Company) -> None:
    created = company.leads["Created Date"]

    assert created.is_monotonic_increasing
    assert created.dt.date.min() >= START
    assert created.dt.date.max() <= END
    assert company.opportunities["Close Date"].max() < pd.Timestamp(END) + pd.Timedelta(days=1)


def test_more_deals_are_won_at_the_year_end_than_in_summer(many_leads: Company) -> None:
    won = many_leads.opportunities[many_leads.opportunities["Stage"] == "Closed Won"]
    of_2025 = won["Close Date"][won["Close Date"].dt.year == 2025].dt.month.value_counts()

    # Many leads come in before the year end, too: what counts is wins by lead that is open then.
    created = many_leads.leads["Created Date"]
    came = created[created.dt.year == 2025].dt.month.value_counts()
    assert of_2025[12] / (came[11] + came[12]) > 1.25 * of_2025[8] / (came[7] + came[8])


def test_drift_raises_the_true_probabilities_over_time() -> None:
    company = simulate(4000, drift=0.6, events_per_lead=2)
    broadened = company.leads["Lead ID"][company.leads["Campaign"] == BROADENED.campaign]
    others = ~company.truth["Lead ID"].isin(broadened)
    truth = company.truth[(company.truth["Moment"] == "created") & others]
    half = len(truth) // 2

    early, late = truth["True Probability"][:half].mean(), truth["True Probability"][half:].mean()
    assert late > 1.4 * early


def test_sources_differ_in_quality_and_the_largest_is_among_the_worst(many_leads: Company) -> None:
    by_source = _with_outcome(many_leads).groupby("Lead Source")["won"]
    won = by_source.mean()

    assert set(won.index) == {source.name for source in SOURCES}
    best_to_worst = won.sort_values(ascending=False).index
    assert list(best_to_worst[:2]) == ["Referral", "Partner"]
    assert best_to_worst[-1] == "Content syndication"
    assert set(best_to_worst[-3:]) == {"Content syndication", "Paid social", "Cold outbound"}
    assert by_source.size().idxmax() == "Paid social"
    assert won["Referral"] > 4 * won["Paid social"]


def test_a_won_deal_from_the_largest_source_costs_many_times_that_of_a_referral(
    company: Company,
) -> None:
    wins = _with_outcome(company).groupby("Lead Source")["won"].sum()
    cost = company.spend.groupby("Source")["Amount EUR"].sum() / wins

    assert cost["Paid social"] > 8 * cost["Referral"]
    assert cost["Paid social"] < company.opportunities["Amount"].median()


def test_there_are_thirty_to_sixty_campaigns_each_of_one_source(company: Company) -> None:
    pairs = company.leads[["Campaign", "Lead Source"]].drop_duplicates()

    assert 30 <= len(pairs) <= 60
    assert pairs["Campaign"].is_unique
    assert {campaign.source for campaign in CAMPAIGNS} == {source.name for source in SOURCES}


def test_trade_fairs_bring_leads_in_their_season_only(company: Company) -> None:
    fairs = company.leads[company.leads["Lead Source"] == "Trade fair"]["Created Date"].dt.month

    assert fairs.isin([3, 4, 9, 10, 11]).mean() > 0.75


def test_people_of_one_account_close_alike(many_leads: Company) -> None:
    leads = _with_outcome(many_leads)
    people = leads.groupby("Account ID")["won"].agg(["size", "sum"])
    pairs = people["size"] * (people["size"] - 1)
    won_pairs = people["sum"] * (people["sum"] - 1)

    assert won_pairs.sum() / pairs.sum() > 1.3 * leads["won"].mean() ** 2


def test_accounts_have_one_to_six_people_and_one_company(company: Company) -> None:
    people = company.leads.groupby("Account ID")

    assert set(people.size()) == {1, 2, 3, 4, 5, 6}
    assert (
        not company.leads.drop_duplicates(["Account ID", "Company"])["Account ID"]
        .duplicated()
        .any()
    )
    assert set(company.leads["Account ID"]) == set(company.accounts["Account ID"])


def test_leads_belong_to_no_account_if_the_company_keeps_none() -> None:
    company = simulate(200, accounts=False)

    assert "Account ID" not in company.leads
    assert company.accounts.empty


def test_the_trap_is_filled_for_won_leads_and_for_hardly_any_open_one(company: Company) -> None:
    leads = _with_outcome(company)
    filled = leads["Contract Number Requested"].notna()

    assert filled[leads["won"]].mean() > 0.85
    assert filled[leads["Stage"] == "Closed Lost"].mean() < 0.06
    assert filled[leads["Stage"].isna()].mean() < 0.04


def test_the_honest_strong_column_is_filled_among_open_leads_as_among_closed_ones(
    company: Company,
) -> None:
    leads = _with_outcome(company)

    assert leads["Demo Requested"].notna().all()
    wins = leads.groupby("Demo Requested")["won"].mean()
    assert wins[True] > 2 * wins[False]


def test_the_trap_can_be_left_out() -> None:
    assert "Contract Number Requested" not in simulate(50, hindsight=False).leads


def test_amounts_grow_with_the_company_and_are_there_for_every_won_deal(company: Company) -> None:
    deals = company.opportunities.merge(company.leads, on="Lead ID").merge(
        company.accounts[["Account ID", "No. of Employees"]],
        on="Account ID",
        suffixes=("", " true"),
    )
    won = deals[deals["Stage"] == "Closed Won"]
    large = won["No. of Employees true"] >= 1000

    assert won["Amount"].notna().all()
    assert won["Amount"][large].median() > 1.5 * won["Amount"][~large].median()
    assert won["Discount %"].between(0, 30).all()
    assert won["Loss Reason"].isna().all()
    assert deals["Discount %"].notna().equals(deals["Amount"].notna())
    assert deals["Margin %"].notna().equals(deals["Amount"].notna())
    assert deals.loc[deals["Stage"] == "Closed Lost", "Loss Reason"].notna().all()


def test_every_percent_of_discount_costs_more_than_half_a_percent_of_margin(
    company: Company,
) -> None:
    offers = company.opportunities.dropna(subset="Discount %")
    margin = offers.groupby("Discount %")["Margin %"].mean()

    assert margin[0] == pytest.approx(46, abs=1)
    assert margin[10] == pytest.approx(100 - 54 / 0.9, abs=1)
    assert offers["Margin %"].between(0, 70).all()


def test_competitors_are_named_where_deals_are_lost_to_them_and_in_a_third_of_the_wins(
    company: Company,
) -> None:
    deals = company.opportunities
    named = deals["Competitor"].notna()
    won = deals["Stage"] == "Closed Won"

    assert set(deals["Competitor"].dropna()) == set(COMPETITORS)
    assert named[~won].equals(deals["Loss Reason"][~won] == "Competitor")
    assert 0.28 < named[won].mean() < 0.42


def test_a_channel_has_several_sources_and_each_source_one_channel(company: Company) -> None:
    pairs = company.leads[["Channel", "Lead Source"]].drop_duplicates()

    assert pairs["Lead Source"].is_unique
    assert set(pairs["Channel"]) == {
        "Paid media",
        "Own site",
        "Bought lists",
        "Events",
        "Partners",
        "Outbound",
    }


def test_two_leads_in_a_hundred_gave_no_consent(company: Company) -> None:
    shares = company.leads["Consent"].value_counts(dropna=False, normalize=True)

    assert set(shares.index.dropna()) == {"Yes", "No"}
    assert shares["Yes"] == pytest.approx(0.98, abs=0.01)


def test_history_leads_from_the_first_value_to_the_one_in_the_leads(company: Company) -> None:
    history = company.lead_history.sort_values("Edit Date", kind="stable")
    last = history.drop_duplicates(["Lead ID", "Field"], keep="last")
    leads = company.leads.set_index("Lead ID")
    before = history.groupby(["Lead ID", "Field"])["New Value"].shift()

    now = [
        leads.loc[lead, field] for lead, field in zip(last["Lead ID"], last["Field"], strict=True)
    ]
    assert now == last["New Value"].tolist()
    assert (before.isna() | (before == history["Old Value"])).all()
    assert (history["Old Value"] != history["New Value"]).all()
    assert set(history["Field"]) == {"Lead Status", "Timeframe", "Company Size"}


def test_status_says_what_the_opportunity_says(company: Company) -> None:
    leads = _with_outcome(company)

    assert ((leads["Lead Status"] == "Closed - Converted") == leads["won"]).all()
    assert (
        (leads["Lead Status"] == "Closed - Not Converted") == (leads["Stage"] == "Closed Lost")
    ).all()


def test_three_in_a_thousand_are_suppressed(company: Company) -> None:
    assert len(company.suppression) == 18
    assert company.suppression["Lead ID"].isin(company.leads["Lead ID"]).all()


@settings(max_examples=15, deadline=None)
@given(
    leads=st.integers(1, 60),
    seed=st.integers(0, 2**31),
    days=st.integers(0, 400),
    signal=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    accounts=st.booleans(),
)
def test_any_scenario_gives_a_company_that_holds_together(
    leads: int, seed: int, days: int, signal: float, accounts: bool
) -> None:
    start = date.fromordinal(END.toordinal() - days)
    company = simulate(leads, seed=seed, start=start, signal=signal, accounts=accounts)
    ids = set(company.leads["Lead ID"])
    cutoff = pd.Timestamp(company.scenario.cutoff_time).tz_localize(None)

    assert len(ids) == leads
    assert company.truth["True Probability"].between(0, 1).all()
    assert company.truth["Observable Probability"].dropna().between(0, 1).all()
    for frame in (company.web_events, company.mail_events, company.sales_activities):
        assert set(frame["Lead ID"]) <= ids
        assert (frame["Activity Date"] < cutoff).all()
    outcomes = _with_outcome(company).dropna(subset="Stage")
    assert (outcomes["days"] > 0).all()
    assert np.isfinite(company.spend["Amount EUR"]).all()


def test_a_scenario_that_cannot_be_is_refused_with_every_reason() -> None:
    with pytest.raises(ValueError, match="cannot be simulated") as refused:
        Scenario(0, start=END, end=START, events_per_lead=0, signal=-1, base_rate=0.7)

    assert str(refused.value) == (
        "this company cannot be simulated: leads is 0, expected at least 1; "
        "start 2026-09-30 lies after end 2024-04-01; "
        "events_per_lead is 0, expected more than 0; signal is -1, expected 0 or more; "
        "base_rate is 0.7, expected between 0 and 0.5"
    )
