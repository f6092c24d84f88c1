"""The agreement in words that can be signed, and what it would have meant last quarter."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.agreement import Agreement
from features.loop import LoopColumns
from reports.agreement import agreement_sentences, agreement_words
from reports.agreement_facts import GRADES, AgreementFacts, agreement_facts, down_to
from reports.material import Material
from tests.reports.materials import (
    VOICE,
    drawn_arrivals,
    drawn_loop,
    drawn_project,
    loop_table,
    material,
)

NBSP = "\N{NO-BREAK SPACE}"
START = datetime(2026, 7, 1)  # noqa: DTZ001  canonical times are naive UTC


def words(**agreement: Any) -> list[str]:
    return [
        line.replace(NBSP, " ")
        for line in agreement_words(Agreement.model_validate(agreement), VOICE)
    ]


def test_what_is_not_agreed_is_said_to_be_open() -> None:
    assert words() == [
        "1. Qualified: nothing is agreed about what a qualified lead is; every lead counts as one.",
        "2. Sales-ready: nothing is agreed about when a lead is; until it is, a qualified lead of grade A or B counts as such.",
        "3. Consent: nothing is agreed about it.",
        "4. Disqualified: nothing is agreed about what disqualifies a lead.",
        "5. Capacity: nothing is agreed about how many leads sales takes a day; all that are sales-ready go to sales.",
        "6. Exploration: nothing is agreed about places for leads drawn by lot.",
        "7. First contact: nothing is agreed about how soon sales makes it; until it is, 24 hours are counted.",
        "8. Silence: nothing is agreed about when a lead with sales has gone silent; until it is, 14 days are counted.",
        "9. Rest: nothing is agreed about how long a lead that came back stays with marketing; until it is, 30 days are counted.",
        "10. Back to nurture: nothing is agreed about after which losses a lead goes back.",
        "11. Dropped: nothing is agreed about when a lead is dropped.",
        "12. Overruling: nothing is agreed about who may send a lead another way; anybody may, for 30 days.",
    ]


def test_what_is_agreed_is_said_clause_by_clause() -> None:
    said = words(
        qualified={
            "grades": ["A", "B", "C"],
            "budget": {"column": "Budget", "values": ["Approved", "Planned"]},
            "timeframe": {"column": "Start", "values": ["now"]},
            "at_least": 1,
        },
        sales_ready_grades=["A"],
        sales_ready_probability=0.2,
        consent={"column": "Consent", "values": ["yes"]},
        disqualified=[{"column": "Seniority", "values": ["Student"]}],
        capacity_per_day=12,
        team="Team",
        team_capacity={"North": 1},
        exploration_share=0.1,
        contact_within_hours=48,
        silent_after_days=10,
        rest_days=20,
        recycle_reasons=["No budget", "Timing"],
        drop_reasons=["Not a company"],
        drop_after_days=365,
        may_overrule=["Kim", "Lee"],
    )
    assert said == [
        "1. Qualified: a lead of grade A, B or C that is known to meet 1 of 2: budget (Budget is Approved or Planned) and time frame (Start is now).",
        "2. Sales-ready: a qualified lead of grade A whose chance to close is at least 20%.",
        "3. Consent: a lead is neither called nor written to unless Consent is yes; where that is not known, it is not met.",
        "4. Disqualified: a lead is dropped if Seniority is Student.",
        "5. Capacity: sales takes 12 leads a day, those of most expected value first.",
        "6. Team North: it takes 1 lead a day of its own.",
        "7. Exploration: 10% of these places go to leads drawn by lot, and nobody in sales is told which.",
        "8. First contact: sales makes it within 48 hours of the hand-off.",
        "9. Silence: a lead with sales of which nothing was heard for 10 days goes back.",
        "10. Rest: a lead that came back from sales stays with marketing for 20 days.",
        "11. Back to nurture: a lead that was lost for the reason No budget or Timing.",
        "12. Dropped: a lead that sales rejected for the reason Not a company, and one that is open for more than 365 days.",
        "13. Overruling: Kim or Lee may send a lead another way, for 30 days.",
    ]


@pytest.mark.parametrize(
    ("agreed", "clause", "said"),
    [
        ({"qualified": {"grades": ["A"]}}, 0, "1. Qualified: a lead of grade A."),
        (
            {"qualified": {"need": {"column": "Need", "values": ["Urgent"]}}},
            0,
            "1. Qualified: a lead that is known to meet 1 of 1: need (Need is Urgent).",
        ),
        (
            {"drop_reasons": ["Spam"]},
            10,
            "11. Dropped: a lead that sales rejected for the reason Spam.",
        ),
        ({"drop_after_days": 1}, 10, "11. Dropped: a lead that is open for more than 1 day."),
    ],
)
def test_shorter_agreements_have_shorter_clauses(
    agreed: dict[str, Any], clause: int, said: str
) -> None:
    assert words(**agreed)[clause] == said


def company(
    leads: Sequence[tuple[float, float, bool | None, float | None]], **agreement: Any
) -> Material:
    """A material of leads: days after the quarter's start, score, won, days until it closed."""
    rows = [
        {
            "lead_id": f"L{number:03}",
            "created_at": START + timedelta(days=came),
            "won": won,
            "closed_at": None if days is None else START + timedelta(days=came + days),
        }
        for number, (came, _, won, days) in enumerate(leads)
    ]
    loop = loop_table(pd.DataFrame(rows))
    return material(
        loop,
        arrivals=drawn_arrivals(loop, [score for _, score, _, _ in leads]),
        project=drawn_project(agreement=agreement),
        columns=LoopColumns(),
    )


TWENTY = [
    (day + 0.5, score, won, 20.0)
    for day in range(10)
    for score, won in ((0.6 - day / 100, day < 4), (0.1 - day / 1000, day < 1))
]


def test_without_a_capacity_each_sales_ready_lead_goes_to_sales() -> None:
    facts = agreement_facts(company(TWENTY, grade_shares=[0.2, 0.3, 0.3], hours_per_lead=1.5))
    assert (facts.period, facts.leads, facts.wins, facts.open, facts.hours) == (
        "2026-Q3",
        20,
        5,
        0,
        30.0,
    )
    agreed = facts.agreed
    assert agreed is not None
    assert (agreed.capacity, agreed.grades, agreed.leads, agreed.wins) == (None, ["A", "B"], 10, 4)
    assert (agreed.hours, agreed.share_of_wins and agreed.share_of_wins.value) == (15.0, 0.8)
    assert [(meant.grades[-1], meant.leads) for meant in facts.what_if] == [
        ("A", 4),
        ("B", 10),
        ("C", 16),
    ]


def test_a_capacity_takes_the_likeliest_day_by_day() -> None:
    same_day = [(0.5, 0.1 + place / 100, place >= 15, 2.4) for place in range(20)]
    agreed: dict[str, Any] = {"grade_shares": [0.3, 0.3, 0.3], "capacity_per_day": 4}
    facts = agreement_facts(company(same_day, **agreed))
    # 12 are A or B; four go on the first night, four on the second, and then all have closed.
    assert facts.agreed is not None
    assert (facts.agreed.leads, facts.agreed.wins) == (8, 5)
    by = {(meant.capacity, meant.grades[-1]): meant.leads for meant in facts.what_if}
    assert by == {
        (2, "A"): 4, (2, "B"): 4, (2, "C"): 4,
        (4, "A"): 6, (4, "B"): 8, (4, "C"): 8,
        (8, "A"): 6, (8, "B"): 12, (8, "C"): 16,
    }  # fmt: skip


def test_what_if_takes_another_capacity_and_other_grades() -> None:
    same_day = [(0.5, 0.1 + place / 100, place >= 15, 1.4) for place in range(20)]
    some = company(same_day, grade_shares=[0.3, 0.3, 0.3], capacity_per_day=4)
    asked = agreement_facts(some, capacity=10, grade="A").asked
    assert asked is not None
    assert (asked.capacity, asked.grades, asked.leads) == (10, ["A"], 6)
    one = agreement_facts(some, capacity=1).asked
    assert one is not None
    assert (one.grades, one.leads, one.wins) == (["A", "B"], 1, 1)
    assert agreement_facts(some).asked is None


def test_a_lead_that_closed_before_its_night_was_nobodys_to_take() -> None:
    quick = [(place + 0.25, 0.5, True, 0.5) for place in range(20)]
    facts = agreement_facts(company(quick))
    assert facts.agreed is not None
    assert (facts.wins, facts.agreed.leads) == (20, 0)


def test_leads_that_were_open_when_the_quarter_began_belong_to_it_and_cost_no_hours_twice() -> None:
    before: list[tuple[float, float, bool | None, float | None]] = [
        (-20.0, 0.9, None, None) for _ in range(10)
    ]
    later = [(3.0, 0.1, False, 40.0) for _ in range(10)]
    gone = [(-20.0, 0.9, True, 5.0) for _ in range(10)]
    facts = agreement_facts(company([*before, *later, *gone], sales_ready_grades=[*"ABCD"]))
    assert (facts.leads, facts.open) == (20, 10)
    assert facts.agreed is not None
    assert (facts.agreed.leads, facts.agreed.open, facts.agreed.hours) == (20, 10, 10.0)


def test_each_team_has_its_own_places() -> None:
    some = company(
        [(0.5, 0.5, False, 1.0) for _ in range(20)],
        sales_ready_grades=[*"ABCD"],
        capacity_per_day=3,
        team="Team",
        team_capacity={"North": 2},
    )
    some.loop["lead_team"] = ["North"] * 10 + ["South"] * 10
    with_teams = Material(**{**vars(some), "columns": LoopColumns(team="lead_team")})
    facts = agreement_facts(with_teams)
    assert facts.agreed is not None
    assert (facts.agreed.capacity, facts.agreed.leads) == (5, 5)
    doubled = agreement_facts(with_teams, capacity=10).asked
    assert doubled is not None
    assert doubled.leads == 10


def test_a_sample_is_scaled_up_and_said_to_be_one() -> None:
    some = company(TWENTY, sales_ready_grades=[*"ABCD"])
    half = Material(**{**vars(some), "arrivals": some.arrivals[::2]})
    facts = agreement_facts(half)
    assert (facts.sampled, facts.leads) == (0.5, 20)
    assert facts.agreed is not None
    assert facts.agreed.leads == 20
    assert any(
        line.startswith("Counts are of a sample of 50%")
        for line in agreement_sentences(facts, VOICE)
    )


def test_what_cannot_be_told_is_said() -> None:
    no_model = material(drawn_loop(100, steps=False), columns=LoopColumns())
    facts = agreement_facts(no_model)
    assert (facts.missing, facts.agreed) == ("no_scores", None)
    assert agreement_sentences(facts, VOICE) == [
        "What it would have meant in 2026-Q3 is unknown, for no lead of that time has a score at its arrival."
    ]
    few = agreement_facts(company(TWENTY[:9]))
    assert few.missing == "too_few"
    assert agreement_sentences(few, VOICE) == [
        "What it would have meant in 2026-Q3 is not told, for too few leads came in or were open."
    ]


def test_a_flat_export_counts_the_leads_that_came_in_the_quarter() -> None:
    some = company([(float(day), 0.5, day < 5, None) for day in range(-10, 20)])
    flat = Material(**{**vars(some), "flat": True})
    facts = agreement_facts(flat, grade="D")
    assert facts.leads == 20
    assert facts.asked is not None
    assert facts.asked.leads == 20


def test_the_sentences_tell_all_leads_the_agreement_and_what_if() -> None:
    facts = agreement_facts(company(TWENTY, grade_shares=[0.2, 0.3, 0.3]), capacity=1)
    said = [line.replace(NBSP, " ") for line in agreement_sentences(facts, VOICE)]
    assert said[0] == (
        "In 2026-Q3 20 leads came in or were open; 5 so far were won, and of 0 the outcome is not known yet. "
        "To work all of them would have taken sales 20 hours."
    )
    assert said[1] == (
        "As agreed: grades A and B, no limit a day: 10 sales-ready leads with 4 of the wins (80%; 37 to 98%), "
        "0 not known yet, 10 hours of sales."
    )
    assert said[2].startswith("What if: grades A and B, 1 lead a day: 10 sales-ready leads")
    assert said[4].startswith("The model has learned from these very leads since")
    assert said[3].startswith(
        "This replays 2026-Q3 night by night with the score that each lead had at its arrival"
    )


def test_facts_go_to_json_and_back() -> None:
    facts = agreement_facts(company(TWENTY), capacity=2, grade="C")
    assert AgreementFacts.model_validate_json(facts.model_dump_json()) == facts


def test_a_grade_means_all_down_to_it() -> None:
    assert [down_to(grade) for grade in GRADES[1:]] == [[*"AB"], [*"ABC"], [*"ABCD"]]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_more_places_never_mean_fewer_leads_and_never_more_than_there_are(
    seed: int, capacity: int
) -> None:
    random = np.random.default_rng(seed)
    leads = [
        (float(came), float(score), bool(won), float(days))
        for came, score, won, days in zip(
            random.uniform(-30, 90, 60),
            np.round(random.random(60), 1),
            random.random(60) < 0.3,
            random.exponential(10, 60),
            strict=True,
        )
    ]
    facts = agreement_facts(company(leads, capacity_per_day=capacity))
    assert facts.agreed is not None
    by_grade: dict[str, list[tuple[int, int]]] = {}
    for meant in facts.what_if:
        by_grade.setdefault(meant.grades[-1], []).append((meant.leads, meant.wins))
        assert meant.leads <= facts.leads
        assert meant.wins <= facts.wins
        assert meant.hours <= 92 * (meant.capacity or 0)
    for counts in by_grade.values():
        assert [leads for leads, _ in counts] == sorted(leads for leads, _ in counts)
