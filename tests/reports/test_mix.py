"""Whether quality moved by its mix: planted moves are found, and nothing is found where nothing moved."""

import numpy as np
import pandas as pd
import pytest

from features.loop import LoopColumns
from reports.lead_quality import quality_leads
from reports.material import Material
from reports.mix import MixFacts, mix_facts
from reports.mix_words import mix_findings, mix_sentences
from tests.reports.materials import VOICE, drawn_arrivals, drawn_loop, material

COLUMNS = LoopColumns(
    dimensions={"source": "source", "campaign": "campaign"},
    segments={"Seniority": "lead_seniority", "Country": "lead_country"},
)
SPRING = (pd.Timestamp("2026-04-01"), pd.Timestamp("2026-07-01"))


def company(
    count: int = 3000, *, seed: int = 7, students_in_spring: float = 0.1, spring_rate: float = 0.1
) -> Material:
    """Draw leads of whom a tenth are students, worth 0.02 at arrival against 0.11 of the others.

    In spring, ``students_in_spring`` of the campaign Search 1 are, and its leads close at ``spring_rate``.
    """
    random = np.random.default_rng(seed)
    plain = drawn_loop(count, seed=seed)
    spring = plain["created_at"].between(*SPRING) & (plain["campaign"] == "Search 1")
    student = random.random(count) < np.where(spring, students_in_spring, 0.1)
    chance = np.where(student, 0.02, 0.11)
    won = random.random(count) < np.where(spring, spring_rate, chance)
    loop = plain.assign(
        lead_seniority=np.where(student, "Student", "Manager"),
        lead_country=random.choice(["Germany", "France", "Italy"], count),
        won=pd.Series(won, dtype="boolean").where(plain["won"].notna()),
    )
    noise = np.exp(random.normal(0, 0.4, count))
    return material(loop, columns=COLUMNS, arrivals=drawn_arrivals(loop, chance * noise))


def facts_of(told: Material) -> MixFacts:
    return mix_facts(told, quality_leads(told))


def test_a_planted_shift_of_the_mix_is_found_with_its_level_its_quarter_and_its_sign() -> None:
    facts = facts_of(company(students_in_spring=0.6))
    finding = next(
        one for one in mix_findings(facts, VOICE) if one.figures.get("campaign") == "Search 1"
    )
    assert finding.kind == "mix_shift"
    assert finding.figures["quarter"] == "2026-Q2"
    assert (finding.figures["by"], finding.figures["level"]) == ("Seniority", "Student")
    assert float(finding.figures["mix"]) == pytest.approx(-0.5 * 0.09, abs=0.015)
    assert abs(float(finding.figures["within"])) < 0.01
    change = float(finding.figures["to"]) - float(finding.figures["from"])
    assert float(finding.figures["mix"]) + float(finding.figures["within"]) == pytest.approx(change)


def test_the_intervals_of_the_parts_hold_what_was_planted() -> None:
    facts = facts_of(company(students_in_spring=0.6))
    row = next(row for row in facts.rows if row.subject == "Search 1" and row.period == "2026-Q2")
    assert row.mix is not None
    assert row.within is not None
    assert row.mix.low < -0.045 * 1.08 < row.mix.high
    assert row.within.low < 0 < row.within.high


def test_the_sentence_says_how_much_lies_in_the_mix_and_which_level_grew() -> None:
    finding = mix_findings(facts_of(company(students_in_spring=0.6)), VOICE)[0]
    assert finding.sentence.startswith("In 2026-Q2 the quality of “Search 1” fell from ")
    assert "lie in the mix (Seniority: “Student” went from " in finding.sentence


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_company_in_which_nothing_moved_has_no_finding(seed: int) -> None:
    facts = facts_of(company(seed=seed))
    assert mix_findings(facts, VOICE) == []
    assert mix_sentences(facts, VOICE)[0].startswith(
        "Quality moved nowhere by more than chance explains: "
    )


def test_scores_that_drift_for_all_leads_are_no_finding() -> None:
    told = company()
    drift = np.linspace(0.6, 1.6, len(told.loop))
    arrivals = told.arrivals.assign(close_probability=told.arrivals["close_probability"] * drift)
    drifted = material(told.loop, columns=COLUMNS, arrivals=arrivals)
    assert mix_findings(facts_of(drifted), VOICE) == []


def test_leads_that_were_won_far_less_often_without_another_mix_are_told_by_their_wins() -> None:
    findings = mix_findings(facts_of(company(4000, seed=4, spring_rate=0.0)), VOICE)
    fell = next(one for one in findings if one.kind == "quality_fell")
    assert (fell.subject, fell.figures["quarter"], fell.figures["to"]) == ("Search 1", "2026-Q2", 0)
    assert fell.sentence.startswith("In 2026-Q2, 0% of the ")


def test_all_leads_are_told_for_each_quarter_whether_or_not_they_moved() -> None:
    facts = facts_of(company())
    told = [row.period for row in facts.rows if row.about == "all"]
    assert sorted(told) == ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    assert facts.columns == ["source", "campaign", "Seniority", "Country"]


def test_realised_rates_are_told_only_of_quarters_whose_leads_have_had_their_time() -> None:
    rows = {row.period: row for row in facts_of(company()).rows if row.about == "all"}
    assert rows["2026-Q2"].closed_after is not None
    assert rows["2026-Q3"].closed_after is None


def test_a_number_is_told_by_the_quarter_of_the_leads_it_lies_in() -> None:
    told = company()
    loop = told.loop.assign(lead_size=np.arange(len(told.loop)) % 1000)
    columns = LoopColumns(segments={"Size": "lead_size"})
    facts = facts_of(material(loop, columns=columns, arrivals=told.arrivals))
    row = next(row for row in facts.rows if row.by == "Size")
    assert row.level is not None
    assert "\N{EN DASH}" in row.level


def test_a_model_that_says_the_same_of_every_lead_sees_no_mix() -> None:
    told = company(students_in_spring=0.6)
    flat = material(told.loop, columns=COLUMNS, arrivals=drawn_arrivals(told.loop, 0.1))
    assert all(row.moved != "mix" for row in facts_of(flat).rows)


def test_without_scores_at_arrival_it_is_said_to_be_unknown() -> None:
    facts = facts_of(material())
    assert (facts.missing, facts.rows) == ("arrivals", [])
    assert mix_sentences(facts, VOICE) == [
        "Whether quality moved is unknown: no model that tells leads apart has scored them at their arrival."
    ]


def test_with_too_few_leads_it_is_said_to_be_unknown() -> None:
    told = company(60)
    facts = facts_of(told)
    assert facts.missing == "leads"
    assert "no quarter of the last year has thirty leads" in mix_sentences(facts, VOICE)[0]
