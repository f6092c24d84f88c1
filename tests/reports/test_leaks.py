"""Leaks in figures and words: who is late, what late leads closed like, and what is not known."""

import re
from datetime import timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.loop import STEPS, LoopColumns
from reports import leaks
from reports import leaks_facts as module
from reports.leaks import leaks_findings, leaks_sentences
from reports.leaks_facts import LeaksFacts, leaks_facts
from reports.material import Material
from tests.reports.materials import (
    CUTOFF,
    VOICE,
    drawn_loop,
    drawn_project,
    drawn_tonight,
    loop_table,
    material,
)

NBSP = "\N{NO-BREAK SPACE}"
KINDS = [*STEPS, "call", "mail_sent"]
AGREEMENT = {
    "recycle_reasons": ["No budget"],
    "nurture_kinds": ["mail_sent"],
    "contact_within_hours": 24,
}


def handed(
    late_of_each: dict[str, tuple[int, int]], *, days_ago: int = 30, **more: Any
) -> Material:
    """Leads handed over to owners: so many, and so many of them never touched."""
    rows = []
    for owner, (count, late) in late_of_each.items():
        for number in range(count):
            at = pd.Timestamp(CUTOFF) - timedelta(days=days_ago)
            touched = None if number < late else at + timedelta(hours=3)
            rows.append(
                {
                    "lead_id": f"{owner}{number:03}",
                    "created_at": at - timedelta(days=1),
                    "owner": owner,
                    "lead_team": f"team of {owner}",
                    "handed_at": at,
                    "contacted_at": touched,
                    "last_sales_at": touched,
                    "with_sales": True,
                    "won": pd.NA,
                }
            )
    columns = LoopColumns(team="lead_team", kinds=KINDS)
    project = drawn_project(agreement=AGREEMENT)
    return material(loop_table(pd.DataFrame(rows)), columns=columns, project=project, **more)


def say(facts: LeaksFacts) -> list[str]:
    return [sentence.replace(NBSP, " ") for sentence in leaks_sentences(facts, VOICE)]


def test_an_owner_who_is_clearly_later_than_all_others_is_marked() -> None:
    facts = leaks_facts(handed({"Kim": (60, 30), "Lee": (60, 6), "Ines": (60, 5)}))
    assert (facts.handed, facts.late and round(facts.late.value, 3)) == (180, 0.228)
    assert [(row.name, row.leads, row.late, row.above, row.few) for row in facts.owners] == [
        ("Kim", 60, 30, True, False),
        ("Lee", 60, 6, False, False),
        ("Ines", 60, 5, False, False),
    ]
    assert [row.name for row in facts.teams if row.above] == ["team of Kim"]


def test_differences_that_chance_would_make_mark_nobody() -> None:
    facts = leaks_facts(handed({"Kim": (40, 9), "Lee": (40, 6), "Ines": (40, 5)}))
    assert not any(row.above for row in (*facts.owners, *facts.teams))
    assert all(row.few for row in facts.owners)


def test_nobody_under_ten_leads_is_named() -> None:
    facts = leaks_facts(handed({"Kim": (60, 10), "Tiny": (9, 9)}))
    assert [row.name for row in facts.owners] == ["Kim"]
    assert facts.small_groups == 2
    assert "Tiny" not in facts.model_dump_json()
    assert not any("Tiny" in sentence for sentence in say(facts))
    assert [row.others for row in facts.owners] == [None]  # the others are the nine


def test_who_rejects_at_once_is_not_taken_for_late() -> None:
    some = handed({"Kim": (60, 30), "Lee": (60, 6)})
    quick = (some.loop["owner"] == "Kim") & some.loop["contacted_at"].isna()
    some.loop.loc[quick, "rejected_at"] = some.loop["handed_at"] + timedelta(hours=2)
    facts = leaks_facts(some)
    assert [(row.name, row.leads, row.late) for row in facts.owners] == [
        ("Lee", 60, 6),
        ("Kim", 30, 0),
    ]


def test_who_still_has_time_or_was_handed_over_long_ago_is_not_counted() -> None:
    assert leaks_facts(handed({"Kim": (60, 30)}, days_ago=0)).handed == 0
    assert leaks_facts(handed({"Kim": (60, 30)}, days_ago=91)).handed == 0
    assert leaks_facts(handed({"Kim": (60, 30)}, days_ago=89)).handed == 60


def test_the_sentences_tell_tonights_leaks_who_is_late_and_what_is_not_known() -> None:
    said = say(leaks_facts(handed({"Kim": (60, 30), "Lee": (60, 6)})))
    assert said[0] == "Handed over and not touched in time: 36 leads."
    assert said[1] == "Accepted and gone silent: 84 leads."
    assert said[2] == (
        "Scored high and never handed over: unknown, for no night was published before this one."
    )
    assert said[4] == "Back with marketing and never written to: no lead tonight."
    assert said[5] == (
        "Of 120 leads handed over in the last 90 days and still to be touched, 30% (22 to 39%) were not touched within "
        "24 hours."
    )
    assert said[6] == (
        "team of Kim: of 60 leads handed over and still to be touched, 50% (38 to 62%) were not touched within 24 hours; "
        "with all others it is 10%."
    )


def test_what_is_at_stake_counts_each_open_lead_once() -> None:
    some = handed({"Kim": (30, 30)})
    some.loop["accepted_at"] = some.loop["handed_at"]
    tonight = drawn_tonight(some.loop)
    facts = leaks_facts(Material(**{**vars(some), "tonight": tonight}))
    assert [total.leads for total in facts.totals][:2] == [30, 30]
    assert (facts.open_leaks, facts.at_stake) == (30, 30 * 1000.0)
    assert (
        say(facts)[5]
        == "EUR 30,000 of expected value lie with the 30 open leads that leak tonight."
    )


def two_leaks(not_touched: int, gone_silent: int, scored: int | None = None) -> LeaksFacts:
    """Leads that nobody touched, and others that were touched a month ago and not since."""
    count = not_touched + gone_silent
    some = handed({"Kim": (count, not_touched)})
    tonight = drawn_tonight(some.loop).head(count if scored is None else scored)
    return leaks_facts(Material(**{**vars(some), "tonight": tonight}))


def test_of_a_leak_under_ten_leads_neither_number_nor_value_is_told() -> None:
    facts = two_leaks(9, 20)
    total = facts.totals[0]
    assert (total.leads, total.fewer_than) == (None, 10)
    assert (total.expected_wins, total.expected_value) == (None, None)
    assert say(facts)[0] == "Handed over and not touched in time: fewer than 10 leads."
    kinds = [finding.kind for finding in leaks_findings(facts, VOICE)]
    assert kinds == ["leak_gone_silent"]


def test_what_is_at_stake_does_not_tell_the_few_by_difference() -> None:
    facts = two_leaks(9, 20)
    assert (facts.open_leaks, facts.at_stake) == (20, 20 * 1000.0)
    alone = two_leaks(9, 0)
    assert (alone.open_leaks, alone.at_stake, alone.at_stake_wins) == (0, None, None)
    assert alone.handed is None


@settings(max_examples=15, deadline=None)
@given(not_touched=st.integers(1, 14), gone_silent=st.integers(0, 14))
def test_no_number_of_leads_under_ten_stands_in_the_facts(
    not_touched: int, gone_silent: int
) -> None:
    facts = two_leaks(not_touched, gone_silent)
    told = [total.leads for total in facts.totals] + [facts.open_leaks, facts.handed]
    assert all(number is None or number == 0 or number >= 10 for number in told)
    shown = [total.leads or 0 for total in facts.totals]
    assert (facts.open_leaks or 0) <= sum(shown)


def test_ten_leads_are_told() -> None:
    facts = two_leaks(10, 0)
    assert (facts.totals[0].leads, facts.totals[0].expected_value) == (10, 10 * 1000.0)
    assert (facts.open_leaks, facts.handed) == (10, 10)


def test_no_value_is_told_of_fewer_than_ten_scored_leads() -> None:
    facts = two_leaks(30, 0, scored=9)
    assert (facts.totals[0].leads, facts.totals[0].expected_value) == (30, None)
    assert (facts.open_leaks, facts.at_stake) == (None, None)


def test_a_company_with_leads_and_outcomes_alone_is_told_what_is_not_known() -> None:
    some = material(drawn_loop(200, steps=False), columns=LoopColumns())
    facts = leaks_facts(some)
    assert (facts.handed, facts.late, facts.late_wins) == (None, None, None)
    assert facts.late_unknown == "no_hand_offs"
    assert {total.leads for total in facts.totals} == {None}
    assert all("unknown, for" in sentence for sentence in say(facts))
    assert leaks_findings(facts, VOICE) == []


def test_findings_name_the_team_and_the_owner_and_order_them() -> None:
    facts = leaks_facts(handed({"Kim": (60, 30), "Lee": (60, 6)}))
    found = leaks_findings(facts, VOICE)
    assert [(finding.kind, finding.subject) for finding in found] == [
        ("team_leaks", "team of Kim"),
        ("owner_leaks", "Kim"),
        ("leak_not_touched", "Handed over and not touched in time"),
        ("leak_gone_silent", "Accepted and gone silent"),
    ]
    assert found[0].figures["leads"] == 60
    assert round(float(found[0].figures["others"]), 2) == 0.1
    assert all(finding.section == "leaks" for finding in found)


def test_no_word_claims_a_cause() -> None:
    words = " ".join(value for value in vars(leaks).values() if isinstance(value, str)) + " ".join(
        [*leaks.NAMES.values(), *leaks.UNKNOWN.values(), *leaks.LATE]
    )
    assert not re.search(r"\b(because|causes|leads to|drives|thanks to|brings)\b", words)
    assert set(leaks.UNKNOWN) == set(module.Why.__args__)  # type: ignore[attr-defined]
