"""The hand-off in figures and sentences, and what became of the leads whose route sales overruled."""

from datetime import timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.loop import STEPS, LoopColumns
from reports.hand_off import hand_off_findings, hand_off_sentences
from reports.hand_off_facts import Handed, HandOffFacts, Reason, hand_off_facts
from reports.intervals import share_interval
from reports.material import Material
from tests.reports.materials import (
    CUTOFF,
    VOICE,
    drawn_arrivals,
    drawn_loop,
    drawn_project,
    loop_table,
    material,
)

JULY = pd.Timestamp("2026-07-10 08:00")
MAY = pd.Timestamp("2026-05-10 08:00")
LONG_AGO = pd.Timestamp("2025-10-10 08:00")


def leads(count: int, handed: pd.Timestamp = JULY, **columns: Any) -> pd.DataFrame:
    """Return so many leads handed over at one moment; times are hours after it."""
    rows = pd.DataFrame({"created_at": [handed - timedelta(days=3)] * count, "handed_at": handed})
    for name, value in columns.items():
        rows[name] = handed + timedelta(hours=value) if name.endswith("_at") else value
    return rows


def of(*groups: pd.DataFrame, **changed: Any) -> Material:
    """Return a Material of these leads."""
    rows = pd.concat(groups, ignore_index=True)
    rows["lead_id"] = [f"L{number:04}" for number in range(len(rows))]
    return material(loop_table(rows), **changed)


def facts(*groups: pd.DataFrame, **changed: Any) -> HandOffFacts:
    return hand_off_facts(of(*groups, **changed))


def told(found: HandOffFacts) -> list[str]:
    """Return the sentences, blanks that do not break as plain ones."""
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in hand_off_sentences(found, VOICE)]


def said(*groups: pd.DataFrame, **changed: Any) -> list[str]:
    return told(facts(*groups, **changed))


def test_shares_are_of_the_leads_handed_over_in_the_period() -> None:
    found = facts(
        leads(20, accepted_at=5, contacted_at=10),
        leads(15, rejected_at=30, rejected_reason="too small"),
        leads(5, recycled_at=40, contacted_at=30),
        leads(12, MAY, accepted_at=5),
        leads(30, LONG_AGO, accepted_at=5),
    )
    assert found.now == Handed(
        period="2026-Q3",
        leads=40,
        few=True,
        accepted=share_interval(20, 40),
        rejected=share_interval(15, 40),
        recycled=share_interval(5, 40),
        due=40,
        touched=share_interval(20, 40),
        median_hours=20.0,
        rejections=15,
        reasons=[Reason(reason="too small", leads=15)],
    )
    assert (found.before.period, found.before.leads) == ("2026-Q2", 12)
    assert found.before.accepted == share_interval(12, 12)


def test_a_lead_that_nobody_contacted_waits_for_ever() -> None:
    contacted = leads(30, contacted_at=6)
    assert facts(contacted, leads(20)).now.median_hours == 6
    assert facts(contacted, leads(40)).now.median_hours is None
    assert "At least half of them have not been contacted at all." in said(contacted, leads(40))


def test_a_lead_whose_time_is_not_over_is_not_due() -> None:
    late = leads(10, pd.Timestamp(CUTOFF) - timedelta(hours=12))
    found = facts(leads(20, contacted_at=6), late)
    assert (found.now.leads, found.now.due, found.now.touched) == (30, 20, share_interval(20, 20))


def test_what_sales_sent_back_before_its_time_was_over_is_not_among_those_to_be_touched() -> None:
    found = facts(leads(20, contacted_at=6), leads(5), leads(12, rejected_at=5), leads(8, MAY))
    assert (found.now.due, found.now.touched) == (25, share_interval(20, 25))
    assert (
        "Of those still to be touched, 80% were contacted within the agreed 24 hours (likely 62 to 92%; unknown in the "
        "period before); what was sent back or closed before then without a contact is left out."
    ) in told(found)


def test_the_agreed_hours_are_those_of_the_project_file() -> None:
    changed = {"project": drawn_project(agreement={"contact_within_hours": 5})}
    assert facts(leads(20, contacted_at=6), **changed).now.touched == share_interval(0, 20)


def test_reasons_that_few_share_are_folded() -> None:
    found = facts(
        leads(12, rejected_at=5, rejected_reason="too small"),
        leads(9, rejected_at=5, rejected_reason="a reason that names Jo"),
        leads(3, rejected_at=5),
    )
    assert found.now.reasons == [Reason(reason="too small", leads=12)]
    assert (found.now.other_reasons, found.now.no_reason) == (9, 3)
    assert (
        "Reasons of the rejections: too small (12), other reasons (9) and no reason told (3)."
        in told(found)
    )


def test_fewer_leads_than_may_be_told_of_have_no_shares() -> None:
    found = facts(leads(9, accepted_at=5, rejected_at=6))
    assert found.now == Handed(period="2026-Q3", leads=9, few=True)
    assert told(found)[:2] == [
        "In 2026-Q3 sales was handed 9 leads; in 2026-Q2 it was handed 0.",
        "That is too few to tell what became of them: at least 10 are needed.",
    ]


def overruled(count: int, to: str, **more: Any) -> pd.DataFrame:
    rows = leads(count, LONG_AGO, overruled_at=24, overruled_to=to)
    for name, value in more.items():
        rows[name] = value
    return rows


def test_overrules_are_judged_by_where_they_led() -> None:
    won = {"won": True, "closed_at": LONG_AGO + timedelta(days=20)}
    groups = (
        overruled(40, "sales_ready"),
        overruled(20, "sales_ready", **won),
        overruled(30, "nurture"),
        overruled(10, "recycle", **won),
    )
    arrivals = drawn_arrivals(of(*groups).loop, 0.1)
    found = facts(*groups, arrivals=arrivals)
    assert found.taken_up is not None
    assert found.sent_back is not None
    assert (found.taken_up.leads, found.taken_up.closed, found.taken_up.verdict) == (60, 20, "more")
    assert (found.sent_back.leads, found.sent_back.closed) == (40, 10)
    assert [line for line in told(found) if line.startswith("Of 60")] == [
        "Of 60 leads that sales took up against their route at least 90 days before the data end, 20 closed within 90 "
        "days (33%, likely 22 to 46%). Their scores at arrival expected 6 wins of 60 leads; 20 came, more than chance "
        "explains. Scores at arrival know neither what came later nor who was worked on, so this does not show who was "
        "right."
    ]
    (finding, _) = hand_off_findings(found, VOICE)[:2]
    assert (finding.kind, finding.subject) == ("taken_up_judged", "Leads that sales took up")
    assert finding.figures["closed"] == 20


def test_few_overrules_are_told_without_their_number() -> None:
    found = facts(overruled(7, "sales_ready"))
    assert found.taken_up is not None
    assert (found.taken_up.leads, found.taken_up.few) == (None, True)
    assert told(found)[-1] == (
        "Sales sent fewer than 10 leads elsewhere than leadgauge at least 90 days before the data end: too few to tell "
        "what became of them."
    )


def test_a_share_that_changed_is_a_finding() -> None:
    found = facts(
        leads(80, accepted_at=5, contacted_at=1),
        leads(20, rejected_at=5, contacted_at=1),
        leads(40, MAY, accepted_at=5),
        leads(60, MAY, rejected_at=5),
    )
    sentences = {one.kind: one.sentence for one in hand_off_findings(found, VOICE)}
    assert sentences == {
        "acceptance_changed": "Sales accepted 80% of the leads it was handed in 2026-Q3, after 40% in 2026-Q2.",
        "rejection_changed": "Sales rejected 20% of the leads it was handed in 2026-Q3, after 60% in 2026-Q2.",
    }


def test_late_contact_is_a_finding() -> None:
    found = facts(leads(30, contacted_at=1), leads(10, contacted_at=30))
    (finding,) = [one for one in hand_off_findings(found, VOICE) if one.kind == "late_contact"]
    assert finding.sentence == (
        "10 of 40 leads that sales was handed in 2026-Q3 and had still to touch were not contacted within the agreed 24 "
        "hours."
    )
    assert finding.figures == {"due": 40, "late": 10, "share_in_time": 0.75}


def test_what_the_data_do_not_tell_is_said_to_be_unknown() -> None:
    bare = drawn_loop(300, steps=False)
    assert hand_off_sentences(
        hand_off_facts(material(bare, columns=LoopColumns(), flat=True)), VOICE
    ) == [
        "What sales was given is unknown: events of the kind `handed_over` would tell.",
        "How soon sales got in touch is unknown: events of the kind `contacted`, or of `agreement.sales_kinds`, would "
        "tell.",
    ]
    columns = LoopColumns(kinds=["handed_over", "call"])
    found = facts(leads(20, contacted_at=1), columns=columns)
    assert (found.now.accepted, found.now.rejected, found.rejections) == (None, None, None)
    assert found.unknown == ["accepted", "rejected", "recycled", "overruled"]
    assert told(found)[-4:] == [
        "How many leads sales accepted is unknown: events of the kind `accepted`, or feedback, would tell.",
        "How many leads sales rejected, and why, is unknown: events of the kind `rejected` with a `reason`, or "
        "feedback, would tell.",
        "How many leads went back to marketing is unknown: events of the kind `recycled`, or feedback, would tell.",
        "Sales has overruled no route so far; `leadgauge feedback` takes in what it decides otherwise.",
    ]


def test_flat_data_judge_no_rejection() -> None:
    found = facts(leads(60, LONG_AGO, rejected_at=24), flat=True)
    assert found.rejections is None
    assert (
        "Whether rejected leads closed later is unknown: the column `closed_at` of the outcomes would tell."
        in told(found)
    )


def test_the_whole_of_it_is_told_in_order() -> None:
    found = hand_off_facts(material(drawn_loop(4000)))
    lines = told(found)
    assert [line.split(" ", maxsplit=2)[:2] for line in lines[:4]] == [
        ["In", "2026-Q3"],
        ["It", "accepted"],
        ["It", "rejected"],
        ["Of", "them"],
    ]
    assert "{" not in "".join(lines)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 300),
    kinds=st.sets(st.sampled_from([*STEPS, "call"])),
    flat=st.booleans(),
)
def test_any_company_has_facts_that_hold_together(
    seed: int, count: int, kinds: set[str], flat: bool
) -> None:
    loop = drawn_loop(count, seed=seed)
    columns = LoopColumns(kinds=sorted(kinds))
    found = hand_off_facts(
        material(loop, columns=columns, flat=flat, arrivals=drawn_arrivals(loop))
    )
    assert HandOffFacts.model_validate_json(found.model_dump_json()) == found
    for one in (found.now, found.before):
        shown = sum(reason.leads for reason in one.reasons) + one.other_reasons + one.no_reason
        assert shown == (one.rejections or 0)
        assert one.due <= one.leads
    assert told(found)
    assert all(0 <= finding.weight <= 1 for finding in hand_off_findings(found, VOICE))
