"""What leaks may have cost: leads touched late beside alike ones, and lost ones beside those that went back."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.loop import STEPS, LoopColumns
from reports.blocks import Table
from reports.closing_facts import Figure
from reports.facts import Interval
from reports.intervals import share_interval
from reports.leaks import leaks_findings, leaks_sentences
from reports.leaks_facts import LeaksFacts, leaks_facts
from reports.leaks_value import LateWins, Returned
from reports.material import Material
from reports.sections.leaks import cost_table
from tests.reports.materials import (
    CUTOFF,
    VOICE,
    drawn_arrivals,
    drawn_loop,
    drawn_project,
    loop_table,
    material,
)

NBSP = "\N{NO-BREAK SPACE}"
AGREEMENT = {"recycle_reasons": ["No budget"], "contact_within_hours": 24}
NO_CAUSE = "This compares leads of like scores and proves no cause: which leads were left lying was nobody's experiment."
LONG_AGO = pd.Timestamp("2025-10-10 08:00")


def say(facts: LeaksFacts) -> list[str]:
    return [sentence.replace(NBSP, " ") for sentence in leaks_sentences(facts, VOICE)]


def late_company(rate_late: float, rate_in_time: float, count: int = 2000) -> Material:
    random = np.random.default_rng(3)
    loop = drawn_loop(count, days=180)
    late = random.random(count) < 0.4
    won = random.random(count) < np.where(late, rate_late, rate_in_time)
    loop["handed_at"] = loop["created_at"] + timedelta(days=1)
    loop["contacted_at"] = loop["handed_at"] + timedelta(hours=2)
    loop.loc[late, "contacted_at"] = pd.NaT
    loop["won"] = pd.Series(won, dtype="boolean").where(loop["won"].notna())
    arrivals = drawn_arrivals(loop, random.random(count))
    return material(loop, arrivals=arrivals, project=drawn_project(agreement=AGREEMENT))


def test_late_leads_are_held_against_like_scored_ones_that_were_touched_in_time() -> None:
    wins = leaks_facts(late_company(0.1, 0.3)).late_wins
    assert wins is not None
    assert wins.bins == 4
    assert abs(wins.expected - 0.3 * wins.leads) < 15
    assert 0 < wins.missing_low < wins.missing < wins.missing_high
    equal = leaks_facts(late_company(0.2, 0.2)).late_wins
    assert equal is not None
    assert equal.missing_low < 0 < equal.missing_high


def test_a_mix_of_scores_is_not_taken_for_lateness() -> None:
    """Low-scored leads are touched late and close less; among alike leads there is no difference."""
    random = np.random.default_rng(5)
    some = late_company(0.2, 0.2, 4000)
    loop, low = some.loop, random.random(4000) < 0.5
    score = np.where(low, 0.05, 0.4)
    late = random.random(4000) < np.where(low, 0.7, 0.2)
    loop["contacted_at"] = (loop["handed_at"] + timedelta(hours=2)).where(~late)
    loop["won"] = pd.Series(random.random(4000) < score, dtype="boolean").where(loop["won"].notna())
    wins = leaks_facts(
        Material(**{**vars(some), "arrivals": drawn_arrivals(loop, score)})
    ).late_wins
    assert wins is not None
    assert wins.missing_low < 0 < wins.missing_high


def test_without_scores_at_arrival_nothing_is_compared() -> None:
    some = late_company(0.1, 0.3)
    empty = some.arrivals.head(0)
    assert leaks_facts(Material(**{**vars(some), "arrivals": empty})).late_wins is None


def with_late(value: Figure | None) -> LeaksFacts:
    wins = LateWins(
        leads=80, wins=4, in_time=200, bins=4, expected=10.6, missing=6.6, missing_low=1.2, missing_high=12.4,
        missing_value=value,
    )  # fmt: skip
    amount = None if value is None else 10_000.0
    return LeaksFacts(contact_within_hours=24, horizon_days=90, late_wins=wins, mean_amount=amount)


def test_a_comparison_says_what_is_missing_is_worth_and_that_it_proves_no_cause() -> None:
    facts = with_late(Figure(value=66_000, low=12_000, high=124_000))
    said = [
        "Of 80 leads handed over in the period and not touched in time, 4 closed; at the rate of like-scored leads "
        "that were touched in time it would be 11, a difference of 6.6 (1.2 to 12).",
        "At the average amount of EUR 10,000 the difference is EUR 66,000 (EUR 12,000 to EUR 124,000).",
        NO_CAUSE,
    ]
    assert say(facts) == said
    (finding,) = leaks_findings(facts, VOICE)
    assert finding.kind == "late_wins"
    assert finding.sentence.replace(NBSP, " ") == " ".join(said)
    assert finding.figures["missing_value"] == 66_000


def test_without_amounts_nobody_knows_what_is_missing_is_worth() -> None:
    facts = with_late(None)
    assert say(facts)[1:] == [
        "What that is worth is unknown, for outcomes have no amounts.",
        NO_CAUSE,
    ]
    (finding,) = leaks_findings(facts, VOICE)
    assert "missing_value" not in finding.figures


def test_the_value_missing_is_the_wins_missing_at_the_mean_amount() -> None:
    some = late_company(0.1, 0.3)
    wins = leaks_facts(Material(**{**vars(some), "mean_amount": 2000.0})).late_wins
    assert wins is not None
    assert wins.missing_value == Figure(
        value=2000 * wins.missing, low=2000 * wins.missing_low, high=2000 * wins.missing_high
    )
    bare = leaks_facts(Material(**{**vars(some), "mean_amount": None})).late_wins
    assert bare is not None
    assert bare.missing_value is None


def returned(lost: int, groups: dict[float | None, int], **more: Any) -> Material:
    """Leads lost a month ago and not given back, and others recycled long ago: won so many days later, or open."""
    closed = pd.Timestamp(CUTOFF) - timedelta(days=30)
    rows: list[dict[str, Any]] = [
        {"created_at": closed - timedelta(days=60), "won": False, "closed_at": closed, "reason": "No budget"}
    ] * lost  # fmt: skip
    for days, count in groups.items():
        ended = {} if days is None else {"won": True, "closed_at": LONG_AGO + timedelta(days=days)}
        one = {"created_at": LONG_AGO - timedelta(days=9), "recycled_at": LONG_AGO, **ended}
        rows += [one] * count
    table = pd.DataFrame([{**row, "lead_id": f"L{number:04}"} for number, row in enumerate(rows)])
    fields = {
        "columns": LoopColumns(kinds=[*STEPS, "call"]),
        "project": drawn_project(agreement=AGREEMENT),
        "mean_amount": 10_000.0,
        **more,
    }
    return material(loop_table(table), **fields)


def test_lost_leads_that_did_not_go_back_are_valued_by_those_that_did() -> None:
    facts = leaks_facts(returned(40, {None: 90, 20: 10, 91: 5, -1: 7}))
    told = facts.returned
    rate = share_interval(10, 105)
    assert told is not None
    assert rate is not None
    assert (told.leads, told.returned, told.closed, told.rate) == (40, 105, 10, rate)
    assert told.wins is not None
    assert told.value is not None
    assert told.wins.high == pytest.approx(40 * rate.high)
    assert told.value.low == pytest.approx(400_000 * rate.low)
    assert say(facts)[-3:] == [
        "Of 105 leads given back to marketing in the past, 10 closed within 90 days (10%, likely 5 to 16%); at that rate "
        "the 40 lost and not given back would be 3.8 wins (2 to 6.5).",
        "At the average amount of EUR 10,000 these are EUR 38,095 (EUR 20,010 to EUR 64,940).",
        "Leads that went back may differ from leads that were lost: this is a rough figure and proves no cause.",
    ]


def test_a_lead_that_was_lost_before_it_went_back_and_not_won_since_counts_as_not_closed() -> None:
    some = returned(40, {None: 30})
    gone = some.loop["recycled_at"].notna()
    some.loop.loc[gone, "won"] = False
    some.loop.loc[gone, "closed_at"] = LONG_AGO - timedelta(days=1)
    told = leaks_facts(some).returned
    assert told is not None
    assert (told.returned, told.closed) == (30, 0)


def test_too_few_returns_tell_no_value() -> None:
    facts = leaks_facts(returned(40, {None: 8, 20: 1}))
    assert facts.returned == Returned(leads=40)
    assert say(facts)[-1] == (
        "What leads lost and not given back would be worth is unknown: too few leads that were given back have had their "
        "time since."
    )


def test_returns_without_amounts_tell_wins_alone() -> None:
    facts = leaks_facts(returned(40, {None: 90, 20: 10}, mean_amount=None))
    assert facts.returned is not None
    assert facts.returned.value is None
    assert say(facts)[-2] == "What that is worth is unknown, for outcomes have no amounts."


def test_of_too_few_lost_leads_nothing_is_valued() -> None:
    assert leaks_facts(returned(9, {None: 90, 20: 10})).returned is None


def test_the_table_shows_wins_and_value_of_both() -> None:
    facts = leaks_facts(returned(40, {None: 90, 20: 10})).model_copy(
        update={"late_wins": with_late(Figure(value=66_000, low=12_000, high=124_000)).late_wins}
    )
    table = cost_table(facts, VOICE)
    assert isinstance(table, Table)
    told = {row.name: [(cell.text, cell.between) for cell in row.cells] for row in table.rows}
    assert told["Handed over and not touched in time"] == [
        ("80", ""),
        ("6.6", "1.2 – 12.4"),
        ("66,000", "12,000 – 124,000"),
    ]
    assert [text for text, _ in told["Lost and not given back to marketing"]] == [
        "40",
        "4.0",
        "40,000",
    ]
    assert cost_table(leaks_facts(returned(40, {None: 8})), VOICE) is None


def test_facts_go_to_json_and_back() -> None:
    facts = leaks_facts(late_company(0.1, 0.3))
    assert facts.late_wins is not None
    assert LeaksFacts.model_validate_json(facts.model_dump_json()) == facts
    assert isinstance(facts.late, Interval)
