"""The sentences of the page, word for word."""

from typing import Any

import pytest

from reports.facts import Counts
from reports.honesty import honesty
from reports.report_facts import ReportFacts
from reports.sentences import bottom_line, data_in_short, no_signal, tonight
from reports.voice import Voice
from tests.reports.examples import SEGMENTS, SOURCES, example_facts, metrics, segment, source

NBSP = "\N{NO-BREAK SPACE}"
VOICE = Voice.of()


def contenders(facts: ReportFacts, **changed: Any) -> ReportFacts:
    evaluation = facts.evaluation
    trial = evaluation.model_copy(
        update={"contenders": {**evaluation.contenders, "leadgauge": metrics(**changed)}}
    )
    return facts.model_copy(update={"evaluation": trial})


def test_the_bottom_line_is_three_sentences_computed_from_the_facts() -> None:
    assert [line.replace(NBSP, " ") for line in bottom_line(example_facts(), VOICE)] == [
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
    assert bottom_line(example_facts(counts=counts), VOICE)[0] == says


def test_a_flat_export_is_not_told_a_horizon_that_nobody_knows() -> None:
    facts = example_facts(closing_times=False)
    assert bottom_line(facts, VOICE)[0] == "Of 100 leads, 9 close."
    assert "90 days" not in " ".join(bottom_line(facts, VOICE))


def test_without_signal_the_second_sentence_says_so() -> None:
    assert bottom_line(example_facts(step="base_rate"), VOICE)[1] == (
        "Nothing in the data tells good leads from bad ones: forward in time no model was better than the base rate, "
        "so leads of the same age all get the same probability, and the order of a call list is left to you."
    )


def test_sources_whose_intervals_overlap_are_not_ranked() -> None:
    sources = [source("Fair", 30, 30, 3), source("Mail", 30, 30, 4)]
    assert (
        bottom_line(example_facts(sources=sources), VOICE)[2]
        == "No source's close rate can be told from the others' yet."
    )


def test_without_spend_the_lowest_source_is_named_and_no_budget() -> None:
    sources = [row.model_copy(update={"spend": None}) for row in SOURCES]
    assert bottom_line(example_facts(sources=sources), VOICE)[2].replace(NBSP, " ") == (
        "Referral leads close at 21% (18 to 24%), Content syndication at 3% (2 to 5%)."
    )


def test_the_pool_of_small_sources_is_never_the_best_or_the_worst() -> None:
    sources = [*SOURCES, source("Other, small sources", 400, 400, 399, pooled=True)]
    assert bottom_line(example_facts(sources=sources), VOICE)[2].startswith("Referral leads")


def test_without_sources_the_third_sentence_is_about_tonight() -> None:
    assert bottom_line(example_facts(sources=[]), VOICE)[2] == (
        "1,290 leads are open tonight; 99 of them can be expected to close within 90 days."
    )
    assert (
        bottom_line(example_facts(sources=[], tonight=[]), VOICE)[2] == "No lead is open tonight."
    )


def test_honesty_is_told_in_plain_words_against_the_base_rate_and_logistic_regression() -> None:
    assert honesty(example_facts(), VOICE) == [
        "The trial ran forward in time, from 2 February 2026 to 17 August 2026: 10,800 probabilities, each given "
        "before its outcome was known; 955 of them ended in a win.",
        "Of leads that were given about 31%, 29% closed; of those given about 1.1%, 1.3%. On average a probability "
        "was 0.8 percentage points off, within the 1.2 percentage points that chance alone can explain: no sign that "
        "they mislead. They were neither too bold nor too timid (slope 0.97; 1 is right).",
        "Looked at by Age, Grade and Lead Source, there are 5 groups large enough to judge. In 4 of them what happened "
        "is what honest probabilities allow; not in Grade A (too high by 10.0 points).",
        "Its penalty for wrong probabilities (log loss) is 18% below that of the base rate, 7.6% below that of Odoo's "
        "scoring and 4.1% below that of logistic regression.",
    ]


def test_segments_that_are_all_honest_are_told_in_one_sentence() -> None:
    honest = [one for one in SEGMENTS if one.verdict == "honest"]
    assert honesty(example_facts(segments=honest), VOICE)[2] == (
        "Looked at by Age, Grade and Lead Source, there are 4 groups large enough to judge. In all of them what "
        "happened is what honest probabilities allow."
    )


def test_many_segments_that_are_off_are_not_all_named() -> None:
    off = [segment("Grade", letter, 300, 90.0, 10) for letter in "ABCDE"]
    assert honesty(example_facts(segments=off), VOICE)[2] == (
        "Looked at by Grade, there are 5 groups large enough to judge. In 0 of them what happened is what honest "
        "probabilities allow; not in Grade A (too high by 26.7 points), Grade B (too high by 26.7 points), Grade C (too "
        "high by 26.7 points) and 2 more."
    )


def test_nothing_is_said_of_segments_that_are_too_small_to_judge() -> None:
    small = [one for one in SEGMENTS if one.verdict == "too few"]
    assert not any("Looked at by" in line for line in honesty(example_facts(segments=small), VOICE))


def test_how_the_level_follows_the_outcomes_is_part_of_honesty() -> None:
    assert "It follows." in honesty(example_facts(following="It follows."), VOICE)


def test_where_nothing_tells_leads_apart_the_page_says_what_was_tried_and_what_follows() -> None:
    assert no_signal(example_facts(step="base_rate"), VOICE) == [
        "Tried forward in time, with every column that may be used: logistic regression and gradient-boosted trees. "
        "On leads that came later, nothing they said was better than the share of leads of each age that closed before "
        "by more than chance allows. What looks like a pattern in the past did not hold.",
        "So leadgauge publishes that share and nothing finer: no reasons are given, and grades go by the lead's age "
        "alone. Differences between the sources below are no ranking either.",
        "That can change with more leads that have closed, with what leads did (visits, mails, calls), or with columns "
        "that are filled in when a lead arrives. The next training looks again.",
    ]


def test_without_closing_times_the_absence_of_signal_is_told_without_ages() -> None:
    told = " ".join(no_signal(example_facts(step="base_rate", closing_times=False), VOICE))
    assert "better than the share of leads that closed before by more than chance allows" in told
    assert "no reasons are given, and grades say nothing of prospects." in told
    assert " age" not in told


def test_where_there_is_signal_or_nothing_was_tried_none_is_denied() -> None:
    assert no_signal(example_facts(), VOICE) == []
    untried = example_facts(step="base_rate", tried=[])
    assert no_signal(untried, VOICE) == []
    assert bottom_line(untried, VOICE)[1].startswith(
        "No model was tried: the project file asks for the base rate alone, so leads of the same age"
    )


def test_without_signal_sources_are_not_ranked_in_the_bottom_line() -> None:
    assert bottom_line(example_facts(step="base_rate"), VOICE)[2] == (
        "1,290 leads are open tonight; 99 of them can be expected to close within 90 days."
    )


def test_one_grade_for_all_is_no_news() -> None:
    assert tonight(example_facts(tonight=example_facts().tonight[:1]), VOICE) is None


def test_probabilities_further_off_than_chance_explains_are_called_so() -> None:
    assert (
        "more than the 1.2 percentage points that chance alone can explain"
        in honesty(contenders(example_facts(), ece=0.03), VOICE)[1]
    )


def test_without_signal_no_order_is_said_to_be_trusted() -> None:
    told = honesty(contenders(example_facts(step="base_rate"), ece=0.03), VOICE)[1]
    assert told.endswith("that chance alone can explain: take them as rough.")


@pytest.mark.parametrize(
    ("slope", "word"), [(0.7, "too bold (slope 0.70"), (1.4, "too timid (slope 1.40")]
)
def test_a_slope_off_one_is_told_as_bold_or_timid(slope: float, word: str) -> None:
    assert (
        f"They were {word}"
        in honesty(contenders(example_facts(), calibration_slope=slope), VOICE)[1]
    )


def test_a_model_that_is_worse_than_a_baseline_is_not_flattered() -> None:
    assert (
        "3.3% above that of logistic regression"
        in honesty(contenders(example_facts(), log_loss=0.2598), VOICE)[3]
    )


def test_a_note_of_the_trial_reaches_the_reader() -> None:
    facts = example_facts()
    noted = facts.model_copy(
        update={"evaluation": facts.evaluation.model_copy(update={"note": "Few wins."})}
    )
    assert honesty(noted, VOICE)[-1] == "Few wins."


def test_tonight_says_what_the_best_grade_holds() -> None:
    assert tonight(example_facts(), VOICE) == (
        "The 129 leads of grade A are 10% of the open ones and hold 42% of the wins to expect."
    )


def test_refused_rows_are_counted_against_all_rows() -> None:
    assert (
        data_in_short(example_facts(), VOICE)
        == "6 of 157,451 rows read (0.0038%) broke the contract and were set aside."
    )
    clean_tables = [row.model_copy(update={"refused": 0}) for row in example_facts().quarantine]
    assert (
        data_in_short(example_facts(quarantine=clean_tables), VOICE)
        == "All 157,451 rows read met the contract."
    )


CAUSAL = ("because", "causes", "caused", "drives", "due to", "leads to", "thanks to", "makes")


def test_no_sentence_claims_a_cause() -> None:
    for facts in (example_facts(), example_facts(step="base_rate"), example_facts(step="logistic")):
        told = [
            *bottom_line(facts, VOICE),
            *honesty(facts, VOICE),
            *no_signal(facts, VOICE),
            tonight(facts, VOICE) or "",
        ]
        text = " ".join(told).lower()
        assert [word for word in CAUSAL if word in text] == []
