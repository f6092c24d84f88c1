"""Every open lead gets one route a night, and the clause of the agreement that decided."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.clauses import ROUTES
from delivery.routes import write_routes
from features.agreement import Agreement
from tests.delivery.drawn import scored
from tests.delivery.states import KINDS, day, write_loop

NIGHT = day("09-25")
LEADS = """
    L1 0.90 95 A 100
    L2 0.80 90 A 900
    L3 0.50 70 B 500
    L4 0.40 60 C 9000
    L5 0.10 20 D 10
"""
AGREED: dict[str, Any] = {
    "consent": {"column": "Consent", "values": ["yes"]},
    "disqualified": [{"column": "Seniority", "values": ["Student"]}],
    "drop_reasons": ["Not a company"],
    "drop_after_days": 365,
    "qualified": {
        "budget": {"column": "Budget", "values": ["yes"]},
        "timeframe": {"column": "Start", "values": ["now"]},
    },
}
FINE = {"consent": True, "met_budget": True, "met_timeframe": True, "created_at": day("06-01")}


def routed(
    leads: pd.DataFrame,
    states: dict[str, dict[str, Any]] | None = None,
    *,
    previous: pd.DataFrame | None = None,
    kinds: list[str] = KINDS,
    **agreement: Any,
) -> pd.DataFrame:
    """Return each lead's route, reason and whether it is explored, by lead id."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        leads.to_parquet(folder / "scored.parquet")
        before = None
        if previous is not None:
            before = folder / "before.parquet"
            previous.reset_index().to_parquet(before)
        path = write_routes(
            folder / "scored.parquet",
            folder,
            agreement=Agreement.model_validate(agreement),
            project="acme",
            as_of=NIGHT,
            loop=None if states is None else write_loop(folder, states, kinds=kinds),
            previous=before,
        )
        found: pd.DataFrame = pq.read_table(path).to_pandas()
        return found.set_index(pd.Index(leads["lead_id"], name="lead_id"))


def ready(frame: pd.DataFrame, **agreement: Any) -> set[str]:
    found = routed(frame, **agreement)
    return set(found.index[found["route"] == "sales_ready"])


def only(
    state: dict[str, Any] | None, lead: str = "L1 0.5 50 A -", **agreement: Any
) -> tuple[str, str]:
    """Return the route and the reason of one lead alone."""
    states = None if state is None else {"L1": state}
    [found] = routed(scored(lead), states, **agreement).itertuples(index=False)
    return str(found.route), str(found.route_reason)


def test_without_a_capacity_every_lead_of_a_sales_ready_grade_goes_to_sales() -> None:
    found = routed(scored(LEADS))
    assert [*found["route"]] == [*["sales_ready"] * 3, "nurture", "nurture"]
    assert [*found["route_reason"]] == [
        *["grade A or B"] * 3,
        "grade C is not sales-ready",
        "grade D is not sales-ready",
    ]


def test_the_agreement_says_which_grades_are_sales_ready() -> None:
    assert ready(scored(LEADS), sales_ready_grades=["C"]) == {"L4"}


def test_capacity_goes_to_the_highest_expected_value() -> None:
    found = routed(scored(LEADS), capacity_per_day=2)
    assert [*found["route_reason"][:3]] == [
        "sales has 2 places a day; this lead is the 3rd",
        "grade A or B, and among the 2 of most expected value",
        "grade A or B, and among the 2 of most expected value",
    ]


def test_capacity_goes_to_the_likeliest_where_no_lead_has_an_expected_value() -> None:
    leads = scored(LEADS, expected_value=[float("nan")] * 5)
    found = routed(leads, capacity_per_day=2)
    assert [*found["route"][:3]] == ["sales_ready", "sales_ready", "nurture"]
    assert found["route_reason"]["L1"] == "grade A or B, and among the 2 of the highest chance"


def test_an_expected_value_is_never_held_against_a_probability() -> None:
    leads = scored(LEADS, expected_value=[float("nan"), 900.0, 500.0, 9000.0, 10.0])
    assert ready(leads, capacity_per_day=1) == {"L1"}


def test_a_missing_value_of_a_lead_that_is_no_candidate_changes_nothing() -> None:
    leads = scored(LEADS, expected_value=[100.0, 900.0, 500.0, float("nan"), float("nan")])
    assert ready(leads, capacity_per_day=1) == {"L2"}


def test_a_capacity_beyond_the_candidates_takes_no_other_grade() -> None:
    assert ready(scored(LEADS), capacity_per_day=50) == {"L1", "L2", "L3"}


def test_no_leads_have_no_routes() -> None:
    assert ready(scored(LEADS).head(0), capacity_per_day=3) == set()


def test_a_probability_can_be_asked_for_beside_or_instead_of_grades() -> None:
    found = routed(scored(LEADS), sales_ready_grades=[*"ABCD"], sales_ready_probability=0.45)
    assert [*found["route_reason"]] == [
        *["any grade, chance of at least 45%"] * 3,
        *["the chance to close is below 45%"] * 2,
    ]


def test_a_qualified_grade_is_asked_for_before_a_sales_ready_one() -> None:
    agreed: dict[str, Any] = {"qualified": {"grades": ["A", "B", "C"]}}
    assert only(None, "L1 0.1 9 D -", **agreed) == ("nurture", "grade D is not qualified")


CLAUSES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "consent": ({"consent": False}, ("suppressed", "no consent")),
    "consent_unknown": ({"consent": None}, ("suppressed", "consent is not known")),
    "overruled": (
        {
            "overruled_at": day("09-21"),
            "overruled_to": "sales_ready",
            "overruled_by": "Kim",
            "overruled_reason": "asked for it",
        },
        ("sales_ready", "sent to sales by Kim on 2026-09-21: asked for it"),
    ),
    "disqualified": (
        {"disqualified_by": "Seniority is Student"},
        ("disqualified", "Seniority is Student"),
    ),
    "dropped": (
        {
            "rejected_at": day("09-20"),
            "came_back_at": day("09-20"),
            "rejected_reason": "Not a company",
        },
        ("disqualified", "rejected by sales on 2026-09-20 (Not a company)"),
    ),
    "too_old": (
        {"created_at": day("06-01").replace(year=2025)},
        ("disqualified", "older than 365 days"),
    ),
    "with_sales": (
        {"with_sales": True, "handed_at": day("09-12")},
        ("sales_ready", "with sales since 2026-09-12: handed over"),
    ),
    "silent": (
        {"with_sales": True, "handed_at": day("08-20"), "last_sales_at": day("08-30")},
        ("recycle", "gone silent: no word from sales since 2026-08-30"),
    ),
    "rests": (
        {"rejected_at": day("09-20"), "came_back_at": day("09-20"), "rejected_reason": "No budget"},
        ("recycle", "rejected by sales on 2026-09-20 (No budget); rests until 2026-10-20"),
    ),
    "not_qualified": (
        {"met_timeframe": None},
        ("nurture", "not qualified: time frame not met or not known; 1 of the 2 that are needed"),
    ),
    "candidate": ({}, ("sales_ready", "grade A or B")),
}


@pytest.mark.parametrize(("state", "expected"), CLAUSES.values(), ids=CLAUSES)
def test_each_clause_says_which_way_and_why(
    state: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert only({**FINE, **state}, **AGREED) == expected


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("consent", "overruled"),
        ("overruled", "disqualified"),
        ("overruled", "silent"),
        ("disqualified", "with_sales"),
        ("too_old", "with_sales"),
        ("dropped", "not_qualified"),
        ("with_sales", "not_qualified"),
        ("silent", "not_qualified"),
        ("rests", "not_qualified"),
    ],
)
def test_of_two_clauses_that_hold_the_earlier_decides(first: str, later: str) -> None:
    state = {**FINE, **CLAUSES[later][0], **CLAUSES[first][0]}
    assert only(state, **AGREED) == CLAUSES[first][1]


def test_without_a_loop_clauses_that_need_it_are_not_asked() -> None:
    assert only(None, **AGREED) == ("sales_ready", "grade A or B")


def test_a_step_beyond_the_hand_off_is_told() -> None:
    state = {"with_sales": True, "handed_at": day("09-12"), "accepted_at": day("09-13")}
    assert only(state)[1] == "with sales since 2026-09-12: accepted"
    state |= {"contacted_at": day("09-14"), "last_sales_at": day("09-14")}
    assert only(state)[1] == "with sales since 2026-09-12: contacted"


def test_where_sales_writes_nothing_down_no_lead_has_gone_silent() -> None:
    [found] = routed(
        scored("L1 0.5 50 A -"),
        {"L1": {"with_sales": True, "handed_at": day("01-02")}},
        kinds=["handed_over"],
    ).itertuples()
    assert found.route_reason == "with sales since 2026-01-02: handed over"


def test_a_recycled_lead_rests_as_long_as_agreed_and_no_longer() -> None:
    state = {"came_back_at": day("09-15")}
    rests = ("recycle", "back from sales on 2026-09-15; rests until 2026-09-25")
    assert only(state, rest_days=11)[0] == "recycle"
    assert only(state, rest_days=10) == ("sales_ready", "grade A or B")
    assert only({**state, "came_back_at": day("09-15").replace(hour=13)}, rest_days=10) == rests


def test_a_lead_that_was_rejected_and_recycled_later_rests_from_then_on() -> None:
    state = {"rejected_at": day("09-10"), "came_back_at": day("09-15"), "rejected_reason": "Later"}
    assert only(state)[1] == "rejected by sales on 2026-09-10 (Later); rests until 2026-10-15"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("nurture", "sent to nurture by Kim on 2026-09-21"),
        ("recycle", "sent to marketing to recycle by Kim on 2026-09-21"),
        ("disqualified", "sent to the disqualified by Kim on 2026-09-21"),
    ],
)
def test_a_person_may_send_a_lead_any_way(way: str, reason: str) -> None:
    state = {"overruled_at": day("09-21"), "overruled_to": way, "overruled_by": "Kim"}
    assert only(state) == (way, reason)


def test_an_overruling_ends_after_its_days_and_with_a_later_word_of_sales() -> None:
    state = {"overruled_at": day("09-01"), "overruled_to": "sales_ready", "overruled_by": "Kim"}
    assert only(state, lead="L1 0.1 9 D -")[0] == "sales_ready"
    assert only(state, lead="L1 0.1 9 D -", overrule_days=23)[0] == "nurture"
    later = {**state, "came_back_at": day("09-20"), "rejected_at": day("09-20")}
    assert only(later) == ("recycle", "rejected by sales on 2026-09-20; rests until 2026-10-20")


def test_texts_from_the_crm_become_one_plain_line() -> None:
    state = {"disqualified_by": "=Seniority\n is\x00 Student"}
    assert only(state) == ("disqualified", "disqualified: =Seniority is Student")
    state = {"disqualified_by": "x" * 400}
    assert only(state) == ("disqualified", "x" * 200)


def test_at_least_so_many_criteria_are_enough() -> None:
    agreed: dict[str, Any] = {"qualified": {**AGREED["qualified"], "at_least": 1}}
    assert only({"met_budget": True}, **agreed)[0] == "sales_ready"
    assert only({"met_budget": False}, **agreed) == (
        "nurture",
        "not qualified: budget, time frame not met or not known; 0 of the 1 that are needed",
    )


def test_leads_with_sales_use_up_none_of_tonights_places_and_those_sent_by_a_person_do() -> None:
    states = {
        "L1": {"with_sales": True, "handed_at": day("09-20")},
        "L5": {"overruled_at": day("09-21"), "overruled_to": "sales_ready"},
    }
    found = routed(scored(LEADS), states, capacity_per_day=2)
    assert found.groupby("route").groups["sales_ready"].tolist() == ["L1", "L2", "L5"]
    assert found["route_reason"]["L3"] == "sales has 2 places a day; this lead is the 3rd"


def test_each_team_has_its_own_places_and_the_others_share_the_rest() -> None:
    leads = scored("\n".join(f"L{n} 0.{n} 50 A -" for n in range(1, 9)))
    teams = ["North", "North", "South", None, "South", "West", "North", "West"]
    states = {f"L{n}": {"team": team} for n, team in enumerate(teams, start=1)}
    agreed: dict[str, Any] = {
        "capacity_per_day": 2,
        "team": "Team",
        "team_capacity": {"North": 1, "South": 5},
    }
    found = routed(leads, states, **agreed)
    assert {*found.index[found["route"] == "sales_ready"]} == {"L7", "L3", "L5", "L8", "L6"}
    assert found["route_reason"]["L7"] == (
        "grade A or B, and among the 1 of the highest chance in team North"
    )
    assert found["route_reason"]["L1"] == "team North has 1 place a day; this lead is the 3rd"
    assert found["route_reason"]["L4"] == "sales has 2 places a day; this lead is the 3rd"
    without = routed(leads, states, team="Team", team_capacity={"North": 1})
    assert [*without.index[without["route"] == "nurture"]] == ["L1", "L2"]


def test_yesterdays_sales_ready_leads_keep_their_places_until_a_newcomer_is_worth_a_tenth_more() -> (
    None
):
    leads = scored("L1 0.50 50 A 100\nL2 0.54 50 A 109")
    assert ready(leads, capacity_per_day=1) == {"L2"}
    yesterday = pd.DataFrame(
        {"route": ["sales_ready"], "explored": [False]}, index=pd.Index(["L1"], name="lead_id")
    )
    assert ready(leads, capacity_per_day=1, previous=yesterday) == {"L1"}
    dearer = leads.assign(expected_value=[100.0, 111.0])
    assert ready(dearer, capacity_per_day=1, previous=yesterday) == {"L2"}
    by_lot = yesterday.assign(explored=True)
    assert ready(leads, capacity_per_day=1, previous=by_lot) == {"L2"}
    older_format = yesterday[["route"]]
    assert ready(leads, capacity_per_day=1, previous=older_format) == {"L1"}


def test_a_share_of_the_places_is_drawn_among_those_who_would_stay_with_nurture() -> None:
    leads = scored(
        "\n".join(f"L{n:02d} 0.{n:02d} 50 {'A' if n > 80 else 'D'} -" for n in range(1, 99))
    )
    agreed: dict[str, Any] = {"capacity_per_day": 10, "exploration_share": 0.2}
    states = {f"L{n:02d}": {"consent": n > 60} for n in range(1, 99)}
    consent = {"column": "Consent", "values": ["yes"]}
    found = routed(leads, states, consent=consent, **agreed)
    placed = found[found["route"] == "sales_ready"]
    assert [*placed.index[~placed["explored"]]] == [f"L{n}" for n in range(91, 99)]
    drawn = placed.index[placed["explored"]]
    assert len(drawn) == 2
    assert min(drawn) > "L60"


def test_who_was_drawn_reads_the_same_as_who_was_chosen() -> None:
    found = routed(scored(LEADS), capacity_per_day=2, exploration_share=0.1)
    placed = found[found["route"] == "sales_ready"]
    assert [*placed["explored"]].count(True) == 1
    assert {*placed["route_reason"]} == {"by the agreement"}
    assert not found["route_reason"][found["route"] == "nurture"].str.contains("lot").any()


def test_without_a_capacity_nobody_is_drawn() -> None:
    assert not routed(scored(LEADS), exploration_share=0.5)["explored"].any()


def test_one_lead_is_drawn_even_where_the_share_is_less_than_one() -> None:
    found = routed(scored(LEADS), capacity_per_day=3, exploration_share=0.01)
    assert found["explored"].sum() == 1


def test_equals_are_told_apart_by_a_lot_and_not_by_their_ids() -> None:
    leads = scored("\n".join(f"L{i:02d} 0.5 50 A -" for i in range(40)))
    assert ready(leads, capacity_per_day=10) != {f"L{i:02d}" for i in range(10)}


@st.composite
def nights(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, dict[str, Any]], dict[str, Any]]:
    """Leads in any state, in any order, and an agreement."""
    count = draw(st.integers(1, 24))
    ids = [f"L{number}" for number in draw(st.permutations(range(count)))]
    lines = [
        f"{lead} {draw(st.sampled_from([0.1, 0.5, 0.52, 0.9]))} 50 {draw(st.sampled_from('ABCD'))} "
        f"{draw(st.sampled_from(['-', '5', '100', '105']))}"
        for lead in ids
    ]
    states = {
        lead: {
            "team": draw(st.sampled_from(["North", "South", None])),
            **draw(st.sampled_from([{}, {}, {}, *(state for state, _ in CLAUSES.values())])),
        }
        for lead in ids
    }
    agreed = {
        **AGREED,
        "qualified": {},
        "consent": None,
        "capacity_per_day": draw(st.sampled_from([None, 1, 3, 8])),
        "team": "Team",
        "team_capacity": draw(st.sampled_from([{}, {"North": 2}, {"North": 1, "South": 4}])),
        "exploration_share": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
    }
    return scored("\n".join(lines)), states, agreed


@settings(deadline=None, max_examples=12)
@given(nights())
def test_neither_the_order_of_rows_nor_a_second_night_changes_a_route(
    night: tuple[pd.DataFrame, dict[str, dict[str, Any]], dict[str, Any]],
) -> None:
    leads, states, agreed = night
    found = routed(leads, states, **agreed)
    assert {*found["route"]} <= {*ROUTES}
    assert found["route_reason"].str.len().min() > 0
    other = routed(leads.sort_values("lead_id"), states, **agreed)
    pd.testing.assert_frame_equal(found.sort_index(), other.sort_index())
    again = routed(leads, states, previous=found, **agreed)
    pd.testing.assert_frame_equal(found, again)


@settings(deadline=None, max_examples=12)
@given(nights())
def test_no_team_gets_more_than_its_places_and_as_many_lots_as_agreed(
    night: tuple[pd.DataFrame, dict[str, dict[str, Any]], dict[str, Any]],
) -> None:
    leads, states, agreed = night
    found = routed(leads, states, **agreed)
    places = {"": agreed["capacity_per_day"], **agreed["team_capacity"]}
    teams = pd.Series({lead: state["team"] or "" for lead, state in states.items()})
    pool = teams.where(teams.isin([*agreed["team_capacity"]]), "").reindex(found.index)
    with_sales = found["route_reason"].str.startswith("with sales")
    ready = (found["route"] == "sales_ready") & ~with_sales
    sent = found["route_reason"].str.startswith("sent to")
    waiting = found["route"] == "nurture"
    for team, capacity in places.items():
        mine = pool == team
        if capacity is None:
            assert not found["explored"][mine].any()
            continue
        free = max(0, capacity - int((mine & sent & ready).sum()))
        new = int((mine & ready & ~sent).sum())
        drawn = int(found["explored"][mine].sum())
        assert new <= free
        share = agreed["exploration_share"]
        lots = min(free, max(1, round(share * capacity)) if share else 0)
        assert drawn == lots or (drawn < lots and not (waiting & mine).any())
