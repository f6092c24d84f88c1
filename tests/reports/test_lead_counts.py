"""Rows of quality against volume, and the counts of a company, on tables that can be counted by hand."""

import io
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.loop import LoopColumns
from reports.lead_counts import lead_counts
from reports.lead_quality import Known, quality_leads
from reports.lead_state import UNKNOWN
from reports.material import Material
from reports.quality_rows import POOLED, Frame, Grouping, QualityRow, dimension_rows
from reports.spending import spend_without_leads
from tests.reports.materials import drawn_project, loop_table, material

CUTOFF = datetime(2026, 6, 30)  # noqa: DTZ001  canonical times are naive UTC
NO_SPEND = pd.DataFrame({"spent_on": [], "source": [], "campaign": [], "amount": []})
NOBODY = pd.DataFrame({"lead_id": [], "close_probability": []})

LEADS = """
    lead_id | created_at | source
    r1      | 2026-01-05 | Referral
    r2      | 2026-01-06 | Referral
    r3      | 2026-05-30 | Referral
    r4      | 2026-06-20 | Referral
    s1      | 2026-01-05 | Social
    s2      | 2026-01-06 | Social
    s3      | 2026-01-07 | Social
    t1      | 2026-01-07 | Stall
    u1      | 2026-01-07 |
"""
OUTCOMES = """
    lead_id | won   | closed_at
    r1      | true  | 2026-01-20
    r2      | true  | 2026-03-20
    r4      | true  | 2026-06-25
    s1      | false | 2026-01-09
    s2      | true  | 2026-02-05
    t1      | false | 2026-02-05
"""
SCORED = """
    lead_id | close_probability
    r3      | 0.25
    s3      | 0.10
"""


def drawn(text: str, times: list[str] | None = None) -> pd.DataFrame:
    frame = pd.read_csv(io.StringIO(text), sep=r"\s*\|\s*", engine="python", skipinitialspace=True)
    frame.columns = frame.columns.str.strip()
    frame = frame.assign(lead_id=frame["lead_id"].str.strip()) if "lead_id" in frame else frame
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in times or []})


def rows(
    leads: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
    scored: pd.DataFrame | None = None,
    spend: pd.DataFrame = NO_SPEND,
    *,
    min_group: int = 2,
    flat: bool = False,
    **label: Any,
) -> list[QualityRow]:
    """Return the rows by source of a small company."""
    told = company(leads, outcomes, scored, spend, flat=flat, **label)
    mine = quality_leads(told)
    frame = Frame(mine, Known.of(told), spend, None, min_group)
    towards = pd.Series(0.1, index=mine.index)
    return dimension_rows(frame, Grouping("source", mine["source"], towards, "source")).rows


def company(
    leads: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
    scored: pd.DataFrame | None = None,
    spend: pd.DataFrame = NO_SPEND,
    *,
    flat: bool = False,
    **label: Any,
) -> Material:
    leads = drawn(LEADS, ["created_at"]) if leads is None else leads
    outcomes = drawn(OUTCOMES, ["closed_at"]) if outcomes is None else outcomes
    scored = drawn(SCORED) if scored is None else scored
    return material(
        loop_table(leads.merge(outcomes, on="lead_id", how="left")),
        project=drawn_project(label={"horizon_days": 30, **label}),
        as_of=CUTOFF,
        data_cutoff=CUTOFF,
        flat=flat,
        columns=LoopColumns(dimensions={"source": "source"}),
        tonight=scored.assign(grade="B", expected_value=np.nan),
        spend=spend,
        mean_amount=None,
    )


def table(**changed: Any) -> dict[str, QualityRow]:
    return {row.name: row for row in rows(**changed)}


def test_a_close_rate_counts_wins_within_the_horizon_among_leads_that_had_the_whole_of_it() -> None:
    referral = table()["Referral"]
    # r1 closed in time, r2 too late, r3 is mature and open, r4 won but is younger than the horizon
    assert (referral.leads, referral.mature, referral.wins) == (4, 3, 1)
    assert referral.close_rate is not None
    assert referral.close_rate.value == pytest.approx(1 / 3)


def test_a_rate_on_fewer_mature_leads_than_a_group_needs_is_not_told() -> None:
    assert table(min_group=4)["Referral"].close_rate is None


def test_small_sources_share_one_row_at_the_end() -> None:
    found = table()
    assert list(found) == ["Referral", "Social", POOLED]
    assert found[POOLED].leads == 2
    assert found[POOLED].pooled
    assert not found["Social"].pooled


def test_a_lead_without_a_source_is_told_as_not_recorded() -> None:
    assert table(min_group=1)[UNKNOWN].leads == 1


def test_a_source_that_calls_itself_the_pool_is_not_mixed_up_with_it() -> None:
    leads = drawn(LEADS, ["created_at"]).replace({"source": {"Referral": POOLED}})
    found = rows(leads=leads, scored=NOBODY)
    assert [(row.name, row.leads, row.pooled) for row in found] == [
        (POOLED, 4, False),
        ("Social", 3, False),
        (POOLED, 2, True),
    ]


def test_names_that_look_the_same_are_one_source() -> None:
    leads = drawn(LEADS, ["created_at"]).replace({"source": {"Social": "Refer\u200bral "}})
    assert table(leads=leads)["Referral"].leads == 7


def test_expected_wins_are_the_sum_of_tonights_probabilities() -> None:
    expected = table()["Referral"].open_expected
    assert expected is not None
    assert expected.value == pytest.approx(0.25)
    assert table(scored=NOBODY)["Social"].open_expected is None


def test_cost_per_win_counts_wins_so_far_and_expected_of_leads_created_while_money_was_spent() -> (
    None
):
    spend = pd.DataFrame(
        {
            "spent_on": pd.to_datetime(["2026-01-01", "2026-01-31"]),
            "source": ["Social"] * 2,
            "amount": [300.0, 30.0],
        }
    )
    social = table(spend=spend)["Social"]
    assert social.spend == 330.0
    assert social.cost_per_win is not None
    assert social.cost_per_win.value == pytest.approx(330 / 1.1)
    assert social.cost_per_win.low < 300 < social.cost_per_win.high


def test_money_booked_monthly_covers_the_month_that_follows() -> None:
    spend = pd.DataFrame(
        {
            "spent_on": pd.to_datetime(["2025-12-01", "2026-01-01"]),
            "source": ["Social"] * 2,
            "amount": [100.0, 10.0],
        }
    )
    cost = table(spend=spend)["Social"].cost_per_win
    assert cost is not None
    assert cost.value == pytest.approx(100)


def test_below_one_win_no_cost_per_win_is_told() -> None:
    spend = pd.DataFrame(
        {"spent_on": pd.to_datetime(["2026-06-20"]), "source": ["Social"], "amount": [300.0]}
    )
    assert table(spend=spend)["Social"].cost_per_win is None


def test_money_spent_on_a_name_that_no_lead_carries_is_named_and_kept() -> None:
    spend = pd.DataFrame(
        {"spent_on": pd.to_datetime(["2026-01-01"]), "source": ["Socail"], "amount": [300.0]}
    )
    assert spend_without_leads(drawn(LEADS, ["created_at"]), spend) == ["Socail"]
    assert table(spend=spend)[POOLED].spend == 300.0


def test_without_closing_times_a_lead_with_an_outcome_is_mature() -> None:
    outcomes = drawn(OUTCOMES, ["closed_at"]).assign(closed_at=None)
    referral = table(outcomes=outcomes, flat=True)["Referral"]
    assert (referral.mature, referral.wins) == (3, 3)


def test_where_an_unmatched_lead_is_lost_it_is_mature_and_not_open() -> None:
    outcomes = drawn(OUTCOMES, ["closed_at"]).assign(closed_at=None)
    social = table(outcomes=outcomes, scored=NOBODY, flat=True, unmatched="lost")["Social"]
    assert (social.mature, social.wins, social.open) == (3, 1, 0)


def test_leads_from_before_the_first_trusted_day_tell_no_rate() -> None:
    referral = table(trusted_from=datetime(2026, 1, 6))["Referral"]  # noqa: DTZ001
    assert (referral.leads, referral.mature, referral.wins) == (4, 2, 0)


def test_counts_tell_leads_wins_open_leads_and_the_base_rate() -> None:
    counts = lead_counts(company())
    assert counts.model_dump() == {
        "leads": 9,
        "won": 4,
        "open": 2,
        "base_rate": pytest.approx(2 / 8),
    }


@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8), min_group=st.integers(1, 12))
@settings(deadline=None, max_examples=30)
def test_no_row_but_the_pool_is_about_fewer_leads_than_allowed_and_none_is_lost(
    sizes: list[int], min_group: int
) -> None:
    names = [f"source {number}" for number, size in enumerate(sizes) for _ in range(size)]
    leads = pd.DataFrame(
        {
            "lead_id": [str(n) for n in range(len(names))],
            "created_at": pd.Timestamp("2026-01-01"),
            "source": names,
        }
    )
    outcomes = pd.DataFrame(
        {"lead_id": ["0"], "won": [True], "closed_at": [pd.Timestamp("2026-01-02")]}
    )
    found = rows(leads=leads, outcomes=outcomes, scored=NOBODY, min_group=min_group)
    assert sum(row.leads for row in found) == len(names)
    assert all(row.leads >= min_group for row in found if not row.pooled)
    assert all(row.close_rate is None for row in found if row.mature < min_group)
    assert all(row.wins is None for row in found if row.leads < min_group)
