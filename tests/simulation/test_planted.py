"""What is planted for a report to find is there, of the size that is told, and can be found in a demo's company."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from simulation.company import Company, simulate
from simulation.market import BROADENED, MESSAGES
from simulation.planted import (
    FADED_CAMPAIGN,
    FADED_QUARTER,
    HINDSIGHT_COLUMN,
    LEAKING_TEAM,
    WINLESS_SOURCE,
    WORKING_MESSAGE,
    planted,
)

DEMO_LEADS = 4000


@pytest.fixture(scope="module", params=[7, 9, 11])
def demo(request: pytest.FixtureRequest) -> Company:
    return simulate(DEMO_LEADS, seed=request.param, events_per_lead=5)


def _leads(company: Company) -> pd.DataFrame:
    """Return the leads with their outcome, their chance at creation (P) and its quarter."""
    leads = company.leads.merge(company.opportunities, on="Lead ID", how="left")
    truth = company.truth[company.truth["Moment"] == "created"].set_index("Lead ID")
    quarter = leads["Created Date"].dt.to_period("Q").astype(str).str.replace("Q", "-Q")
    return leads.assign(
        won=leads["Stage"] == "Closed Won",
        closed=leads["Stage"].notna(),
        P=leads["Lead ID"].map(truth["Observable Probability"]),
        quarter=quarter,
    )


def _in_time(company: Company, hours: int = 48) -> pd.Series:
    """Return by team the share contacted in time, of leads handed over, not rejected and open for so long."""
    sales, leads = company.sales_activities, _leads(company).set_index("Lead ID")
    by_kind = {
        kind: sales[sales["Activity"] == kind].set_index("Lead ID")["Activity Date"]
        for kind in ("handed_over", "rejected", "contacted")
    }
    handed = by_kind["handed_over"]
    due = handed + pd.Timedelta(hours=hours)
    cutoff = pd.Timestamp(company.scenario.cutoff_time).tz_localize(None)
    left = leads["Close Date"].reindex(handed.index) < due
    asked = ~left & (due < cutoff) & ~handed.index.isin(by_kind["rejected"].index)
    met = by_kind["contacted"].reindex(handed.index) <= due
    return met[asked].groupby(leads["Sales Team"].reindex(handed.index)[asked]).mean()


def _ratio(leads: pd.DataFrame, exposed: pd.Series) -> tuple[float, float]:
    """Return Mantel and Haenszel's risk ratio over the sources, and its 95 % lower bound (Greenland and Robins 1985)."""
    above = below = spread = 0.0
    for _, group in leads.assign(exposed=exposed).groupby("Lead Source"):
        with_, without = group[group["exposed"]], group[~group["exposed"]]
        a, c, n1, n0, n = (
            with_["won"].sum(),
            without["won"].sum(),
            *map(len, (with_, without, group)),
        )
        above += a * n0 / n
        below += c * n1 / n
        spread += (n1 * n0 * (a + c) - a * c * n) / n**2
    ratio = above / below
    return ratio, float(ratio * np.exp(-1.96 * np.sqrt(spread / (above * below))))


def test_a_tenth_of_the_leads_comes_from_a_source_of_which_hardly_one_is_won(demo: Company) -> None:
    leads = _leads(demo)
    own = leads[leads["Lead Source"] == WINLESS_SOURCE]
    spend = demo.spend.groupby("Source")["Amount EUR"].sum()

    assert 0.08 < len(own) / len(leads) < 0.12
    assert own["won"].sum() <= 2
    assert own["P"].sum() < 1
    assert spend[WINLESS_SOURCE] > 20_000


def test_one_team_leaves_most_leads_waiting_and_the_others_nine_of_ten_in_time(
    demo: Company,
) -> None:
    share = _in_time(demo)

    assert share[LEAKING_TEAM] < 0.40
    assert share.drop(LEAKING_TEAM).min() > 0.85


def test_a_third_of_what_the_leaking_team_accepts_is_never_contacted(many_leads: Company) -> None:
    sales = many_leads.sales_activities
    accepted = sales[sales["Activity"] == "accepted"]["Lead ID"]
    never = ~accepted.isin(sales[sales["Activity"] == "contacted"]["Lead ID"])
    team = accepted.map(many_leads.leads.set_index("Lead ID")["Sales Team"])

    by_team = never.groupby(team).mean()
    assert 0.28 < by_team[LEAKING_TEAM] < 0.48
    assert by_team.drop(LEAKING_TEAM).max() < 0.12


def test_whether_a_lead_is_contacted_does_not_depend_on_whether_it_will_be_won(
    many_leads: Company,
) -> None:
    sales, leads = many_leads.sales_activities, _leads(many_leads).set_index("Lead ID")
    accepted = sales[sales["Activity"] == "accepted"].set_index("Lead ID")["Activity Date"]
    contacted = sales[sales["Activity"] == "contacted"].set_index("Lead ID")["Activity Date"]
    own = leads.reindex(accepted.index)
    # Those that stay open for long: closing soon keeps sales from calling, and wins take longer.
    late = (own["Close Date"] - accepted > pd.Timedelta(days=30)) & (
        own["Sales Team"] == LEAKING_TEAM
    )
    called = contacted.reindex(accepted.index).notna()[late]

    by_outcome = called.groupby(own["won"][late]).agg(["mean", "size"])
    error = np.sqrt((by_outcome["mean"] * (1 - by_outcome["mean"]) / by_outcome["size"]).sum())
    assert by_outcome["size"].min() > 50
    assert abs(by_outcome["mean"].diff().iloc[1]) < 4 * error


def test_the_campaign_brought_more_leads_and_worse_ones_that_quarter(demo: Company) -> None:
    leads = _leads(demo)
    own = leads[leads["Campaign"] == FADED_CAMPAIGN]
    now, before = own[own["quarter"] == FADED_QUARTER], own[own["quarter"] < FADED_QUARTER]
    error = np.hypot(now["P"].std() / np.sqrt(len(now)), before["P"].std() / np.sqrt(len(before)))

    assert len(now) > 2 * before.groupby("quarter").size().mean()
    assert (before["P"].mean() - now["P"].mean()) / error > 4
    assert (now["Seniority"] == "Student").mean() > 0.5
    assert (before["Seniority"] == "Student").mean() < 0.15


def test_it_faded_by_its_mix_and_not_within_its_groups(many_leads: Company) -> None:
    leads = _leads(many_leads)
    own = leads[leads["Campaign"] == FADED_CAMPAIGN]
    now, before = own[own["quarter"] == FADED_QUARTER], own[own["quarter"] < FADED_QUARTER]
    level = pd.DataFrame(
        {
            name: side.groupby("Seniority")["P"].mean()
            for name, side in (("now", now), ("before", before))
        }
    )
    share = before["Seniority"].value_counts(normalize=True)

    within = ((level["now"] - level["before"]) * share).sum()
    assert now["P"].mean() < 0.6 * before["P"].mean()
    assert abs(within) < 0.15 * (before["P"].mean() - now["P"].mean())


def test_the_campaigns_of_other_sources_are_as_frequent_as_before(many_leads: Company) -> None:
    leads = _leads(many_leads).query("`Lead Source` == 'Organic search'")
    a_year = leads[leads["quarter"] == FADED_QUARTER], leads[leads["quarter"] == "2025-Q2"]

    now, before = map(len, a_year)
    assert 0.95 < now / before < 1.35, "it grows by an eighth a year, and by chance"


def test_the_working_message_closes_about_twice_as_often_in_each_source(
    many_leads: Company,
) -> None:
    leads = _leads(many_leads)
    works = leads["Message"] == WORKING_MESSAGE

    ratio, _ = _ratio(leads, works)
    assert 1.8 < ratio < 2.3
    sources = leads["Lead Source"] != WINLESS_SOURCE
    by_source = leads[sources].pivot_table("P", "Lead Source", works[sources])
    assert (by_source[True] / by_source[False]).between(1.5, 2.9).all()


def test_the_working_message_can_be_told_from_the_others_in_a_demo(demo: Company) -> None:
    leads = _leads(demo).query("closed")

    ratio, low = _ratio(leads, leads["Message"] == WORKING_MESSAGE)
    assert low > 1.2
    others = leads[leads["Message"] != WORKING_MESSAGE]
    for message in MESSAGES[1:]:
        assert _ratio(others, others["Message"] == message.name)[0] < ratio


def test_messages_are_answered_alike_in_every_source(many_leads: Company) -> None:
    shares = pd.crosstab(
        many_leads.leads["Lead Source"], many_leads.leads["Message"], normalize="index"
    )

    assert shares[WORKING_MESSAGE].between(0.14, 0.22).all()


def test_large_companies_name_the_first_competitor_more_often(many_leads: Company) -> None:
    deals = many_leads.opportunities.merge(many_leads.leads, on="Lead ID").merge(
        many_leads.accounts[["Account ID", "No. of Employees"]],
        on="Account ID",
        suffixes=("", " true"),
    )
    named = deals.dropna(subset="Competitor")
    first = named["Competitor"] == "Halsenvex"

    by_size = first.groupby(named["No. of Employees true"] >= 1000).mean()
    assert by_size[True] > 1.8 * by_size[False]


def test_offers_with_a_small_discount_close_a_little_more_often_and_large_ones_do_not(
    many_leads: Company,
) -> None:
    offers = many_leads.opportunities.dropna(subset="Discount %")
    band = pd.cut(offers["Discount %"], [-1, 0, 10, 100], labels=["none", "small", "large"])

    won = (offers["Stage"] == "Closed Won").groupby(band, observed=True).mean()
    assert 1.02 < won["small"] / won["none"] < 1.25
    assert won["large"] < won["small"]


def test_planted_names_what_a_report_has_to_find() -> None:
    assert planted(simulate(50, events_per_lead=2)) == {
        "source": "Content syndication",
        "team": "West",
        "campaign": "Search generic terms",
        "quarter": "2026-Q2",
        "message": "Downtime calculator",
        "hindsight_column": "Contract Number Requested",
    }
    assert (BROADENED.begins, BROADENED.ends) == (date(2026, 4, 1), date(2026, 6, 30))
    assert HINDSIGHT_COLUMN in simulate(50).leads


@pytest.mark.parametrize(
    ("start", "end", "there"),
    [
        (date(2025, 1, 1), date(2026, 3, 31), False),
        (date(2026, 4, 1), date(2026, 9, 30), False),
        (date(2025, 1, 1), date(2026, 5, 31), False),
        (date(2026, 3, 1), date(2026, 6, 30), True),
    ],
)
def test_no_campaign_fades_where_the_quarter_has_no_before_or_is_not_over(
    start: date, end: date, there: bool
) -> None:
    company = simulate(60, start=start, end=end, hindsight=False, events_per_lead=2)

    told = planted(company)

    assert (told["quarter"] is not None) == (told["campaign"] is not None) == there
    assert told["hindsight_column"] is None
