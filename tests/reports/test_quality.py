"""Quality against volume: rows that can be counted by hand, planted sources found, unknowns said."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.loop import STEPS, LoopColumns
from reports.material import Material
from reports.quality import quality_findings, quality_sentences
from reports.quality_facts import quality_facts
from reports.quality_rows import POOLED, QualityRow
from tests.reports.materials import (
    VOICE,
    drawn_arrivals,
    drawn_loop,
    drawn_project,
    drawn_spend,
    drawn_tonight,
    loop_table,
    material,
)

CAUSAL = re.compile(
    r"\b(because|causes?|leads? to|drives?|thanks to|brings?|brought|due to)\b", re.IGNORECASE
)


def rows_of(told: Material, dimension: str = "source") -> dict[str, QualityRow]:
    facts = quality_facts(told)
    one = next(one for one in facts.dimensions if one.dimension == dimension)
    return {row.name: row for row in one.rows}


def company(sources: dict[str, tuple[int, float]], **changed: Any) -> Material:
    """Draw sources of so many leads that close at such a rate."""
    names = np.repeat(list(sources), [count for count, _ in sources.values()])
    names = np.random.default_rng(5).permutation(names)
    rates = np.array([sources[name][1] for name in names])
    loop = drawn_loop(len(names), close_rate=rates).assign(source=names)
    return material(loop.assign(campaign=loop["source"] + " 1"), **changed)


def counted(**changed: Any) -> Material:
    """Twelve referrals, all mature: four won, eight lost; two fairs."""
    loop = loop_table(
        pd.DataFrame(
            {
                "lead_id": [f"L{number:02}" for number in range(14)],
                "created_at": pd.Timestamp("2026-02-01"),
                "closed_at": pd.Timestamp("2026-02-11"),
                "source": ["Referral"] * 12 + ["Fair"] * 2,
                "campaign": "Spring",
                "won": [True] * 4 + [False] * 10,
                "amount": [1000.0] * 4 + [float("nan")] * 10,
                "first_handed_at": pd.Timestamp("2026-02-02"),
                "handed_at": pd.Timestamp("2026-02-02"),
                "accepted_at": [pd.Timestamp("2026-02-03")] * 9 + [pd.NaT] * 5,
                "rejected_at": [pd.NaT] * 9 + [pd.Timestamp("2026-02-03")] * 3 + [pd.NaT] * 2,
                "first_contact_at": [pd.Timestamp("2026-02-04")] * 12 + [pd.NaT] * 2,
            }
        )
    )
    return material(loop, **changed)


def test_a_row_counts_leads_hand_offs_decisions_and_wins() -> None:
    row = rows_of(counted())["Referral"]
    assert (row.leads, row.handed_over, row.decided, row.mature, row.wins) == (12, 12, 12, 12, 4)
    assert row.accepted is not None
    assert row.accepted.value == pytest.approx(9 / 12)
    assert row.close_rate is not None
    assert row.close_rate.value == pytest.approx(4 / 12)
    assert row.days_to_contact == 3.0
    assert row.value_per_lead == pytest.approx(4000 / 12)
    assert row.days_to_win is None  # four wins are too few to tell a median of
    assert row.few


def test_groups_under_ten_share_a_row_that_tells_no_wins() -> None:
    row = rows_of(counted())[POOLED]
    assert (row.leads, row.pooled, row.wins, row.handed_over, row.close_rate) == (
        2,
        True,
        None,
        None,
        None,
    )


def test_wins_that_the_scores_expected_stand_beside_those_that_came() -> None:
    told = counted()
    arrivals = drawn_arrivals(told.loop, 0.25)
    row = rows_of(counted(arrivals=arrivals))["Referral"]
    assert (row.arrival_leads, row.arrival_wins) == (12, 4)
    assert row.arrival_expected is not None
    assert row.arrival_expected.value == pytest.approx(3)
    assert row.arrival_expected.low <= 4 <= row.arrival_expected.high


def test_what_open_leads_hold_is_told_in_wins_and_money() -> None:
    loop = drawn_loop(400)
    tonight = drawn_tonight(loop, 0.2)
    rows = rows_of(material(loop, tonight=tonight, mean_amount=5000.0))
    expected = [row.open_expected.value for row in rows.values() if row.open_expected]
    assert sum(expected) == pytest.approx(0.2 * len(tonight))
    values = [row.expected_value or 0.0 for row in rows.values()]
    assert sum(values) == pytest.approx(1000 * len(tonight))


def test_a_campaign_is_shrunk_towards_its_source() -> None:
    told = company({"Referral": (600, 0.4), "List": (600, 0.02)})
    loop = told.loop.copy()
    small = loop.groupby("source").head(12).index
    loop.loc[small, "campaign"] = loop.loc[small, "source"] + " small"
    loop.loc[small, "won"] = loop.loc[small, "won"].where(
        loop.loc[small, "won"].isna(), other=False
    )
    rows = rows_of(material(loop), "campaign")
    referral, listed = rows["Referral small"].shrunk, rows["List small"].shrunk
    assert referral is not None
    assert listed is not None
    assert referral.value > 3 * listed.value  # neither had a win


def test_months_stand_in_their_order_and_at_most_twenty_four_of_them() -> None:
    months = list(rows_of(material(drawn_loop(3000, days=1000)), "month"))
    assert months == sorted(months)
    assert (months[0], months[-1], len(months)) == ("2024-10", "2026-09", 24)


def test_of_a_thousand_campaigns_forty_are_told_and_the_others_share_a_row() -> None:
    loop = drawn_loop(3000)
    names = np.random.default_rng(2).integers(0, 100, len(loop)).astype(str)
    facts = quality_facts(material(loop.assign(campaign=names)))
    campaigns = next(one for one in facts.dimensions if one.dimension == "campaign")
    assert (len(campaigns.rows), campaigns.groups, campaigns.pooled_groups) == (41, 100, 60)
    assert sum(row.leads for row in campaigns.rows) == 3000


def test_a_source_with_many_leads_and_no_wins_is_found_and_the_best_one() -> None:
    told = company(
        {"Search": (500, 0.1), "Referral": (150, 0.35), "List": (400, 0.0)},
        spend=drawn_spend({("List", "List 1"): 1000.0, ("Search", "Search 1"): 1000.0}),
    )
    found = {one.kind: one for one in quality_findings(quality_facts(told), VOICE)}
    assert found["source_without_wins"].subject == "List"
    assert found["source_without_wins"].figures["wins"] == 0
    assert found["source_without_wins"].figures["spend"] == 24_000
    assert found["source_without_wins"].sentence.endswith(" EUR 24,000 was spent on it.")
    assert found["source_best"].subject == "Referral"


def test_dear_and_cheap_wins_are_told_apart_where_their_intervals_are() -> None:
    spend = drawn_spend({("Search", "Search 1"): 500.0, ("Fair", "Fair 1"): 5000.0})
    loop = drawn_loop(2000)
    found = quality_findings(quality_facts(material(loop, spend=spend)), VOICE)
    cost = next(one for one in found if one.kind == "cost" and one.figures["by"] == "source")
    assert (cost.figures["dearest"], cost.figures["cheapest"]) == ("Fair", "Search")


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_company_in_which_nothing_differs_has_no_finding(seed: int) -> None:
    loop = drawn_loop(2000, seed=seed)
    random = np.random.default_rng(seed)
    loop = loop.assign(lead_message=random.choice(["A", "B", "C"], len(loop)))
    told = material(
        loop,
        arrivals=drawn_arrivals(loop, random.beta(2, 18, len(loop))),
        tonight=drawn_tonight(loop),
        columns=LoopColumns(
            dimensions={"source": "source", "campaign": "campaign", "message": "lead_message"},
            kinds=[*STEPS],
        ),
    )
    assert quality_findings(quality_facts(told), VOICE) == []


def message_company(effect: float = 3.0) -> Material:
    """Draw leads whose message goes with closing, and with the source that closes most."""
    random = np.random.default_rng(9)
    count = 3000
    loop = drawn_loop(count, seed=9)
    search = (loop["source"] == "Search").to_numpy()
    calculator = random.random(count) < np.where(search, 0.5, 0.1)
    chance = np.where(search, 0.12, 0.04) * np.where(calculator, effect, 1.0)
    won = random.random(count) < chance
    loop = loop.assign(
        lead_message=np.where(calculator, "Downtime calculator", "Feature tour"),
        won=pd.Series(won, dtype="boolean").where(loop["won"].notna()),
    )
    columns = LoopColumns(
        dimensions={"source": "source", "campaign": "campaign", "message": "lead_message"}
    )
    return material(loop, columns=columns)


def test_a_message_that_goes_with_closing_is_found_with_about_its_ratio() -> None:
    found = quality_findings(quality_facts(message_company()), VOICE)
    works = next(one for one in found if one.kind == "value_works")
    assert works.figures["value"] == "Downtime calculator"
    assert float(works.figures["low"]) < 3 < float(works.figures["high"])
    assert works.sentence.startswith("Leads whose message is “Downtime calculator” closed ")
    assert " times as often as leads" not in works.sentence  # the interval stands between
    assert (
        "as often as leads of the same sources and quarters with another message" in works.sentence
    )


def test_a_message_that_only_comes_with_a_good_source_is_no_finding() -> None:
    facts = quality_facts(message_company(effect=1.0))
    row = next(row for row in facts.compared_values.rows if row.value == "Downtime calculator")
    crude = {row.name: row.close_rate for row in rows_of_message(facts)}
    calculator, tour = crude["Downtime calculator"], crude["Feature tour"]
    assert calculator is not None
    assert tour is not None
    assert calculator.value > 1.2 * tour.value
    assert row.works is None
    assert row.ratio.low < 1 < row.ratio.high


def rows_of_message(facts: Any) -> list[QualityRow]:
    return next(one.rows for one in facts.dimensions if one.dimension == "message")


def test_a_value_that_took_turns_with_another_is_no_finding() -> None:
    """In the first year all were telephoned, in the second all written to; only the market differs."""
    count = 1200
    first = np.arange(count) < count // 2
    loop = drawn_loop(count, close_rate=np.where(first, 0.04, 0.16))
    message = np.where(first, "telephone", "mail")
    told = material(
        loop.assign(lead_contact=message),
        columns=LoopColumns(dimensions={"source": "source", "contact": "lead_contact"}),
    )
    facts = quality_facts(told)
    kinds = {one.kind for one in quality_findings(facts, VOICE)}
    assert kinds & {"value_works", "value_fails"} == set()


def test_sales_own_leads_stand_beside_marketings() -> None:
    told = company(
        {"Cold calls": (300, 0.3), "Search": (600, 0.1)},
        project=drawn_project(report={"sales_sources": "Cold calls"}),
    )
    facts = quality_facts(told)
    assert facts.sides is not None
    assert (facts.sides.sales.leads, facts.sides.marketing.leads) == (300, 600)
    assert facts.sides.ratio is not None
    assert facts.sides.ratio.low < 3 < facts.sides.ratio.high
    said = quality_sentences(facts, VOICE)["sides"]
    assert said[0].startswith("Sales found 300 leads by itself and ")
    assert len(said) == 3


def test_who_does_not_name_sales_sources_is_told_how() -> None:
    assert quality_sentences(quality_facts(material()), VOICE)["sides"] == [
        "Sales' own leads cannot be told from marketing's: name their sources under report.sales_sources in the project file."
    ]


def test_leads_and_outcomes_alone_are_enough_and_everything_else_is_said_to_be_unknown() -> None:
    bare = loop_table(drawn_loop(500, steps=False)[["lead_id", "created_at", "won"]])
    facts = quality_facts(material(bare, flat=True, columns=LoopColumns()))
    said = quality_sentences(facts, VOICE)
    assert [one.dimension for one in facts.dimensions] == ["month"]
    assert said["rows"][0].startswith("Of 500 leads, ")
    for unknown in (
        "Sources are",
        "accepted is",
        "first contact is",
        "Time to the win is",
        "worth is",
        "costs is",
    ):
        assert any(f"{unknown} unknown" in sentence for sentence in said["rows"]), unknown
    assert all(sentences for sentences in said.values())
    assert quality_findings(facts, VOICE) == []


def test_an_empty_company_has_facts_and_sentences() -> None:
    facts = quality_facts(material(drawn_loop(400).head(0)))
    assert facts.dimensions == []
    assert quality_sentences(facts, VOICE)["rows"][0] == (
        "Of 0 leads, 0 have had their time: too few for a close rate."
    )
    assert quality_findings(facts, VOICE) == []


def test_no_sentence_speaks_of_causes() -> None:
    loop = message_company().loop
    told = material(
        loop,
        arrivals=drawn_arrivals(loop, np.where(loop["lead_message"] == "Feature tour", 0.05, 0.2)),
        tonight=drawn_tonight(loop),
        spend=drawn_spend({("Search", "Search 1"): 500.0, ("Fair", "Fair 1"): 5000.0}),
        columns=message_company().columns,
        project=drawn_project(report={"sales_sources": ["Fair"]}),
    )
    facts = quality_facts(told)
    said = [one for sentences in quality_sentences(facts, VOICE).values() for one in sentences]
    said += [finding.sentence for finding in quality_findings(facts, VOICE)]
    assert len(said) > 12
    assert [sentence for sentence in said if CAUSAL.search(sentence)] == []


def test_facts_survive_json() -> None:
    facts = quality_facts(message_company())
    assert type(facts).model_validate_json(facts.model_dump_json()) == facts
