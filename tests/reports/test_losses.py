"""Loss reasons, competitors and discounts, on loops that can be counted by hand."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.loop import LoopColumns
from reports.closing_facts import DiscountBand, LossesFacts, ReasonRow
from reports.facts import Interval
from reports.losses import losses_facts
from reports.losses_words import band_words, losses_findings, losses_sentences, reason_words
from tests.reports.materials import CUTOFF, VOICE, loop_table, material

NBSP = "\N{NO-BREAK SPACE}"
CREATED = CUTOFF - timedelta(days=100)
SEGMENTS = LoopColumns(segments={"Industry": "lead_industry"}, labels={"source": "Lead Source"})


def leads(count: int, start: str, *, won: bool = False, **columns: Any) -> pd.DataFrame:
    given_: dict[str, Any] = {
        "created_at": CREATED,
        "won": won,
        "closed_at": CREATED + timedelta(days=40),
        **columns,
    }
    return pd.DataFrame({"lead_id": [f"{start}{number:04}" for number in range(count)], **given_})


def facts_of(*parts: pd.DataFrame, **changed: Any) -> LossesFacts:
    return losses_facts(material(loop_table(pd.concat(parts, ignore_index=True)), **changed))


def test_reasons_are_counted_with_the_rare_ones_together() -> None:
    facts = facts_of(
        leads(30, "A", reason="No budget"),
        leads(20, "B", reason="Bad fit"),
        leads(6, "C", reason="Moved"),
        leads(5, "D", reason="Merged"),
        leads(9, "E"),
        leads(40, "W", won=True, reason="Good price"),
    )
    assert facts.lost == 70
    assert facts.reasons is not None
    assert (facts.reasons.lost, facts.reasons.with_reason) == (70, 61)
    assert [(row.reason, row.leads) for row in facts.reasons.reasons] == [
        ("No budget", 30),
        ("Bad fit", 20),
        (None, 11),
    ]
    share = facts.reasons.reasons[0].share
    assert share.value == pytest.approx(30 / 61)
    assert share.low < 30 / 61 < share.high


def test_rare_reasons_that_are_few_even_together_are_not_shown() -> None:
    facts = facts_of(leads(30, "A", reason="No budget"), leads(6, "C", reason="Moved"))
    assert facts.reasons is not None
    assert [row.reason for row in facts.reasons.reasons] == ["No budget"]


def test_reasons_are_told_by_segment_and_by_source_where_enough_leads_have_one() -> None:
    facts = facts_of(
        leads(20, "A", reason="No budget", lead_industry="Retail", source="Fair"),
        leads(15, "B", reason="Bad fit", lead_industry="Health", source="Fair"),
        leads(9, "C", reason="Bad fit", lead_industry="Public", source="Search"),
        columns=SEGMENTS,
    )
    assert [(one.by, one.level, one.with_reason) for one in facts.by_level] == [
        ("Industry", "Retail", 20),
        ("Industry", "Health", 15),
        ("Lead Source", "Fair", 35),
    ]


def test_a_reason_that_is_commoner_in_one_segment_stands_out() -> None:
    facts = facts_of(
        leads(60, "A", reason="No budget", lead_industry="Retail"),
        leads(20, "B", reason="Bad fit", lead_industry="Retail"),
        leads(60, "C", reason="No budget", lead_industry="Health"),
        leads(140, "D", reason="Bad fit", lead_industry="Health"),
        columns=SEGMENTS,
    )
    first = next(one for one in facts.stand_out if one.level == "Retail")
    assert (first.by, first.reason, first.leads) == ("Industry", "No budget", 60)
    assert (first.share, first.elsewhere) == (0.75, 0.3)
    assert (
        "No budget is recorded more often where Industry is “Retail”: 75% of the lost leads there (60 leads),"
        " 30% of the others." in losses_sentences(facts, VOICE)
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_no_row_is_of_fewer_than_ten_leads_and_none_counts_twice(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 200))
    rows = leads(
        count,
        "L",
        reason=random.choice(np.array(["a", "b", "c", "d", None], dtype=object), count),
        lead_industry=random.choice(np.array(["x", "y", None], dtype=object), count),
        source=random.choice(["p", "q"], count),
        competitor=random.choice(np.array(["k", "l", None], dtype=object), count),
    )
    facts = facts_of(rows, columns=SEGMENTS)
    told = [*([] if facts.reasons is None else [facts.reasons]), *facts.by_level]
    assert all(row.leads >= 10 for one in told for row in one.reasons)
    assert all(sum(row.leads for row in one.reasons) <= one.with_reason for one in told)
    assert all(one.lost >= 10 for one in facts.competitors)


def test_competitors_are_counted_with_the_wins_against_them() -> None:
    facts = facts_of(
        leads(30, "A", competitor="Acme"),
        leads(10, "B", won=True, competitor="Acme"),
        leads(9, "C", competitor="Small"),
    )
    (acme,) = facts.competitors
    assert (acme.competitor, acme.lost, acme.won) == ("Acme", 30, 10)
    assert acme.won_share is not None
    assert acme.won_share.value == 0.25
    assert any(
        line.startswith(
            "Acme is named in 30 lost deals and in 10 won deals: of deals that name it, 25% ("
        )
        for line in losses_sentences(facts, VOICE)
    )


def test_without_a_competitor_on_any_win_it_is_unknown_how_often_deals_are_won_against_it() -> None:
    facts = facts_of(leads(30, "A", competitor="Acme"), leads(20, "B", won=True))
    assert facts.competitors[0].won is None
    said = losses_sentences(facts, VOICE)
    assert "Acme is named in 30 lost deals." in said
    assert (
        "Won deals name no competitor, so it is unknown how often deals are won against each."
        in said
    )


def discounted(
    count: int, start: str, discount: float, margin: float, *, won: bool
) -> pd.DataFrame:
    spread = np.linspace(-1, 1, count)
    return leads(
        count,
        start,
        won=won,
        discount=discount,
        margin=margin + spread if won else np.nan,
        amount=1000.0 + 10 * spread,
    )


def test_with_discounts_on_won_deals_alone_closing_cannot_be_told_by_them() -> None:
    facts = facts_of(
        discounted(20, "A", 0.0, 45.0, won=True),
        discounted(20, "B", 15.0, 35.0, won=True),
        leads(60, "L"),
    )
    assert (facts.discounts, facts.won_filled, facts.lost_filled) == ("won", 1.0, 0.0)
    assert [(one.low, one.high, one.won, one.close_rate) for one in facts.bands] == [
        (0.0, 0.0, 20, None),
        (10.0, 20.0, 20, None),
    ]
    assert (
        "Whether deals with a discount close more often cannot be said: discounts are recorded on won deals alone."
        in losses_sentences(facts, VOICE)
    )


def test_a_margin_that_goes_with_discounts_is_told_with_its_interval() -> None:
    facts = facts_of(
        discounted(20, "A", 0.0, 45.0, won=True), discounted(20, "B", 25.0, 35.0, won=True)
    )
    gap = facts.margin_gap
    assert gap is not None
    assert gap.value == pytest.approx(-10)
    assert -10.5 < gap.low < -10 < gap.high < -9.5
    (finding,) = losses_findings(facts, VOICE)
    assert finding.kind == "discount"
    assert finding.sentence == (
        "A discount “above 20%” goes with a margin that is 10.0 percentage points lower (9.6 to 10.4) than without"
        " one, in 20 won deals."
    )


def test_with_discounts_on_lost_deals_too_their_close_rate_is_told() -> None:
    facts = facts_of(
        discounted(20, "A", 0.0, 45.0, won=True),
        discounted(80, "B", 0.0, 45.0, won=False),
        discounted(30, "C", 7.5, 40.0, won=True),
        discounted(30, "D", 7.5, 40.0, won=False),
    )
    assert facts.discounts == "both"
    assert [one.close_rate.value for one in facts.bands if one.close_rate] == [0.2, 0.5]
    finding = next(one for one in losses_findings(facts, VOICE) if "close rate" in one.sentence)
    assert finding.figures == {"close_rate": 0.5, "without": 0.2, "deals": 60.0}
    assert finding.sentence.startswith(
        "A discount “above 5% up to 10%” goes with a close rate of 50% ("
    )


def test_discounts_on_a_few_lost_deals_are_not_held_against_those_of_all_won_ones() -> None:
    facts = facts_of(
        discounted(40, "A", 5.0, 45.0, won=True),
        discounted(12, "B", 5.0, 45.0, won=False),
        leads(88, "L").assign(amount=9000.0),
    )
    assert facts.discounts == "won"
    assert (
        "Whether deals with a discount close more often cannot be said: 100% of won deals have one on record,"
        " but only 12% of lost ones." in losses_sentences(facts, VOICE)
    )


def test_deals_lost_before_an_offer_had_no_discount_to_give() -> None:
    facts = facts_of(
        discounted(40, "A", 5.0, 45.0, won=True),
        discounted(20, "B", 5.0, 45.0, won=False),
        leads(300, "L"),
    )
    assert (facts.discounts, facts.offers) == ("both", 60)
    assert [(one.deals, one.won) for one in facts.bands] == [(60, 40)]
    assert (
        "Looked at are 60 deals that got as far as an amount; what was lost before had no discount to give."
        in losses_sentences(facts, VOICE)
    )


def test_bands_of_few_deals_are_left_out() -> None:
    facts = facts_of(discounted(20, "A", 0.0, 45.0, won=True), discounted(9, "B", 8, 40, won=True))
    assert [(one.low, one.high) for one in facts.bands] == [(0.0, 0.0)]


def test_a_company_that_records_nothing_of_it_is_told_what_would_tell() -> None:
    facts = facts_of(leads(40, "A"), leads(20, "B", won=True))
    assert losses_sentences(facts, VOICE) == [
        "The reasons of losses are unknown: the column `reason` of the outcomes would tell.",
        "Which competitors deals are lost to is unknown: the column `competitor` of the outcomes would tell.",
        "Discounts are on record for too few won deals, or for none: the columns `discount` and `margin` of the"
        " outcomes would tell.",
    ]
    assert losses_findings(facts, VOICE) == []


def test_reasons_and_competitors_of_few_leads_are_said_to_be_too_few() -> None:
    facts = facts_of(leads(9, "A", reason="Moved", competitor="Acme"), leads(30, "B"))
    assert losses_sentences(facts, VOICE)[:2] == [
        "No reason of a loss is on record often enough to be shown.",
        "No competitor is named in enough deals to be shown.",
    ]


def test_nobody_closed_yet() -> None:
    still_open = leads(5, "A").assign(won=None, closed_at=None)
    assert facts_of(still_open) == LossesFacts()


def test_facts_come_back_from_their_json() -> None:
    facts = facts_of(
        leads(30, "A", reason="No budget", competitor="Acme", source="Fair"),
        discounted(20, "B", 15.0, 35.0, won=True),
    )
    assert LossesFacts.model_validate_json(facts.model_dump_json()) == facts


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0, "no discount"),
        (0, 5, "up to 5%"),
        (5, 10, "above 5% up to 10%"),
        (20, 100, "above 20%"),
    ],
)
def test_bands_in_words(low: float, high: float, words: str) -> None:
    assert band_words(DiscountBand(low=low, high=high, deals=10, won=10), VOICE) == words


def test_the_row_of_rare_reasons_has_a_name() -> None:
    row = ReasonRow(reason=None, leads=12, share=Interval(value=0.1, low=0, high=0.2))
    assert reason_words(row, VOICE) == "other reasons"


def test_competitors_are_told_by_segment_too() -> None:
    rows = leads(60, "L").assign(
        competitor=["Alpha"] * 30 + ["Beta"] * 30, lead_size=["large"] * 25 + ["small"] * 35
    )
    told = material(
        loop_table(rows),
        columns=LoopColumns(segments={"Size": "lead_size"}, labels={"lead_size": "Size"}),
    )
    by_size = {
        one.level: one for one in losses_facts(told).competitors_by_level if one.by == "Size"
    }
    assert {level: one.with_reason for level, one in by_size.items()} == {"small": 35, "large": 25}
    assert [(row.reason, row.leads) for row in by_size["large"].reasons] == [("Alpha", 25)]
    assert [(row.reason, row.leads) for row in by_size["small"].reasons] == [("Beta", 30)]
