"""Rejections held against acceptances: whether sales told good leads from bad ones, and what cannot be told."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from features.loop import LoopColumns
from reports.blocks import Table
from reports.facts import Interval
from reports.hand_off import hand_off_findings, hand_off_sentences
from reports.hand_off_facts import HandOffFacts, hand_off_facts
from reports.intervals import share_interval
from reports.rejections import Decided, Rejections
from reports.sections.hand_off import hand_off
from tests.reports.examples import example_facts
from tests.reports.materials import VOICE, drawn_arrivals, loop_table, material

LONG_AGO = pd.Timestamp("2025-10-10 08:00")
LATELY = pd.Timestamp("2026-08-10 08:00")


def decided(
    step: str, count: int, *, at: pd.Timestamp = LONG_AGO, won_after_days: float | None = None
) -> pd.DataFrame:
    """Return so many leads that sales decided on a day after their hand-off."""
    rows = pd.DataFrame({"created_at": [at - timedelta(days=3)] * count, "handed_at": at})
    rows[step] = at + timedelta(days=1)
    if won_after_days is not None:
        rows["won"], rows["closed_at"] = True, rows[step] + timedelta(days=won_after_days)
    return rows


def sides(rejected: tuple[int, int], accepted: tuple[int, int]) -> list[pd.DataFrame]:
    """Return leads and, of these, wins on either side."""
    return [
        group
        for step, (count, won) in (("rejected_at", rejected), ("accepted_at", accepted))
        for group in (decided(step, count - won), decided(step, won, won_after_days=30))
    ]


def facts(*groups: pd.DataFrame, **changed: Any) -> HandOffFacts:
    rows = pd.concat(groups, ignore_index=True)
    rows["lead_id"] = [f"L{number:04}" for number in range(len(rows))]
    return hand_off_facts(material(loop_table(rows), **changed))


def judged(*groups: pd.DataFrame, **changed: Any) -> Rejections:
    found = facts(*groups, **changed).rejections
    assert found is not None
    return found


def sentence(found: HandOffFacts) -> str:
    (told,) = [
        line
        for line in hand_off_sentences(found, VOICE)
        if line.startswith("Sales rejected") or "sales rejected at least" in line
    ]
    return told.replace("\N{NO-BREAK SPACE}", " ")


def kinds(found: HandOffFacts) -> list[str]:
    return [finding.kind for finding in hand_off_findings(found, VOICE)]


def test_a_rejected_lead_counts_if_it_closed_within_the_horizon_of_the_rejection() -> None:
    found = judged(
        decided("rejected_at", 50),
        decided("rejected_at", 6, won_after_days=30),
        decided("rejected_at", 4, won_after_days=90),
        decided("rejected_at", 3, won_after_days=-0.5),
        decided("rejected_at", 20, at=LATELY),
        decided("accepted_at", 20),
    )
    assert found.rejected == Decided(leads=60, few=False, closed=6, rate=share_interval(6, 60))
    assert found.accepted == Decided(leads=20, few=True, closed=0, rate=share_interval(0, 20))


def test_a_lead_that_was_closed_as_lost_with_its_rejection_counts_as_not_won() -> None:
    lost = decided("rejected_at", 40).assign(won=False)
    lost["closed_at"] = lost["rejected_at"] - timedelta(seconds=5)
    assert judged(lost, decided("accepted_at", 20)).rejected.leads == 40


def test_a_lead_that_was_rejected_and_taken_up_after_all_is_on_both_sides() -> None:
    both = decided("rejected_at", 20, won_after_days=30)
    both["accepted_at"] = both["rejected_at"] + timedelta(days=5)
    found = judged(both, decided("rejected_at", 30), decided("accepted_at", 30))
    assert found.accepted is not None
    assert (found.rejected.leads, found.rejected.closed) == (50, 20)
    assert (found.accepted.leads, found.accepted.closed) == (50, 20)


def test_what_was_decided_before_both_decisions_were_recorded_is_left_out() -> None:
    early = decided("accepted_at", 40, at=LONG_AGO - timedelta(days=400))
    found = judged(early, *sides((60, 6), (60, 6)))
    assert found.accepted is not None
    assert found.accepted.leads == 60


@pytest.mark.parametrize(
    ("rejected", "accepted", "verdict", "alike", "finding"),
    [
        ((100, 2), (200, 50), "fewer", False, False),
        ((400, 80), (800, 160), "as_many", True, True),
        ((400, 70), (800, 160), "as_many", True, True),
        ((60, 6), (60, 6), "as_many", False, False),
        ((40, 20), (200, 90), "as_many", False, False),
        ((100, 60), (200, 50), "more", False, True),
        ((20, 15), (200, 20), "more", False, True),
    ],
)
def test_it_is_a_finding_where_rejections_do_not_tell_leads_apart(
    rejected: tuple[int, int],
    accepted: tuple[int, int],
    verdict: str,
    alike: bool,
    finding: bool,
) -> None:
    found = facts(*sides(rejected, accepted))
    assert found.rejections is not None
    assert (found.rejections.verdict, found.rejections.alike) == (verdict, alike)
    assert ("rejections_judged" in kinds(found)) == finding


def test_the_score_at_arrival_has_no_part_in_it() -> None:
    groups = sides((100, 2), (200, 50))
    rows = pd.concat(groups, ignore_index=True)
    rows["lead_id"] = [f"L{number:04}" for number in range(len(rows))]
    for probability in (0.001, 0.9):
        scored = facts(*groups, arrivals=drawn_arrivals(rows, probability))
        assert scored.rejections == facts(*groups).rejections


def with_ratio(verdict: str, *, alike: bool = False) -> HandOffFacts:
    """Facts whose figures are set by hand, for the words."""
    found = facts(*sides((100, 2), (200, 50)))
    assert found.rejections is not None
    ratio = Interval(value=0.8, low=0.61, high=1.2)
    changed = {"ratio": ratio, "verdict": verdict, "alike": alike}
    return found.model_copy(update={"rejections": found.rejections.model_copy(update=changed)})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (with_ratio("fewer"), ", which is clearly less: sales told them apart. Rejected leads were worked less, too; how "
         "much of the difference lies in the leads is not known."),
        (with_ratio("as_many"), ": whether sales told them apart cannot be told from so few."),
        (with_ratio("as_many", alike=True), ", although they were worked less: sales’ rejections hardly tell good leads "
         "from bad ones."),
        (with_ratio("more"), ", which is clearly more, although they were worked less: sales’ rejections do not tell good "
         "leads from bad ones."),
    ],
)  # fmt: skip
def test_each_verdict_has_its_words(found: HandOffFacts, words: str) -> None:
    assert sentence(found) == (
        "Of 100 leads that sales rejected at least 90 days before the data end, 2 closed all the same within 90 days "
        "(2%, likely 0.42 to 6%); of 200 leads that it accepted in the same time 50 (25%, likely 19 to 31%). Rejected "
        f"leads closed 0.80 times as often as accepted ones (0.61 to 1.20){words}"
    )


def test_the_finding_has_both_sides_in_figures() -> None:
    found = facts(*sides((100, 60), (200, 50)))
    (finding,) = [one for one in hand_off_findings(found, VOICE) if one.kind == "rejections_judged"]
    assert finding.sentence.replace("\N{NO-BREAK SPACE}", " ") == sentence(found)
    assert (finding.figures["leads"], finding.figures["accepted"]) == (100, 200)
    assert float(finding.figures["low"]) > 1
    assert finding.figures["ratio"] == pytest.approx(0.6 / 0.25)


def test_few_rejections_are_too_few_to_tell_and_their_number_is_not_told() -> None:
    found = facts(decided("rejected_at", 9, won_after_days=30), decided("accepted_at", 40))
    assert found.rejections is not None
    assert found.rejections.rejected == Decided()
    assert sentence(found) == (
        "Sales rejected fewer than 10 leads at least 90 days before the data end: too few to tell whether that was right."
    )


def test_without_acceptances_there_is_no_verdict() -> None:
    rejected = decided("rejected_at", 54), decided("rejected_at", 6, won_after_days=30)
    alone = facts(*rejected, columns=LoopColumns(kinds=["handed_over", "rejected"]))
    assert alone.rejections is not None
    assert (alone.rejections.accepted, alone.rejections.verdict) == (None, None)
    first = (
        "Of 60 leads that sales rejected at least 90 days before the data end, 6 closed all the same within 90 days "
        "(10%, likely 4 to 19%)."
    )
    assert sentence(alone) == first
    beside = facts(*rejected, decided("accepted_at", 30))
    assert sentence(beside) == (
        f"{first} Too few leads that were accepted in the same time, or too few wins of theirs, are there to hold this "
        "against."
    )


def tables(found: HandOffFacts) -> dict[str, list[tuple[str, list[str]]]]:
    """Return the section's tables by what they say: each row's name and its cells."""
    section = hand_off(example_facts(hand_off=found), VOICE)
    assert section is not None
    return {
        block.caption: [(row.name, [cell.text for cell in row.cells]) for row in block.rows]
        for block in section.blocks
        if isinstance(block, Table)
    }


CAPTION = "What became of the leads that sales decided on at least 90 days ago, within 90 days of the decision"


def test_the_table_has_rejected_leads_beside_accepted_ones() -> None:
    told = tables(facts(*sides((100, 2), (200, 50))))
    assert told[CAPTION] == [
        ("Rejected by sales", ["100", "2", "2.0%"]),
        ("Accepted by sales", ["200", "50", "25%"]),
    ]


def test_the_table_leaves_out_whom_nothing_is_told_of() -> None:
    assert CAPTION not in tables(facts(*sides((9, 2), (200, 50))))
    told = tables(facts(*sides((100, 2), (9, 5))))
    assert [name for name, _ in told[CAPTION]] == ["Rejected by sales"]
