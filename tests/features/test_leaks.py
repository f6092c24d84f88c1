"""Leads that fall between marketing and sales are found, and what the data cannot tell is not called zero."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.agreement import Agreement
from features.leaks import LEAKS, WHAT_TO_DO, WHY_WORDS, Leaks, find_leaks
from features.loop import STEPS, LoopColumns
from tests.reports.materials import loop_table

AGREED = Agreement(
    recycle_reasons=["No budget", "timing"],
    drop_reasons=["Not a company"],
    nurture_kinds=["mail_sent"],
    contact_within_hours=24,
    silent_after_days=14,
)
KINDS = [*STEPS, "call", "mail_sent"]
COLUMNS = LoopColumns(team="lead_team", kinds=KINDS)


def day(text: str) -> datetime:
    """A moment of 2026: 09-12 is the 12th of September, at noon."""
    return datetime.fromisoformat(f"2026-{text}T12:00:00")


NIGHT = day("09-25")


def leaks(
    *leads: dict[str, Any],
    columns: LoopColumns = COLUMNS,
    agreement: Agreement = AGREED,
    handed: dict[str, tuple[datetime, int]] | None = None,
    scored: dict[str, tuple[float, float]] | None = None,
) -> Leaks:
    rows = [
        {"lead_id": f"L{number}", "with_sales": False, **lead}
        for number, lead in enumerate(leads, start=1)
    ]
    loop = loop_table(pd.DataFrame(rows))
    loop["lead_team"] = [row.get("team") for row in rows]
    nights = pd.DataFrame(
        [(lead, *night) for lead, night in (handed or {}).items()],
        columns=["lead_id", "first_night", "nights"],
    ).astype({"first_night": "datetime64[us]"})
    values = pd.DataFrame(
        [(lead, *value) for lead, value in (scored or {}).items()],
        columns=["lead_id", "close_probability", "expected_value"],
    )
    return find_leaks(loop, values, agreement, columns, NIGHT, handed=nights)


def found(*leads: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    rows = leaks(*leads, **options).rows
    return list(zip(rows["lead_id"], rows["leak"], strict=True))


HANDED = {"with_sales": True, "handed_at": day("09-23"), "first_handed_at": day("09-23")}
ACCEPTED = {"with_sales": True, "accepted_at": day("09-01"), "last_sales_at": day("09-01")}
LOST = {"won": False, "closed_at": day("08-01"), "reason": "no budget "}
BACK = {"rejected_at": day("09-10"), "came_back_at": day("09-10")}


@pytest.mark.parametrize(
    ("lead", "leak"),
    [
        (HANDED, "not_touched"),
        ({**HANDED, "handed_at": day("09-24")}, None),
        ({**HANDED, "contacted_at": day("09-24"), "last_sales_at": day("09-24")}, None),
        ({**HANDED, "won": False, "closed_at": day("09-24")}, None),
        ({**HANDED, "with_sales": False}, None),
        (ACCEPTED, "gone_silent"),
        ({**ACCEPTED, "last_sales_at": day("09-20")}, None),
        ({**ACCEPTED, "last_sales_at": day("09-11")}, None),
        (LOST, "lost_not_recycled"),
        ({**LOST, "reason": "Competitor"}, None),
        ({**LOST, "closed_at": day("06-01")}, None),
        ({**LOST, "recycled_at": day("08-02")}, None),
        ({**LOST, "recycled_at": day("07-02")}, "lost_not_recycled"),
        ({**LOST, "won": True}, None),
        ({**LOST, "disqualified_by": "Seniority is Student"}, None),
        (BACK, "recycled_not_mailed"),
        ({**BACK, "came_back_at": day("09-20")}, None),
        ({**BACK, "last_nurture_at": day("09-12")}, None),
        ({**BACK, "last_nurture_at": day("09-02")}, "recycled_not_mailed"),
        ({**BACK, "rejected_reason": "not a company"}, None),
    ],
)
def test_each_leak_has_its_condition(lead: dict[str, Any], leak: str | None) -> None:
    assert found(lead) == ([] if leak is None else [("L1", leak)])


@pytest.mark.parametrize(
    ("lead", "night", "leaking"),
    [
        ({}, (day("09-20"), 4), True),
        ({}, (day("09-20"), 1), False),
        ({}, (day("09-24").replace(hour=13), 2), False),
        ({"handed_at": day("09-21"), "with_sales": True, "contacted_at": day("09-21")}, (day("09-20"), 4), False),
        ({"came_back_at": day("09-22"), "rejected_at": day("09-22")}, (day("09-20"), 4), False),
        ({"handed_at": day("07-21")}, (day("09-20"), 4), True),
        ({"won": True, "closed_at": day("09-24")}, (day("09-20"), 4), False),
        ({"overruled_to": "disqualified"}, (day("09-20"), 4), False),
    ],
)  # fmt: skip
def test_a_lead_that_nights_gave_to_sales_and_nobody_handed_over_leaks(
    lead: dict[str, Any], night: tuple[datetime, int], leaking: bool
) -> None:
    expected = [("L1", "high_not_handed")] if leaking else []
    assert found(lead, handed={"L1": night}) == expected


def test_a_leak_says_since_when_whose_it_is_what_is_at_stake_and_what_to_do() -> None:
    lead = {**HANDED, "owner": "Kim", "team": "North"}
    [row] = leaks(lead, scored={"L1": (0.2, 900.0)}).rows.to_dict("records")
    assert row == {
        "lead_id": "L1",
        "leak": "not_touched",
        "since": pd.Timestamp(day("09-23")),
        "owner": "Kim",
        "team": "North",
        "close_probability": 0.2,
        "expected_value": 900.0,
        "what_to_do": "call",
    }


def test_leaks_come_in_their_order_and_in_each_the_most_valuable_lead_first() -> None:
    scored = {"L1": (0.1, 5.0), "L2": (0.2, 50.0), "L3": (0.9, 500.0), "L5": (0.3, float("nan"))}
    assert found(HANDED, HANDED, BACK, LOST, HANDED, scored=scored) == [
        ("L2", "not_touched"),
        ("L1", "not_touched"),
        ("L5", "not_touched"),
        ("L4", "lost_not_recycled"),
        ("L3", "recycled_not_mailed"),
    ]


def test_a_lead_can_leak_in_two_ways() -> None:
    assert found({**ACCEPTED, "handed_at": day("08-30")}) == [
        ("L1", "not_touched"),
        ("L1", "gone_silent"),
    ]


def test_who_gave_no_consent_is_not_to_be_written_to() -> None:
    asked = AGREED.model_copy(
        update={"consent": Agreement.model_validate({"consent": {"column": "c", "values": ["y"]}}).consent}
    )  # fmt: skip
    rows: list[dict[str, Any]] = [BACK, {**BACK, "consent": True}, LOST, HANDED]
    assert found(*rows, agreement=asked) == [("L4", "not_touched"), ("L2", "recycled_not_mailed")]


def test_what_does_not_occur_is_unknown_and_not_zero() -> None:
    nothing = leaks(HANDED, columns=LoopColumns(), agreement=Agreement())
    assert nothing.unknown == {
        "not_touched": "no_hand_offs",
        "gone_silent": "no_word_of_sales",
        "high_not_handed": "no_hand_offs",
        "lost_not_recycled": "no_recycle_reasons",
        "recycled_not_mailed": "no_nurture_kinds",
    }
    assert len(nothing.rows) == 0
    assert nothing.counts == dict.fromkeys(LEAKS)


@pytest.mark.parametrize(
    ("kinds", "unknown"),
    [
        (
            ["handed_over", "accepted"],
            {
                "not_touched": "no_contacts",
                "lost_not_recycled": "no_recycled",
                "recycled_not_mailed": "no_nurture_events",
            },
        ),
        (
            ["handed_over", "call", "mail_sent"],
            {
                "lost_not_recycled": "no_recycled",
                "recycled_not_mailed": "no_returns",
            },
        ),
        (KINDS, {}),
    ],
)
def test_each_kind_that_occurs_lets_its_leaks_be_told(
    kinds: list[str], unknown: dict[str, str]
) -> None:
    columns = LoopColumns(kinds=kinds, team="lead_team")
    told = leaks(HANDED, {**LOST, "reason": "timing"}, columns=columns)
    assert told.unknown == unknown
    assert {leak for leak, count in told.counts.items() if count is None} == set(unknown)


def test_outcomes_without_times_or_reasons_tell_no_lost_lead() -> None:
    flat = leaks({"won": False, "reason": "timing"})
    assert flat.unknown == {"lost_not_recycled": "no_closing_times"}
    assert leaks({**LOST, "reason": None}).unknown == {"lost_not_recycled": "no_loss_reasons"}


def test_without_a_publication_nobody_can_be_left_lying() -> None:
    loop = loop_table(pd.DataFrame([{"lead_id": "L1", **HANDED}]))
    none = pd.DataFrame({"lead_id": [], "close_probability": [], "expected_value": []})
    told = find_leaks(loop, none, AGREED, LoopColumns(kinds=KINDS), NIGHT, handed=None)
    assert told.unknown["high_not_handed"] == "no_publication"
    assert [*told.rows["team"]] == [None]


def test_a_file_tells_what_a_frame_does(tmp_path: Path) -> None:
    loop = loop_table(
        pd.DataFrame([{"lead_id": "L1", **HANDED}, {"lead_id": "L2", "with_sales": False, **BACK}])
    )
    scored = pd.DataFrame(
        {"lead_id": ["L1"], "close_probability": [0.5], "expected_value": [float("nan")]}
    )
    loop.to_parquet(tmp_path / "loop.parquet")
    scored.to_parquet(tmp_path / "scored.parquet")
    columns = LoopColumns(kinds=KINDS)
    one = find_leaks(loop, scored, AGREED, columns, NIGHT, handed=None)
    other = find_leaks(
        tmp_path / "loop.parquet", tmp_path / "scored.parquet", AGREED, columns, NIGHT, handed=None
    )
    pd.testing.assert_frame_equal(one.rows, other.rows)
    assert [*one.rows["leak"]] == ["not_touched", "recycled_not_mailed"]
    assert one.rows["expected_value"].isna().all()


def test_every_leak_says_what_to_do() -> None:
    assert all(words and words == words.strip() for words in WHAT_TO_DO.values())


def test_why_a_leak_is_not_known_is_said_in_words() -> None:
    assert WHY_WORDS["no_recycled"] == "no event of the kind recycled is in the data"
    assert all(
        leaks(HANDED, columns=LoopColumns(), agreement=Agreement()).unknown[leak] in WHY_WORDS
        for leak in LEAKS
    )
