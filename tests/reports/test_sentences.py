"""The sentences of the page, word for word."""

from typing import Any

import pytest

from reports.facts import Counts, ReportFacts
from reports.sentences import bottom_line, data_in_short, honesty, tonight
from tests.reports.examples import SOURCES, example_facts, metrics, source

NBSP = "\N{NO-BREAK SPACE}"


def contenders(facts: ReportFacts, **changed: Any) -> ReportFacts:
    evaluation = facts.evaluation
    trial = evaluation.model_copy(
        update={"contenders": {**evaluation.contenders, "leadgauge": metrics(**changed)}}
    )
    return facts.model_copy(update={"evaluation": trial})


def test_the_bottom_line_is_three_sentences_computed_from_the_facts() -> None:
    assert [line.replace(NBSP, " ") for line in bottom_line(example_facts())] == [
        "Of 100 leads, 9 close within 90 days.",
        "The tenth of leads that leadgauge ranks highest holds 38% of the wins, 3.8 times its share.",
        "Referral leads close at 21% (18 to 24%), Paid social at 3% (2 to 4%) while taking 31% of the budget.",
    ]


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        (0.0, "None of 500 leads closed within 90 days."),
        (0.0004, "Of 10,000 leads, 4 close within 90 days."),
        (0.0042, "Of 1,000 leads, 4 close within 90 days."),
        (0.0098, "Of 100 leads, 1 closes within 90 days."),
        (0.884, "Of 100 leads, 88 close within 90 days."),
    ],
)
def test_the_first_sentence_counts_in_round_numbers_of_leads(rate: float, says: str) -> None:
    counts = Counts(leads=500, won=0, open=0, base_rate=rate)
    assert bottom_line(example_facts(counts=counts))[0] == says


def test_a_flat_export_is_not_told_a_horizon_that_nobody_knows() -> None:
    facts = example_facts(closing_times=False)
    assert bottom_line(facts)[0] == "Of 100 leads, 9 close."
    assert "90 days" not in " ".join(bottom_line(facts))


def test_without_signal_the_second_sentence_says_so() -> None:
    assert bottom_line(example_facts(step="base_rate"))[1] == (
        "Nothing in the data tells good leads from bad ones: forward in time no model was better than the base rate, "
        "so leads of the same age all get the same probability, and the order of a call list is left to you."
    )


def test_sources_whose_intervals_overlap_are_not_ranked() -> None:
    sources = [source("Fair", 30, 30, 3), source("Mail", 30, 30, 4)]
    assert (
        bottom_line(example_facts(sources=sources))[2]
        == "No source's close rate can be told from the others' yet."
    )


def test_without_spend_the_lowest_source_is_named_and_no_budget() -> None:
    sources = [row.model_copy(update={"spend": None}) for row in SOURCES]
    assert bottom_line(example_facts(sources=sources))[2].replace(NBSP, " ") == (
        "Referral leads close at 21% (18 to 24%), Content syndication at 3% (2 to 5%)."
    )


def test_the_pool_of_small_sources_is_never_the_best_or_the_worst() -> None:
    sources = [*SOURCES, source("Other, small sources", 400, 400, 399, pooled=True)]
    assert bottom_line(example_facts(sources=sources))[2].startswith("Referral leads")


def test_without_sources_the_third_sentence_is_about_tonight() -> None:
    assert bottom_line(example_facts(sources=[]))[2] == (
        "1,290 leads are open tonight; 99 of them can be expected to close within 90 days."
    )
    assert bottom_line(example_facts(sources=[], tonight=[]))[2] == "No lead is open tonight."


def test_honesty_is_told_in_plain_words_against_the_base_rate_and_logistic_regression() -> None:
    assert honesty(example_facts()) == [
        "The trial ran forward in time, from 2 February 2026 to 17 August 2026: 10,800 probabilities, each given "
        "before its outcome was known; 955 of them ended in a win.",
        "Of leads that were given about 31%, 29% closed; of those given about 1.1%, 1.3%. On average a probability "
        "was 0.8 percentage points off, within the 1.2 percentage points that chance alone can explain: no sign that "
        "they mislead. They were neither too bold nor too timid (slope 0.97; 1 is right).",
        "Its penalty for wrong probabilities (log loss) is 18% below that of the base rate and 4.1% below that of "
        "logistic regression.",
    ]


def test_probabilities_further_off_than_chance_explains_are_called_so() -> None:
    assert (
        "more than the 1.2 percentage points that chance alone can explain"
        in honesty(contenders(example_facts(), ece=0.03))[1]
    )


@pytest.mark.parametrize(
    ("slope", "word"), [(0.7, "too bold (slope 0.70"), (1.4, "too timid (slope 1.40")]
)
def test_a_slope_off_one_is_told_as_bold_or_timid(slope: float, word: str) -> None:
    assert f"They were {word}" in honesty(contenders(example_facts(), calibration_slope=slope))[1]


def test_a_model_that_is_worse_than_a_baseline_is_not_flattered() -> None:
    assert (
        "3.3% above that of logistic regression"
        in honesty(contenders(example_facts(), log_loss=0.2598))[2]
    )


def test_a_note_of_the_trial_reaches_the_reader() -> None:
    facts = example_facts()
    noted = facts.model_copy(
        update={"evaluation": facts.evaluation.model_copy(update={"note": "Few wins."})}
    )
    assert honesty(noted)[-1] == "Few wins."


def test_tonight_says_what_the_best_grade_holds() -> None:
    assert tonight(example_facts()) == (
        "The 129 leads of grade A are 10% of the open ones and hold 42% of the wins to expect."
    )


def test_refused_rows_are_counted_against_all_rows() -> None:
    assert (
        data_in_short(example_facts())
        == "6 of 157,451 rows read (0.0038%) broke the contract and were set aside."
    )
    clean_tables = [row.model_copy(update={"refused": 0}) for row in example_facts().quarantine]
    assert (
        data_in_short(example_facts(quarantine=clean_tables))
        == "All 157,451 rows read met the contract."
    )


CAUSAL = ("because", "causes", "caused", "drives", "due to", "leads to", "thanks to", "makes")


def test_no_sentence_claims_a_cause() -> None:
    for facts in (example_facts(), example_facts(step="base_rate"), example_facts(step="logistic")):
        text = " ".join([*bottom_line(facts), *honesty(facts), tonight(facts) or ""]).lower()
        assert [word for word in CAUSAL if word in text] == []
