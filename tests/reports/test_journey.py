"""Where buyers stand when sales comes in, on loops that can be counted by hand."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from features.loop import LoopColumns
from reports.closing_facts import JourneyPart
from reports.facts import Interval
from reports.journey import journey_facts, journey_findings, journey_sentences
from tests.reports.materials import CUTOFF, VOICE, loop_table, material

NBSP = "\N{NO-BREAK SPACE}"
CREATED = CUTOFF - timedelta(days=100)


def leads(count: int, start: str = "W", **columns: Any) -> pd.DataFrame:
    """Return leads that were won 40 days after they came, contacted after 10, with 3 of their 4 events before it."""
    given: dict[str, Any] = {
        "created_at": CREATED,
        "won": True,
        "closed_at": CREATED + timedelta(days=40),
        "first_contact_at": CREATED + timedelta(days=10),
        "own_events": 3.0,
        "own_events_after": 1.0,
        **columns,
    }
    return pd.DataFrame({"lead_id": [f"{start}{number:03}" for number in range(count)], **given})


def loop_of(*parts: pd.DataFrame) -> pd.DataFrame:
    return loop_table(pd.concat(parts, ignore_index=True))


def test_won_and_lost_leads_are_told_by_their_events_and_days_before_the_first_contact() -> None:
    lost = leads(
        12, "L", won=False, first_contact_at=CREATED + timedelta(days=20), own_events_after=0.0
    )
    facts = journey_facts(material(loop_of(leads(20), lost)))
    assert facts.won == JourneyPart(
        leads=20,
        contacted=20,
        own_leads=20,
        own_share=Interval(value=0.75, low=0.75, high=0.75),
        own_events=3,
        days=10,
        time_share=0.25,
    )
    assert facts.lost == JourneyPart(
        leads=12,
        contacted=12,
        own_leads=12,
        own_share=Interval(value=1, low=1, high=1),
        own_events=3,
        days=20,
        time_share=0.5,
    )


def test_the_share_is_a_mean_over_leads_that_did_anything() -> None:
    busy = leads(10, "B", own_events=100.0, own_events_after=0.0)
    quiet = leads(10, "Q", own_events=0.0, own_events_after=1.0)
    idle = leads(10, "I", own_events=0.0, own_events_after=0.0)
    won = journey_facts(material(loop_of(busy, quiet, idle))).won
    assert won is not None
    assert won.own_leads == 20
    assert won.own_share is not None
    assert won.own_share.value == 0.5
    assert 0.2 < won.own_share.low < 0.3 < 0.7 < won.own_share.high < 0.8


def test_a_contact_before_the_lead_was_entered_waited_for_nothing() -> None:
    early = leads(10, first_contact_at=CREATED - timedelta(days=3))
    won = journey_facts(material(loop_of(early))).won
    assert won is not None
    assert (won.days, won.time_share) == (0, 0)


def test_wins_without_a_contact_on_record_are_counted() -> None:
    facts = journey_facts(material(loop_of(leads(20), leads(12, "N", first_contact_at=pd.NaT))))
    assert facts.won is not None
    assert (facts.won.leads, facts.won.contacted) == (32, 20)
    assert (
        "12 leads closed without any contact on record, 38% of those that closed."
        in journey_sentences(facts, VOICE)
    )


def test_open_leads_and_those_that_closed_before_the_reports_history_are_left_out() -> None:
    long_ago = leads(
        10, "O", created_at=CREATED - timedelta(days=900), closed_at=CREATED - timedelta(days=800)
    )
    still_open = leads(10, "P", won=None, closed_at=pd.NaT)
    facts = journey_facts(material(loop_of(leads(15), long_ago, still_open)))
    assert facts.won is not None
    assert facts.won.leads == 15
    assert facts.lost is None


def test_what_the_section_says() -> None:
    facts = journey_facts(material(loop_of(leads(20), leads(12, "L", won=False))))
    assert journey_sentences(facts, VOICE) == [
        f"Leads that closed had done 75% (75{NBSP}to{NBSP}75%) of what they did by themselves before sales"
        " first got in touch (mean of 20 leads).",
        f"Of lost leads it was 75% (75{NBSP}to{NBSP}75%).",
        "Half of the leads that closed had 3 activities or more of their own behind them at the first contact,"
        " and half had waited 10 days or more for it.",
        "Half of the lost leads that were contacted had 3 activities or more of their own behind them at the"
        " first contact, and half had waited 10 days or more for it.",
        "At the first contact, 25% of the whole time to the win had passed (the middle lead).",
    ]
    (finding,) = journey_findings(facts, VOICE)
    assert (finding.kind, finding.section) == ("journey", "hand_off")
    assert finding.figures["own_share"] == 0.75


def test_without_contacts_on_record_it_is_unknown_and_said_what_would_tell() -> None:
    never = leads(20, first_contact_at=pd.NaT)
    facts = journey_facts(material(loop_of(never), columns=LoopColumns(kinds=["visit"])))
    assert not facts.knows_contact
    assert journey_sentences(facts, VOICE) == [
        "When sales first got in touch is unknown, and so is what buyers did by themselves before: events of"
        " the kind `contacted`, or those that the project file names in agreement.sales_kinds, would tell."
    ]
    assert journey_findings(facts, VOICE) == []


def test_without_events_of_their_own_the_wait_is_told_alone() -> None:
    silent = leads(20, own_events=float("nan"), own_events_after=float("nan"))
    facts = journey_facts(material(loop_of(silent)))
    assert journey_sentences(facts, VOICE) == [
        "What leads did by themselves is unknown: events such as visits or mail clicks would tell.",
        "Half of the leads that closed had waited 10 days or more for the first contact.",
        "At the first contact, 25% of the whole time to the win had passed (the middle lead).",
    ]


def test_in_a_flat_export_nobody_knows_how_much_of_the_time_had_passed() -> None:
    timeless = leads(20, closed_at=pd.NaT)
    facts = journey_facts(material(loop_of(timeless), flat=True))
    assert facts.won is not None
    assert facts.won.time_share is None
    assert not facts.knows_times


@pytest.mark.parametrize("count", [0, 9])
def test_of_few_wins_nothing_is_told(count: int) -> None:
    facts = journey_facts(material(loop_of(leads(count), leads(12, "L", won=False))))
    assert facts.won is None
    assert journey_sentences(facts, VOICE) == [
        "Too few leads have closed to tell where buyers stood when sales came in."
    ]
