"""Goals: figures by quarter, targets agreed or proposed, and what cannot be judged yet."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.goals import goals_findings, goals_sentences
from reports.goals_facts import Goal, goals_facts
from reports.material import Material
from tests.reports.materials import (
    VOICE,
    drawn_loop,
    drawn_project,
    drawn_spend,
    drawn_tonight,
    loop_table,
    material,
)


def goals_of(told: Material) -> dict[str, Goal]:
    return {goal.measure: goal for goal in goals_facts(told).goals}


def company(count: int = 4000, *, seed: int = 7, **changed: Any) -> Material:
    loop = drawn_loop(count, seed=seed, days=820)
    spend = drawn_spend({("Search", "Search 1"): 1000.0, ("Fair", "Fair 1"): 3000.0})
    return material(loop, **{"tonight": drawn_tonight(loop), "spend": spend, **changed})


def agreed(**goals: float) -> Material:
    return company(project=drawn_project(report={"goals": goals}))


def test_every_goal_is_told_for_the_last_eight_whole_quarters() -> None:
    for goal in goals_of(company()).values():
        assert [one.quarter for one in goal.quarters] == [
            "2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3",
        ]  # fmt: skip


def test_a_quarter_whose_leads_are_young_is_not_judged_by_what_they_became() -> None:
    goal = goals_of(company())["close_rate"]
    assert goal.quarters[-1].young
    assert goal.quarters[-1].value is None
    assert goal.judged == "2026-Q2"
    assert goals_sentences(goals_facts(company()), VOICE)[-1] == (
        "2026-Q3 cannot be judged by what its leads became: not all of them have had their time."
    )


def test_an_agreed_goal_far_above_is_missed_and_says_what_lacks() -> None:
    told = agreed(close_rate=0.3)
    goal = goals_of(told)["close_rate"]
    assert (goal.status, goal.agreed, goal.target) == ("missed", True, 0.3)
    assert goal.current is not None
    assert goal.gap_wins == pytest.approx((0.3 - goal.current.value) * goal.quarters[-2].of)
    finding = next(
        one
        for one in goals_findings(goals_facts(told), VOICE)
        if one.figures["target_is"] == "agreed"
    )
    assert (finding.kind, finding.figures["measure"]) == ("goal_missed", "close_rate")
    assert finding.sentence.startswith("Close rate: goal missed in 2026-Q2 with ")
    assert "To the target it lacks " in finding.sentence


def test_a_goal_that_was_surely_met_is_told_so_for_each_direction() -> None:
    goals = goals_of(agreed(close_rate=0.02, cycle_days=200, cost_per_win=5000))
    assert {name: goals[name].status for name in ("close_rate", "cycle_days", "cost_per_win")} == {
        "close_rate": "met",
        "cycle_days": "met",
        "cost_per_win": "met",
    }


def test_a_goal_within_the_interval_cannot_be_told() -> None:
    told = agreed(close_rate=0.1)
    assert goals_of(told)["close_rate"].status == "cannot tell"
    said = goals_sentences(goals_facts(told), VOICE)[0]
    assert said.endswith("whether the agreed 10% was met cannot be told from so few.")


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_a_steady_company_misses_no_proposed_goal(seed: int) -> None:
    findings = goals_findings(goals_facts(company(seed=seed)), VOICE)
    assert [one for one in findings if one.kind == "goal_missed"] == []


def test_a_proposed_goal_is_the_better_quartile_of_a_past_that_truly_scattered() -> None:
    loop = drawn_loop(16_000, days=820)
    quarter = loop["created_at"].dt.quarter
    rate = np.where(quarter % 2 == 0, 0.05, 0.25)
    won = np.random.default_rng(3).random(len(loop)) < rate
    told = material(loop.assign(won=pd.Series(won, dtype="boolean").where(loop["won"].notna())))
    goal = goals_of(told)["close_rate"]
    assert not goal.agreed
    assert goal.target == pytest.approx(0.25, abs=0.03)
    assert goal.status == "missed"  # 2026-Q2 is one of the weak ones


def test_value_per_lead_is_money_won_over_leads_and_says_what_is_still_expected() -> None:
    told = company()
    goal = goals_of(told)["value_per_lead"]
    judged = goal.quarters[-2]
    leads = told.loop[told.loop["created_at"].between("2026-04-01", "2026-06-30 23:59:59")]
    assert judged.value is not None
    assert judged.value.value == pytest.approx(leads["amount"].sum() / len(leads))
    assert goal.quarters[-1].value is None
    assert (goal.quarters[-1].with_expected or 0) > 0


def test_cost_per_win_counts_the_wins_that_are_still_expected() -> None:
    told = company()
    last = goals_of(told)["cost_per_win"].quarters[-1]
    leads = told.loop[told.loop["created_at"] >= "2026-07-01"]
    wins = leads["won"].sum() + 0.1 * leads["won"].isna().sum()
    assert last.value is not None
    assert last.value.value == pytest.approx(12_000 / wins)


def test_a_quarter_without_money_on_record_for_all_of_it_tells_no_cost() -> None:
    spend = drawn_spend({("Search", "Search 1"): 1000.0}, months=5)
    figures = goals_of(company(spend=spend))["cost_per_win"].quarters
    assert [one.value is not None for one in figures] == [False] * 7 + [True]


def test_touched_in_time_counts_hand_offs_whose_time_is_over() -> None:
    handed = pd.to_datetime(["2026-09-01 00:00"] * 20 + ["2026-09-30 12:00"] * 20)
    contacted = handed + pd.to_timedelta([2] * 15 + [30] * 5 + [2] * 20, unit="h")
    loop = loop_table(
        pd.DataFrame(
            {
                "lead_id": [f"L{number:02}" for number in range(40)],
                "created_at": pd.Timestamp("2026-08-01"),
                "handed_at": handed,
                "contacted_at": contacted,
            }
        )
    )
    last = goals_of(material(loop))["touched_in_time"].quarters[-1]
    assert last.of == 20  # the others have twelve hours left
    assert last.value is not None
    assert last.value.value == pytest.approx(15 / 20)


def test_touched_in_time_leaves_out_what_sales_decided_on_without_a_call() -> None:
    handed = pd.Series(pd.to_datetime(["2026-09-01"] * 40))
    after = pd.Series([2] * 15 + [None] * 25, dtype=float)
    refused = pd.Series([None] * 20 + [3] * 20, dtype=float)
    loop = loop_table(
        pd.DataFrame(
            {
                "lead_id": [f"L{number:02}" for number in range(40)],
                "created_at": pd.Timestamp("2026-08-01"),
                "handed_at": handed,
                "contacted_at": handed + pd.to_timedelta(after, unit="h"),
                "rejected_at": handed + pd.to_timedelta(refused, unit="h"),
            }
        )
    )
    last = goals_of(material(loop))["touched_in_time"].quarters[-1]
    assert last.of == 20
    assert last.value is not None
    assert last.value.value == pytest.approx(15 / 20)


def test_the_cycle_is_not_told_of_quarters_in_which_only_quick_or_only_slow_wins_can_be() -> None:
    loop = drawn_loop(4000, days=500)
    stopped = loop[loop["created_at"] < "2026-06-15"].reset_index(drop=True)
    figures = {one.quarter: one for one in goals_of(material(stopped))["cycle_days"].quarters}
    assert figures["2025-Q3"].of >= 10
    assert figures["2025-Q3"].value is None
    assert figures["2026-Q1"].value is not None
    assert figures["2026-Q3"].of >= 10
    assert figures["2026-Q3"].value is None


def test_what_is_unknown_says_what_would_tell_it() -> None:
    bare = loop_table(drawn_loop(2000, steps=False)[["lead_id", "created_at", "won"]])
    facts = goals_facts(material(bare, flat=True))
    assert goals_sentences(facts, VOICE)[1:5] == [
        "Days from lead to win: unknown, for outcomes have no closing time.",
        "Value per lead: unknown, for outcomes have no amounts.",
        "Cost per win: unknown, for there is no table of spend in the project file.",
        "Hand-offs contacted in time: not told, for no quarter of the last two years has enough to tell it.",
    ]


def test_an_empty_company_has_goals_without_figures() -> None:
    facts = goals_facts(material(drawn_loop(400).head(0)))
    assert all(goal.current is None and goal.missing for goal in facts.goals)
    assert goals_findings(facts, VOICE) == []
    assert type(facts).model_validate_json(facts.model_dump_json()) == facts
